"""Telemetry of a command: on when the environment names a collector."""

from __future__ import annotations

import atexit
import logging
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, cast

from routilux.cli.errors import CommandError
from routilux.cli.extras import load
from routilux.cli.output import print_note

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from routilux.cli.interrupts import Interrupts

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")
LAST_EXPORT_S = 5.0
LAST_EXPORT_WHEN_INTERRUPTED_S = 0.4  # who presses Ctrl-C does not wait for a collector


class RunningTelemetry(Protocol):
    """What `routilux_otel.configure` gives: the package may be missing."""

    def state(self) -> Mapping[str, Any]:
        """How it is."""

    def instrument_app(self, app: Any) -> None:
        """Let each request be a span."""

    def shutdown(self, timeout: float) -> bool:
        """Export once more, and end."""


@contextmanager
def telemetry(interrupts: Interrupts) -> Iterator[RunningTelemetry | None]:
    """Export the figures of the process while it is entered, and once more at the end.

    A missing package costs the telemetry and a note, not the work.

    Yields:
        It; None: there is none.

    Raises:
        CommandError: a variable of OpenTelemetry has a value that is not known.
    """
    running = _start() if any(os.environ.get(name) for name in ENDPOINTS) else None
    told = _ToldOnce()
    told.attach()
    try:
        yield running
    finally:
        if running is not None:
            # Here the time is known that it may take; at the end of the process it is not.
            atexit.unregister(running.shutdown)
            interrupted = interrupts.event.is_set()
            running.shutdown(LAST_EXPORT_WHEN_INTERRUPTED_S if interrupted else LAST_EXPORT_S)
        told.detach()


class _ToldOnce(logging.Handler):
    """What OpenTelemetry logs, as one note: it tells of a lost collector at each attempt."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._logger = logging.getLogger("opentelemetry")
        self._told = False

    def attach(self) -> None:
        """Hear the log, alone."""
        self._logger.addHandler(self)
        self._logger.propagate = False

    def detach(self) -> None:
        """Leave the log as it was."""
        self._logger.removeHandler(self)
        self._logger.propagate = True

    def emit(self, record: logging.LogRecord) -> None:
        """Tell the first record."""
        if not self._told:
            self._told = True
            text = " ".join(record.getMessage().split())
            print_note(f"telemetry has trouble, the work goes on: {text}")


def _start() -> RunningTelemetry | None:
    try:
        package = load("routilux_otel", "otel", f"{ENDPOINTS[0]} is set, and telemetry")
        return cast("RunningTelemetry | None", package.configure())
    except CommandError as error:
        print_note(f"no telemetry: {error}")
        return None
    except ValueError as error:
        raise CommandError(f"telemetry: {error}") from None
