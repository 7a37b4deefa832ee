"""What hooks are told of starts, gates, waits and callers from outside; contexts that travel."""

from __future__ import annotations

import contextvars
import threading
from typing import TYPE_CHECKING

import pytest

from routilux import JobState, Runtime
from routilux.hooks import Hook
from routilux.slot import SlotQueueFullError
from routilux.testing import RecordingHook, StepRuntime
from tests.engine.parts import LONG_S, line, made, never, source

if TYPE_CHECKING:
    from routilux.hooks import ActivationRecord, JobRecord

SECOND = 10**9


@pytest.fixture
def hook(rt: StepRuntime) -> RecordingHook:
    """Ears of the runtime."""
    found = RecordingHook()
    rt.hooks.add(found)
    return found


class Tracer(Hook):
    """Gives the job a context, and each activation one of its own."""

    def __init__(self, trace: str = "job") -> None:
        self.trace = trace
        self.started: list[JobRecord] = []
        self.activations: list[ActivationRecord] = []

    def job_started(self, record: JobRecord) -> str | None:
        self.started.append(record)
        return self.trace

    def activation_started(self, record: ActivationRecord) -> str | None:
        self.activations.append(record)
        return f"{self.trace}/{record.activation_id}"


def test_nothing_of_a_job_runs_before_its_start_was_told() -> None:
    called, seen = threading.Event(), []

    class Slow(Hook):
        def job_started(self, record: JobRecord) -> None:
            seen.append(called.wait(0.2))  # long enough for a worker that does not wait

    with Runtime(2) as runtime:
        runtime.hooks.add(Slow())
        assert runtime.exec(line(made(called.set, slots=()))).wait(LONG_S)
    assert seen == [False]
    assert called.is_set()


def test_the_context_that_a_hook_gives_is_the_jobs_from_then_on(rt: StepRuntime) -> None:
    tracer = Tracer()
    rt.hooks.add(tracer)
    state = JobState("line")
    state.traceparent = "caller"
    job = rt.exec(line(made(lambda items: None)), job_state=state, keep_open=True)
    assert (tracer.started[0].traceparent, job.traceparent) == ("caller", "job")


def test_a_hook_may_set_variables_for_all_logic_of_a_job(rt: StepRuntime) -> None:

    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="none")
    seen: list[str] = []

    class Sets(Hook):
        def job_started(self, record: JobRecord) -> None:
            assert record.context is not None
            record.context.run(variable.set, record.job_id)

    rt.hooks.add(Sets())
    flow = line(source([1]), made(lambda items: seen.append(variable.get())))
    job = rt.exec(flow)
    assert job.wait()
    assert seen == [job.job_id]
    assert variable.get() == "none"


def test_contexts_and_the_jobs_own_survive_a_snapshot(rt: StepRuntime) -> None:
    rt.hooks.add(Tracer())
    flow = line(source([1, 2, 3]), made(policy=never, max_queue_length=2, overflow="reject"))
    job = rt.exec(flow, keep_open=True)
    rt.run_until_idle()
    job.pause()
    saved = job.snapshot()
    other = StepRuntime()
    tracer = Tracer("other")
    other.hooks.add(tracer)
    restored = other.restore(saved, flow, start_paused=True)
    (started,) = tracer.started
    assert (started.reason, started.traceparent, restored.traceparent) == (
        "restored", "job", "other",
    )  # fmt: skip
    assert {point.trace_context for point in restored.slot("r1", "in").points()} == {"job/r0@1"}
    assert {letter.trace_context for letter in restored.dead_letters} == {"job/r0@1"}
    restored.cancel()


def test_documents_without_contexts_are_read(rt: StepRuntime) -> None:
    flow = line(source([1, 2, 3]), made(policy=never, max_queue_length=2, overflow="reject"))
    job = rt.exec(flow, keep_open=True)
    rt.run_until_idle()
    job.pause()
    saved = job.snapshot()
    for slot in saved["slots"]:
        for run in slot["waiting_items"]:
            del run["trace_context"]
    for letter in saved["job"]["dead_letters"]["letters"]:
        del letter["trace_context"]
    restored = StepRuntime().restore(saved, flow, start_paused=True)
    assert {point.trace_context for point in restored.slot("r1", "in").points()} == {None}
    saved["slots"][-1]["waiting_items"][0]["trace_context"] = 7
    with pytest.raises(ValueError, match="trace_context"):
        StepRuntime().restore(saved, flow)


def test_a_pause_tells_the_slots_and_what_a_resume_will_hurt(
    rt: StepRuntime, hook: RecordingHook
) -> None:
    flow = line(source(range(4)), made(policy=never, max_queue_length=4))
    job = rt.exec(flow, keep_open=True)
    rt.run_until_idle()
    job.pause()
    rt.clock.advance(2)
    job.resume()
    (paused,), (resumed,) = hook.named("job_paused"), hook.named("job_resumed")
    (slot,) = paused.slots
    assert (slot.routine_id, slot.unconsumed, slot.max_length) == ("r1", 4, 4)
    assert resumed.slots == paused.slots
    assert "Slot r1.in is full (4/4 waiting)" in resumed.warnings[0]
    assert (paused.paused_ns, resumed.paused_ns) == (0, 2 * SECOND)
    job.cancel()


def test_the_end_tells_how_long_the_job_took(rt: StepRuntime, hook: RecordingHook) -> None:
    job = rt.exec(line(made(lambda items: None)), keep_open=True)
    job.pause()
    rt.clock.advance(3)
    job.cancel()
    (ended,) = hook.named("job_ended")
    assert (ended.status, ended.duration_ns) == ("cancelled", 3 * SECOND)


def test_the_longest_wait_of_an_activations_items_is_told(
    rt: StepRuntime, hook: RecordingHook
) -> None:
    seen = []
    job = rt.exec(line(made(seen.extend)), keep_open=True, start_paused=True)
    job.resume()
    for item in range(3):
        job.post("r0", "in", item)
        rt.clock.advance(1)
    rt.run_until_idle()
    (began,) = hook.named("activation_started")
    assert (began.items, began.waited_ns) == (3, 3 * SECOND)


def test_a_wait_of_logic_for_room_is_told_when_it_is_over(
    rt: StepRuntime, hook: RecordingHook
) -> None:
    def slow(items: list[int]) -> None:
        rt.clock.advance(2)

    flow = line(source(range(3)), made(slow, max_queue_length=1, overflow="block"))
    assert rt.exec(flow).wait()
    waits = hook.named("producer_waited")
    ended = [each for each in hook.named("activation_ended") if each.routine_id == "r0"]
    assert sum(each.duration_ns for each in waits) == ended[0].stood_ns > 0
    assert {(each.routine_id, each.slot_name, each.reason) for each in waits} == {
        ("r1", "in", "full")
    }
    assert {each.activation_id for each in waits} == {"r0@1"}
    assert len(waits) == len(hook.named("enqueue_retried"))


def test_a_caller_who_waits_and_is_refused_is_told_of(rt: StepRuntime, hook: RecordingHook) -> None:
    settings = {"max_queue_length": 1, "max_enqueue_retries": 2, "enqueue_retry_delay": 1.0}
    job = rt.exec(line(made(policy=never, **settings)), keep_open=True)
    job.post("r0", "in", 1)
    with pytest.raises(SlotQueueFullError):
        job.post("r0", "in", 2)
    retries, (refused,) = hook.named("enqueue_retried"), hook.named("items_refused")
    assert [(each.attempt, each.delay) for each in retries] == [(1, 1.0), (2, 2.0)]
    assert (refused.reason, refused.count, refused.returned) == ("queue_full", 1, True)
    (waited,) = hook.named("producer_waited")
    assert (waited.duration_ns, waited.reason, waited.activation_id) == (3 * SECOND, "full", None)
    assert not job.dead_letters
    job.cancel()


def test_a_refusal_of_the_jobs_own_logic_is_returned_to_nobody(
    rt: StepRuntime, hook: RecordingHook
) -> None:
    flow = line(source([1, 2]), made(policy=never, max_queue_length=1, overflow="reject"))
    job = rt.exec(flow, keep_open=True)
    rt.run_until_idle()
    assert [each.returned for each in hook.named("items_refused")] == [False]
    job.cancel()
