"""Building the providers, and their end."""

from __future__ import annotations

import atexit
import logging
import threading
from typing import Any

from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import (
    OTLPMetricExporter as GrpcMetricExporter,
)
from opentelemetry.exporter.otlp.proto.http.metric_exporter import (
    OTLPMetricExporter as HttpMetricExporter,
)
from opentelemetry.metrics import MeterProvider as ApiMeterProvider
from opentelemetry.metrics import get_meter_provider, set_meter_provider
from opentelemetry.metrics._internal import _ProxyMeterProvider  # what stands in before one is set
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    ConsoleMetricExporter,
    MetricExporter,
    PeriodicExportingMetricReader,
)

from routilux_otel.metrics import observe
from routilux_otel.resource import make_resource
from routilux_otel.settings import is_disabled, metrics_exporter, metrics_protocol

logger = logging.getLogger("routilux.otel")
SHUTDOWN_S = 5.0  # a program that ends must not wait longer for a collector that is gone
PATIENCE_MS = 120_000  # longer than any wait for the end, which decides


class Telemetry:
    """The telemetry of a process.

    Attributes:
        provider: where Routilux is observed.
        owned: whether `configure` made the provider; then `shutdown` ends it.
    """

    def __init__(self, provider: ApiMeterProvider, *, owned: bool) -> None:
        self.provider = provider
        self.owned = owned
        self._lock = threading.Lock()
        self._ended: threading.Event | None = None
        self._given_up = False

    def state(self) -> dict[str, Any]:
        """How it is, as JSON data: ``state`` is ``on``, ``ending`` or ``ended``."""
        ended = self._ended
        state = "on" if ended is None else "ended" if ended.is_set() else "ending"
        return {"state": state, "owned": self.owned}

    def shutdown(self, timeout: float = SHUTDOWN_S) -> bool:
        """Export once more and end the provider, if it is ours. May be called twice.

        Args:
            timeout: seconds to wait at most. An export that takes longer is given up.

        Returns:
            Whether it ended in time.
        """
        provider = self.provider
        if not self.owned or not isinstance(provider, MeterProvider):
            return True
        with self._lock:
            begin = self._ended is None
            ended = self._ended = self._ended or threading.Event()
        if begin:
            # The SDK's own time-outs do not cover a connection that hangs, so the wait is ours.
            end = threading.Thread(target=_end, args=(provider, ended), daemon=True)
            end.start()
        if ended.wait(0 if self._given_up else timeout):
            return True
        if not self._given_up:
            self._given_up = True
            logger.warning("Telemetry did not end within %g s: figures may be lost", timeout)
        return False


def _end(provider: MeterProvider, ended: threading.Event) -> None:
    try:
        provider.shutdown(timeout_millis=PATIENCE_MS)
    except Exception:  # the SDK raises plain ones; telemetry must never hurt the program
        logger.warning("Telemetry ended with an error", exc_info=True)
    finally:
        ended.set()


_telemetry: Telemetry | None = None
_configuring = threading.Lock()


def configure(
    service_name: str | None = None, service_version: str | None = None
) -> Telemetry | None:
    """Export the figures of Routilux as the ``OTEL_*`` variables say. Twice is once.

    A meter provider that the program has set is used as it is, and never replaced. Otherwise one
    is made and set, with OTLP over HTTP or gRPC (``OTEL_EXPORTER_OTLP_PROTOCOL``), and ended at the
    end of the process.

    Args:
        service_name: the program's name, unless a variable gives one; None means ``routilux``.
        service_version: the program's version, likewise.

    Returns:
        The telemetry, or None when ``OTEL_SDK_DISABLED`` is ``true``, or ``OTEL_METRICS_EXPORTER``
        ``none`` and the program has set no provider.

    Raises:
        ValueError: a variable has a value that is not known.
    """
    global _telemetry
    if is_disabled():
        return None
    with _configuring:
        if _telemetry is None:
            _telemetry = _make(service_name, service_version)
        return _telemetry


def _make(service_name: str | None, service_version: str | None) -> Telemetry | None:
    current = get_meter_provider()
    if not isinstance(current, _ProxyMeterProvider):
        observe(current)
        return Telemetry(current, owned=False)
    exporter = make_exporter()
    if exporter is None:
        return None
    provider = MeterProvider(
        [PeriodicExportingMetricReader(exporter)],
        make_resource(service_name, service_version),
        shutdown_on_exit=False,
    )
    observe(provider)
    set_meter_provider(provider)
    telemetry = Telemetry(provider, owned=True)
    atexit.register(telemetry.shutdown)
    return telemetry


def make_exporter() -> MetricExporter | None:
    """The exporter that the variables ask for; None: none.

    Raises:
        ValueError: a variable has a value that is not known.
    """
    kind = metrics_exporter()
    if kind == "none":
        return None
    if kind == "console":
        return ConsoleMetricExporter()
    return GrpcMetricExporter() if metrics_protocol() == "grpc" else HttpMetricExporter()


def shutdown(timeout: float = SHUTDOWN_S) -> bool:
    """End what `configure` made: see `Telemetry.shutdown`. True when there is nothing to end."""
    return _telemetry is None or _telemetry.shutdown(timeout)
