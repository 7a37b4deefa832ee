"""The job's id on everything that is recorded in its logic: spans of other libraries, log records.

It comes from the context that logic runs in. The spans that Routilux makes have it already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.sdk._logs import LogRecordProcessor
from opentelemetry.sdk.trace import SpanProcessor

from routilux_otel.contexts import job_of
from routilux_otel.registry import JOB

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk._logs import ReadWriteLogRecord
    from opentelemetry.sdk.trace import ReadableSpan, Span


class JobIdOnSpans(SpanProcessor):
    """Stamps spans that begin inside logic.

    Attributes:
        active: False: it does nothing; a provider cannot let go of its processors.
    """

    def __init__(self) -> None:
        self.active = True

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Stamp it."""
        if self.active:
            job_id = job_of(parent_context)
            if job_id is not None:
                span.set_attribute(JOB, job_id)

    def on_end(self, span: ReadableSpan) -> None:
        """Nothing to do."""

    def shutdown(self) -> None:
        """Nothing to do."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:  # noqa: ARG002 - as the SDK calls it
        """Nothing to do."""
        return True


class JobIdOnLogs(LogRecordProcessor):
    """Stamps log records that are written inside logic."""

    def __init__(self) -> None:
        self.active = True

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        """Stamp it."""
        if self.active:
            job_id = job_of()
            attributes = log_record.log_record.attributes
            if job_id is not None and attributes is not None:
                attributes[JOB] = job_id  # type: ignore[index] # the SDK's own is mutable here

    def shutdown(self) -> None:
        """Nothing to do."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:  # noqa: ARG002 - as the SDK calls it
        """Nothing to do."""
        return True
