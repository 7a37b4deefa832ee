"""What telemetry has lost: counted here, whatever the reason, and shown as a counter."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Signal = Literal["traces", "metrics", "logs"]

EXPORT_FAILED = "export_failed"  # the collector did not take it
QUEUE_FULL = "queue_full"  # it came faster than it could be sent
JOB_LIMIT = "job_span_limit"  # the job has too many spans
SHUTDOWN = "shutdown"  # the end did not wait any longer
CALLBACK = "callback_failed"  # a figure could not be read
RECORDS = {"traces": "spans", "metrics": "points", "logs": "log records"}
REASONS = (EXPORT_FAILED, QUEUE_FULL, JOB_LIMIT, SHUTDOWN, CALLBACK)


class Losses:
    """Counts of lost spans, log records and points, by signal and reason."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def add(self, signal: Signal, reason: str, count: int = 1) -> None:
        """Count a loss."""
        if count > 0:
            with self._lock:
                self._counts[signal, reason] += count

    def read(self) -> Mapping[tuple[str, str], int]:
        """All losses so far, by signal and reason."""
        with self._lock:
            return dict(self._counts)

    def by_signal(self) -> dict[str, int]:
        """All losses so far, whatever their reason."""
        counts: Counter[str] = Counter()
        for (signal, _), count in self.read().items():
            counts[signal] += count
        return dict(sorted(counts.items()))

    def in_words(self) -> str:
        """All losses so far, for people."""
        words = [f"{count} {RECORDS[signal]}" for signal, count in self.by_signal().items()]
        return ", ".join(words) or "nothing"


PROCESS_LOSSES = Losses()
"""What the telemetry of the process has lost since it began."""
