"""What the ``OTEL_*`` variables, and two of our own, say about telemetry, checked."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from routilux_otel.losses import Signal

Level = Literal["off", "metrics", "jobs", "activations"]
LEVELS: tuple[Level, ...] = ("off", "metrics", "jobs", "activations")
EXPORTERS = ("otlp", "console", "none")
PROTOCOLS = ("http/protobuf", "grpc")
YES, NO = ("true", "1", "yes", "on"), ("false", "0", "no", "off", "")
LEVEL = "ROUTILUX_OTEL_LEVEL"
PAYLOADS = "ROUTILUX_OTEL_CAPTURE_PAYLOADS"
WAITING, BATCH = 2048, 512  # records of a queue: what the specification says


class QueueLimits(NamedTuple):
    """Records that may wait in front of an exporter, and that are sent together."""

    waiting: int = WAITING
    batch: int = BATCH


def is_disabled(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether ``OTEL_SDK_DISABLED`` turns everything off."""
    return environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"


def level(environment: Mapping[str, str] = os.environ) -> Level:
    """``ROUTILUX_OTEL_LEVEL``: how much is recorded; ``activations`` is all of it, the default.

    Raises:
        ValueError: it says something else.
    """
    said = environment.get(LEVEL, "").strip().lower() or "activations"
    for known in LEVELS:
        if said == known:
            return known
    raise ValueError(f"{LEVEL} must be one of {', '.join(LEVELS)}, not {said!r}")


def captures_payloads(environment: Mapping[str, str] = os.environ) -> bool:
    """``ROUTILUX_OTEL_CAPTURE_PAYLOADS``: whether texts that may hold payload are recorded.

    Raises:
        ValueError: it is neither yes nor no.
    """
    said = environment.get(PAYLOADS, "").strip().lower()
    if said not in (*YES, *NO):
        raise ValueError(f"{PAYLOADS} must be true or false, not {said!r}")
    return said in YES


def exporter(signal: Signal, environment: Mapping[str, str] = os.environ) -> str:
    """``OTEL_TRACES_EXPORTER`` and so on: ``otlp`` (the default), ``console`` or ``none``.

    Raises:
        ValueError: it says something else.
    """
    return _one_of(f"OTEL_{signal.upper()}_EXPORTER", environment, EXPORTERS)


def protocol(signal: Signal, environment: Mapping[str, str] = os.environ) -> str:
    """The OTLP protocol of a signal: ``http/protobuf`` (the default) or ``grpc``.

    Raises:
        ValueError: the variable says something else.
    """
    own = f"OTEL_EXPORTER_OTLP_{signal.upper()}_PROTOCOL"
    if environment.get(own, "").strip():
        return _one_of(own, environment, PROTOCOLS)
    return _one_of("OTEL_EXPORTER_OTLP_PROTOCOL", environment, PROTOCOLS)


def queue_limits(prefix: str, environment: Mapping[str, str] = os.environ) -> QueueLimits:
    """The limits of a queue: ``OTEL_BSP_...`` for spans, ``OTEL_BLRP_...`` for log records.

    Raises:
        ValueError: one is no number above 0.
    """
    waiting = _number(f"{prefix}_MAX_QUEUE_SIZE", environment, WAITING)
    batch = _number(f"{prefix}_MAX_EXPORT_BATCH_SIZE", environment, min(BATCH, waiting))
    return QueueLimits(waiting, min(batch, waiting))


def _number(name: str, environment: Mapping[str, str], default: int) -> int:
    said = environment.get(name, "").strip()
    if not said:
        return default
    if not (said.isdecimal() and int(said) > 0):
        raise ValueError(f"{name} must be a number above 0, not {said!r}")
    return int(said)


def _one_of(name: str, environment: Mapping[str, str], known: tuple[str, ...]) -> str:
    value = environment.get(name, "").strip().lower() or known[0]
    if value not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}, not {value!r}")
    return value
