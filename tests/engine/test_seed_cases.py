"""The cases of the seed plan (its sections 1.1 to 1.3 and its test section), each with its figure.

Its other cases stand with the promise that they belong to:

- a retry succeeds while its 0.6 s last, is refused after them, and wakes at once:
  ``test_promise_3_back_pressure.py``, "the plan's own cases";
- the error that a direct caller gets, with all facts: ``test_promise_2_accounts.py``,
  ``test_an_item_that_cannot_be_accepted_raises_to_a_direct_caller``;
- a caller from outside waits 5 s at a paused job, and two jobs of one flow, one paused (also with
  real workers): ``test_promise_4_pause.py``.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from routilux import Runtime
from routilux.slot import Slot, SlotQueueFullError
from routilux.testing import CollectingSink, RecordingHook, StepRuntime
from routilux.testing.clock import START
from tests.engine.parts import LONG_S, figures, into_sink, letters, line, made, never, source

NOW = datetime(2030, 1, 1, tzinfo=UTC)
DAY_S = 86_400.0
TRIES = 5  # a busy machine only ever adds to a time: the shortest of some says what the engine adds


# -- a full slot: the retry (1.1) ------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "waits"), [(0.0, 1), (0.09, 1), (0.29, 2), (0.59, 3)])
def test_a_retry_inside_a_job_succeeds_when_the_consumer_drains_within_0_6_s(rt, seconds, waits):
    job = rt.exec(line(source([1, 2]), made(policy=never, max_queue_length=1)), keep_open=True)
    rt.advance(seconds)
    slot = job.slot("r1", "in")
    assert slot.consume_one_new() == 1
    rt.run_until_idle()
    assert rt.clock.seconds() == pytest.approx(seconds)  # at once, not when the wait is over
    assert (slot.peek_all_new(), letters(job), job.counts().standing) == ([2], [], 0)
    read = figures(job, "r1", "in")
    assert (read.offered, read.consumed, read.refused, read.retries) == (2, 1, 0, waits)


def test_many_items_at_once_all_get_in_behind_a_consumer_that_needs_0_59_s_for_each(rt):
    hook = RecordingHook()
    rt.hooks.add(hook)
    flow = line(source(range(50)), made(policy=never, max_queue_length=5))
    job = rt.exec(flow, keep_open=True)
    slot, taken = job.slot("r1", "in"), []
    for _ in range(50):
        rt.advance(0.59)
        taken.append(slot.consume_one_new())
    assert (taken, letters(job)) == (list(range(50)), [])
    # Each of the 45 items that found no room waited 0.1, 0.2 and a part of its 0.3 s.
    assert figures(job, "r1", "in").retries == len(hook.named("enqueue_retried")) == 45 * 3
    assert hook.named("items_refused") == []


def test_many_items_at_once_are_refused_one_each_0_6_s_behind_a_consumer_that_does_nothing(rt):
    job = rt.exec(line(source(range(8)), made(policy=never, max_queue_length=5)), keep_open=True)
    for refused in ([], [5], [5, 6], [5, 6, 7]):
        assert letters(job) == [(item, "queue_full") for item in refused]
        rt.advance(0.6)
    read = figures(job, "r1", "in")
    assert (read.refused_by, read.retries, read.unconsumed) == ({"queue_full": 3}, 9, 5)


def test_a_refusal_after_three_waits_is_told_with_all_facts_everywhere(rt, caplog):
    job = rt.exec(
        line(source(["old", "new"]), made(policy=never, max_queue_length=1)), keep_open=True
    )
    with caplog.at_level(logging.ERROR, "routilux"):
        rt.advance(0.6)
    error = "Slot 'in' queue is full (max=1). Unconsumed: 1, Total: 1. Retried 3 times."
    at = START + timedelta(seconds=0.6)

    (letter,) = job.dead_letters
    assert (letter.data, letter.item_id, letter.attempt) == ("new", "r1.in#1", 1)
    assert (letter.routine_id, letter.slot_name, letter.reason) == ("r1", "in", "queue_full")
    assert (letter.error_type, letter.error) == ("SlotQueueFullError", error)
    assert (letter.emitted_from, letter.event, letter.activation_id) == ("r0", "out", "r0@1")
    assert (letter.emitted_at, letter.at) == (START, at)

    (entry,) = job.get_shared_log()
    assert entry == {
        "type": "slot_queue_full",
        "timestamp": at.isoformat(),
        "slot_name": "in",
        "routine_id": "r1",
        "event_name": "out",
        "source_routine_id": "r0",
        "queue_metrics": {
            "queue_size": 1,
            "max_length": 1,
            "usage_percent": 100.0,
            "unconsumed_count": 1,
            "is_full": True,
            "is_near_full": True,
            "slot_name": "in",
            "routine_id": "r1",
        },
        "reason": "queue_full",
        "count": 1,
    }

    (record,) = caplog.records
    text = record.getMessage()
    assert record.levelname == "ERROR"
    facts = [
        f"Job: {job.job_id}",
        "Slot: in (routine: r1), ",
        "Event: out (from: r0), ",
        "Queue: 1/1 (100.0% full), ",
        "Unconsumed: 1. ",
        f"Error: {error}",
    ]
    places = [text.find(fact) for fact in facts]
    assert -1 not in places
    assert places == sorted(places)  # in the plan's order


def test_a_refusal_that_a_caller_of_a_job_gets_has_all_facts(rt):
    job = rt.exec(line(made(policy=never, max_queue_length=2)), keep_open=True)
    for item in (1, 2):
        job.post("r0", "in", item)
    with pytest.raises(SlotQueueFullError) as caught:
        job.post("r0", "in", 3)
    assert vars(caught.value) == {
        "slot_name": "in",
        "routine_id": "r0",
        "job_id": job.job_id,
        "max_length": 2,
        "unconsumed_count": 2,
        "queue_size": 2,
        "retries": 3,
    }
    assert rt.clock.seconds() == pytest.approx(0.6)
    assert (letters(job), job.get_shared_log()) == ([], [])  # it is the caller's item still


# -- the retry's delay is below a second (the plan's figure), in real time -------------------------


def shortest(measure) -> float:
    """The shortest of some real times, each at least 0.6 s; the first below 1 s will do."""
    times = []
    while len(times) < TRIES and min(times, default=1.0) >= 1.0:
        times.append(measure())
    assert min(times) >= 0.6 - 0.001, times  # not before the waits are over
    return min(times)


def test_three_waits_of_a_caller_take_less_than_a_second():
    slot = Slot("in", None, 1)
    slot.enqueue("old", "test", NOW)

    def measure() -> float:
        began = time.monotonic()
        with pytest.raises(SlotQueueFullError):
            slot.enqueue("new", "test", NOW)
        return time.monotonic() - began

    assert shortest(measure) < 1.0


def test_three_waits_inside_a_job_take_less_than_a_second():
    flow = line(source([1, 2]), made(policy=never, max_queue_length=1))

    def measure() -> float:
        with Runtime(1) as runtime:
            job = runtime.exec(flow)
            assert job.wait(LONG_S)
        assert letters(job) == [(2, "queue_full"), (1, "unmatched")]
        return job.run_seconds()

    assert shortest(measure) < 1.0


def test_a_retry_that_gets_room_goes_on_before_its_first_wait_is_over():
    def measure() -> float:
        slot = Slot("in", None, 1)
        slot.enqueue("old", "test", NOW)
        producer = threading.Thread(target=slot.enqueue, args=("new", "test", NOW), daemon=True)
        producer.start()
        while not slot.metrics().waiting_producers:
            os.sched_yield()
        began = time.monotonic()
        assert slot.consume_one_new() == "old"
        producer.join(LONG_S)
        assert slot.peek_all_new() == ["new"]
        return time.monotonic() - began

    assert min(measure() for _ in range(TRIES)) < 0.1


# -- a pause (1.2): the plan's own scenario, and however long it lasts -----------------------------


@pytest.mark.parametrize("seconds", [0.0, 4.9, 5.1, DAY_S, 365 * DAY_S])
@pytest.mark.parametrize("overflow", ["retry", "block"])
def test_pause_while_upstream_goes_on_sending_then_resume(overflow, seconds):
    sink = CollectingSink(max_queue_length=4, overflow=overflow)
    emitter, emitted = made(slots=()), []

    def logic() -> None:
        for number in range(20):
            if number == 6:
                job.pause("breakpoint")
            emitter.emit_item("out", number)
            emitted.append(number)

    with StepRuntime() as rt:
        job = rt.exec(line(emitter.set_logic(logic), sink))
        rt.run_until_idle()
        before = figures(job, "r1", "items")
        rt.advance(seconds)
        after = figures(job, "r1", "items")
        # Upstream went on, and stands still; of what it sent, nothing has entered or left the slot.
        assert (emitted, job.counts().standing) == (list(range(len(emitted))), 1)
        assert len(emitted) >= 6
        assert after == before
        assert (after.held, after.refused, after.waiting_producers) == (4, 0, 1)
        seen = after.consumed + after.unconsumed + after.held
        assert seen == after.offered == len(emitted)
        job.resume()
        assert job.wait()
        assert rt.clock.seconds() == pytest.approx(seconds)  # no wait of 5 s, or of any time
    assert (sink.received, letters(job)) == (list(range(20)), [])
    end = figures(job, "r1", "items")
    assert (end.offered, end.consumed, end.held) == (20, 20, 0)


@pytest.mark.parametrize("seed", range(10))
def test_two_jobs_of_one_flow_one_paused_by_turns(seed):
    flow, sink = into_sink(range(90), max_queue_length=2)
    with StepRuntime(seed, thread_pool_size=2) as rt:
        jobs = [rt.exec(flow), rt.exec(flow)]
        for turn in range(6):
            paused, other = jobs[turn % 2], jobs[(turn + 1) % 2]
            if paused.status.finished or other.status.finished:
                break
            paused.pause()
            before = figures(paused, "r1", "items")
            got = len(sink.received_by(other))
            for _ in range(15):
                rt.run_one()
            assert figures(paused, "r1", "items").consumed == before.consumed
            assert not other.slot("r1", "items").is_paused()
            assert other.status.finished or len(sink.received_by(other)) > got
            paused.resume()
        assert all(job.wait() for job in jobs)
    for job in jobs:
        assert sink.received_by(job) == list(range(90))
        assert (job.status, letters(job)) == ("completed", [])
