"""Which traces are kept, with the share of ordinary ones set to nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from opentelemetry.trace import Status, StatusCode, set_span_in_context

from tests.stack.asking import series, spans, until
from tests.stack.sending import trace_id, tracing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from opentelemetry.trace import Span, Tracer

    from tools.backends.stack import Stack

LET_GO = 'otelcol_processor_tail_sampling_global_count_traces_sampled_total{sampled="false"}'
SIGNS = ["error", "refused", "breakpoint", "pause", "resume"]


def show(tracer: Tracer, span: Span, sign: str) -> None:
    """Show on the running activation, or beside it, what keeps a trace."""
    if sign == "error":
        span.set_status(Status(StatusCode.ERROR, "it failed"))
    elif sign == "refused":
        span.add_event("routilux.slot.item.refused", {"error.type": "queue_full"})
    elif sign == "breakpoint":
        span.add_event("routilux.breakpoint.hit", {"routilux.breakpoint.id": "b1"})
    elif sign in ("pause", "resume"):
        tracer.start_span(f"{sign} flow").end()


def let_go(stack: Stack) -> float:
    """How many traces the collector has let go so far."""
    found = series(stack, f"sum({LET_GO})")
    return found[0][1] if found else 0


def job(tracer: Tracer, sign: str = "") -> str:
    """A job with two activations, the second with a sign; returns the id of its trace."""
    with tracer.start_as_current_span("job flow") as root:
        with tracer.start_as_current_span("process reader"):
            pass
        with tracer.start_as_current_span("process parser") as span:
            show(tracer, span, sign)
    return trace_id(root)


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("grpc", [False, True], ids=["http", "grpc"])
def test_a_trace_with_a_sign_is_kept_whole(stack, sign, grpc):
    with tracing(stack, grpc=grpc) as tracer:
        kept = job(tracer, sign)
    expected = {"job flow", "process reader", "process parser"}
    expected |= {f"{sign} flow"} & {"pause flow", "resume flow"}
    until(lambda: {each["operationName"] for each in spans(stack, kept)} == expected)


@pytest.fixture
def alone(own_stack: Callable[..., Stack]) -> Iterator[Stack]:
    """A stack that gets no traces of other tests: what it lets go is what the test has sent."""
    with own_stack() as stack:
        yield stack


def test_an_ordinary_trace_is_let_go(alone):
    stack = alone
    with tracing(stack) as tracer:
        ordinary = job(tracer)
        # What only looks like a sign is none.
        with tracer.start_as_current_span("unpause flow") as span:
            span.add_event("routilux.slot.enqueue.retry", {"attempt": 1})
            span.set_status(Status(StatusCode.OK))
        similar = trace_id(span)
    until(lambda: let_go(stack) == 2)
    assert spans(stack, ordinary) == []
    assert spans(stack, similar) == []


def test_a_sign_that_comes_late_keeps_what_follows(alone):
    """A job may run for hours: it was let go once, and is looked at again."""
    stack = alone
    with tracing(stack) as tracer:
        root = tracer.start_span("job flow")
        tracer.start_span("process early", context=set_span_in_context(root)).end()
    until(lambda: let_go(stack) == 1)
    with tracing(stack) as tracer:
        failed = tracer.start_span("process late", context=set_span_in_context(root))
        failed.set_status(Status(StatusCode.ERROR))
        failed.end()
    until(lambda: spans(stack, trace_id(root)))
    with tracing(stack) as tracer:
        tracer.start_span("process after", context=set_span_in_context(root)).end()
    until(lambda: len(spans(stack, trace_id(root))) == 2)
    found = {each["operationName"] for each in spans(stack, trace_id(root))}
    assert found == {"process late", "process after"}


def test_a_share_of_everything_keeps_everything(own_stack: Callable[..., Stack]):
    everything = own_stack(ROUTILUX_COLLECTOR_TRACE_SHARE="100")
    with everything as stack:
        with tracing(stack) as tracer:
            kept = [job(tracer) for _ in range(20)]
        for each in kept:
            until(lambda each=each: len(spans(stack, each)) == 3)
