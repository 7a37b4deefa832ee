"""OpenTelemetry for Routilux: metrics, traces and logs.

``configure()`` at the start of a program is all it takes; the ``OTEL_*`` variables say where it all
goes. ``RoutiluxInstrumentor`` uses the providers that a program has set by itself. The engine knows
nothing of this package, and runs without it.
"""

from __future__ import annotations

from routilux_otel.settings import check_propagators

# OpenTelemetry reads this variable when it is imported, and its error does not name it.
check_propagators()

from routilux_otel.http import instrument_app  # noqa: E402
from routilux_otel.instrumentor import RoutiluxInstrumentor  # noqa: E402
from routilux_otel.metrics import observe  # noqa: E402
from routilux_otel.setup import Telemetry, configure, shutdown  # noqa: E402

__all__ = [
    "RoutiluxInstrumentor",
    "Telemetry",
    "configure",
    "instrument_app",
    "observe",
    "shutdown",
]
