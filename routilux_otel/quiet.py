"""One warning a minute about telemetry in trouble, and not one for each batch.

The SDK and its exporters log each attempt that fails. While Routilux owns the providers it hears
these lines instead of everybody, and says the first of each minute in its own log. The libraries
below log, too: of theirs it hears what is logged during an export.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from opentelemetry.instrumentation.utils import is_instrumentation_enabled

from routilux.clock import NANOSECONDS, SYSTEM_CLOCK, Clock
from routilux_otel.settings import DEFAULT_ENDPOINTS, GRPC_PORT, HTTP_PORT, endpoint, protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from routilux_otel.losses import Signal

LOG = "routilux.otel"
# Filters are not inherited: each of the loggers that a broken answer makes talk.
BELOW = ("urllib3.connection", "urllib3.connectionpool")
# Who talks to the collector: what these log is of one that is not there, or not what was meant.
SENDERS = ("opentelemetry.exporter.", "urllib3.")
SIGNALS: dict[Signal, tuple[str, str]] = {
    # By the logger of the exporter over HTTP, and by the words of the one of all over gRPC.
    "traces": (".trace_exporter", " traces to "),
    "metrics": (".metric_exporter", " metrics to "),
    "logs": ("._log_exporter", " logs to "),
}
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
        """Say what the SDK has logged, and what to look at."""
        text = " ".join(record.getMessage().split())
        if record.name.startswith(SENDERS):
            text = f"{text.rstrip('.')}.{_hint(_signal(record.name, text))}"
        self.say(text)

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


def hint(signal: Signal | None, environment: Mapping[str, str] = os.environ) -> str:
    """What to look at when a collector does not take what is sent: where it is thought to be."""
    name, said = endpoint(signal, environment)
    spoken = protocol(signal or "traces", environment)
    address = said or DEFAULT_ENDPOINTS[spoken]
    where = f"{name} is not set" if said is None else name
    return f"Is a collector at {_shown(address)} ({where})?{_other_port(address, spoken)}"


def _hint(signal: Signal | None) -> str:
    """The same; empty where a variable is wrong that nobody has checked: logging must not raise."""
    try:
        return f" {hint(signal)}"
    except ValueError:
        return ""


def _shown(address: str) -> str:
    """An address without what may be secret in it: a password, a token."""
    parts = urlsplit(address)
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="")
    return bare.geturl()


def _other_port(address: str, spoken: str) -> str:
    """A word about a port that is the other protocol's by custom."""
    port = address.rstrip("/").rpartition(":")[2].partition("/")[0]
    wrong, other = (HTTP_PORT, "http/protobuf") if spoken == "grpc" else (GRPC_PORT, "grpc")
    if port != str(wrong):
        return ""
    return (
        f" Port {GRPC_PORT} is for gRPC and {HTTP_PORT} for HTTP: change the port, or set "
        f"OTEL_EXPORTER_OTLP_PROTOCOL={other}."
    )


def _signal(name: str, text: str) -> Signal | None:
    """Whose exporter has logged it; None: it does not say."""
    for signal, (end, words) in SIGNALS.items():
        if name.endswith(end) or words in text:
            return signal
    return None


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
