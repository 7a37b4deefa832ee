"""What a back end missed waits on disk, and outlives the collector."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stack.asking import exemplars, queued, series, spans, until
from tests.stack.sending import metering, trace_id, tracing
from tools.backends.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.backends.stack import Stack

TRACES = 30


def up(server: Server) -> None:
    """Start a server and wait until it can be used; the fixture stops it."""
    server.start()
    server.wait_until_healthy()


def send(stack: Stack, traces: int) -> list[str]:
    """Send some traces that are all of the same size; returns their ids."""
    sent = []
    with tracing(stack) as tracer:
        for _ in range(traces):
            with tracer.start_as_current_span("job flow") as span:
                sent.append(trace_id(span))
    return sent


@pytest.mark.parametrize("end", [Server.kill, Server.stop])
def test_traces_outlive_a_collector_while_jaeger_is_down(
    own_stack: Callable[..., Stack], end: Callable[[Server], object]
):
    stack = own_stack(ROUTILUX_COLLECTOR_TRACE_SHARE="100")
    up(stack.collector)
    sent = send(stack, 1)
    size = until(lambda: queued(stack, "otlp_grpc/jaeger"))
    sent += send(stack, TRACES - 1)
    until(lambda: queued(stack, "otlp_grpc/jaeger") == TRACES * size)
    end(stack.collector)
    up(stack.jaeger)
    assert spans(stack, sent[0]) == []
    up(stack.collector)
    for each in sent:
        assert len(until(lambda each=each: spans(stack, each))) == 1
    until(lambda: queued(stack, "otlp_grpc/jaeger") == 0)


def test_metrics_outlive_a_killed_collector_while_prometheus_is_down(
    own_stack: Callable[..., Stack],
):
    stack = own_stack()
    up(stack.collector)
    with metering(stack) as meter:
        meter.create_counter("routilux.test.sent", "{item}").add(5)
    until(lambda: queued(stack, "otlp_http/prometheus") >= 1)
    stack.collector.kill()
    up(stack.prometheus)
    up(stack.collector)
    ((_, value),) = until(lambda: series(stack, "routilux_test_sent_total"))
    assert value == 5


def test_a_collector_that_was_killed_goes_on(own_stack: Callable[..., Stack]):
    """Also when nothing waited; and figures that come after it are appended."""
    stack = own_stack(ROUTILUX_COLLECTOR_TRACE_SHARE="100")
    with stack:
        with metering(stack) as meter, tracing(stack) as tracer:
            histogram = meter.create_histogram("routilux.test.wait", "s")
            with tracer.start_as_current_span("job flow"):
                histogram.record(0.1)
        until(lambda: series(stack, "routilux_test_wait_seconds_count"))
        stack.collector.kill()
        up(stack.collector)
        with metering(stack, "two") as meter, tracing(stack, "two") as tracer:
            histogram = meter.create_histogram("routilux.test.wait", "s")
            with tracer.start_as_current_span("job flow") as span:
                histogram.record(0.1)
        found = until(lambda: exemplars(stack, 'routilux_test_wait_seconds_bucket{instance="two"}'))
        assert found[0]["labels"]["trace_id"] == trace_id(span)
        until(lambda: spans(stack, trace_id(span)))
