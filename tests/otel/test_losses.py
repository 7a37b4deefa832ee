"""What telemetry loses is counted, and the work goes on: queues, exporters, callbacks, the end."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    InMemoryMetricReader,
    MetricExporter,
    MetricExportResult,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from routilux.engine.ledger import Ledger
from routilux.testing import ManualClock
from routilux_otel.exporters import CountingMetricExporter
from routilux_otel.log_handler import ExportingHandler
from routilux_otel.losses import Losses
from routilux_otel.metrics import observe
from routilux_otel.queues import LogQueue, SpanQueue
from routilux_otel.quiet import Complaints
from routilux_otel.settings import QueueLimits
from tests.monitoring.samples import make_flow, make_runtime

if TYPE_CHECKING:
    from collections.abc import Sequence

LIMIT_S = 20.0
TROUBLE = "Telemetry has trouble, the work goes on"


class Stuck(SpanExporter, LogRecordExporter):
    """Takes a batch and holds it until it is let go; then it has failed or not."""

    def __init__(self, result: Any) -> None:
        self.result = result
        self.entered, self.go = threading.Event(), threading.Event()
        self.batches: list[int] = []

    def export(self, batch: Sequence[Any]) -> Any:
        self.batches.append(len(batch))
        self.entered.set()
        assert self.go.wait(LIMIT_S)
        if isinstance(self.result, BaseException):
            raise self.result
        return self.result

    def shutdown(self) -> None:
        """Nothing to do."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True


@pytest.mark.parametrize(
    ("result", "failed"),
    [(SpanExportResult.SUCCESS, 0), (SpanExportResult.FAILURE, 10), (OSError("no"), 10)],
)
def test_spans_that_find_no_room_or_are_not_taken_are_counted(result: Any, failed: int) -> None:
    losses, exporter = Losses(), Stuck(result)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SpanQueue(exporter, losses, QueueLimits(4, 2)))
    tracer = provider.get_tracer("t")

    def spans(count: int) -> None:
        for _ in range(count):
            tracer.start_span("s").end()

    spans(2)
    assert exporter.entered.wait(LIMIT_S)  # two are on their way, four places are free
    spans(11)
    assert losses.read() == {("traces", "queue_full"): 7}
    exporter.go.set()
    provider.force_flush()
    spans(4)
    provider.force_flush()
    provider.shutdown()
    found = dict(losses.read())
    assert found.pop(("traces", "queue_full")) == 7
    assert found == ({("traces", "export_failed"): failed} if failed else {})
    assert sum(exporter.batches) == 10
    spans(1)
    assert ("traces", "queue_full") in losses.read()


def test_log_records_likewise() -> None:
    losses, exporter = Losses(), Stuck(LogRecordExportResult.FAILURE)
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(LogQueue(exporter, losses, QueueLimits(4, 2)))
    logger = logging.getLogger("tests.losses")
    handler = ExportingHandler(provider)
    logger.addHandler(handler)
    try:
        for _ in range(2):
            logger.warning("one")
        assert exporter.entered.wait(LIMIT_S)
        for _ in range(11):
            logger.warning("more")
    finally:
        logger.removeHandler(handler)
    exporter.go.set()
    provider.force_flush()
    provider.shutdown()
    assert losses.read() == {("logs", "queue_full"): 7, ("logs", "export_failed"): 6}


def test_what_has_not_been_sent_at_the_end_is_counted_once_and_no_longer_sent() -> None:
    losses, exporter = Losses(), Stuck(SpanExportResult.FAILURE)
    queue = SpanQueue(exporter, losses, QueueLimits(4, 2))
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(queue)
    tracer = provider.get_tracer("t")
    for _ in range(2):
        tracer.start_span("s").end()
    assert exporter.entered.wait(LIMIT_S)  # two are on their way
    for _ in range(3):
        tracer.start_span("s").end()
    queue.give_up()
    assert losses.read() == {("traces", "shutdown"): 5}
    tracer.start_span("s").end()
    assert losses.read() == {("traces", "shutdown"): 6}
    exporter.go.set()
    provider.force_flush()
    provider.shutdown()
    assert exporter.batches == [2]
    assert losses.read() == {("traces", "shutdown"): 6}


def test_points_likewise() -> None:
    losses, entered, go = Losses(), threading.Event(), threading.Event()

    class Held(Broken):
        def export(self, *given: Any, **options: Any) -> Any:
            entered.set()
            assert go.wait(LIMIT_S)
            return super().export(*given, **options)

    exporter = CountingMetricExporter(Held(MetricExportResult.FAILURE), losses)
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=1e9)
    provider = MeterProvider([reader], shutdown_on_exit=False)
    counter = provider.get_meter("m").create_counter("c")
    for name in "abc":
        counter.add(1, {"name": name})
    flush = threading.Thread(target=provider.force_flush)
    flush.start()
    assert entered.wait(LIMIT_S)
    assert losses.read() == {}
    exporter.give_up()
    assert losses.read() == {("metrics", "shutdown"): 3}
    go.set()
    flush.join(LIMIT_S)
    provider.shutdown()  # its last collection
    assert losses.read() == {("metrics", "shutdown"): 6}


class Broken(MetricExporter):
    """Does not get rid of anything."""

    def __init__(self, result: Any) -> None:
        super().__init__()
        self.result = result

    def export(self, metrics_data: Any, timeout_millis: float = 1, **options: Any) -> Any:
        if isinstance(self.result, BaseException):
            raise self.result
        return self.result

    def force_flush(self, timeout_millis: float = 1) -> bool:
        return True

    def shutdown(self, timeout_millis: float = 1, **options: Any) -> None:
        """Nothing to do."""


@pytest.mark.parametrize("result", [MetricExportResult.FAILURE, OSError("no")])
def test_points_that_are_not_taken_are_counted(result: Any) -> None:
    losses = Losses()
    exporter = CountingMetricExporter(Broken(result), losses)
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=1e9)
    provider = MeterProvider([reader], shutdown_on_exit=False)
    counter = provider.get_meter("m").create_counter("c")
    for name in "abc":
        counter.add(1, {"name": name})
    provider.force_flush()
    assert losses.read() == {("metrics", "export_failed"): 3}
    provider.shutdown()
    assert losses.read() == {("metrics", "export_failed"): 6}


def test_a_figure_that_cannot_be_read_is_counted_and_costs_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    losses, ledger, reader = Losses(), Ledger(), InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    collection = observe(provider, ledger, losses).collection
    runtime = make_runtime(ledger)
    runtime.exec(make_flow(), start_paused=True)
    whole = collection.reading_for

    def fail_for_one(name: str) -> Any:
        if name == "routilux.job.count":
            raise ZeroDivisionError("no")
        return whole(name)

    monkeypatch.setattr(collection, "reading_for", fail_for_one)
    data = reader.get_metrics_data()
    assert data is not None
    names = {m.name for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics}
    assert "routilux.slot.queue.limit" in names
    assert "routilux.job.count" not in names
    assert losses.read() == {("metrics", "callback_failed"): 1}
    provider.shutdown()


def test_losses_are_a_counter() -> None:
    losses, reader = Losses(), InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    observe(provider, Ledger(), losses)
    losses.add("traces", "queue_full", 3)
    losses.add("logs", "export_failed", 0)
    data = reader.get_metrics_data()
    assert data is not None
    points = [
        (dict(point.attributes), point.value)
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if metric.name == "routilux.telemetry.dropped"
        for point in metric.data.data_points
    ]
    signal, reason = "routilux.telemetry.signal", "routilux.telemetry.reason"
    assert points == [({signal: "traces", reason: "queue_full"}, 3)]
    provider.shutdown()


def test_trouble_is_told_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    clock = ManualClock()
    complaints, sdk = Complaints(clock), logging.getLogger("tests.sdk")
    sdk.addHandler(complaints)
    sdk.propagate = False
    try:
        for _ in range(5):
            sdk.warning("no\ncollector")
            sdk.info("nothing")
        clock.advance(59.9)
        sdk.error("no collector")
        clock.advance(0.1)
        sdk.error("still none")
    finally:
        sdk.removeHandler(complaints)
        sdk.propagate = True
    assert caplog.messages == [
        f"{TROUBLE}: no collector",
        f"{TROUBLE}: still none (5 more such lines since the last one)",
    ]
