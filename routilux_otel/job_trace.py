"""The trace of one job: its own span, which ends at each pause, and those of its activations.

The first span of the job is the parent of everything that comes later, also of the spans of the job
after each pause: so all of it is one trace, also in the eyes of back ends that know no links.
"""

from __future__ import annotations

import threading
from itertools import count
from typing import TYPE_CHECKING

from opentelemetry.context import Context, attach
from opentelemetry.trace import (
    Link,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    set_span_in_context,
)

from routilux.monitoring.instruments import ERROR_TYPE, FLOW, ROUTINE, STATUS
from routilux_otel import registry as names
from routilux_otel.contexts import as_text, from_text, of_job, under
from routilux_otel.gate_spans import pause_attributes, resume_attributes
from routilux_otel.span_events import CappedEvents

if TYPE_CHECKING:
    from contextvars import Context as Variables

    from opentelemetry.trace import Span, Tracer
    from opentelemetry.util.types import Attributes, AttributeValue

    from routilux.hooks import ActivationRecord, GateRecord, JobRecord

TRACE_PART = 36  # characters of a traceparent up to the id of the span
MOST_SPANS = 10_000  # of a job: a loop without end must not fill the back end
COMPLETED = "completed"
FAILURES = frozenset({"failed", "error_continued", "skipped"})  # outcomes: the error was final


class JobTrace:
    """The spans of a job that is sampled.

    Args:
        tracer: makes the spans.
        record: the job's start.
        span: the first span of the job.

    Attributes:
        first: the context of its first span.
        traceparent: the same as text.
        over: the job has ended.
        omitted: spans that were not made, because there were so many.
    """

    def __init__(self, tracer: Tracer, record: JobRecord, span: Span) -> None:
        self._tracer = tracer
        self._lock = threading.Lock()
        self._start = record
        self._facts = {names.JOB: record.job_id, FLOW: record.flow_id}
        self._activations: dict[str, Span] = {}
        self._events: dict[str, CappedEvents] = {}  # of those activations that have any
        self._numbers = count(1)  # of the spans; the next number needs no lock
        self._paused: SpanContext | None = None
        self._early: GateRecord | None = None  # a resume that was told before its pause
        self._restored = record.status == "paused"  # its pause was in another process
        self.over = False
        self.omitted = 0
        self.first = span.get_span_context()
        self._enter(span)
        self.traceparent = as_text(self.first)
        self._head, self._tail = self.traceparent[:TRACE_PART], self.traceparent[-3:]

    @property
    def is_done(self) -> bool:
        """Whether nothing more will come."""
        return self.over and not self._activations

    # -- the job -----------------------------------------------------------------------------------

    def _enter(self, span: Span) -> None:
        """Make a span of the job the current one for all logic that begins from now on."""
        self._span = CappedEvents(span)
        inside = set_span_in_context(span, Context())
        # What others record in logic gets the job's id from here; our own spans have it anyway.
        self._contexts = inside, enter(self._start.context, span, self._start.job_id)

    def _close(self, status: str, at_ns: int) -> None:
        """End the span of the job."""
        self._span.span.set_attribute(STATUS, status)
        self._span.finish()
        self._span.span.end(at_ns)

    def pause(self, record: GateRecord) -> None:
        """The gate was closed: this span ends, so that the back end has it."""
        with self._lock:
            if self._paused is not None or self.over:
                return
            span = self._tracer.start_span(
                f"pause {record.flow_id}",
                self._contexts[0],
                attributes=pause_attributes(record),
                start_time=record.at_ns,
            )
            span.end(record.at_ns)
            self._paused = span.get_span_context()
            self._close(record.status, record.at_ns)
            early, self._early = self._early, None
        if early is not None:
            self.resume(early)

    def resume(self, record: GateRecord) -> None:
        """The gate was opened: a new span of the job begins, linked to the last one."""
        with self._lock:
            if self._paused is not None:
                self._record_resume(record, [Link(self._paused)])
                before, self._paused = Link(self._span.span.get_span_context()), None
                self._enter(start_job_span(self._tracer, record, under(self.first), (before,)))
            elif self._restored:
                self._record_resume(record, [])
                self._restored = False
            else:
                self._early = record  # two threads tell: the pause is on its way

    def _record_resume(self, record: GateRecord, links: list[Link]) -> None:
        span = self._tracer.start_span(
            f"resume {record.flow_id}",
            under(self.first),
            attributes=resume_attributes(record),
            links=links,
            start_time=record.at_ns,
        )
        span.end(record.at_ns)

    def end(self, record: JobRecord) -> None:
        """The job has ended."""
        with self._lock:
            self.over = True
            if self._paused is not None:  # its span ended at the pause
                return
            if record.status == "failed":
                self._span.span.set_attribute(ERROR_TYPE, record.error_type or "_OTHER")
                self._span.span.set_status(Status(StatusCode.ERROR))
            self._close(record.status, record.at_ns)

    def abandon(self) -> None:
        """End all spans as they are: nobody tells any more how they go on."""
        with self._lock:
            self.over = True
            spans, events = list(self._activations.values()), list(self._events.values())
            self._activations.clear()
            self._events.clear()
        if self._paused is None:
            spans.append(self._span.span)
            events.append(self._span)
        for each in events:
            each.finish()
        for span in spans:
            span.end()

    # -- activations -------------------------------------------------------------------------------

    def begin_activation(self, record: ActivationRecord) -> str | None:
        """Begin the span of an activation, and make it the current one. Returns its context."""
        if next(self._numbers) >= MOST_SPANS:
            with self._lock:
                self.omitted += 1
            return None
        inside, for_logic = self._contexts
        facts: dict[str, AttributeValue] = {
            **self._facts,
            ROUTINE: record.routine_id,
            names.ACTIVATION: record.activation_id,
            names.ITEMS: record.items,
        }
        if record.attempt > 1:
            facts[names.ATTEMPT] = record.attempt
        span = self._tracer.start_span(
            f"process {record.routine_id}",
            inside,
            SpanKind.CONSUMER,
            facts,
            [Link(each) for text in record.contexts if (each := from_text(text)) is not None],
            record.at_ns,
        )
        self._activations[record.activation_id] = span
        attach(set_span_in_context(span, for_logic))
        return f"{self._head}{span.get_span_context().span_id:016x}{self._tail}"

    def end_activation(self, record: ActivationRecord) -> None:
        """End the span of an activation."""
        with self._lock:  # nobody adds an event to it from now on
            span = self._activations.pop(record.activation_id, None)
            events = self._events.pop(record.activation_id, None) if self._events else None
        if span is None:
            return
        if record.outcome != COMPLETED:  # what most do, and an attribute costs as much as a link
            span.set_attribute(names.OUTCOME, record.outcome)
        if record.error is not None and record.outcome in FAILURES:
            span.set_attribute(ERROR_TYPE, type(record.error).__qualname__)
            span.set_status(Status(StatusCode.ERROR))
        if events is not None:
            events.finish()
        span.end(record.at_ns)

    def add_event(self, activation_id: str | None, name: str, attributes: Attributes) -> bool:
        """Add an event where it was felt, or else to the job's span. False: nothing is open."""
        with self._lock:
            events = self._events_of(activation_id)
            if events is not None:
                events.add(name, attributes)
            return events is not None

    def _events_of(self, activation_id: str | None) -> CappedEvents | None:
        """Those of the activation if it runs, or else of the job if it has a span now."""
        span = self._activations.get(activation_id) if activation_id is not None else None
        if activation_id is not None and span is not None:
            known = self._events.get(activation_id)
            if known is None:
                known = self._events[activation_id] = CappedEvents(span)
            return known
        return self._span if self._paused is None and not self.over else None


def start_job_span(
    tracer: Tracer, record: JobRecord | GateRecord, parent: Context, links: tuple[Link, ...]
) -> Span:
    """Begin a span of a job."""
    facts = {names.JOB: record.job_id, FLOW: record.flow_id}
    return tracer.start_span(
        f"job {record.flow_id}", parent, attributes=facts, links=links, start_time=record.at_ns
    )


def enter(variables: Variables | None, span: Span, job_id: str) -> Context:
    """Make a span the current one in the variables of a job's logic. Returns that context."""
    inside = set_span_in_context(span, of_job(job_id))
    if variables is not None:
        variables.run(attach, inside)
    return inside


def parent_of(record: JobRecord, here: SpanContext | None) -> tuple[Context, tuple[Link, ...]]:
    """What a job's first span is a child of, and linked to.

    The span that is current where the job is started goes before the trace context that came with
    the job: of a request both are of one trace, and of a restored job the other is its past.
    """
    given = from_text(record.traceparent) if record.traceparent is not None else None
    parent = here or given
    other = given is not None and here is not None and given.trace_id != here.trace_id
    links = (Link(given),) if other and given is not None else ()
    return under(parent), links
