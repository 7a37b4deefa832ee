"""OpenTelemetry for Routilux: metrics of slots, jobs and workers.

``configure()`` at the start of a program is all it takes; the ``OTEL_*`` variables say where the
figures go. The engine knows nothing of this package, and runs without it.
"""

from __future__ import annotations

from routilux_otel.metrics import observe
from routilux_otel.setup import Telemetry, configure, shutdown

__all__ = ["Telemetry", "configure", "observe", "shutdown"]
