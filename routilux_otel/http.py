"""Requests as spans: a job that a request starts is a child of it.

The names are those of the stable HTTP conventions. What a server is asked again and again (health,
the page for Prometheus) and streams that never end are no spans, and neither is each part that is
received or sent.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

CONVENTIONS = "OTEL_SEMCONV_STABILITY_OPT_IN"
EXCLUDED = "/api/health,/metrics$,/events$"


def prefer_stable_names() -> None:
    """Name what HTTP does as the stable conventions do, unless a variable says otherwise.

    It is read once in a process, when the first thing is instrumented.
    """
    os.environ.setdefault(CONVENTIONS, "http")


def instrument_app(
    app: FastAPI,
    tracer_provider: TracerProvider | None = None,
    meter_provider: MeterProvider | None = None,
) -> None:
    """Instrument an application of `routilux.api`, or any of FastAPI. Twice is once.

    Args:
        app: the application, complete.
        tracer_provider, meter_provider: who records; None means the global ones, so call it after
            `configure`.

    Raises:
        ImportError: FastAPI is not installed: it belongs to another extra.
    """
    prefer_stable_names()
    instrumentor = import_module("opentelemetry.instrumentation.fastapi").FastAPIInstrumentor
    instrumentor.instrument_app(
        app,
        tracer_provider=tracer_provider,
        meter_provider=meter_provider,
        excluded_urls=EXCLUDED,
        exclude_spans=["receive", "send"],
    )
