"""Telemetry of a command: on when the environment names a collector."""

from __future__ import annotations

import atexit
import logging
import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, cast

from routilux.cli.errors import CommandError, one_line
from routilux.cli.extras import load
from routilux.cli.output import print_note

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import ModuleType

    from routilux.cli.interrupts import Interrupts

GENERAL = "OTEL_EXPORTER_OTLP_ENDPOINT"
# By signal: the variable that says where it goes, unless the general one does.
OF_SIGNALS = {
    signal: f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT" for signal in ("TRACES", "METRICS", "LOGS")
}
ENDPOINTS = (GENERAL, *OF_SIGNALS.values())
OURS = "ROUTILUX_OTEL_"
HELP = (
    f"Telemetry, with the extra otel: {GENERAL} says where the collector is, {OURS}LEVEL how much "
    f"it gets (off, metrics, jobs, activations), {OURS}CAPTURE_PAYLOADS=true lets payload in."
)
LOG = "routilux.otel"  # where `routilux_otel` says, once a minute, that something is wrong
LAST_EXPORT_S = 5.0
LAST_EXPORT_WHEN_INTERRUPTED_S = 0.4  # who presses Ctrl-C does not wait for a collector
SILENT_S = 1.0  # who waits longer is told for what


class RunningTelemetry(Protocol):
    """What `routilux_otel.configure` gives: the package may be missing."""

    def state(self) -> Mapping[str, Any]:
        """How it is."""

    def instrument_app(self, app: Any) -> None:
        """Let each request be a span."""

    def shutdown(self, timeout: float) -> bool:
        """Export once more, and end."""


@contextmanager
def telemetry(interrupts: Interrupts, *, logged: bool = False) -> Iterator[RunningTelemetry | None]:
    """Export the figures of the process while it is entered, and once more at the end.

    A missing package costs the telemetry and a note, not the work.

    Args:
        interrupts: of the command; who interrupts it does not wait for the last export.
        logged: the command shows its log, so trouble needs no note.

    Yields:
        It; None: there is none.

    Raises:
        CommandError: a variable of OpenTelemetry has a value that is not known, or one of ours
            is misspelt.
    """
    notes = _Notes()
    if not logged:
        logging.getLogger(LOG).addHandler(notes)
    try:
        running = _start()
        try:
            yield running
        finally:
            if running is not None:
                _end(running, interrupted=interrupts.event.is_set())
    finally:
        logging.getLogger(LOG).removeHandler(notes)


class _Notes(logging.Handler):
    """What telemetry has to say, as notes: such a command shows no log."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        """Print it."""
        text = one_line(record.getMessage())
        print_note(text[:1].lower() + text[1:])


def _start() -> RunningTelemetry | None:
    named = next((name for name in ENDPOINTS if os.environ.get(name)), None)
    try:
        if any(name.upper().startswith(OURS) for name in os.environ):
            # A slip is told even where nothing is exported: most likely that was wanted.
            _load("settings", f"{OURS}...").check_own()
        return _configure(named) if named is not None else None
    except CommandError as error:
        if named is not None:
            print_note(f"no telemetry: {error}")
        return None
    except ValueError as error:
        raise CommandError(f"telemetry: {error}") from None


def _configure(named: str) -> RunningTelemetry | None:
    _load("quiet", named).hear()  # all that OpenTelemetry says, and nobody else does
    with _only_where_named():
        return cast("RunningTelemetry | None", _load("setup", named).configure())


def _load(module: str, named: str) -> ModuleType:
    return load(f"routilux_otel.{module}", "otel", f"{named} is set, and telemetry")


@contextmanager
def _only_where_named() -> Iterator[None]:
    """Where only some signals have an endpoint, export only those.

    The others would go to this machine, where most likely nobody waits for them. The variables are
    read while telemetry is configured; programs that a flow starts get them as they were.
    """
    before: dict[str, str | None] = {}
    if not os.environ.get(GENERAL):
        for signal, endpoint in OF_SIGNALS.items():
            exporter = f"OTEL_{signal}_EXPORTER"
            if not os.environ.get(endpoint) and not os.environ.get(exporter):
                before[exporter] = os.environ.get(exporter)
                os.environ[exporter] = "none"
    try:
        yield
    finally:
        for exporter, said in before.items():
            del os.environ[exporter]
            if said is not None:
                os.environ[exporter] = said


def _end(running: RunningTelemetry, *, interrupted: bool) -> None:
    # Here the time is known that it may take; at the end of the process it is not.
    atexit.unregister(running.shutdown)
    timeout = LAST_EXPORT_WHEN_INTERRUPTED_S if interrupted else LAST_EXPORT_S
    patience = f"waiting for the collector of telemetry, {timeout:g} s at most"
    waiting = threading.Timer(SILENT_S, print_note, (patience,))
    waiting.daemon = True
    waiting.start()
    try:
        running.shutdown(timeout)  # which tells by itself what is lost
    finally:
        waiting.cancel()
