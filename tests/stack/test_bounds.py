"""What does not fit is refused at once and counted; what fits is delivered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.stack.asking import own, queued, spans, until
from tests.stack.sending import trace_id, tracing

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.backends.stack import Stack

JAEGER = "otlp_grpc/jaeger"
BYTES = 500_000
SPANS, SIZE = 10, 2_000  # of one request, some twenty of which fit


def refused(stack: Stack) -> float:
    """How many spans found no room in a queue."""
    return own(stack, "otelcol_exporter_enqueue_failed_spans_total")


def send(stack: Stack) -> str:
    """Send a request of a trace; returns its id."""
    with tracing(stack) as tracer, tracer.start_as_current_span("job flow") as root:
        for _ in range(SPANS):
            tracer.start_span("process parser", attributes={"text": "x" * SIZE}).end()
    return trace_id(root)


def test_a_full_queue_refuses_and_counts_what_comes_and_drains(own_stack: Callable[..., Stack]):
    stack = own_stack(
        ROUTILUX_COLLECTOR_QUEUE_BYTES=str(BYTES), ROUTILUX_COLLECTOR_TRACE_SHARE="100"
    )
    with stack.collector as collector:
        sent = [send(stack)]
        assert refused(stack) == 0
        while not refused(stack):
            sent.append(send(stack))
        assert len(sent) > 5
        assert queued(stack, JAEGER) <= BYTES
        collector.wait_until_healthy(timeout=5)
        with stack.jaeger:
            until(lambda: len(spans(stack, sent[0])) == SPANS + 1)
            until(lambda: queued(stack, JAEGER) == 0)
            # There is room again.
            last = send(stack)
            until(lambda: len(spans(stack, last)) == SPANS + 1)
