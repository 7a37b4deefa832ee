"""One reading: sums over live jobs, the worst of the rest, zeros without a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from routilux import JobState, Routine
from routilux.engine.ledger import Ledger
from routilux.monitoring.flow_view import flow_slots
from routilux.monitoring.reading import job_slots, live_jobs, read
from tests.monitoring.samples import Sink, make_flow, make_runtime

if TYPE_CHECKING:
    from routilux.monitoring.slot_reading import SlotReading


def only(slots: tuple[SlotReading, ...]) -> SlotReading:
    assert len(slots) == 1
    return slots[0]


def test_levels_of_a_job_that_waits() -> None:
    runtime = make_runtime()
    runtime.exec(make_flow(), keep_open=True, start_paused=True)
    slot = only(read(runtime.ledger).slots)
    assert (slot.flow_id, slot.routine_id, slot.slot_name) == ("flow", "sink", "in")
    assert (slot.size, slot.unconsumed, slot.held, slot.limit, slot.jobs) == (0, 0, 0, 10, 1)
    assert slot.oldest_age is None


def fill(runtime_seed: int = 0) -> tuple[Ledger, list[JobState]]:
    """Two jobs of one flow with open input whose sink declines: 3 and 9 items wait."""
    runtime = make_runtime(seed=runtime_seed)
    flow = make_flow(count=0)
    flow.routines["sink"].set_activation_policy(lambda slots, job_state: (False, {}, None))
    jobs = []
    for count in (3, 9):
        job = runtime.exec(flow, keep_open=True)
        for i in range(count):
            job.post("sink", "in", {"i": i})
        jobs.append(job)
    runtime.run_until_idle()
    runtime.clock.advance(2.5)
    return runtime.ledger, jobs


def test_two_jobs_add_up_and_the_worst_one_shows() -> None:
    ledger, jobs = fill()
    slot = only(read(ledger).slots)
    assert (slot.jobs, slot.size, slot.unconsumed, slot.limit) == (2, 12, 12, 20)
    assert slot.utilization == 0.9
    assert slot.usage_percent == 90.0
    assert (slot.is_near_full, slot.is_full) == (True, False)
    assert slot.oldest_age == pytest.approx(2.5)
    assert slot.offered == 12
    assert read(ledger).jobs == {("flow", "running"): 2}
    assert live_jobs(ledger) == {"flow": 2}
    first = only(job_slots(jobs[0]))
    assert (first.jobs, first.size, first.limit, first.is_near_full) == (1, 3, 10, False)


def test_a_reading_of_one_flow_leaves_the_others_out() -> None:
    runtime = make_runtime()
    runtime.exec(make_flow("a"), start_paused=True)
    runtime.exec(make_flow("b"))
    runtime.run_until_idle()
    assert {slot.flow_id for slot in read(runtime.ledger).slots} == {"a", "b"}
    assert [slot.flow_id for slot in read(runtime.ledger, flow_id="a").slots] == ["a"]
    assert read(runtime.ledger, flow_id="b").jobs == {}


def test_a_flow_without_a_live_job_shows_zeros_and_its_lengths() -> None:
    runtime = make_runtime()
    flow = make_flow(max_queue_length=None)
    flow.default_slot_max_queue_length = 33
    slot = only(flow_slots(flow, runtime.ledger))
    assert (slot.jobs, slot.size, slot.unconsumed, slot.limit, slot.offered) == (0, 0, 0, 33, 0)
    assert not slot.is_full
    runtime.exec(flow)
    runtime.run_until_idle()
    slot = only(flow_slots(flow, runtime.ledger))
    assert (slot.jobs, slot.size, slot.limit) == (0, 0, 33)
    assert slot.consumed == 25


def test_a_flow_shows_its_slots_in_order_and_those_that_only_jobs_have_last() -> None:
    runtime = make_runtime()
    flow = make_flow()
    runtime.exec(flow, start_paused=True)
    extra: Routine = Sink()
    flow.add_routine(extra, "later")
    assert [slot.routine_id for slot in flow_slots(flow, runtime.ledger)] == ["sink", "later"]
    newer = make_flow()
    newer.routines.pop("sink")
    newer.add_routine(Sink(), "other")
    assert [slot.routine_id for slot in flow_slots(newer, runtime.ledger)] == ["other", "sink"]


def test_the_slots_of_a_job_can_be_seen_after_its_end() -> None:
    runtime = make_runtime()
    job = runtime.exec(make_flow())
    runtime.run_until_idle()
    assert job.status.finished
    assert only(job_slots(job)).consumed == 25


def test_a_job_that_has_just_ended_counts_but_shows_no_level() -> None:
    runtime = make_runtime()
    job = runtime.exec(make_flow())
    runtime.run_until_idle()
    ledger = Ledger()
    ledger.add_job(job.live)
    reading = read(ledger)
    slot = only(reading.slots)
    assert (slot.jobs, slot.limit, slot.consumed) == (0, 0, 25)
    assert reading.jobs == {}


def test_the_slots_of_a_job_that_was_not_started_are_an_error() -> None:
    with pytest.raises(RuntimeError, match="not running"):
        job_slots(JobState("flow"))


def test_workers_of_a_runtime_that_is_shut_down_do_not_count() -> None:
    ledger = Ledger()
    first, second = make_runtime(ledger), make_runtime(ledger)
    assert read(ledger).workers.limit == 2
    first.shutdown()
    assert read(ledger).workers.limit == 1
    assert read(ledger).workers.usage == 0
    assert second.thread_pool_size == 1
