"""One warning a minute about telemetry in trouble, and not one for each batch.

The SDK and its exporters log each attempt that fails. While Routilux owns the providers it hears
these lines instead of everybody, and says the first of each minute in its own log.
"""

from __future__ import annotations

import logging
import threading

from routilux.clock import NANOSECONDS, SYSTEM_CLOCK, Clock

logger = logging.getLogger("routilux.otel")
EVERY_NS = 60 * NANOSECONDS


class Complaints(logging.Handler):
    """Says at most one line a minute.

    Args:
        clock: where the time comes from.
    """

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        super().__init__(logging.WARNING)
        self._clock = clock
        self._guard = threading.Lock()
        self._said_ns: int | None = None
        self._unsaid = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Say what the SDK has logged."""
        self.say(" ".join(record.getMessage().split()))

    def say(self, text: str) -> None:
        """Say it, or count it."""
        now = self._clock.monotonic_ns()
        with self._guard:
            if self._said_ns is not None and now - self._said_ns < EVERY_NS:
                self._unsaid += 1
                return
            self._said_ns, unsaid, self._unsaid = now, self._unsaid, 0
        more = f" ({unsaid} more such lines since the last one)" if unsaid else ""
        logger.warning("Telemetry has trouble, the work goes on: %s%s", text, more)


PROCESS_COMPLAINTS = Complaints()


def complain(error: BaseException) -> None:
    """Say that an exporter or a callback has raised."""
    PROCESS_COMPLAINTS.say(f"{type(error).__name__}: {error}")


def hear(complaints: Complaints = PROCESS_COMPLAINTS) -> None:
    """Hear the log of the SDK, alone."""
    sdk = logging.getLogger("opentelemetry")
    sdk.addHandler(complaints)
    sdk.propagate = False


def hear_no_more(complaints: Complaints = PROCESS_COMPLAINTS) -> None:
    """Leave the log as it was."""
    sdk = logging.getLogger("opentelemetry")
    sdk.removeHandler(complaints)
    sdk.propagate = True
