"""Histograms: what is recorded of activations, waits, jobs and pauses, and how often at most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.metrics import get_meter_provider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from routilux.clock import NANOSECONDS
from routilux.engine.lane_times import FULL
from routilux.hooks import ActivationRecord
from routilux_otel import RoutiluxInstrumentor, histograms
from routilux_otel.histograms import MetricsHook
from tests.engine.parts import line, made, source
from tests.otel.parts import Memory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routilux.testing import StepRuntime


def sums(memory: Memory, name: str) -> dict[tuple[Any, ...], tuple[int, float]]:
    """Count and sum of each point of a histogram."""
    return {key: (point.count, point.sum) for key, point in memory.points(name).items()}


def ended(at_ns: int, routine: str = "r") -> ActivationRecord:
    """The end of an activation that took a second."""
    return ActivationRecord("j", "f", routine, "r@1", 1, 1, at_ns, duration_ns=NANOSECONDS)


def test_activations_and_the_waits_of_their_items(rt: StepRuntime, memory: Memory) -> None:
    job = rt.exec(line(made(lambda items: rt.clock.advance(3))), keep_open=True)
    job.post("r0", "in", 1)
    rt.clock.advance(2)
    job.close()
    assert job.wait()
    assert sums(memory, "routilux.activation.duration") == {("completed", "line", "r0"): (1, 3.0)}
    assert sums(memory, "routilux.item.wait.duration") == {("line", "r0"): (1, 2.0)}


def test_waits_for_room(rt: StepRuntime, memory: Memory) -> None:
    flow = line(
        source(range(3)),
        made(lambda items: rt.clock.advance(2), max_queue_length=1, overflow="block"),
    )
    job = rt.exec(flow)
    assert job.wait()
    ((key, (count, total)),) = sums(memory, "routilux.slot.enqueue.blocked.duration").items()
    assert set(key) == {"full", "line", "r1", "in"}
    live: Any = job.live
    assert count == job.slot("r1", "in").read_metrics().retries
    assert total == live.routines["r0"].times.sums[FULL] / NANOSECONDS > 0


def test_jobs_and_pauses(rt: StepRuntime, memory: Memory) -> None:
    job = rt.exec(line(made(lambda items: None)), keep_open=True)
    job.pause()
    rt.clock.advance(5)
    job.resume()
    job.pause()
    rt.clock.advance(7)
    job.cancel()
    assert sums(memory, "routilux.job.duration") == {("line", "cancelled"): (1, 12.0)}
    assert sums(memory, "routilux.job.pause.duration") == {
        ("line", "running"): (1, 5.0),
        ("line", "cancelled"): (1, 7.0),
    }


def test_a_sampled_activation_is_the_exemplar_of_its_point(rt: StepRuntime, memory: Memory) -> None:
    assert rt.exec(line(source([1]), made(lambda items: None))).wait()
    spans = {span.name: span.context.span_id for span in memory.spans() if span.context}
    metrics = memory.metrics()  # once: a collection forgets the exemplars
    for name in ("routilux.activation.duration", "routilux.item.wait.duration"):
        found = metrics[name].data.data_points
        (point,) = [each for each in found if each.attributes["routilux.routine.id"] == "r1"]
        assert [each.span_id for each in point.exemplars] == [spans["process r1"]]
    (job,) = metrics["routilux.job.duration"].data.data_points
    assert [each.span_id for each in job.exemplars] == [spans["job line"]]


@pytest.fixture
def unsampled(rt: StepRuntime) -> Iterator[Memory]:
    """Telemetry of `rt` without any trace."""
    found, instrumentor = Memory(ALWAYS_OFF), RoutiluxInstrumentor()
    instrumentor.instrument(hooks=rt.hooks, **found.providers)
    yield found
    instrumentor.uninstrument()
    found.close()


def test_what_is_not_sampled_is_no_exemplar(rt: StepRuntime, unsampled: Memory) -> None:
    assert rt.exec(line(source([1]), made(lambda items: None))).wait()
    points = unsampled.points("routilux.activation.duration").values()
    assert len(list(points)) == 2
    assert all(not point.exemplars for point in points)


def test_a_routine_is_recorded_ten_times_at_once_and_ten_times_a_second() -> None:
    memory = Memory()
    hook = MetricsHook(memory.meters.get_meter("test"))

    def count(start_s: float, activations: int, per_second: int, routine: str = "r") -> int:
        before = sum(
            point.count for point in memory.points("routilux.activation.duration").values()
        )
        for number in range(activations):
            at = int((start_s + number / per_second) * NANOSECONDS)
            hook.activation_ended(ended(at, routine))
        after = sum(point.count for point in memory.points("routilux.activation.duration").values())
        return after - before

    assert count(1_000, 9, 1_000_000) == 9
    assert count(2_000, 1_000, 1_000_000) == 10
    assert count(2_000, 1_000, 1_000_000, "other") == 10
    steady = count(3_000, 10_000, 1_000)
    assert 108 <= steady <= 111
    memory.close()


def test_the_rates_of_routines_without_end_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histograms, "MOST_ROUTINES", 10)
    hook = MetricsHook(get_meter_provider().get_meter("test"))
    for number in range(100):
        hook.activation_ended(ended(1, f"r{number}"))
    assert len(hook._rates) <= 10


def test_what_has_no_span_does_not_take_that_of_whoever_tells(memory: Memory) -> None:
    hook = MetricsHook(memory.meters.get_meter("test"))
    with memory.tracers.get_tracer("theirs").start_as_current_span("other"):
        hook.activation_ended(ended(1_000))
    (point,) = memory.points("routilux.activation.duration").values()
    assert not point.exemplars
