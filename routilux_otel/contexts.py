"""Trace contexts: as text that travels in items, and as the contexts of OpenTelemetry.

An item carries the context of the activation that emitted it as a W3C ``traceparent``: plain text,
which a snapshot can hold.
"""

from __future__ import annotations

import re
from functools import lru_cache

from opentelemetry.context import Context, create_key, get_value
from opentelemetry.trace import (
    INVALID_SPAN,
    NonRecordingSpan,
    SpanContext,
    TraceFlags,
    get_current_span,
    set_span_in_context,
)

JOB_KEY = create_key("routilux-job-id")
NOWHERE = set_span_in_context(INVALID_SPAN, Context())
REMEMBERED = 256  # texts; an activation's is read once by each of its consumers
_FORM = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


def as_text(context: SpanContext) -> str:
    """A span's context as a traceparent."""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


@lru_cache(REMEMBERED)
def from_text(traceparent: str) -> SpanContext | None:
    """The span's context in a traceparent; None if it is none."""
    found = _FORM.fullmatch(traceparent)
    if found is None:
        return None
    trace, span, flags = (int(each, 16) for each in found.groups())
    context = SpanContext(trace, span, is_remote=True, trace_flags=TraceFlags(flags))
    return context if context.is_valid else None


def under(context: SpanContext | None) -> Context:
    """A context in which that span is the current one, and for None no span is.

    An empty context would not do: the SDK takes it for none, and looks at that of the thread.
    """
    return NOWHERE if context is None else set_span_in_context(NonRecordingSpan(context), Context())


def current() -> SpanContext | None:
    """The current span's context, if there is one."""
    found = get_current_span().get_span_context()
    return found if found.is_valid else None


def of_job(job_id: str) -> Context:
    """A context of a job's logic: what is recorded in it carries the job's id."""
    return Context({JOB_KEY: job_id})


def job_of(context: Context | None = None) -> str | None:
    """The job whose logic runs in a context; None: the current one."""
    found = get_value(JOB_KEY, context)
    return found if isinstance(found, str) else None
