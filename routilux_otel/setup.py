"""Configuring: providers from the variables, and their end under one deadline."""

from __future__ import annotations

import atexit
import logging
import threading
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.metrics import MeterProvider

from routilux.clock import NANOSECONDS, SYSTEM_CLOCK
from routilux_otel import quiet
from routilux_otel.http import instrument_app
from routilux_otel.instrumentor import RoutiluxInstrumentor
from routilux_otel.log_handler import ExportingHandler
from routilux_otel.losses import PROCESS_LOSSES
from routilux_otel.providers import (
    Made,
    make_logger_provider,
    make_meter_provider,
    make_tracer_provider,
)
from routilux_otel.resource import make_resource
from routilux_otel.settings import captures_payloads, is_disabled, level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import FastAPI

logger = logging.getLogger(quiet.LOG)
SHUTDOWN_S = 5.0  # a program that ends must not wait longer for a collector that is gone


class Telemetry:
    """The telemetry of a process.

    Attributes:
        providers: those that `configure` has made, metrics last; `shutdown` ends them.
    """

    def __init__(self, made: Sequence[Made], handler: logging.Handler | None) -> None:
        self.providers = tuple(each.provider for each in made)
        self._made = made
        self._handler = handler
        self._lock = threading.Lock()
        self._ends: list[threading.Event] | None = None
        self._given_up = False

    @property
    def owned(self) -> bool:
        """Whether `configure` has made a provider; the program's own are its own to end."""
        return bool(self.providers)

    @property
    def has_ended(self) -> bool:
        """Whether `shutdown` was called."""
        return self._ends is not None

    def state(self) -> dict[str, Any]:
        """How it is, as JSON data.

        ``state`` is ``on``, ``ending`` or ``ended``; ``lost`` counts what was lost since the
        process began, by signal.
        """
        ends = self._ends
        state = "on" if ends is None else "ended" if all(e.is_set() for e in ends) else "ending"
        return {"state": state, "owned": self.owned, "lost": PROCESS_LOSSES.by_signal()}

    def instrument_app(self, app: FastAPI) -> None:
        """Let each request to an application be a span: see `routilux_otel.http`."""
        instrument_app(app)

    def shutdown(self, timeout: float = SHUTDOWN_S) -> bool:
        """Export once more and end our providers, together. May be called twice.

        Metrics are the last to be exported, so that they tell of what the others have lost; but
        they wait for the others half of the time at most.

        Args:
            timeout: seconds to wait at most. What is not sent by then is given up, and counted
                as lost.

        Returns:
            Whether all ended in time.
        """
        if not self.owned:
            return True
        with self._lock:
            first = self._ends is None
            ends = self._ends = self._ends or self._begin(timeout / 2)
        done = _wait(ends, 0 if self._given_up else timeout)
        if not done and not self._given_up:
            self._given_up = True
            for each in self._made:
                each.give_up()
            logger.warning(
                "Telemetry did not end within %g s. Lost since it began: %s",
                timeout,
                PROCESS_LOSSES.in_words(),
            )
        elif done and first and PROCESS_LOSSES.read():
            logger.warning(
                "Telemetry has ended. Lost since it began: %s", PROCESS_LOSSES.in_words()
            )
        return done

    def _begin(self, patience: float) -> list[threading.Event]:
        """End each provider on a thread of its own: the SDK's time-outs cover no silent peer."""
        if self._handler is not None:
            logging.getLogger().removeHandler(self._handler)
        ends: list[threading.Event] = []
        for provider in self.providers:
            ended = threading.Event()
            first = list(ends) if isinstance(provider, MeterProvider) else []
            given = (provider, ended, first, patience)
            threading.Thread(target=_end, args=given, daemon=True).start()
            ends.append(ended)
        return ends


def _wait(ends: Sequence[threading.Event], timeout: float) -> bool:
    """Wait until all are set, `timeout` seconds together at most."""
    deadline = SYSTEM_CLOCK.monotonic_ns() + int(timeout * NANOSECONDS)
    for ended in ends:
        left_ns = max(0, deadline - SYSTEM_CLOCK.monotonic_ns())
        if not ended.wait(left_ns / NANOSECONDS):
            return False
    return True


def _end(
    provider: Any, ended: threading.Event, first: Sequence[threading.Event], patience: float
) -> None:
    _wait(first, patience)
    try:
        provider.shutdown()
    except Exception:  # the SDK raises plain ones; telemetry must never hurt the program
        logger.warning("Telemetry ended with an error", exc_info=True)
    finally:
        ended.set()


_telemetry: Telemetry | None = None
_configuring = threading.Lock()


def configure(
    service_name: str | None = None, service_version: str | None = None
) -> Telemetry | None:
    """Export what Routilux does as the ``OTEL_*`` variables say.

    Twice is once, whatever the second asks for. OpenTelemetry sets a provider once in a process,
    so after `shutdown` it cannot begin anew: that is said in the log.

    Providers that the program has set are used as they are, and never replaced. For each signal
    without one a provider is made and set, with OTLP over HTTP or gRPC
    (``OTEL_EXPORTER_OTLP_PROTOCOL``), and ended at the end of the process. ``ROUTILUX_OTEL_LEVEL``
    says how much is recorded: ``off``, ``metrics``, ``jobs`` or ``activations``.

    Args:
        service_name: the program's name, unless a variable gives one; None means ``routilux``.
        service_version: the program's version, likewise.

    Returns:
        The telemetry, or None when ``OTEL_SDK_DISABLED`` is ``true`` or the level ``off``.

    Raises:
        ValueError: a variable has a value that is not known.
    """
    global _telemetry
    if is_disabled() or level() == "off":
        return None
    with _configuring:
        if _telemetry is None:
            _telemetry = _make(service_name, service_version)
        elif _telemetry.has_ended:
            logger.warning(
                "Telemetry was shut down, and OpenTelemetry sets its providers once in a process: "
                "nothing is exported any more. Call shutdown() at the very end."
            )
        return _telemetry


def _make(service_name: str | None, service_version: str | None) -> Telemetry:
    payloads = captures_payloads()
    resource = make_resource(service_name, service_version)
    logs, metrics = make_logger_provider(resource), make_meter_provider(resource)
    traces = make_tracer_provider(resource) if level() != "metrics" else None
    owned = [each for each in (traces, logs, metrics) if each is not None]
    handler = None
    if logs is not None:
        handler = ExportingHandler(logs.provider, payloads=payloads)
        logging.getLogger().addHandler(handler)
    _instrument(anew=bool(owned))
    telemetry = Telemetry(owned, handler)
    if owned:
        quiet.hear()
        atexit.register(telemetry.shutdown)
    return telemetry


def _instrument(*, anew: bool) -> None:
    """Turn it on; `anew`: also if ``opentelemetry-instrument`` has, before there were providers."""
    instrumentor = RoutiluxInstrumentor()
    known = instrumentor.is_instrumented_by_opentelemetry
    if known and anew:
        instrumentor.uninstrument()
    if anew or not known:
        instrumentor.instrument()


def shutdown(timeout: float = SHUTDOWN_S) -> bool:
    """End what `configure` made: see `Telemetry.shutdown`. True when there is nothing to end."""
    return _telemetry is None or _telemetry.shutdown(timeout)
