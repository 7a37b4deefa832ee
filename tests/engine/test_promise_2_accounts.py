"""Promise 2: nothing is dropped in silence."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import pytest

from routilux import ErrorHandler, Flow
from routilux.slot import Slot, SlotQueueFullError
from routilux.testing import CollectingSink, ManualClock, RecordingHook
from tests.engine.parts import figures, into_sink, letters, line, made, never, passer, source

NOW = datetime(2030, 1, 1, tzinfo=UTC)
FULL = {"policy": never, "max_queue_length": 2}


@pytest.mark.parametrize(("overflow", "waits"), [("reject", 0), ("retry", 3)])
def test_an_item_that_cannot_be_accepted_raises_to_a_direct_caller(rt, overflow, waits):
    flow = line(source([1, 2]), made(overflow=overflow, **FULL))
    job = rt.exec(flow, keep_open=True)
    rt.run_until_idle()
    with pytest.raises(SlotQueueFullError) as caught:
        job.slot("r1", "in").enqueue(3, "test", NOW)
    error = caught.value
    assert (error.slot_name, error.routine_id, error.job_id) == ("in", "r1", job.job_id)
    assert (error.max_length, error.unconsumed_count, error.queue_size) == (2, 2, 2)
    assert error.retries == waits
    assert str(error) == (
        f"Slot 'in' queue is full (max=2). Unconsumed: 2, Total: 2. Retried {waits} times."
    )
    assert letters(job) == []
    read = figures(job, "r1", "in")
    assert (read.refused, read.returned_to_caller) == (1, 1)


def test_inside_a_flow_it_is_told_in_every_place(rt, caplog):
    hook = RecordingHook()
    rt.hooks.add(hook)
    job = rt.exec(line(source([1, 2, 3]), made(overflow="reject", **FULL)), keep_open=True)
    with caplog.at_level(logging.ERROR, "routilux"):
        rt.run_until_idle()
    (letter,) = job.dead_letters
    assert (letter.data, letter.reason, letter.error_type) == (3, "rejected", "SlotQueueFullError")
    assert (letter.emitted_from, letter.event, letter.activation_id) == ("r0", "out", "r0@1")
    assert figures(job, "r1", "in").refused_by == {"rejected": 1}
    (record,) = hook.named("items_refused")
    assert (record.reason, record.count, record.slot_name) == ("rejected", 1, "in")
    (text,) = [each.getMessage() for each in caplog.records]
    for fact in (job.job_id, "Slot: in (routine: r1)", "Event: out (from: r0)", "2/2"):
        assert fact in text
    (entry,) = job.get_shared_log()
    assert (entry["type"], entry["slot_name"], entry["routine_id"]) == (
        "slot_queue_full",
        "in",
        "r1",
    )
    assert (entry["event_name"], entry["source_routine_id"]) == ("out", "r0")
    assert entry["queue_metrics"]["is_full"] is True


def test_the_sum_holds_at_every_moment(rt):
    flow = Flow("sums", default_slot_max_queue_length=2)
    flow.add_routine(source(range(12)), "a")
    for name, overflow in (("b", "retry"), ("c", "block"), ("d", "reject"), ("e", "drop_oldest")):
        flow.add_routine(passer(overflow=overflow), name)
        flow.connect("a", "out", name, "in")
    job = rt.exec(flow, start_paused=True)
    steps = 0
    while not job.status.finished:
        for name in "bcde":
            figures(job, name, "in")
        if steps % 7 == 0:
            job.resume()
        if steps % 7 == 3 and not job.status.finished:
            job.pause()
        if not rt.run_one():
            rt.advance(0.1)
        steps += 1
    assert all(figures(job, name, "in").offered == 12 for name in "bcde")


def test_consumed_counts_once_however_often_retry_runs_an_item(rt):
    runs = []

    def flaky(items):
        runs.append(items)
        if len(runs) < 4:
            raise ValueError("again")

    handler = ErrorHandler("retry", max_retries=3, retry_delay=1.0)
    job = rt.exec(line(source([1]), made(flaky, errors=handler)))
    assert job.wait()
    assert runs == [[1]] * 4
    read = figures(job, "r1", "in")
    assert (read.offered, read.consumed, read.refused) == (1, 1, 0)


def test_a_redelivered_dead_letter_is_a_new_offer_and_refused_never_falls(rt):
    wanted = []
    slow = made(policy=lambda slots, job: wanted[0](slots), max_queue_length=1, overflow="reject")
    seen = []
    slow.set_logic(seen.extend)
    wanted.append(lambda slots: (False, {}, None))
    job = rt.exec(line(source([1, 2]), slow), keep_open=True)
    rt.run_until_idle()
    (letter,) = job.dead_letters
    wanted[0] = lambda slots: (True, {"in": slots["in"].consume_all_new()}, None)
    before = figures(job, "r1", "in")
    assert (before.offered, before.refused) == (2, 1)
    assert job.dead_letters.redeliver().count == 0  # no room yet: it stays a dead letter
    assert letters(job) == [(2, "rejected")]
    job.slot("r1", "in").consume_one_new()
    answer = job.dead_letters.redeliver([letter.id])
    assert (answer.count, answer.job_id) == (1, job.job_id)
    after = figures(job, "r1", "in")
    assert (after.offered, after.refused) == (3, 1)
    (point,) = job.slot("r1", "in").points()[-1:]
    assert (point.id, point.attempt) == (letter.item_id, 2)
    rt.run_until_idle()
    assert (seen, letters(job)) == ([2], [])


def test_dead_letters_are_bounded_and_what_is_let_go_is_counted_and_logged(rt, caplog):
    flow = line(source(range(10_052)), made(overflow="reject", **FULL))
    job = rt.exec(flow, keep_open=True)
    with caplog.at_level(logging.WARNING, "routilux"):
        rt.run_until_idle()
    assert (job.dead_letter_count, job.dead_letters.let_go) == (10_000, 50)
    assert figures(job, "r1", "in").refused == 10_050
    assert any("were let go" in record.getMessage() for record in caplog.records)


def test_a_job_that_ends_with_dead_letters_is_completed_and_says_so(rt):
    job = rt.exec(line(source([1, 2, 3]), made(overflow="reject", **FULL)))
    assert job.wait()
    assert (job.status, job.dead_letter_count) == ("completed", 3)
    assert job.warnings == ["3 item(s) became dead letters"]


def test_an_event_without_connection_is_no_error(rt):
    job = rt.exec(line(source([1, 2])))
    assert job.wait()
    assert (job.status, letters(job)) == ("completed", [])


def test_a_retry_is_counted_and_told(rt):
    hook = RecordingHook()
    rt.hooks.add(hook)
    flow, sink = into_sink(range(4), max_queue_length=1)
    job = rt.exec(flow)
    rt.run_until_idle()
    assert job.wait()
    retried = hook.named("enqueue_retried")
    assert figures(job, "r1", "items").retries == len(retried) > 0
    assert {(record.reason, record.delay) for record in retried} == {("full", 0.1)}
    assert sink.received == [0, 1, 2, 3]


def test_a_slot_of_its_own_keeps_the_same_books():
    slot = Slot("in", None, 2, overflow="drop_oldest", clock=ManualClock())
    for number in range(5):
        slot.enqueue(number, "test", NOW)
    assert slot.consume_one_new() == 3
    read = slot.metrics()
    assert (read.offered, read.consumed, read.unconsumed, read.refused) == (5, 1, 1, 3)
    assert read.refused_by == {"evicted": 3}


def test_items_that_go_to_a_definition_of_no_job_wait_there(rt):
    sink = CollectingSink()
    flow = line(source([]), sink)
    flow.routines["r1"].slots["items"].enqueue(1, "test", NOW)
    job = rt.exec(flow)
    assert job.wait()
    assert (sink.received, sink.slots["items"].get_unconsumed_count()) == ([], 1)
