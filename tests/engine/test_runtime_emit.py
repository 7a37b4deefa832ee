"""`Runtime.handle_event_emit`: an event's item from outside, into a job or into definitions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from routilux import Event, Flow, JobState, Routine
from routilux.clock import stamp
from routilux.errors import JobFinished
from routilux.runtime import Runtime
from routilux.slot import SlotPausedError, SlotQueueFullError
from routilux.testing import CollectingSink, StepRuntime
from tests.engine.parts import figures, letters, made, never

if TYPE_CHECKING:
    from routilux.slot import Slot, SlotDataPoint

THEN = datetime(2029, 5, 6, 7, 8, 9, 10, tzinfo=UTC)


class Emitting:
    """A flow whose routine ``a`` emits nothing by itself, connected to sinks ``b``, ``c``, ..."""

    def __init__(self, *mappings: dict[str, str] | None, **slot_settings: Any) -> None:
        self.flow = Flow("emitting")
        self.source = made(slots=("unused",))
        self.flow.add_routine(self.source, "a")
        self.event = self.source.events["out"]
        self.sinks: dict[str, CollectingSink] = {}
        for name, mapping in zip("bcdefg", mappings or (None,), strict=False):
            self.sinks[name] = CollectingSink(**slot_settings)
            self.flow.add_routine(self.sinks[name], name)
            self.flow.connect("a", "out", name, "items", param_mapping=mapping)

    @property
    def sink(self) -> CollectingSink:
        return self.sinks["b"]

    def definition(self, name: str = "b") -> Slot:
        return self.sinks[name].slots["items"]


def told(data: Any, **metadata: Any) -> dict[str, Any]:
    return {"data": data, "metadata": metadata}


def only_point(slot: Slot) -> SlotDataPoint:
    (point,) = slot.points()
    return point


# -- a job that this runtime runs ------------------------------------------------------------------


def test_a_live_job_gets_the_item_in_its_own_slot_and_is_activated(rt):
    emitting = Emitting()
    job, other = (rt.exec(emitting.flow, keep_open=True) for _ in "ab")
    rt.handle_event_emit(emitting.event, told({"x": 1}), job)
    assert job.slot("b", "items").peek_all_new() == [{"x": 1}]
    rt.run_until_idle()
    assert emitting.sink.received_by(job) == [{"x": 1}]
    assert emitting.sink.received_by(other) == []
    assert emitting.definition().get_total_count() == 0
    assert figures(job, "b", "items").consumed == 1


def test_each_connection_renames_for_its_own_slot(rt):
    emitting = Emitting({"x": "y"}, None, {"x": "z", "k": "l"})
    job = rt.exec(emitting.flow, keep_open=True)
    data = {"x": 1, "k": 2}
    rt.handle_event_emit(emitting.event, told(data), job)
    rt.run_until_idle()
    assert [sink.received for sink in emitting.sinks.values()] == [
        [{"y": 1, "k": 2}],
        [{"x": 1, "k": 2}],
        [{"z": 1, "l": 2}],
    ]
    assert data == {"x": 1, "k": 2}


def test_items_come_in_the_order_of_the_calls(rt):
    emitting = Emitting()
    job = rt.exec(emitting.flow, keep_open=True)
    for number in range(5):
        rt.handle_event_emit(emitting.event, told(number), job)
    rt.run_until_idle()
    assert emitting.sink.received == [0, 1, 2, 3, 4]


def test_an_event_that_the_job_does_not_know_reaches_nothing(rt):
    emitting = Emitting()
    elsewhere = Event("out", emitting.sink)
    elsewhere.connect(emitting.definition())
    job = rt.exec(emitting.flow, keep_open=True)
    for event in (elsewhere, Event("out"), Event("none", emitting.source)):
        rt.handle_event_emit(event, told(1), job)
    rt.run_until_idle()
    assert emitting.sink.received == []
    assert emitting.definition().get_total_count() == 0


def test_an_event_of_another_flow_with_the_same_names_reaches_nothing(rt):
    emitting, other = Emitting(), Emitting()
    job = rt.exec(emitting.flow, keep_open=True)
    rt.handle_event_emit(other.event, told(1), job)
    rt.run_until_idle()
    assert (emitting.sink.received, other.sink.received) == ([], [])
    assert figures(job, "b", "items").offered == 0


def test_an_event_that_leads_nowhere_is_no_error(rt):
    emitting = Emitting()
    lonely = emitting.source.define_event("lonely")
    job = rt.exec(emitting.flow, keep_open=True)
    for state in (job, JobState("emitting")):
        rt.handle_event_emit(lonely, told(1), state)
    rt.run_until_idle()
    assert emitting.sink.received == []
    assert figures(job, "b", "items").offered == 0


def test_a_full_slot_of_the_job_refuses_to_the_caller(rt):
    emitting = Emitting(max_queue_length=1)
    emitting.sink.set_activation_policy(never)
    job = rt.exec(emitting.flow, keep_open=True)
    rt.handle_event_emit(emitting.event, told(1), job)
    with pytest.raises(SlotQueueFullError) as caught:
        rt.handle_event_emit(emitting.event, told(2), job)
    assert (caught.value.job_id, caught.value.retries) == (job.job_id, 3)
    read = figures(job, "b", "items")
    assert (read.refused, read.returned_to_caller, letters(job)) == (1, 1, [])


def test_a_paused_job_refuses_to_the_caller_after_five_seconds(rt):
    emitting = Emitting()
    job = rt.exec(emitting.flow, start_paused=True, keep_open=True)
    with pytest.raises(SlotPausedError):
        rt.handle_event_emit(emitting.event, told(1), job)
    assert rt.clock.seconds() == 5.0
    assert figures(job, "b", "items").refused_by == {"paused": 1}


def test_a_wait_that_a_pause_cuts_short_begins_anew_at_resume(rt):
    emitting = Emitting(max_queue_length=1)
    emitting.sink.set_activation_policy(never)
    job = rt.exec(emitting.flow, keep_open=True)
    rt.handle_event_emit(emitting.event, told(1), job)
    rt.timer.schedule(50_000_000, job.pause)
    rt.timer.schedule(1_050_000_000, job.resume)
    with pytest.raises(SlotQueueFullError) as caught:
        rt.handle_event_emit(emitting.event, told(2), job)
    assert caught.value.retries == 3
    assert rt.clock.seconds() == pytest.approx(1.05 + 0.1 + 0.2 + 0.3)


# -- a job that it does not run --------------------------------------------------------------------


def test_for_a_job_that_was_never_started_the_definitions_get_the_item(rt):
    emitting = Emitting({"x": "y"}, None)
    live = rt.exec(emitting.flow, keep_open=True)
    rt.handle_event_emit(emitting.event, told({"x": 1}), JobState("emitting"))
    rt.run_until_idle()
    assert [emitting.definition(name).peek_all_new() for name in "bc"] == [[{"x": 1}]] * 2
    assert [sink.received for sink in emitting.sinks.values()] == [[], []]
    assert figures(live, "b", "items").offered == 0


def test_a_job_of_another_runtime_is_not_run_here(rt):
    emitting = Emitting()
    with StepRuntime() as elsewhere:
        job = elsewhere.exec(emitting.flow, keep_open=True)
        rt.handle_event_emit(emitting.event, told(1), job)
        job.close()
        assert job.wait()
    assert emitting.definition().peek_all_new() == [1]
    assert emitting.sink.received == []


def test_for_a_job_that_has_ended_the_definitions_get_the_item(rt):
    emitting = Emitting()
    job = rt.exec(emitting.flow, keep_open=True)
    job.close()
    assert job.wait()
    rt.handle_event_emit(emitting.event, told(1), job)
    assert emitting.definition().peek_all_new() == [1]
    with pytest.raises(JobFinished):
        job.post("b", "items", 1)


def test_a_definition_that_is_full_refuses_to_the_caller(rt):
    emitting = Emitting(max_queue_length=1, overflow="reject")
    job = JobState("emitting")
    rt.handle_event_emit(emitting.event, told(1), job)
    with pytest.raises(SlotQueueFullError) as caught:
        rt.handle_event_emit(emitting.event, told(2), job)
    assert (caught.value.job_id, caught.value.routine_id) == (None, "b")
    assert emitting.definition().peek_all_new() == [1]


# -- stamps and senders ----------------------------------------------------------------------------


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (THEN, THEN),
        (THEN.isoformat(), THEN),
        ("2029-05-06T09:08:09.000010+02:00", THEN),
        ("2029-05-06T07:08:09.000010Z", THEN),
        (THEN.astimezone(timezone(timedelta(hours=-3))), THEN),
    ],
)
def test_emitted_at_is_a_datetime_or_a_text(rt, live, given, expected):
    emitting = Emitting()
    job = rt.exec(emitting.flow, keep_open=True) if live else JobState("emitting")
    rt.handle_event_emit(emitting.event, told(1, emitted_at=given), job)
    point = only_point(job.slot("b", "items") if live else emitting.definition())
    assert point.emitted_at == expected
    assert point.emitted_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize("metadata", [{}, {"metadata": None}, {"metadata": {"emitted_at": None}}])
def test_what_has_no_stamp_was_emitted_now(metadata):
    emitting = Emitting()
    with Runtime(thread_pool_size=1) as runtime:
        job = runtime.exec(emitting.flow, keep_open=True)
        before = datetime.now(UTC)
        runtime.handle_event_emit(emitting.event, {"data": 1, **metadata}, job)
        after = datetime.now(UTC)
        job.close()
    assert before <= only_point(job.slot("b", "items")).emitted_at <= after


@pytest.mark.parametrize("live", [True, False])
def test_now_is_what_the_runtimes_clock_says(rt, live):
    emitting = Emitting()
    job = rt.exec(emitting.flow, keep_open=True) if live else JobState("emitting")
    rt.handle_event_emit(emitting.event, told(1), job)
    point = only_point(job.slot("b", "items") if live else emitting.definition())
    assert point.emitted_at == stamp(rt.clock.time_ns())


def test_a_text_that_is_no_time_is_refused(rt):
    emitting = Emitting()
    job = rt.exec(emitting.flow, keep_open=True)
    with pytest.raises(ValueError, match="Invalid isoformat string: 'yesterday'"):
        rt.handle_event_emit(emitting.event, told(1, emitted_at="yesterday"), job)
    assert figures(job, "b", "items").offered == 0


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize(("given", "sender"), [({}, "a"), ({"emitted_from": "plugin"}, "plugin")])
def test_the_sender_is_the_one_named_or_the_events_routine(rt, live, given, sender):
    emitting = Emitting()
    job = rt.exec(emitting.flow, keep_open=True) if live else JobState("emitting")
    rt.handle_event_emit(emitting.event, told(1, **given), job)
    slot = job.slot("b", "items") if live else emitting.definition()
    assert only_point(slot).emitted_from == sender


@pytest.mark.parametrize("routine", [None, Routine()])
def test_an_event_of_no_flow_sends_under_its_own_name(rt, routine):
    event, emitting = Event("alone", routine), Emitting()
    event.connect(emitting.definition())
    rt.handle_event_emit(event, told(1), JobState("emitting"))
    assert only_point(emitting.definition()).emitted_from == "alone"


def test_a_dead_letter_of_such_an_item_names_its_sender_and_event(rt):
    emitting = Emitting()
    emitting.sink.set_activation_policy(never)
    job = rt.exec(emitting.flow, keep_open=True)
    rt.handle_event_emit(emitting.event, told(1, emitted_from="plugin", emitted_at=THEN), job)
    job.close()
    assert job.wait()
    (letter,) = job.dead_letters
    assert (letter.emitted_from, letter.event, letter.activation_id) == ("plugin", "out", None)
    assert (letter.emitted_at, letter.reason) == (THEN, "unmatched")
