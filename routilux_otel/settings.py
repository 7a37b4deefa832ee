"""What the ``OTEL_*`` variables say about metrics, checked."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

EXPORTERS = ("otlp", "console", "none")
PROTOCOLS = ("http/protobuf", "grpc")


def is_disabled(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether ``OTEL_SDK_DISABLED`` turns everything off."""
    return environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"


def metrics_exporter(environment: Mapping[str, str] = os.environ) -> str:
    """``OTEL_METRICS_EXPORTER``: ``otlp`` (the default), ``console`` or ``none``.

    Raises:
        ValueError: it says something else.
    """
    return _one_of("OTEL_METRICS_EXPORTER", environment, EXPORTERS)


def metrics_protocol(environment: Mapping[str, str] = os.environ) -> str:
    """The OTLP protocol: ``http/protobuf`` (the default) or ``grpc``.

    Raises:
        ValueError: the variable says something else.
    """
    own = "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL"
    if environment.get(own, "").strip():
        return _one_of(own, environment, PROTOCOLS)
    return _one_of("OTEL_EXPORTER_OTLP_PROTOCOL", environment, PROTOCOLS)


def _one_of(name: str, environment: Mapping[str, str], known: tuple[str, ...]) -> str:
    value = environment.get(name, "").strip().lower() or known[0]
    if value not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}, not {value!r}")
    return value
