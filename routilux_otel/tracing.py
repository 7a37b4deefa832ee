"""TraceHook: what the engine tells, as spans and span events.

Of a job that is not sampled nothing is kept, so that an activation of it costs one look into a
dictionary.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from opentelemetry.trace import get_current_span

from routilux.hooks import Hook
from routilux_otel import registry as names
from routilux_otel import span_events
from routilux_otel.contexts import as_text, current, job_of
from routilux_otel.forking import reset_in_child
from routilux_otel.job_trace import JobTrace, enter, parent_of, start_job_span

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.trace import Tracer
    from opentelemetry.util.types import Attributes

    from routilux.hooks import (
        ActivationRecord,
        BreakpointRecord,
        GateRecord,
        JobRecord,
        SlotRecord,
    )

LONGEST_MESSAGE = 1024  # characters of a tracepoint's message: it may have whole items in it


class TraceHook(Hook):
    """Makes the spans of jobs.

    Args:
        tracer: makes the spans.
        activations: whether activations have spans, too.
        payloads: whether what a tracepoint says may be recorded: it may hold payload.
        lose: is told how many spans were not made.
    """

    sampled_only = True

    def __init__(
        self,
        tracer: Tracer,
        *,
        activations: bool = True,
        payloads: bool = False,
        lose: Callable[[int], None],
    ) -> None:
        self._tracer = tracer
        self._traces_activations = activations
        self._payloads = payloads
        self._lose = lose
        self._traces: dict[str, JobTrace] = {}
        self._lock = threading.Lock()
        reset_in_child(self)

    def after_fork(self) -> None:
        """In a forked child: the jobs are the parent's, and so are their spans."""
        self._lock = threading.Lock()
        self._traces = {}

    def finish(self) -> None:
        """End every open span: nothing more will be told."""
        with self._lock:
            traces, self._traces = self._traces, {}
        for trace in traces.values():
            trace.abandon()

    def job_started(self, record: JobRecord) -> str | None:
        """Begin the trace of a job. Returns its context."""
        span = start_job_span(self._tracer, record, *parent_of(record, current()))
        if not span.is_recording():
            enter(record.context, span, record.job_id)
            context = span.get_span_context()
            return as_text(context) if context.is_valid else None
        trace = JobTrace(self._tracer, record, span)
        with self._lock:
            self._traces[record.job_id] = trace
        return trace.traceparent

    def job_paused(self, record: GateRecord) -> None:
        """Record the pause; the job's span ends."""
        trace = self._traces.get(record.job_id)
        if trace is not None:
            trace.pause(record)

    def job_resumed(self, record: GateRecord) -> None:
        """Record the resume; the job has a span again."""
        trace = self._traces.get(record.job_id)
        if trace is not None:
            trace.resume(record)

    def wants_job_end(self, job_id: str, flow_id: str, now_ns: int) -> bool:  # noqa: ARG002 - see Hook
        """Only of those that have a span."""
        return job_id in self._traces

    def job_ended(self, record: JobRecord) -> None:
        """End the job's span."""
        trace = self._traces.get(record.job_id)
        if trace is not None:
            trace.end(record)
            self._drop_if_done(record.job_id, trace)

    def _drop_if_done(self, job_id: str, trace: JobTrace) -> None:
        if trace.is_done:
            with self._lock:
                known = self._traces.pop(job_id, None)
            if known is not None and trace.omitted:
                self._lose(trace.omitted)

    def activation_started(self, record: ActivationRecord) -> str | None:
        """Begin the span of an activation; what logic opens will be below it. Its context."""
        trace = self._traces.get(record.job_id)
        if trace is None:
            return None
        if not self._traces_activations:
            return trace.traceparent
        return trace.begin_activation(record)

    def activation_ended(self, record: ActivationRecord) -> None:
        """End its span."""
        trace = self._traces.get(record.job_id)
        if trace is not None:
            trace.end_activation(record)
            if trace.over:
                self._drop_if_done(record.job_id, trace)

    def enqueue_retried(self, record: SlotRecord) -> None:
        """A span event."""
        self._add(record, names.RETRY, span_events.retry(record))

    def items_refused(self, record: SlotRecord) -> None:
        """A span event."""
        self._add(record, names.REFUSED, span_events.refused(record))

    def items_held(self, record: SlotRecord) -> None:
        """A span event."""
        self._add(record, names.HELD, span_events.held(record))

    def breakpoint_hit(self, record: BreakpointRecord) -> None:
        """A span event."""
        if record.action == "log":
            message = (record.message or "")[:LONGEST_MESSAGE] if self._payloads else None
            self._add(record, names.TRACEPOINT, span_events.tracepoint(record, message))
        else:
            self._add(record, names.HIT, span_events.hit(record))

    def _add(
        self, record: SlotRecord | BreakpointRecord, name: str, attributes: Attributes
    ) -> None:
        """Add an event to the span of whoever felt it."""
        if record.activation_id is None and job_of() is None:
            span = get_current_span()  # a caller from outside, perhaps a request
            if span.is_recording():
                span.add_event(name, attributes)
                return
        trace = self._traces.get(record.job_id)
        if trace is not None:
            trace.add_event(record.activation_id, name, attributes)

    def context(self) -> str | None:
        """The context of a caller from outside, for the item that he posts."""
        found = current()
        return as_text(found) if found is not None else None
