"""Spans, links and span events of jobs, against what an exporter got."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind, StatusCode

from routilux import ErrorHandler, Flow, JobState
from routilux.slot import SlotQueueFullError
from routilux.testing import StepRuntime
from routilux_otel import RoutiluxInstrumentor, job_trace
from tests.engine.parts import line, made, never, passer, source
from tests.otel.parts import Memory, events, link_ids, parent_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.sdk.trace import ReadableSpan

REMOTE = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "routilux")


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def span_id(span: ReadableSpan) -> int:
    assert span.context is not None
    return span.context.span_id


def test_a_job_and_its_activations_are_one_trace(rt: StepRuntime, memory: Memory) -> None:
    job = rt.exec(line(source([1, 2]), passer(), made(lambda items: None)))
    assert job.wait()
    root = memory.span("job line")
    assert root.parent is None
    assert attributes(root) == {
        "routilux.job.id": job.job_id,
        "routilux.flow.id": "line",
        "routilux.job.status": "completed",
    }
    spans = memory.spans()
    assert len({span.context.trace_id for span in spans if span.context}) == 1
    assert {parent_id(span) for span in spans if span is not root} == {span_id(root)}
    assert {span.kind for span in spans if span is not root} == {SpanKind.CONSUMER}
    assert [span.name for span in spans[-1:]] == ["job line"]
    assert job.traceparent is not None
    assert job.traceparent.split("-")[2] == f"{span_id(root):016x}"


def test_an_activation_is_linked_to_those_that_emitted_its_items(
    rt: StepRuntime, memory: Memory
) -> None:
    batch = made(lambda items: None)
    batch.set_activation_policy(
        lambda slots, job: (job.draining, {"in": slots["in"].consume_n_new(9)}, None)
    )
    flow = Flow("fan-in")
    for name in "ab":
        flow.add_routine(source([1, 2]), name)
    flow.add_routine(batch, "c")
    for name in "ab":
        flow.connect(name, "out", "c", "in")
    job = rt.exec(flow)
    assert job.wait()
    fed = {span_id(memory.span("process a")), span_id(memory.span("process b"))}
    taken = memory.span("process c")
    assert set(link_ids(taken)) == fed
    assert attributes(taken) == {
        "routilux.job.id": job.job_id,
        "routilux.flow.id": "fan-in",
        "routilux.routine.id": "c",
        "routilux.activation.id": "c@1",
        "routilux.item.count": 4,
    }


def test_spans_of_others_in_logic_are_below_the_activation_and_have_the_jobs_id(
    rt: StepRuntime, memory: Memory
) -> None:
    tracer = memory.tracers.get_tracer("theirs")

    def logic(items: list[int]) -> None:
        with tracer.start_as_current_span("outer"), tracer.start_as_current_span("inner"):
            pass

    job = rt.exec(line(source([1]), made(logic)))
    assert job.wait()
    with tracer.start_as_current_span("outside"):
        pass
    outer, inner = memory.span("outer"), memory.span("inner")
    assert parent_id(outer) == span_id(memory.span("process r1"))
    assert parent_id(inner) == span_id(outer)
    assert {attributes(each)["routilux.job.id"] for each in (outer, inner)} == {job.job_id}
    assert "routilux.job.id" not in attributes(memory.span("outside"))
    assert not trace.get_current_span().get_span_context().is_valid


def test_a_job_is_a_child_of_the_span_that_it_is_started_in(
    rt: StepRuntime, memory: Memory
) -> None:
    with memory.tracers.get_tracer("theirs").start_as_current_span("request") as request:
        job = rt.exec(line(made(lambda items: None)), keep_open=True)
    job.close()
    assert job.wait()
    assert parent_id(memory.span("job line")) == request.get_span_context().span_id


def test_a_job_goes_on_from_the_trace_context_that_it_was_given(
    rt: StepRuntime, memory: Memory
) -> None:
    state = JobState("line")
    state.traceparent = REMOTE
    job = rt.exec(line(made(lambda items: None)), job_state=state, keep_open=True)
    job.close()
    assert job.wait()
    root = memory.span("job line")
    assert parent_id(root) == int("b" * 16, 16)
    assert job.traceparent == f"00-{'a' * 32}-{span_id(root):016x}-01"


# -- pause and resume ------------------------------------------------------------------------------


def test_a_pause_ends_the_jobs_span_and_a_resume_goes_on_with_a_linked_one(
    rt: StepRuntime, memory: Memory
) -> None:
    flow = line(source(range(4)), made(policy=never, max_queue_length=4))
    job = rt.exec(flow, keep_open=True)
    rt.run_until_idle()
    job.pause("look", identity="ann")
    first, pause = memory.span("job line"), memory.span("pause line")
    assert parent_id(pause) == span_id(first)
    assert attributes(first)["routilux.job.status"] == "paused"
    assert pause.start_time == pause.end_time == first.end_time
    assert attributes(pause) == {
        "routilux.job.id": job.job_id,
        "routilux.flow.id": "line",
        "routilux.reason": "look",
        "routilux.identity": "ann",
        "routilux.activations.running": (),
        "routilux.activations.standing": (),
        "routilux.snapshot.slots": ("r1.in",),
        "routilux.snapshot.sizes": (4,),
        "routilux.snapshot.limits": (4,),
        "routilux.snapshot.unconsumed": (4,),
        "routilux.snapshot.held": (0,),
        "routilux.snapshot.total_slots": 1,
        "routilux.snapshot.total_unconsumed": 4,
        "routilux.snapshot.total_held": 0,
        "routilux.snapshot.truncated": False,
    }
    rt.clock.advance(2)
    job.resume()
    resume = memory.span("resume line")
    assert (parent_id(resume), link_ids(resume)) == (span_id(first), [span_id(pause)])
    assert attributes(resume)["routilux.job.paused_seconds"] == 2.0
    (warning,) = attributes(resume)["routilux.resume.warnings"]
    assert "Slot r1.in is full (4/4 waiting)" in warning
    job.cancel()
    second = memory.spans("job line")[-1]
    assert (parent_id(second), link_ids(second)) == (span_id(first), [span_id(first)])
    assert attributes(second)["routilux.job.status"] == "cancelled"


def test_activations_after_a_resume_are_children_of_the_new_span(
    rt: StepRuntime, memory: Memory
) -> None:
    job = rt.exec(line(made(lambda items: None)), keep_open=True, start_paused=True)
    job.resume()
    job.post("r0", "in", 1)
    job.close()
    assert job.wait()
    first, second = memory.spans("job line")
    assert parent_id(memory.span("process r0")) == span_id(second)
    assert first.end_time is not None


def test_a_resume_that_is_told_before_its_pause_comes_after_it(
    rt: StepRuntime, memory: Memory, hooks_of: Any
) -> None:
    job = rt.exec(line(made(lambda items: None)), keep_open=True)
    told: list[tuple[str, Any]] = []
    live: Any = job.live
    live.tell = lambda method, record: told.append((method, record))
    job.pause()
    job.resume()
    for method, record in reversed(told):
        hooks_of(rt, method, record)
    del live.tell
    job.cancel()
    assert [span.name for span in memory.spans()] == [
        "pause line", "job line", "resume line", "job line",
    ]  # fmt: skip


@pytest.fixture
def hooks_of() -> Any:
    """Tells the hooks of a runtime."""
    return lambda rt, method, record: rt.hooks.tell(method, record)


def test_only_the_fullest_slots_are_told(rt: StepRuntime, memory: Memory) -> None:
    flow = Flow("wide")
    for number in range(60):
        flow.add_routine(made(policy=never, max_queue_length=100), f"r{number}")
    job = rt.exec(flow, keep_open=True)
    for number in range(60):
        for item in range(number):
            job.post(f"r{number}", "in", item)
    job.pause()
    facts = attributes(memory.span("pause wide"))
    assert facts["routilux.snapshot.slots"] == tuple(f"r{n}.in" for n in range(59, 9, -1))
    assert facts["routilux.snapshot.unconsumed"] == tuple(range(59, 9, -1))
    assert facts["routilux.snapshot.total_unconsumed"] == sum(range(60))
    assert (facts["routilux.snapshot.total_slots"], facts["routilux.snapshot.truncated"]) == (
        60, True,
    )  # fmt: skip
    job.cancel()


# -- errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["stop", "continue", "skip", "retry"])
def test_an_activation_that_finally_failed_is_an_error_and_a_retried_one_is_none(
    rt: StepRuntime, memory: Memory, strategy: str
) -> None:
    def fail(items: list[int]) -> None:
        raise KeyError("secret payload")

    handler = ErrorHandler(strategy, max_retries=2)
    job = rt.exec(line(source([1]), made(fail, errors=handler)))
    assert job.wait()
    *retried, last = memory.spans("process r1")
    assert last.status.status_code is StatusCode.ERROR
    assert attributes(last)["error.type"] == "KeyError"
    for span in retried:
        assert span.status.status_code is StatusCode.UNSET
        assert "error.type" not in attributes(span)
        assert attributes(span)["routilux.activation.outcome"] == "retry"
    assert len(retried) == (2 if strategy == "retry" else 0)
    if retried:
        assert attributes(last)["routilux.activation.attempt"] == 3
    root = memory.span("job line")
    failed = strategy == "stop"
    assert (root.status.status_code is StatusCode.ERROR) == failed
    assert ("error.type" in attributes(root)) == failed
    assert "secret" not in str([span.to_json() for span in memory.spans()])


# -- span events -----------------------------------------------------------------------------------


def test_each_wait_is_an_event_of_the_activation_that_felt_it(
    rt: StepRuntime, memory: Memory
) -> None:
    def slow(items: list[int]) -> None:
        rt.clock.advance(1)

    flow = line(source(range(3)), made(slow, max_queue_length=1, overflow="block"))
    job = rt.exec(flow)
    assert job.wait()
    found = events(memory.span("process r0"))
    retries = job.slot("r1", "in").read_metrics().retries
    assert len(found) == retries > 0
    assert found[0] == (
        "routilux.slot.enqueue.retry",
        {
            "routilux.routine.id": "r1",
            "routilux.slot.name": "in",
            "routilux.item.count": 1,
            "routilux.slot.queue.unconsumed": 1,
            "routilux.slot.queue.limit": 1,
            "routilux.enqueue.attempt": 1,
            "routilux.enqueue.delay": 0.0,
        },
    )


def test_refusals_are_events_and_beyond_twenty_they_are_counted(
    rt: StepRuntime, memory: Memory
) -> None:
    flow = line(source(range(31)), made(policy=never, max_queue_length=1, overflow="reject"))
    job = rt.exec(flow, keep_open=True)
    rt.run_until_idle()
    job.cancel()
    found = events(memory.span("process r0"))
    refusals = [facts for name, facts in found if name == "routilux.slot.item.refused"]
    told = sum(facts["routilux.item.count"] for facts in refusals)
    omitted = [facts for name, facts in found if name == "routilux.events.omitted"]
    assert {facts["error.type"] for facts in refusals} == {"rejected"}
    assert len(refusals) <= 20
    assert told == 30 or omitted == [
        {
            "routilux.event.name": "routilux.slot.item.refused",
            "routilux.event.omitted": 10,
        }
    ]


def test_what_a_caller_from_outside_feels_is_an_event_of_his_span(
    rt: StepRuntime, memory: Memory
) -> None:
    settings = {"max_queue_length": 1, "max_enqueue_retries": 1, "enqueue_retry_delay": 1.0}
    job = rt.exec(line(made(policy=never, **settings)), keep_open=True)
    job.post("r0", "in", 1)
    tracer = memory.tracers.get_tracer("theirs")
    with tracer.start_as_current_span("request"), pytest.raises(SlotQueueFullError):
        job.post("r0", "in", 2)
    job.cancel()
    names = [name for name, _ in events(memory.span("request")) if name.startswith("routilux")]
    assert names == ["routilux.slot.enqueue.retry", "routilux.slot.item.refused"]


def test_held_items_and_hits_are_events(rt: StepRuntime, memory: Memory) -> None:
    job = rt.exec(line(source([1, 2]), made(lambda items: None)), start_paused=True)
    job.breakpoints.add("slot", "r1", slot_name="in", one_shot=True)
    job.breakpoints.add("slot", "r1", slot_name="in", log_message="v={data}")
    job.resume()
    rt.run_until_idle()
    job.debug.resume()
    assert job.wait()
    found = events(memory.span("process r0"))
    hits = [facts for name, facts in found if name == "routilux.breakpoint.hit"]
    assert [facts["routilux.breakpoint.action"] for facts in hits] == ["pause_job"]
    assert hits[0]["routilux.item.ids"] == ("r1.in#0",)
    assert {name for name, _ in found} >= {"routilux.slot.item.held", "routilux.tracepoint"}
    assert "routilux.tracepoint.message" not in str(found)


def test_the_message_of_a_tracepoint_is_recorded_where_payloads_are(rt: StepRuntime) -> None:
    memory, instrumentor = Memory(), RoutiluxInstrumentor()
    instrumentor.instrument(hooks=rt.hooks, capture_payloads=True, **memory.providers)
    flow = line(source([7, "x" * 5_000, {"password": "hidden"}]), made(lambda items: None))
    job = rt.exec(flow, start_paused=True)
    job.breakpoints.add("slot", "r1", slot_name="in", log_message="v={data}")
    job.resume()
    assert job.wait()
    instrumentor.uninstrument()
    found = events(memory.span("process r0"))
    first, long, secret = [
        facts["routilux.tracepoint.message"] for name, facts in found if "tracepoint" in name
    ]
    assert first == "v=7"
    assert long.startswith(("v=xxx", 'v="xxx'))
    assert len(long) <= 1024
    assert "hidden" not in secret
    memory.close()


# -- how much --------------------------------------------------------------------------------------


@pytest.fixture
def levelled(rt: StepRuntime) -> Iterator[Any]:
    """Turns a level on."""
    instrumentor, memories = RoutiluxInstrumentor(), []

    def turn_on(level: str, **options: Any) -> Memory:
        memories.append(Memory(**options))
        instrumentor.instrument(hooks=rt.hooks, level=level, **memories[0].providers)
        return memories[0]

    yield turn_on
    instrumentor.uninstrument()
    for each in memories:
        each.close()


@pytest.mark.parametrize(
    ("level", "names", "durations"),
    [
        ("off", set(), 0),
        ("metrics", set(), 1),
        ("jobs", {"job line"}, 1),
        ("activations", {"job line", "process r0", "process r1"}, 1),
    ],
)
def test_the_level_says_how_much(
    rt: StepRuntime, levelled: Any, level: str, names: set[str], durations: int
) -> None:
    memory = levelled(level)
    assert rt.exec(line(source([1]), made(lambda items: None))).wait()
    assert {span.name for span in memory.spans()} == names
    assert len(memory.points("routilux.job.duration")) == durations


def test_a_job_that_is_not_sampled_has_no_spans_and_its_logic_none_either(
    rt: StepRuntime, levelled: Any
) -> None:
    memory = levelled("activations", sampler=ALWAYS_OFF)
    seen = []

    def logic(items: list[int]) -> None:
        seen.append(trace.get_current_span().get_span_context())

    job = rt.exec(line(source([1]), made(logic)))
    assert job.wait()
    assert memory.spans() == []
    assert job.traceparent is not None
    assert int(job.traceparent[-2:], 16) & 1 == 0
    assert [f"{each.trace_id:032x}" for each in seen] == [job.traceparent.split("-")[1]]
    assert [point.trace_context for point in job.slot("r1", "in").points()] == [None]


def test_the_spans_of_a_job_are_capped_and_the_rest_counts_as_lost(
    rt: StepRuntime, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_trace, "MOST_SPANS", 5)
    before = _lost(memory)
    job = rt.exec(line(made(lambda items: None)), keep_open=True)
    for item in range(9):
        job.post("r0", "in", item)
        rt.run_until_idle()
    job.close()
    assert job.wait()
    assert len(memory.spans()) == 5
    assert _lost(memory) - before == 5


def _lost(memory: Memory) -> int:
    found = memory.points("routilux.telemetry.dropped")
    return sum(point.value for key, point in found.items() if key == ("job_span_limit", "traces"))


# -- contexts travel -------------------------------------------------------------------------------


def test_a_redelivered_letter_is_linked_to_what_emitted_it(rt: StepRuntime, memory: Memory) -> None:
    fails = [True]

    def logic(items: list[int]) -> None:
        if fails.pop() if fails else False:
            raise ValueError("no")

    job = rt.exec(line(source([1]), made(logic, errors=ErrorHandler("continue"))), keep_open=True)
    rt.run_until_idle()
    job.dead_letters.redeliver()
    job.close()
    assert job.wait()
    emitter = span_id(memory.span("process r0"))
    assert [link_ids(span) for span in memory.spans("process r1")] == [[emitter], [emitter]]


def test_a_retry_is_linked_as_its_first_attempt_was(rt: StepRuntime, memory: Memory) -> None:
    def fail(items: list[int]) -> None:
        raise ValueError("no")

    handler = ErrorHandler("retry", max_retries=1)
    assert rt.exec(line(source([1]), made(fail, errors=handler))).wait()
    emitter = span_id(memory.span("process r0"))
    assert [link_ids(span) for span in memory.spans("process r1")] == [[emitter], [emitter]]


def test_a_restored_job_goes_on_in_its_trace_and_its_items_keep_their_links(
    rt: StepRuntime, memory: Memory
) -> None:
    flow = line(source([1, 2]), made(lambda items: None))
    job = rt.exec(flow, start_paused=True)
    job.breakpoints.add("slot", "r1", slot_name="in")
    job.resume()
    rt.run_until_idle()
    job.breakpoints.clear()
    job.debug.resume()
    job.pause()
    rt.run_until_idle()
    saved = job.snapshot()
    other = StepRuntime()
    for hook in rt.hooks._hooks:
        other.hooks.add(hook)
    restored = other.restore(saved, flow)
    assert restored.wait()
    roots = memory.spans("job line")
    assert len({span.context.trace_id for span in roots if span.context}) == 1
    emitter = span_id(memory.span("process r0"))
    assert {tuple(link_ids(span)) for span in memory.spans("process r1")} == {(emitter,)}
    job.cancel()


def test_a_restored_job_can_be_paused_and_resumed_again(rt: StepRuntime, memory: Memory) -> None:
    flow = line(made(lambda items: None))
    job = rt.exec(flow, keep_open=True)
    job.pause()
    saved = job.snapshot()
    job.cancel()
    memory.exporter.clear()
    other = StepRuntime()
    for hook in rt.hooks._hooks:
        other.hooks.add(hook)
    restored = other.restore(saved, flow)
    restored.pause("look")
    assert [span.name for span in memory.spans()] == ["resume line", "pause line", "job line"]
    restored.resume()
    restored.cancel()
    assert [span.name for span in memory.spans()[3:]] == ["resume line", "job line"]
    resumes = memory.spans("resume line")
    assert [len(span.links) for span in resumes] == [0, 1]


def test_turning_off_in_mid_run_ends_the_spans_and_the_job_goes_on(rt: StepRuntime) -> None:
    memory, instrumentor = Memory(), RoutiluxInstrumentor()
    instrumentor.instrument(hooks=rt.hooks, **memory.providers)
    job = rt.exec(line(made(lambda items: None)), keep_open=True)
    instrumentor.uninstrument()
    assert [span.name for span in memory.spans()] == ["job line"]
    job.post("r0", "in", 1)
    job.close()
    assert job.wait()
    assert [span.name for span in memory.spans()] == ["job line"]
    memory.close()
