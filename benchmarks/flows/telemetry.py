"""What telemetry costs: throughput beside it, the span of an activation, a collection, memory.

Figures are collected every second, as a busy installation would, and given to an exporter that
takes everything at once: what a collector does with them is its own time. Of the jobs of D one in a
hundred is traced.

What a workload loses by it is a few hundredths, and a machine's neighbours take more than that for
seconds at a time. So telemetry is turned on and off again and again in one process, and each short
run is compared with the one beside it.
"""

from __future__ import annotations

import contextvars
import threading
import time
from contextlib import contextmanager, nullcontext
from itertools import count
from statistics import median
from typing import TYPE_CHECKING, Any

from opentelemetry.metrics import CallbackOptions
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    MetricExporter,
    MetricExportResult,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import Decision, ParentBased, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind

from benchmarks.child import Options, Reading, Timer, Workload, expect, latency, run, throughput
from benchmarks.flows import throughput as plain
from benchmarks.flows.endless import Pass
from benchmarks.flows.routines import Mapper, Numbers, Tally
from benchmarks.flows.running import endless_jobs, finish, make_runtime
from routilux import Flow
from routilux.hooks import ActivationRecord, JobRecord
from routilux.monitoring.instruments import INSTRUMENTS
from routilux_otel import RoutiluxInstrumentor
from routilux_otel.contexts import from_text, under
from routilux_otel.losses import Losses
from routilux_otel.metrics import Collection
from routilux_otel.queues import SpanQueue
from routilux_otel.settings import QueueLimits
from routilux_otel.tracing import TraceHook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from opentelemetry.util.types import AttributeValue

EVERY_MS = 1_000.0  # milliseconds between collections
ONE_IN = 100  # jobs of which one is traced
PAIRS = 5  # runs without and with telemetry in one process
TIMES = 25  # D is short: so often, or the clock measures the start of the threads
SLOTS = 1_000
SPANS_A_SAMPLE = 100  # a single one is too short for a clock


class _Sink(MetricExporter):
    """Takes everything."""

    def export(self, *_: Any, **__: Any) -> MetricExportResult:
        return MetricExportResult.SUCCESS

    def force_flush(self, *_: Any) -> bool:
        return True

    def shutdown(self, *_: Any, **__: Any) -> None:
        """Nothing to do."""


class _SpanSink(SpanExporter):
    """Takes everything."""

    def export(self, *_: Any) -> SpanExportResult:
        return SpanExportResult.SUCCESS


class OneIn(Sampler):
    """Samples the first of so many traces."""

    def __init__(self, many: int) -> None:
        self._many = many
        self._numbers = count()
        self._lock = threading.Lock()

    def should_sample(self, *_: Any, **__: Any) -> SamplingResult:
        """Decide for a root."""
        with self._lock:
            number = next(self._numbers)
        return SamplingResult(Decision.DROP if number % self._many else Decision.RECORD_AND_SAMPLE)

    def get_description(self) -> str:
        return f"one in {self._many}"


@contextmanager
def providers() -> Iterator[dict[str, Any]]:
    """Where telemetry goes."""
    reader = PeriodicExportingMetricReader(_Sink(), EVERY_MS)
    meters = MeterProvider([reader], shutdown_on_exit=False)
    tracers = TracerProvider(ParentBased(OneIn(ONE_IN)), shutdown_on_exit=False)
    tracers.add_span_processor(SpanQueue(_SpanSink(), Losses(), QueueLimits()))
    try:
        yield {"meter_provider": meters, "tracer_provider": tracers}
    finally:
        meters.shutdown()
        tracers.shutdown()


@contextmanager
def instrumented(given: dict[str, Any], level: str) -> Iterator[None]:
    """Telemetry of the process, of this level."""
    instrumentor = RoutiluxInstrumentor()
    instrumentor.instrument(**given, level=level)
    try:
        yield
    finally:
        instrumentor.uninstrument()


def in_turns(workload: Workload, level: str) -> Workload:
    """Return a workload without and with telemetry of this level: the ratio of its speeds."""

    def compared(options: Options) -> Reading:
        ratios = []
        with providers() as given:
            for number in range(PAIRS):
                speeds = {}
                for on in (False, True) if number % 2 else (True, False):  # neither is always first
                    with instrumented(given, level) if on else nullcontext():
                        speeds[on] = workload(options)["items_per_s"]
                ratios.append(speeds[True] / speeds[False])
        return {"ratio": median(ratios)}

    return compared


def many_jobs(options: Options) -> Reading:
    """D by emit, again and again on one runtime."""
    tally = Tally()
    flow = plain.pipeline(Numbers(options.n), Mapper(), tally)
    delivered = 0
    with make_runtime(options) as runtime, Timer() as timer:
        for _ in range(TIMES):
            jobs = [runtime.exec(flow) for _ in range(options.jobs)]
            for job in jobs:
                finish(job)
            delivered += sum(tally.result(job)[0] for job in jobs)
    return throughput(timer, delivered, TIMES * options.jobs * options.n)


# -- the span of an activation ---------------------------------------------------------------------


def _sampled(make: Callable[[int], None], options: Options) -> Reading:
    samples = []
    for _ in range(options.n):
        start = time.perf_counter_ns()
        make(SPANS_A_SAMPLE)
        samples.append((time.perf_counter_ns() - start) // SPANS_A_SAMPLE)
    return latency(samples, options.n)


def _tracers() -> TracerProvider:
    tracers = TracerProvider(shutdown_on_exit=False)
    tracers.add_span_processor(SpanQueue(_SpanSink(), Losses(), QueueLimits()))
    return tracers


def activation_span(options: Options) -> Reading:
    """What an activation costs that is traced: its records, its span, its context."""
    tracers = _tracers()
    hook = TraceHook(tracers.get_tracer("benchmark"), lose=lambda _: None)
    emitter: str | None = None

    def activation(number: int) -> None:
        contexts = (emitter,) if emitter is not None else ()
        name, now = f"r@{number}", time.time_ns()
        given = hook.activation_started(
            ActivationRecord(
                "job", "flow", "r", name, 1, 5, now, 0, 0, "running", None, contexts, 0, None
            )
        )
        hook.activation_ended(
            ActivationRecord(
                "job", "flow", "r", name, 1, 5, time.time_ns(), 0, 0, "completed", None, contexts,
                0, given,
            )
        )  # fmt: skip

    def activations(many: int) -> None:
        record = JobRecord("job", "flow", "running", 1, context=contextvars.copy_context())
        hook.job_started(record)  # a job of its own, for its spans are capped
        for number in range(many):
            activation(number)
        hook.job_ended(record)

    hook.job_started(JobRecord("job", "flow", "running", 1, context=contextvars.copy_context()))
    emitter = hook.activation_started(ActivationRecord("job", "flow", "r", "r@0", 1, 5, 1))
    reading = _sampled(lambda many: contextvars.copy_context().run(activations, many), options)
    tracers.shutdown()
    return reading


def sdk_span(options: Options) -> Reading:
    """What a span of the SDK costs, with five attributes and a link."""
    tracers = _tracers()
    tracer = tracers.get_tracer("benchmark")
    linked = from_text(f"00-{'a' * 32}-{'b' * 16}-01")
    assert linked is not None
    parent = under(linked)

    def spans(many: int) -> None:
        for number in range(many):
            facts: dict[str, AttributeValue] = {
                "job": "job", "flow": "flow", "routine": "r", "id": f"r@{number}", "items": 5,
            }  # fmt: skip
            span = tracer.start_span(
                "process r", parent, SpanKind.CONSUMER, facts, [Link(linked)], time.time_ns()
            )
            span.end(time.time_ns())

    reading = _sampled(spans, options)
    tracers.shutdown()
    return reading


# -- a collection, and memory ----------------------------------------------------------------------


def collection(options: Options) -> Reading:
    """One walk over 1,000 slots and every callback, up to the observations."""
    flow = Flow("wide")
    for number in range(SLOTS):
        flow.add_routine(Pass(), f"r{number}")
    samples = []
    with make_runtime(options) as runtime, endless_jobs(runtime, flow) as (job,):
        job.pause("measured", wait=True)
        asked = Collection()
        callbacks = [asked.callback(row) for row in INSTRUMENTS]
        for _ in range(options.n):
            start = time.perf_counter_ns()
            points = sum(len(list(call(CallbackOptions()))) for call in callbacks)
            samples.append(time.perf_counter_ns() - start)
        expect("readings", asked.readings, options.n)
        expect("at least a point of each slot", points >= SLOTS, True)
    return latency(samples, options.n)


def finished_jobs(options: Options) -> Reading:
    """``jobs`` jobs of a few items one after another, all of them watched."""
    tally = Tally()
    flow = plain.pipeline(Numbers(options.n), Mapper(), tally)
    seen = 0
    with (
        providers() as given,
        instrumented(given, "activations"),
        make_runtime(options) as runtime,
        Timer() as timer,
    ):
        for _ in range(options.jobs):
            job = runtime.exec(flow)
            finish(job)
            seen += tally.result(job)[0]
    return throughput(timer, seen, options.jobs * options.n)


WORKLOADS: dict[str, Workload] = {
    "A-metrics": in_turns(plain.emit, "metrics"),
    "B-metrics": in_turns(plain.fan_emit, "metrics"),
    "D-traced": in_turns(many_jobs, "activations"),
    "activation-span": activation_span,
    "sdk-span": sdk_span,
    "collection": collection,
    "finished-jobs": finished_jobs,
}

if __name__ == "__main__":
    run(WORKLOADS)
