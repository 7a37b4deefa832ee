"""Exporters that count what did not arrive. They stand around the real ones and never raise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from routilux_otel.losses import EXPORT_FAILED, Losses
from routilux_otel.quiet import complain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from opentelemetry.sdk._logs import ReadableLogRecord
    from opentelemetry.sdk.metrics.export import MetricsData
    from opentelemetry.sdk.trace import ReadableSpan

Result = TypeVar("Result")


class CountingSpanExporter(SpanExporter):
    """Hands batches on to an exporter.

    Args:
        exporter: the real one.
        losses: where what it did not get rid of is counted.
        taken: is told how many were taken from the queue.
    """

    def __init__(
        self, exporter: SpanExporter, losses: Losses, taken: Callable[[int], None]
    ) -> None:
        self._exporter = exporter
        self._losses = losses
        self._taken = taken

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Export a batch, or count it as lost."""
        self._taken(len(spans))
        return _try(
            lambda: self._exporter.export(spans),
            SpanExportResult.SUCCESS,
            SpanExportResult.FAILURE,
            lambda: self._losses.add("traces", EXPORT_FAILED, len(spans)),
        )

    def shutdown(self) -> None:
        """End the real one."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Flush the real one."""
        return self._exporter.force_flush(timeout_millis)


class CountingLogExporter(LogRecordExporter):
    """The same for log records."""

    def __init__(
        self, exporter: LogRecordExporter, losses: Losses, taken: Callable[[int], None]
    ) -> None:
        self._exporter = exporter
        self._losses = losses
        self._taken = taken

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        """Export a batch, or count it as lost."""
        self._taken(len(batch))
        return _try(
            lambda: self._exporter.export(batch),
            LogRecordExportResult.SUCCESS,
            LogRecordExportResult.FAILURE,
            lambda: self._losses.add("logs", EXPORT_FAILED, len(batch)),
        )

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
        self._losses = losses

    def export(
        self, metrics_data: MetricsData, timeout_millis: float = 10_000, **options: Any
    ) -> MetricExportResult:
        """Export what was collected, or count its points as lost."""
        return _try(
            lambda: self._exporter.export(metrics_data, timeout_millis, **options),
            MetricExportResult.SUCCESS,
            MetricExportResult.FAILURE,
            lambda: self._losses.add("metrics", EXPORT_FAILED, _count_points(metrics_data)),
        )

    def shutdown(self, timeout_millis: float = 30_000, **options: Any) -> None:
        """End the real one."""
        self._exporter.shutdown(timeout_millis, **options)

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        """Flush the real one."""
        return self._exporter.force_flush(timeout_millis)


def _try(
    export: Callable[[], Result], good: Result, bad: Result, lost: Callable[[], None]
) -> Result:
    """Export. What an exporter raises costs a batch, and nothing else."""
    try:
        result = export()
    except Exception as error:  # noqa: BLE001 - an exporter may raise what it likes
        complain(error)
        result = bad
    if result is not good:
        lost()
    return result


def _count_points(data: MetricsData) -> int:
    return sum(
        len(metric.data.data_points)
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    )
