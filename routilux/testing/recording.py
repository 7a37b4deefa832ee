"""A hook that keeps what it is told."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from routilux.hooks import Hook
from routilux.testing.clock import REAL_LIMIT_S

if TYPE_CHECKING:
    from routilux.hooks import (
        ActivationRecord,
        BreakpointRecord,
        GateRecord,
        JobRecord,
        SlotRecord,
        WaitRecord,
    )


class RecordingHook(Hook):
    """Keeps every record, in the order of being told. Safe to use with many threads.

    Args:
        trace_context: what to give as trace context; None gives none.

    Attributes:
        records: (method name, record), the oldest first.
    """

    def __init__(self, trace_context: str | None = None) -> None:
        self.records: list[tuple[str, Any]] = []
        self._trace_context = trace_context
        self._changed = threading.Condition()

    def named(self, method: str) -> list[Any]:
        """The records that one method was called with."""
        return [record for name, record in list(self.records) if name == method]

    def names(self) -> list[str]:
        """The names of the methods that were called, in order."""
        return [name for name, _ in list(self.records)]

    def wait_for(self, method: str, count: int = 1, timeout: float = REAL_LIMIT_S) -> list[Any]:
        """Block until `method` was called `count` times; returns its records.

        Raises:
            TimeoutError: it was not, within `timeout` seconds of real time.
        """
        with self._changed:
            if self._changed.wait_for(lambda: len(self.named(method)) >= count, timeout):
                return self.named(method)
        found = len(self.named(method))
        raise TimeoutError(f"{method} was called {found} times in {timeout} s, not {count}")

    def _keep(self, method: str, record: object) -> None:
        with self._changed:
            self.records.append((method, record))
            self._changed.notify_all()

    def job_started(self, record: JobRecord) -> str | None:
        """Keep the record. Gives no trace context: the job's own stays."""
        self._keep("job_started", record)
        return None

    def producer_waited(self, record: WaitRecord) -> None:
        """Keep the record."""
        self._keep("producer_waited", record)

    def job_ended(self, record: JobRecord) -> None:
        """Keep the record."""
        self._keep("job_ended", record)

    def job_paused(self, record: GateRecord) -> None:
        """Keep the record."""
        self._keep("job_paused", record)

    def job_resumed(self, record: GateRecord) -> None:
        """Keep the record."""
        self._keep("job_resumed", record)

    def activation_started(self, record: ActivationRecord) -> str | None:
        """Keep the record. Gives the trace context."""
        self._keep("activation_started", record)
        return self._trace_context

    def activation_ended(self, record: ActivationRecord) -> None:
        """Keep the record."""
        self._keep("activation_ended", record)

    def enqueue_retried(self, record: SlotRecord) -> None:
        """Keep the record."""
        self._keep("enqueue_retried", record)

    def items_refused(self, record: SlotRecord) -> None:
        """Keep the record."""
        self._keep("items_refused", record)

    def items_held(self, record: SlotRecord) -> None:
        """Keep the record."""
        self._keep("items_held", record)

    def breakpoint_hit(self, record: BreakpointRecord) -> None:
        """Keep the record."""
        self._keep("breakpoint_hit", record)

    def context(self) -> str | None:
        """The trace context that was given."""
        return self._trace_context
