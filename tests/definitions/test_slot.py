"""The slot of a definition: a plain queue that anyone may use on its own."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from routilux import Event, Flow, Routine, Slot
from routilux.errors import JobFinished, RoutiluxError
from routilux.slot import SlotDataPoint, SlotPausedError, SlotQueueFullError
from routilux.testing import CollectingSink, ManualClock, StepRuntime
from tests.definitions.samples import filled

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2030, 1, 1, tzinfo=UTC)
METRICS = {  # the plan's section 1.1.2, nothing more and nothing less
    "queue_size", "max_length", "usage_percent", "unconsumed_count",
    "is_full", "is_near_full", "slot_name", "routine_id",
}  # fmt: skip
STATUS = {
    "total_count", "usage_percentage", "pressure_level", "is_full",
    "is_near_full", "unconsumed_count", "max_length", "watermark_threshold",
}  # fmt: skip


@pytest.fixture
def rt() -> Iterator[StepRuntime]:
    with StepRuntime() as made:
        yield made


def holding(waiting: int, consumed: int = 0, **settings: Any) -> Slot:
    """A slot of 100 that got so many items more than were consumed; the items are numbers."""
    slot = Slot("in", None, **{"max_queue_length": 100, "clock": ManualClock(), **settings})
    for number in range(consumed + waiting):
        slot.enqueue(number, "test", NOW)
    assert slot.consume_n_new(consumed) == list(range(consumed))
    return slot


# -- making one ------------------------------------------------------------------------------------


def test_a_slot_of_its_own_needs_no_arguments():
    slot = Slot()
    assert (slot.name, slot.routine, slot.routine_id, slot.job_id) == ("", None, None, None)
    assert (slot.max_queue_length, slot.watermark, slot.watermark_threshold) == (1000, 0.8, 800)
    assert slot.settings.overflow == "retry"
    assert slot.explicit == {"max_queue_length": 1000, "watermark": 0.8}


def test_the_old_arguments_stand_in_the_old_order():
    routine = Routine()
    slot = Slot("in", routine, 10, 0.55)
    assert (slot.name, slot.routine, slot.max_queue_length, slot.watermark) == (
        "in", routine, 10, 0.55,
    )  # fmt: skip
    assert slot.watermark_threshold == 5


@pytest.mark.parametrize("length", [0, -1])
def test_a_length_of_0_or_less_is_refused(length):
    with pytest.raises(ValueError, match=f"max_queue_length must be .* above 0, not {length}"):
        Slot("in", max_queue_length=length)


@pytest.mark.parametrize("watermark", [-0.1, 1.1])
def test_a_watermark_outside_of_0_to_1_is_refused(watermark):
    with pytest.raises(
        ValueError, match=f"watermark must be a number from 0 to 1, not {watermark}"
    ):
        Slot("in", watermark=watermark)


def test_a_slot_can_be_configured_anew():
    slot = holding(4, overflow="reject")
    slot.configure(max_queue_length=5, watermark=0.4)
    assert (slot.max_queue_length, slot.watermark_threshold) == (5, 2)
    assert slot.settings.overflow == "reject"
    slot.enqueue(4, "test", NOW)
    with pytest.raises(SlotQueueFullError):
        slot.enqueue(5, "test", NOW)


def test_a_bad_new_setting_changes_nothing():
    slot = Slot("in", None, 5)
    for bad in ({"max_queue_length": 0}, {"watermark": 0.5, "lenght": 5}):
        with pytest.raises(ValueError, match=next(reversed(bad))):
            slot.configure(**bad)
    assert (slot.max_queue_length, slot.watermark) == (5, 0.8)
    assert slot.explicit == {"max_queue_length": 5, "watermark": 0.8}


def test_repr_names_the_routine_and_the_backlog():
    routine = Routine()
    slot = routine.define_slot("in", 5)
    assert repr(slot) == "<Slot -.in 0/5>"
    Flow("f").add_routine(routine, "r")
    slot.enqueue(1, "test", NOW)
    assert repr(slot) == "<Slot r.in 1/5>"


# -- taking out and looking ------------------------------------------------------------------------


def test_an_empty_slot_gives_nothing():
    slot = Slot("in")
    assert slot.consume_one_new() is None
    assert slot.consume_latest_and_mark_all_consumed() is None
    assert [slot.consume_all_new(), slot.consume_all(), slot.consume_n_new(2)] == [[], [], []]
    assert (slot.peek_all_new(), slot.peek_one_new(), slot.peek_latest()) == ([], None, None)
    assert (slot.get_unconsumed_count(), slot.get_total_count(), slot.points()) == (0, 0, [])


def test_items_come_out_in_the_order_of_coming():
    slot = filled("in", "a", "b", "c", "d")
    assert slot.consume_one_new() == "a"
    assert slot.consume_n_new(2) == ["b", "c"]
    assert slot.consume_all_new() == ["d"]
    assert slot.get_unconsumed_count() == 0


def test_consume_all_gives_the_consumed_ones_that_are_kept_too():
    slot = filled("in", "a", "b", "c")
    assert slot.consume_one_new() == "a"
    assert slot.consume_all() == ["a", "b", "c"]
    assert slot.consume_all() == ["a", "b", "c"]
    assert (slot.get_unconsumed_count(), slot.get_total_count()) == (0, 3)


def test_consume_latest_gives_the_newest_and_passes_the_others_over():
    slot = filled("in", "a", "b", "c")
    assert slot.consume_latest_and_mark_all_consumed() == "c"
    assert slot.consume_one_new() is None
    read = slot.metrics()
    assert (read.consumed, read.unconsumed, read.refused) == (3, 0, 0)


def test_peeking_leaves_everything_where_it_is():
    slot = filled("in", "a", "b", "c")
    assert slot.consume_one_new() == "a"
    for _ in range(2):
        assert slot.peek_all_new() == ["b", "c"]
        assert slot.peek_one_new() == "b"
        assert slot.peek_latest() == "c"
    assert slot.consume_all_new() == ["b", "c"]
    assert (slot.peek_one_new(), slot.peek_latest()) == (None, "c")


def test_a_list_that_was_given_out_is_the_callers_own():
    slot = filled("in", 1, 2)
    for given in (slot.peek_all_new(), slot.peek_all_new()):
        given.append(3)
    assert slot.consume_all_new() == [1, 2]


def test_a_none_among_the_items_is_an_item():
    slot = filled("in", None, 1)
    assert slot.consume_one_new() is None
    assert slot.get_unconsumed_count() == 1
    assert slot.consume_latest_and_mark_all_consumed() == 1


def test_a_negative_count_is_refused():
    slot = filled("in", 1)
    with pytest.raises(ValueError, match="count must be 0 or more, not -1"):
        slot.consume_n_new(-1)
    assert slot.consume_n_new(0) == []
    assert slot.get_unconsumed_count() == 1


def test_a_data_point_tells_all_of_its_item():
    clock = ManualClock()
    routine = Routine()
    slot = Slot("in", routine, clock=clock)
    Flow("f").add_routine(routine, "r")
    clock.advance(3)
    slot.enqueue("a", "somebody", NOW)
    slot.enqueue("b", "somebody", datetime(2030, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))))
    clock.advance(4)
    slot.consume_one_new()
    consumed, waiting = slot.points()
    assert consumed == SlotDataPoint(
        data="a",
        emitted_at=NOW,
        enqueued_at=NOW + timedelta(seconds=3),
        emitted_from="somebody",
        consumed_at=NOW + timedelta(seconds=7),
        id=consumed.id,
    )
    assert consumed.consumed
    assert (waiting.data, waiting.emitted_at, waiting.consumed_at) == ("b", NOW, None)
    assert not waiting.consumed
    assert consumed.id != waiting.id


# -- figures ---------------------------------------------------------------------------------------


def test_metrics_have_exactly_the_keys_of_the_plan():
    routine = Routine()
    slot = routine.define_slot("in", 3)
    assert slot.get_queue_metrics() == {
        "queue_size": 0,
        "max_length": 3,
        "usage_percent": 0.0,
        "unconsumed_count": 0,
        "is_full": False,
        "is_near_full": False,
        "slot_name": "in",
        "routine_id": None,
    }
    Flow("f").add_routine(routine, "r")
    slot.enqueue(1, "test", NOW)
    read = slot.get_queue_metrics()
    assert set(read) == METRICS
    assert (read["routine_id"], read["usage_percent"]) == ("r", 33.33)


def test_status_says_the_same_in_the_older_words():
    slot = holding(waiting=20, consumed=50)
    assert slot.get_queue_status() == {
        "unconsumed_count": 20,
        "total_count": 70,
        "max_length": 100,
        "watermark_threshold": 80,
        "usage_percentage": 0.7,
        "pressure_level": "low",
        "is_full": False,
        "is_near_full": False,
    }
    assert set(slot.get_queue_status()) == STATUS
    assert slot.get_queue_state() == {"name": "in", **slot.get_queue_status()}


@pytest.mark.parametrize(
    ("waiting", "level", "near", "full"),
    [
        (0, "low", False, False),
        (59, "low", False, False),
        (60, "medium", False, False),
        (79, "medium", False, False),
        (80, "high", True, False),
        (99, "high", True, False),
        (100, "critical", True, True),
    ],
)
def test_pressure_rises_at_six_tenths_at_the_watermark_and_when_full(waiting, level, near, full):
    slot = holding(waiting)
    status = slot.get_queue_status()
    assert (status["pressure_level"], status["is_near_full"], status["is_full"]) == (
        level, near, full,
    )  # fmt: skip
    metrics = slot.get_queue_metrics()
    assert (metrics["is_near_full"], metrics["is_full"]) == (near, full)


def test_a_watermark_below_six_tenths_leaves_no_medium_pressure():
    levels = [holding(n, watermark=0.3).get_queue_status()["pressure_level"] for n in (29, 30, 60)]
    assert levels == ["low", "high", "high"]


def test_an_empty_slot_is_never_near_full_whatever_its_watermark():
    slot = Slot("in", None, 1, 0.0)
    assert slot.watermark_threshold == 0
    assert not slot.metrics().is_near_full
    slot.enqueue(1, "test", NOW)
    assert slot.metrics().is_near_full


def test_70_in_and_50_consumed_are_70_in_all_and_20_unconsumed():
    slot = holding(waiting=20, consumed=50)
    assert (slot.get_total_count(), slot.get_unconsumed_count()) == (70, 20)
    read = slot.get_queue_metrics()
    assert (read["queue_size"], read["usage_percent"]) == (70, 70.0)
    assert [point.consumed for point in slot.points()] == [True] * 50 + [False] * 20


def test_consumed_items_go_when_a_coming_item_would_pass_the_watermark():
    slot = holding(waiting=20, consumed=50)
    for number in range(10):
        slot.enqueue(number, "test", NOW)
    assert (slot.get_total_count(), slot.get_unconsumed_count()) == (80, 30)
    slot.enqueue(10, "test", NOW)
    assert (slot.get_total_count(), slot.get_unconsumed_count()) == (31, 31)


def test_consumed_items_go_when_the_watermark_was_reached_before():
    slot = holding(waiting=80)
    assert slot.get_queue_metrics()["is_near_full"]
    slot.consume_one_new()
    assert (slot.get_total_count(), slot.get_unconsumed_count()) == (79, 79)
    slot.consume_all_new()
    assert slot.get_total_count() == 79
    assert not slot.get_queue_metrics()["is_near_full"]


def test_consumed_items_take_no_room():
    slot = holding(waiting=0, consumed=70, overflow="reject")
    for number in range(100):
        slot.enqueue(number, "test", NOW)
    assert slot.get_queue_metrics()["is_full"]
    assert slot.peek_all_new() == list(range(100))


# -- when it is full -------------------------------------------------------------------------------


def test_the_error_of_a_full_slot_has_all_the_facts():
    clock = ManualClock(jump=True)
    routine = Routine()
    slot = Slot("in", routine, 2, clock=clock)
    Flow("f").add_routine(routine, "r")
    for number in range(2):
        slot.enqueue(number, "test", NOW)
    with pytest.raises(SlotQueueFullError) as caught:
        slot.enqueue(2, "test", NOW)
    error = caught.value
    assert isinstance(error, RoutiluxError)
    assert not isinstance(error, SlotPausedError)
    assert (error.slot_name, error.routine_id, error.job_id) == ("in", "r", None)
    assert (error.max_length, error.unconsumed_count, error.queue_size) == (2, 2, 2)
    assert error.retries == 3
    assert clock.seconds() == pytest.approx(0.1 + 0.2 + 0.3)
    assert str(error) == (
        "Slot 'in' queue is full (max=2). Unconsumed: 2, Total: 2. Retried 3 times."
    )


def test_waits_that_the_caller_has_made_count():
    clock = ManualClock(jump=True)
    slot = Slot("in", None, 1, clock=clock)
    slot.enqueue(0, "test", NOW)
    with pytest.raises(SlotQueueFullError) as caught:
        slot.enqueue(1, "test", NOW, retry_count=2)
    assert (caught.value.retries, slot.metrics().retries) == (3, 1)
    assert clock.seconds() == pytest.approx(0.3)


def test_drop_oldest_lets_the_newest_in_and_counts_the_others():
    slot = holding(3, max_queue_length=2, overflow="drop_oldest")
    assert slot.consume_all_new() == [1, 2]
    read = slot.metrics()
    assert (read.refused, dict(read.refused_by), read.returned_to_caller) == (1, {"evicted": 1}, 0)


@pytest.mark.parametrize("overflow", ["retry", "block"])
def test_a_waiting_caller_is_let_in_as_soon_as_there_is_room(overflow):
    clock = ManualClock()
    slot = Slot("in", None, 1, overflow=overflow, enqueue_retry_delay=1.0, clock=clock)
    slot.enqueue(0, "test", NOW)
    callers = []
    for number in (1, 2):
        callers.append(threading.Thread(target=slot.enqueue, args=(number, "test", NOW)))
        callers[-1].start()
        while slot.metrics().waiting_producers < number:
            os.sched_yield()
    assert [slot.consume_one_new() for _ in range(3)] == [0, 1, 2]
    for caller in callers:
        caller.join()
    read = slot.metrics()
    assert (read.offered, read.consumed, read.waiting_producers) == (3, 3, 0)
    assert clock.seconds() == 0.0


@pytest.mark.parametrize(
    ("overflow", "expected"), [("reject", [0]), ("drop_oldest", [1]), ("block", [1])]
)
def test_a_caller_that_waits_obeys_the_overflow_that_is_set_meanwhile(overflow, expected):
    clock, errors = ManualClock(), []
    slot = Slot("in", None, 1, clock=clock)
    slot.enqueue(0, "test", NOW)

    def put() -> None:
        try:
            slot.enqueue(1, "test", NOW)
        except SlotQueueFullError as error:
            errors.append(error)

    caller = threading.Thread(target=put)
    caller.start()
    clock.await_waits(1)
    slot.configure(overflow=overflow)
    clock.advance(0.1)
    if overflow == "block":
        assert slot.consume_one_new() == 0
    caller.join()
    assert slot.consume_all_new() == expected
    assert [error.retries for error in errors] == ([1] if overflow == "reject" else [])
    read = slot.metrics()
    assert (read.offered, read.waiting_producers) == (2, 0)
    assert dict(read.refused_by) == {
        "reject": {"rejected": 1}, "drop_oldest": {"evicted": 1}, "block": {},
    }[overflow]  # fmt: skip


def test_a_caller_behind_another_evicts_it_too_when_it_looks_first():
    """Not so long ago it was left waiting for ever: the room it had made was the first one's."""
    clock = ManualClock()
    slot = Slot("in", None, 1, enqueue_retry_delay=10.0, clock=clock)
    slot.enqueue(0, "test", NOW)
    callers = [threading.Thread(target=slot.enqueue, args=(n, "test", NOW)) for n in (1, 2)]
    callers[0].start()
    clock.await_waits(1)
    slot.configure(enqueue_retry_delay=1.0)
    callers[1].start()
    clock.await_waits(2)
    slot.configure(overflow="drop_oldest")
    clock.advance(1.0)  # the wait of the second is over
    for caller in callers:
        caller.join()
    assert slot.consume_all_new() == [2]
    read = slot.metrics()
    assert (read.offered, dict(read.refused_by), read.waiting_producers) == (3, {"evicted": 2}, 0)


# -- jobs and wiring -------------------------------------------------------------------------------


def test_an_item_for_a_live_job_enters_that_jobs_slot(rt):
    flow, sink = Flow("f"), CollectingSink()
    flow.add_routine(sink, "sink")
    slot = sink.slots["items"]
    job, other = rt.exec(flow, keep_open=True), rt.exec(flow, keep_open=True)
    slot.enqueue("for the job", "test", NOW, job_id=job.job_id)
    slot.enqueue("for nobody", "test", NOW)
    slot.enqueue("for a stranger", "test", NOW, job_id="stranger")
    assert job.slot("sink", "items").get_unconsumed_count() == 1
    for each in (job, other):
        each.close()
        assert each.wait()
    assert (sink.received_by(job), sink.received_by(other)) == (["for the job"], [])
    assert slot.consume_all_new() == ["for nobody", "for a stranger"]


def test_an_item_for_a_job_that_has_ended_stays_with_the_definition(rt):
    flow, sink = Flow("f"), CollectingSink()
    flow.add_routine(sink, "sink")
    job = rt.exec(flow, keep_open=True)
    job.close()
    assert job.wait()
    sink.slots["items"].enqueue("late", "test", NOW, job_id=job.job_id)
    assert sink.slots["items"].consume_all_new() == ["late"]
    with pytest.raises(JobFinished):
        job.slot("sink", "items").enqueue("late", "test", NOW)


def test_a_job_id_means_nothing_to_a_slot_of_its_own():
    slot = Slot("in")
    slot.enqueue(1, "test", NOW, job_id="any")
    assert slot.peek_all_new() == [1]


def test_a_definition_is_never_paused(rt):
    flow, sink = Flow("f"), CollectingSink()
    flow.add_routine(sink, "sink")
    job = rt.exec(flow, start_paused=True, keep_open=True)
    assert job.slot("sink", "items").is_paused()
    assert not sink.slots["items"].is_paused()
    assert not Slot().is_paused()


def test_connecting_is_two_sided_and_once_is_enough():
    slot, event, other = Slot("in"), Event("out"), Event("other")
    for _ in range(2):
        slot.connect(event)
        slot.connect(other)
    assert slot.connected_events == [event, other]
    assert event.connected_slots == other.connected_slots == [slot]
    for _ in range(2):
        slot.disconnect(event)
    assert slot.connected_events == [other]
    assert (event.connected_slots, other.connected_slots) == ([], [slot])
