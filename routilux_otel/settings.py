"""What the ``OTEL_*`` variables, and two of our own, say about telemetry, checked."""

from __future__ import annotations

import difflib
import math
import os
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import urlsplit

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
OURS = "ROUTILUX_OTEL_"  # how the names of our own begin
SLIP = 0.8  # as alike as a name with a letter too few, or a word
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
# Where the SDK looks when no variable says where the collector is.
DEFAULT_ENDPOINTS = {
    "http/protobuf": "http://localhost:4318",
    "grpc": "http://localhost:4317",
}
HTTP_PORT, GRPC_PORT = 4318, 4317
SAMPLERS = (
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
)
EXEMPLAR_FILTERS = ("trace_based", "always_on", "always_off")
PROPAGATORS = "OTEL_PROPAGATORS"
WAITING, BATCH = 2048, 512  # records of a queue: what the specification says
# Of spans it says 5,000; but whoever has paused a job looks at its trace now, not in five seconds.
DELAY_MS = 1_000


class QueueLimits(NamedTuple):
    """Of a queue in front of an exporter.

    Attributes:
        waiting: records that may wait.
        batch: records that are sent together, as soon as there are so many.
        delay_ms: how long fewer than that wait, in milliseconds.
    """

    waiting: int = WAITING
    batch: int = BATCH
    delay_ms: int = DELAY_MS


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
    name = f"OTEL_{signal.upper()}_EXPORTER"
    if "," in environment.get(name, ""):
        raise ValueError(
            f"{name} must be one of {', '.join(EXPORTERS)} (a list is not taken), "
            f"not {environment[name]!r}"
        )
    return _one_of(name, environment, EXPORTERS)


def protocol(signal: Signal, environment: Mapping[str, str] = os.environ) -> str:
    """The OTLP protocol of a signal: ``http/protobuf`` (the default) or ``grpc``.

    Raises:
        ValueError: the variable says something else.
    """
    own = f"OTEL_EXPORTER_OTLP_{signal.upper()}_PROTOCOL"
    if environment.get(own, "").strip():
        return _one_of(own, environment, PROTOCOLS)
    return _one_of("OTEL_EXPORTER_OTLP_PROTOCOL", environment, PROTOCOLS)


def endpoint(
    signal: Signal | None, environment: Mapping[str, str] = os.environ
) -> tuple[str, str | None]:
    """Where a signal goes: the variable that says so, and what it says; None: it says nothing.

    Args:
        signal: the signal; None: whichever it is, so only the variable of all of them counts.
        environment: the variables.
    """
    own = f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT" if signal else ENDPOINT
    name = own if environment.get(own) else ENDPOINT
    return name, environment.get(name) or None


def check_otlp(signal: Signal, environment: Mapping[str, str] = os.environ) -> None:
    """Check what the OTLP exporter of a signal reads by itself: it takes whatever it finds.

    Raises:
        ValueError: the endpoint or the time-out is wrong.
    """
    name, said = endpoint(signal, environment)
    over_http = protocol(signal, environment) == "http/protobuf"  # gRPC takes host:port, too
    if over_http and said is not None and not _is_address(said):
        shown = said.rpartition("@")[2]  # before it there may be a password
        raise ValueError(
            f"{name} must be an address with http:// or https://, such as "
            f"{DEFAULT_ENDPOINTS['http/protobuf']}, not {shown!r}"
        )
    for each in (f"OTEL_EXPORTER_OTLP_{signal.upper()}_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"):
        _check_amount(each, environment, "seconds")


def check_metrics(environment: Mapping[str, str] = os.environ) -> None:
    """Check what the SDK reads by itself to export metrics.

    Raises:
        ValueError: an interval or the filter of exemplars is wrong.
    """
    for name in ("OTEL_METRIC_EXPORT_INTERVAL", "OTEL_METRIC_EXPORT_TIMEOUT"):
        _check_amount(name, environment, "milliseconds")
    _check_exact("OTEL_METRICS_EXEMPLAR_FILTER", environment, EXEMPLAR_FILTERS)


def check_sampler(environment: Mapping[str, str] = os.environ) -> None:
    """Check ``OTEL_TRACES_SAMPLER`` and its argument: the SDK would sample everything instead.

    Raises:
        ValueError: one is wrong.
    """
    name = "OTEL_TRACES_SAMPLER"
    sampler = environment.get(name, "").lower()
    _check_exact(name, {name: sampler}, SAMPLERS)
    said = environment.get(f"{name}_ARG", "")
    if said and sampler.endswith("traceidratio"):
        ratio = _float(said)
        if ratio is None or not 0 <= ratio <= 1:
            raise ValueError(f"{name}_ARG must be a number from 0 to 1, not {said!r}")


def check_propagators(environment: Mapping[str, str] = os.environ) -> None:
    """Check ``OTEL_PROPAGATORS``, which OpenTelemetry reads when it is imported.

    Raises:
        ValueError: one of them is not installed.
    """
    said = environment.get(PROPAGATORS, "")
    if not said:
        return
    known = {each.name for each in entry_points(group="opentelemetry_propagator")}
    for word in said.split(","):
        if word.strip().lower() == "none":
            return
        if word.strip() not in known:
            raise ValueError(
                f"{PROPAGATORS} must be none or a list, with commas, of "
                f"{', '.join(sorted(known))}, not {said!r}"
            )


def check_own(environment: Mapping[str, str] = os.environ) -> None:
    """Check the variables of our own, and that none has almost the name of one.

    Raises:
        ValueError: one is wrong.
    """
    known = (LEVEL, PAYLOADS)
    for name in environment:
        asked = name.upper()
        if name in known or not asked.startswith(OURS):
            continue
        near = difflib.get_close_matches(asked, known, 1, SLIP)
        if near:
            raise ValueError(f"{name} is no setting: did you mean {near[0]}?")
    level(environment)
    captures_payloads(environment)


def queue_limits(prefix: str, environment: Mapping[str, str] = os.environ) -> QueueLimits:
    """The limits of a queue: ``OTEL_BSP_...`` for spans, ``OTEL_BLRP_...`` for log records.

    Raises:
        ValueError: one, or a time that the SDK reads by itself, is no number above 0.
    """
    milliseconds = "whole number of milliseconds"
    _number(f"{prefix}_EXPORT_TIMEOUT", environment, 1, milliseconds)
    delay = _number(f"{prefix}_SCHEDULE_DELAY", environment, DELAY_MS, milliseconds)
    waiting = _number(f"{prefix}_MAX_QUEUE_SIZE", environment, WAITING)
    batch = _number(f"{prefix}_MAX_EXPORT_BATCH_SIZE", environment, min(BATCH, waiting))
    return QueueLimits(waiting, min(batch, waiting), delay)


def _number(name: str, environment: Mapping[str, str], default: int, what: str = "number") -> int:
    said = environment.get(name, "").strip()
    if not said:
        return default
    if not (said.isdecimal() and int(said) > 0):
        raise ValueError(f"{name} must be a {what} above 0, not {said!r}")
    return int(said)


def _is_address(said: str) -> bool:
    try:
        parts = urlsplit(said)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:  # a bracket of IPv6 that is not closed
        return False


def _check_amount(name: str, environment: Mapping[str, str], unit: str) -> None:
    said = environment.get(name, "").strip()
    if not said:
        return
    amount = _float(said)
    if amount is None or not (math.isfinite(amount) and amount > 0):
        raise ValueError(f"{name} must be a number of {unit} above 0, not {said!r}")


def _float(said: str) -> float | None:
    try:
        return float(said)
    except ValueError:
        return None


def _check_exact(name: str, environment: Mapping[str, str], known: tuple[str, ...]) -> None:
    """Check what the SDK reads by itself: with blanks around it, it does not know it."""
    said = environment.get(name, "")
    if said and said not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}, not {said!r}")


def _one_of(name: str, environment: Mapping[str, str], known: tuple[str, ...]) -> str:
    value = environment.get(name, "").strip().lower() or known[0]
    if value not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}, not {value!r}")
    return value
