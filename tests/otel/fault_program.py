"""A program whose telemetry is in trouble. It prints one line of JSON: what it did, what was lost.

Its arguments are what else goes wrong (``none``, ``hook`` or ``callback``) and how many seconds the
end of telemetry may take. With ``OTEL_SDK_DISABLED`` it is the same program without telemetry.
"""

from __future__ import annotations

import gc
import json
import logging
import sys
import time
from typing import TYPE_CHECKING, Any

from opentelemetry.metrics import CallbackOptions, Observation, get_meter_provider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.trace import get_tracer_provider

import routilux_otel
from routilux import Flow, Runtime
from routilux.engine.ledger import Ledger
from routilux.hooks import METHODS, PROCESS_HOOKS, Hook
from routilux.monitoring.instruments import INSTRUMENTS
from routilux_otel import metrics
from routilux_otel.losses import PROCESS_LOSSES

if TYPE_CHECKING:
    from collections.abc import Iterator

JOBS, ITEMS = 100, 20
LIMIT_S = 40.0
logger = logging.getLogger("program")


class Counted(SpanProcessor):
    """How many sampled spans have ended."""

    def __init__(self) -> None:
        self.count = 0

    def on_end(self, span: ReadableSpan) -> None:
        self.count += span.context is not None and span.context.trace_flags.sampled


class CountedLogs(logging.Handler):
    """How many records go to the exporter, which stands beside it."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1


def make_hook() -> Hook:
    """A hook of somebody else that raises whatever it is told."""

    def fail(*_: Any) -> None:
        raise ZeroDivisionError("a hook of somebody else")

    return type("Broken", (Hook,), dict.fromkeys(METHODS, fail))()


def break_callbacks() -> None:
    """Let a callback of somebody else raise, and one of ours."""

    def fail(_: CallbackOptions) -> Iterator[Observation]:
        raise ZeroDivisionError("a callback of somebody else")

    get_meter_provider().get_meter("theirs").create_observable_gauge("broken", [fail])
    real = metrics.Collection.reading_for

    def reading_for(self: metrics.Collection, name: str) -> Any:
        if name == INSTRUMENTS[0].name:
            raise ZeroDivisionError("a figure that cannot be read")
        return real(self, name)

    metrics.Collection.reading_for = reading_for  # type: ignore[method-assign]


def make_flow(totals: list[int]) -> Flow:
    """numbers -> square -> add."""
    flow = Flow("sums")

    @flow.source
    def numbers() -> Iterator[int]:
        yield from range(ITEMS)

    @flow.step(after=numbers)
    def square(number: int) -> int:
        return number * number

    @flow.step(after=square)
    def add(number: int) -> None:
        totals[-1] += number

    return flow


def work() -> dict[str, Any]:
    """Run the jobs one after another."""
    totals: list[int] = []
    statuses = set()
    flow = make_flow(totals)
    with Runtime(4) as runtime:
        for number in range(JOBS):
            totals.append(0)
            job = runtime.exec(flow)
            assert job.wait(LIMIT_S)
            statuses.add(job.status.value)
            logger.info("job %d has ended", number)
    return {"totals": totals, "statuses": sorted(statuses)}


def dropped(reader: InMemoryMetricReader) -> dict[str, int]:
    """The counter of losses, as another provider shows it: by signal and reason."""
    data = reader.get_metrics_data()
    return {
        "/".join(str(value) for _, value in sorted((point.attributes or {}).items())): point.value
        for resource in (data.resource_metrics if data is not None else ())
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if metric.name == "routilux.telemetry.dropped"
        for point in metric.data.data_points
    }


def living_spans() -> int:
    """Spans that are in memory."""
    gc.collect()
    return sum(isinstance(each, ReadableSpan) for each in gc.get_objects())


def main(trouble: str, end_s: float) -> None:
    """Work, end, report."""
    logging.basicConfig(format="%(name)s: %(message)s", level=logging.INFO)
    reader = InMemoryMetricReader()
    metrics.observe(MeterProvider([reader], shutdown_on_exit=False), Ledger())
    telemetry = routilux_otel.configure()
    spans, records = Counted(), CountedLogs()
    logging.getLogger().addHandler(records)
    tracers = get_tracer_provider()
    if isinstance(tracers, TracerProvider):
        tracers.add_span_processor(spans)
    if trouble == "hook":
        PROCESS_HOOKS.add(make_hook())
    elif trouble == "callback":
        break_callbacks()
    result = work()
    living = living_spans()
    logging.getLogger().removeHandler(records)  # as `shutdown` does with the exporter's
    began = time.monotonic()
    in_time = telemetry is None or telemetry.shutdown(end_s)
    seconds = time.monotonic() - began
    lost = {"/".join(key): count for key, count in PROCESS_LOSSES.read().items()}
    report = {
        "result": result, "spans": spans.count, "records": records.count, "living": living,
        "in_time": in_time, "seconds": seconds, "lost": lost, "dropped": dropped(reader),
        "hook_errors": PROCESS_HOOKS.errors,
    }  # fmt: skip
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
