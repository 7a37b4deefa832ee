"""One warning a minute about telemetry in trouble, and not one for each batch.

The SDK and its exporters log each attempt that fails. While Routilux owns the providers it hears
these lines instead of everybody, and says the first of each minute in its own log. The libraries
below log, too: of theirs it hears what is logged during an export.
"""

from __future__ import annotations

import logging
import threading

from opentelemetry.instrumentation.utils import is_instrumentation_enabled

from routilux.clock import NANOSECONDS, SYSTEM_CLOCK, Clock

LOG = "routilux.otel"
# Filters are not inherited: each of the loggers that a broken answer makes talk.
BELOW = ("urllib3.connection", "urllib3.connectionpool")
logger = logging.getLogger(LOG)
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


class OfExports(logging.Filter):
    """Takes what a library logs during an export: the exporters suppress instrumentation then."""

    def __init__(self, complaints: Complaints) -> None:
        super().__init__()
        self._complaints = complaints

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is the program's own."""
        if record.levelno < self._complaints.level or is_instrumentation_enabled():
            return True
        self._complaints.emit(record)
        return False


PROCESS_COMPLAINTS = Complaints()
_OF_PROCESS = OfExports(PROCESS_COMPLAINTS)


def complain(error: BaseException) -> None:
    """Say that an exporter or a callback has raised."""
    PROCESS_COMPLAINTS.say(f"{type(error).__name__}: {error}")


def hear() -> None:
    """Hear the logs of the SDK and of what is below it, alone."""
    sdk = logging.getLogger("opentelemetry")
    sdk.addHandler(PROCESS_COMPLAINTS)
    sdk.propagate = False
    for name in BELOW:
        logging.getLogger(name).addFilter(_OF_PROCESS)
