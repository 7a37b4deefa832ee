"""A program that sends: the SDK as people use it, and what it sends in these tests."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (
    OTLPSpanExporter as GrpcSpanExporter,
)
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.metrics import Meter
    from opentelemetry.trace import Span, Tracer

    from tools.backends.stack import Stack

FLUSH_MS = 20_000


def resource(instance: str) -> Resource:
    """Who sends."""
    return Resource(
        {
            "service.name": "stack-test",
            "service.instance.id": instance,
            "service.version": "1.2.3",
        }
    )


@contextmanager
def tracing(stack: Stack, instance: str = "one", *, grpc: bool = False) -> Iterator[Tracer]:
    """A tracer; all its spans are with the collector when the block ends."""
    exporter = (
        GrpcSpanExporter(endpoint=stack.otlp_grpc, insecure=True)
        if grpc
        else OTLPSpanExporter(endpoint=f"{stack.otlp_http}/v1/traces")
    )
    provider = TracerProvider(resource=resource(instance), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    try:
        yield provider.get_tracer("routilux")
        assert provider.force_flush(FLUSH_MS)
    finally:
        provider.shutdown()


@contextmanager
def metering(stack: Stack, instance: str = "one") -> Iterator[Meter]:
    """A meter; its figures are with the collector when the block ends."""
    exporter = OTLPMetricExporter(endpoint=f"{stack.otlp_http}/v1/metrics")
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
    provider = MeterProvider([reader], resource(instance), shutdown_on_exit=False)
    try:
        yield provider.get_meter("routilux")
        assert provider.force_flush(FLUSH_MS)
    finally:
        provider.shutdown()


def trace_id(span: Span) -> str:
    """The id as the servers write it."""
    return f"{span.get_span_context().trace_id:032x}"
