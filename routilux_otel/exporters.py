"""Exporters that count what did not arrive. They stand around the real ones and never raise."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, TypeVar

from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from routilux_otel.forking import reset_in_child
from routilux_otel.losses import EXPORT_FAILED, SHUTDOWN, Losses, Signal
from routilux_otel.quiet import complain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from opentelemetry.sdk._logs import ReadableLogRecord
    from opentelemetry.sdk.metrics.export import MetricsData
    from opentelemetry.sdk.trace import ReadableSpan

Result = TypeVar("Result")


class Way:
    """From a queue to a collector: what is on it has not arrived, and is not yet lost.

    Args:
        signal: whose way it is.
        losses: where what does not arrive is counted.
    """

    def __init__(self, signal: Signal, losses: Losses) -> None:
        self._signal = signal
        self._losses = losses
        self._closed = False
        self.after_fork()
        reset_in_child(self)

    def after_fork(self) -> None:
        """What was on it is the parent's."""
        self._lock = threading.Lock()
        self._on_it = 0

    def send(self, count: int, export: Callable[[], Result], good: Result, bad: Result) -> Result:
        """Export so many. What an exporter raises costs a batch, and nothing else."""
        if not self._set_out(count):
            return bad
        try:
            result = export()
        except Exception as error:  # noqa: BLE001 - an exporter may raise what it likes
            complain(error)
            result = bad
        self._answered(count, arrived=result is good)
        return result

    def close(self) -> None:
        """The end: nobody waits for what is on it, and nothing sets out any more."""
        with self._lock:
            lost, self._on_it, self._closed = self._on_it, 0, True
        self._losses.add(self._signal, SHUTDOWN, lost)

    def _set_out(self, count: int) -> bool:
        with self._lock:
            if not self._closed:
                self._on_it += count
                return True
        self._losses.add(self._signal, SHUTDOWN, count)
        return False

    def _answered(self, count: int, *, arrived: bool) -> None:
        with self._lock:
            if self._closed:  # it was given up, and counted
                return
            self._on_it -= count
        if not arrived:
            self._losses.add(self._signal, EXPORT_FAILED, count)


class CountingSpanExporter(SpanExporter):
    """Hands batches on to an exporter.

    Args:
        exporter: the real one.
        losses: where what it did not get rid of is counted.
        taken: is told how many were taken from the queue; False: they have been given up.
    """

    def __init__(
        self, exporter: SpanExporter, losses: Losses, taken: Callable[[int], bool]
    ) -> None:
        self._exporter = exporter
        self._way = Way("traces", losses)
        self._taken = taken

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Export a batch, or count it as lost."""
        if not self._taken(len(spans)):
            return SpanExportResult.FAILURE
        return self._way.send(
            len(spans),
            lambda: self._exporter.export(spans),
            SpanExportResult.SUCCESS,
            SpanExportResult.FAILURE,
        )

    def give_up(self) -> None:
        """Count what is being exported as lost, and export nothing more."""
        self._way.close()

    def shutdown(self) -> None:
        """End the real one."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Flush the real one."""
        return self._exporter.force_flush(timeout_millis)


class CountingLogExporter(LogRecordExporter):
    """The same for log records."""

    def __init__(
        self, exporter: LogRecordExporter, losses: Losses, taken: Callable[[int], bool]
    ) -> None:
        self._exporter = exporter
        self._way = Way("logs", losses)
        self._taken = taken

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        """Export a batch, or count it as lost."""
        if not self._taken(len(batch)):
            return LogRecordExportResult.FAILURE
        return self._way.send(
            len(batch),
            lambda: self._exporter.export(batch),
            LogRecordExportResult.SUCCESS,
            LogRecordExportResult.FAILURE,
        )

    def give_up(self) -> None:
        """Count what is being exported as lost, and export nothing more."""
        self._way.close()

    def shutdown(self) -> None:
        """End the real one."""
        self._exporter.shutdown()  # type: ignore[no-untyped-call]

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Flush the real one."""
        return self._exporter.force_flush(timeout_millis)


class CountingMetricExporter(MetricExporter):
    """The same for points. A later export of a counter makes up for one that is lost."""

    def __init__(self, exporter: MetricExporter, losses: Losses) -> None:
        # What the real one prefers is for the reader to know.
        super().__init__(exporter._preferred_temporality, exporter._preferred_aggregation)
        self._exporter = exporter
        self._way = Way("metrics", losses)

    def export(
        self, metrics_data: MetricsData, timeout_millis: float = 10_000, **options: Any
    ) -> MetricExportResult:
        """Export what was collected, or count its points as lost."""
        return self._way.send(
            _count_points(metrics_data),
            lambda: self._exporter.export(metrics_data, timeout_millis, **options),
            MetricExportResult.SUCCESS,
            MetricExportResult.FAILURE,
        )

    def give_up(self) -> None:
        """Count what is being exported as lost, and export nothing more."""
        self._way.close()

    def shutdown(self, timeout_millis: float = 30_000, **options: Any) -> None:
        """End the real one."""
        self._exporter.shutdown(timeout_millis, **options)

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        """Flush the real one."""
        return self._exporter.force_flush(timeout_millis)


def _count_points(data: MetricsData) -> int:
    return sum(
        len(metric.data.data_points)
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    )
