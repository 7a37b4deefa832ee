"""Promise 1: accepted means delivered."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from routilux import Flow, Runtime
from routilux.settings import OVERFLOWS
from routilux.status import ExecutionStatus
from routilux.testing import CollectingSink, StepRuntime
from tests.engine.parts import (
    AGES_S,
    LONG_S,
    figures,
    into_sink,
    letters,
    line,
    made,
    never,
    passer,
    source,
)

NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("overflow", OVERFLOWS)
def test_what_enqueue_returned_from_reaches_logic_exactly_once(rt, overflow):
    sink = CollectingSink(max_queue_length=3, overflow=overflow)
    flow = Flow("posts")
    flow.add_routine(sink, "sink")
    job = rt.exec(flow, keep_open=True)
    slot = job.slot("sink", "items")
    for number in range(3):
        slot.enqueue(number, "test", NOW)
    job.close()
    assert job.wait()
    assert sink.received == [0, 1, 2]
    assert figures(job, "sink", "items").consumed == 3


@pytest.mark.parametrize("seed", range(20))
def test_order_is_kept_per_producer_and_slot(seed):
    sink = CollectingSink(max_queue_length=2, overflow="block")
    flow = Flow("fan")
    flow.add_routine(sink, "sink")
    for name in "abc":
        flow.add_routine(source([(name, number) for number in range(10)]), name)
        flow.connect(name, "out", "sink", "items")
    with StepRuntime(seed, thread_pool_size=3) as runtime:
        assert runtime.exec(flow).wait()
    for name in "abc":
        mine = [number for sender, number in sink.received if sender == name]
        assert mine == list(range(10))


def test_order_is_kept_for_each_caller_from_outside():
    sink = CollectingSink(max_queue_length=2, overflow="block")
    flow = Flow("posts")
    flow.add_routine(sink, "sink")
    with Runtime(2) as runtime:
        job = runtime.exec(flow, keep_open=True)

        def post(name: str) -> None:
            for number in range(200):
                job.post("sink", "items", (name, number))

        threads = [threading.Thread(target=post, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LONG_S)
        job.close()
        assert job.wait(LONG_S)
    for name in "abcd":
        assert [n for sender, n in sink.received if sender == name] == list(range(200))


def test_an_evicted_item_is_a_dead_letter_and_the_newest_stay(rt):
    flow = line(source(range(5)), made(policy=never, max_queue_length=2, overflow="drop_oldest"))
    job = rt.exec(flow, keep_open=True)
    rt.run_until_idle()
    assert job.slot("r1", "in").peek_all_new() == [3, 4]
    assert letters(job) == [(0, "evicted"), (1, "evicted"), (2, "evicted")]
    told = "Slot 'in' drops its oldest item for a newer one (max=2, unconsumed with it: 2)."
    assert {letter.error for letter in job.dead_letters} == {told}
    assert [
        (entry["queue_metrics"]["unconsumed_count"], entry["queue_metrics"]["usage_percent"])
        for entry in job.shared_log
    ] == [(2, 100.0)] * len(job.shared_log)
    read = figures(job, "r1", "in")
    assert (read.refused_by, read.returned_to_caller) == ({"evicted": 3}, 0)


def test_an_item_that_a_policy_declines_to_the_end_is_a_dead_letter(rt):
    job = rt.exec(line(source([1, 2]), made(lambda items: None, policy=never)))
    assert job.wait()
    assert (job.status, letters(job)) == ("completed", [(1, "unmatched"), (2, "unmatched")])
    assert figures(job, "r1", "in").refused_by == {"unmatched": 2}


def test_what_a_cancelled_job_still_held_stays_in_its_slots(rt):
    flow, sink = into_sink(range(5))
    job = rt.exec(flow, keep_open=True)
    rt.run_one()
    job.pause()
    job.cancel()
    assert job.wait()
    assert (sink.received, letters(job)) == ([], [])
    assert job.slot("r1", "items").peek_all_new() == [0, 1, 2, 3, 4]
    assert figures(job, "r1", "items").unconsumed == 5


def test_held_items_of_a_cancelled_job_stay_beside_their_slots(rt):
    flow = line(source(range(3)), made(policy=never, max_queue_length=1, overflow="block"))
    job = rt.exec(flow, keep_open=True)
    while not job.counts().standing:
        rt.run_one()
    job.pause()
    job.cancel()
    assert job.wait()
    read = figures(job, "r1", "in")
    assert (read.unconsumed, read.held) == (1, 1)
    assert [point.data for point in job.slot("r1", "in").points()] == [0, 1]


def test_what_a_failed_job_still_held_stays_in_its_slots(rt):
    def fail(items):
        raise ValueError("no")

    flow = Flow("fails")
    flow.add_routine(source([1, 2]), "a")
    flow.add_routine(made(fail), "b")
    flow.add_routine(made(lambda items: None, policy=never), "c")
    flow.connect("a", "out", "b", "in")
    flow.connect("a", "out", "c", "in")
    job = rt.exec(flow)
    assert job.wait()
    assert job.status == ExecutionStatus.FAILED
    assert job.slot("c", "in").peek_all_new() == [1, 2]
    assert letters(job) == [(1, "logic_error"), (2, "logic_error")]


def test_an_item_in_an_emit_that_stands_still_is_refused_as_cancelled(rt):
    flow = line(source(range(9)), made(policy=never, max_queue_length=1, overflow="block"))
    job = rt.exec(flow, keep_open=True)
    while not job.counts().standing:
        rt.run_one()
    job.cancel()
    assert job.wait()
    assert letters(job) == [(1, "cancelled")]
    assert figures(job, "r1", "in").refused_by == {"cancelled": 1}


def test_items_passed_over_for_the_latest_count_as_consumed(rt):
    def latest(slots, job_state):
        found = slots["items"].consume_latest_and_mark_all_consumed()
        return found is not None, {"items": [found]}, None

    flow, sink = into_sink(range(4))
    sink.set_activation_policy(latest)
    job = rt.exec(flow)
    assert job.wait()
    assert sink.received == [3]
    assert figures(job, "r1", "items").consumed == 4


@pytest.mark.parametrize("seed", range(10))
def test_a_fan_out_gives_each_slot_every_item(seed):
    flow = Flow("fan")
    flow.add_routine(source(range(8)), "a")
    sinks = [CollectingSink(max_queue_length=1, overflow="block"), CollectingSink()]
    for number, sink in enumerate(sinks):
        flow.add_routine(sink, f"s{number}")
        flow.connect("a", "out", f"s{number}", "items")
    with StepRuntime(seed, thread_pool_size=2) as runtime:
        job = runtime.exec(flow)
        assert job.wait(AGES_S)
    assert [sink.received for sink in sinks] == [list(range(8))] * 2


def test_concurrency_gives_the_order_up_and_nothing_else():
    seen = []
    flow = line(source(range(50)), passer(concurrency=3), made(seen.extend))
    with StepRuntime(5, thread_pool_size=3) as runtime:
        assert runtime.exec(flow).wait()
    assert sorted(seen) == list(range(50))


def test_a_loop_of_many_hops_needs_no_stack(rt):
    hops = []
    again = made(max_queue_length=1)

    def logic(items):
        hops.extend(items)
        if items[0] < 5000:
            again.emit_item("out", items[0] + 1)

    flow = line(source([0]), again.set_logic(logic))
    flow.connect("r1", "out", "r1", "in")
    assert rt.exec(flow).wait()
    assert hops == list(range(5001))
