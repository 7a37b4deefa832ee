"""The ledger: counters never fall, and nothing is counted twice."""

from __future__ import annotations

import gc
import weakref

from routilux.activation_policies import batch_size_policy
from routilux.engine.ledger import OTHER, Ledger
from routilux.engine.totals import SlotTotals
from routilux.monitoring.reading import Reading, read
from tests.monitoring.samples import make_flow, make_runtime

KEY = ("flow", "sink", "in")


def consumed(reading: Reading) -> int:
    return sum(slot.consumed for slot in reading.slots)


def test_counters_stay_when_jobs_end_and_their_runtime_is_gone() -> None:
    ledger = Ledger()
    runtime = make_runtime(ledger)
    flow = make_flow()
    for _ in range(3):
        runtime.exec(flow)
        runtime.run_until_idle()
    runtime.shutdown()
    gone = weakref.ref(runtime)
    del runtime
    gc.collect()
    assert gone() is None
    assert consumed(read(ledger)) == 75
    assert not ledger.read().jobs


def test_a_counter_never_falls_at_any_step_of_a_job() -> None:
    ledger = Ledger()
    runtime = make_runtime(ledger, seed=7)
    flow = make_flow(count=40)
    for _ in range(2):
        runtime.exec(flow)
    seen = [0]
    while runtime.run_one():
        seen.append(consumed(read(ledger)))
    assert seen == sorted(seen)
    assert seen[-1] == 80


def test_many_ended_jobs_leave_one_line_for_each_slot() -> None:
    ledger = Ledger()
    runtime = make_runtime(ledger)
    flow = make_flow(count=1)
    jobs = [weakref.ref(runtime.exec(flow)) for _ in range(300)]
    runtime.run_until_idle()
    runtime.jobs.clear()
    gc.collect()
    assert [job for job in jobs if job() is not None] == []
    page = ledger.read()
    assert list(page.ended) == [KEY]
    assert page.ended[KEY].consumed == 300


def test_slots_beyond_the_limit_are_counted_together() -> None:
    ledger = Ledger(key_limit=3)
    runtime = make_runtime(ledger)
    for number in range(5):
        runtime.exec(make_flow(f"flow-{number}", count=2))
        runtime.run_until_idle()
    ended = ledger.read().ended
    assert len(ended) == 3
    assert ended[OTHER].consumed == 6
    assert sum(each.consumed for each in ended.values()) == 10


def test_retiring_twice_counts_once() -> None:
    ledger = Ledger()
    runtime = make_runtime(ledger)
    job = runtime.exec(make_flow(count=4))
    runtime.run_until_idle()
    ledger.retire(job.live)
    assert ledger.read().ended[KEY].consumed == 4


def test_what_another_process_has_counted_is_left_out() -> None:
    flow = make_flow(count=40)
    flow.routines["sink"].set_activation_policy(batch_size_policy(5))
    first = make_runtime(seed=3)
    saved = first.exec(flow)
    while saved.slot("sink", "in").metrics().consumed < 10:
        assert first.run_one()
    saved.pause(wait=True)
    document = saved.snapshot(in_flight="rerun")

    ledger = Ledger()
    runtime = make_runtime(ledger)
    job = runtime.restore(document, flow, start_paused=True)
    assert job.slot("sink", "in").metrics().consumed >= 10
    begin = read(ledger).slots[0]
    assert (begin.consumed, begin.offered, begin.times_held) == (0, 0, 0)
    assert begin.unconsumed + begin.held == job.counts().unconsumed + job.counts().held > 0
    job.resume()
    while runtime.run_one():
        assert consumed(read(ledger)) >= 0
    assert job.status.value == "completed"
    now = job.slot("sink", "in").metrics().consumed
    here = now - saved.slot("sink", "in").metrics().consumed
    assert consumed(read(ledger)) == here > 0
    assert not ledger.read().jobs


def test_totals_add_and_take_away_reasons() -> None:
    first, second = SlotTotals(), SlotTotals()
    first.refused_by = {"queue_full": 2}
    second.refused_by = {"queue_full": 1, "evicted": 4}
    assert first.add(second).refused_by == {"queue_full": 3, "evicted": 4}
    assert first.add(second, -1).refused_by == {"queue_full": 2, "evicted": 0}
