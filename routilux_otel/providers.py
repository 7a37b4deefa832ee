"""The providers that Routilux makes where the program has set none, and their exporters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from opentelemetry._logs import get_logger_provider, set_logger_provider
from opentelemetry._logs._internal import ProxyLoggerProvider  # what stands in before one is set
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import (
    OTLPMetricExporter as GrpcMetrics,
)
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.metric_exporter import (
    OTLPMetricExporter as HttpMetrics,
)
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.metrics import get_meter_provider, set_meter_provider
from opentelemetry.metrics._internal import _ProxyMeterProvider
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import ConsoleLogRecordExporter, LogRecordExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    ConsoleMetricExporter,
    MetricExporter,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SpanExporter
from opentelemetry.trace import ProxyTracerProvider, get_tracer_provider, set_tracer_provider

from routilux_otel.exporters import CountingMetricExporter
from routilux_otel.losses import PROCESS_LOSSES, Losses
from routilux_otel.queues import LogQueue, SpanQueue
from routilux_otel.settings import check_metrics, check_otlp, check_sampler, protocol, queue_limits
from routilux_otel.settings import exporter as exporter_kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.sdk.resources import Resource


class Made(NamedTuple):
    """A provider of ours.

    Attributes:
        provider: it.
        give_up: counts all that it has not sent as lost, and lets it send nothing more.
    """

    provider: Any
    give_up: Callable[[], None]


def make_meter_provider(resource: Resource, losses: Losses = PROCESS_LOSSES) -> Made | None:
    """Make and set a meter provider. None: the program has one, or wants none.

    Raises:
        ValueError: a variable has a value that is not known.
    """
    if not isinstance(get_meter_provider(), _ProxyMeterProvider):
        return None  # and the variables are for the program's own: they are not checked
    sender = metric_exporter()
    if sender is None:
        return None
    check_metrics()
    exporter = CountingMetricExporter(sender, losses)
    reader = PeriodicExportingMetricReader(exporter)
    provider = MeterProvider([reader], resource, shutdown_on_exit=False)
    set_meter_provider(provider)
    return Made(provider, exporter.give_up)


def make_tracer_provider(resource: Resource, losses: Losses = PROCESS_LOSSES) -> Made | None:
    """Make and set a tracer provider, likewise. ``OTEL_TRACES_SAMPLER`` says what is sampled."""
    if not isinstance(get_tracer_provider(), ProxyTracerProvider):
        return None  # and the variables are for the program's own: they are not checked
    sender = span_exporter()
    if sender is None:
        return None
    check_sampler()
    limits = queue_limits("OTEL_BSP")
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    queue = SpanQueue(sender, losses, limits)
    provider.add_span_processor(queue)
    set_tracer_provider(provider)
    return Made(provider, queue.give_up)


def make_logger_provider(resource: Resource, losses: Losses = PROCESS_LOSSES) -> Made | None:
    """Make and set a logger provider, likewise."""
    if not isinstance(get_logger_provider(), ProxyLoggerProvider):
        return None  # and the variables are for the program's own: they are not checked
    sender = log_exporter()
    if sender is None:
        return None
    limits = queue_limits("OTEL_BLRP")
    provider = LoggerProvider(resource, shutdown_on_exit=False)
    queue = LogQueue(sender, losses, limits)
    provider.add_log_record_processor(queue)
    set_logger_provider(provider)
    return Made(provider, queue.give_up)


def metric_exporter() -> MetricExporter | None:
    """The exporter that the variables ask for; None: none."""
    kind = exporter_kind("metrics")
    if kind == "none":
        return None
    if kind == "console":
        return ConsoleMetricExporter()
    check_otlp("metrics")
    return GrpcMetrics() if protocol("metrics") == "grpc" else HttpMetrics()


def span_exporter() -> SpanExporter | None:
    """The same for spans."""
    kind = exporter_kind("traces")
    if kind == "none":
        return None
    if kind == "console":
        return ConsoleSpanExporter()
    check_otlp("traces")
    return GrpcSpans() if protocol("traces") == "grpc" else HttpSpans()


def log_exporter() -> LogRecordExporter | None:
    """The same for log records."""
    kind = exporter_kind("logs")
    if kind == "none":
        return None
    if kind == "console":
        return ConsoleLogRecordExporter()
    check_otlp("logs")
    return GrpcLogs() if protocol("logs") == "grpc" else HttpLogs()
