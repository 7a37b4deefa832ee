"""The reference page of telemetry, made from the registry: ``python -m tools.telemetry_page``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from routilux.engine.job_sets import JOB_SET_LIMIT
from routilux.monitoring.instruments import INSTRUMENTS
from routilux_otel import registry
from routilux_otel.gate_spans import MOST_SLOTS
from routilux_otel.histograms import RATE
from routilux_otel.job_trace import MOST_SPANS
from routilux_otel.settings import BATCH, DELAY_MS, LEVEL, LEVELS, PAYLOADS, WAITING
from routilux_otel.setup import SHUTDOWN_S
from routilux_otel.span_events import MOST_OF_A_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PATH = Path(__file__).resolve().parents[1] / "docs" / "telemetry.md"

INTRODUCTION = """\
# Telemetry

Everything that Routilux emits over OpenTelemetry. This page is made from the registry in the code by `make telemetry`; a test fails when it differs, and another one when a program emits something else than what stands here.

The HTTP face reads the same table of instruments (`/metrics`, `queues/status`), and so does the record of a pause: on a quiet job all of them are equal to the item.
"""  # noqa: E501 - a paragraph is a line

LIMITS = f"""\
## Limits

- Levels and counters are read when they are collected, in one walk over all jobs; an item costs no call. Counters never fall while the process lives, also when jobs end.
- Levels are of live jobs only: a flow without one has no gauge. Prometheus goes on showing the last value of a series that has ended, for five minutes when it was received over OTLP.
- What was begun when telemetry is turned off in mid-run ends without a status.
- Histograms record at most {RATE} values a second of each routine, slot or flow, and as many at once; beyond that they are evenly sampled. Counters are exact.
- The two counters with `{registry.JOB}` have at most {JOB_SET_LIMIT} sets of attributes; what comes after that is counted under `_other`. Only jobs that had to wait or were refused something appear.
- The SDK keeps 2,000 sets of attributes for each instrument and folds the rest into one with `otel.metric.overflow`. A program with more slots than that needs a view of its own.
- A job has at most {MOST_SPANS:,} spans; those after that count as `{registry.DROPPED}`. A span has at most {MOST_OF_A_NAME} events of one name, then one that says how many were left out. A pause lists the {MOST_SLOTS} fullest slots.
- {WAITING:,} spans and as many log records wait to be sent, {BATCH} at a time and after {DELAY_MS / 1000:g} s at the latest (`OTEL_BSP_*`, `OTEL_BLRP_*`). What finds no room is counted as lost, and nobody waits for it.
- The end of a program waits at most {SHUTDOWN_S:g} seconds for a last export.

## Settings

| variable | what it says |
|---|---|
| `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_PROTOCOL`, ... | where to send; the variables of OpenTelemetry mean what they always do |
| `OTEL_TRACES_EXPORTER`, `OTEL_METRICS_EXPORTER`, `OTEL_LOGS_EXPORTER` | `otlp` (the default), `console` or `none` |
| `OTEL_TRACES_SAMPLER` | which jobs are traced; the decision is the job's |
| `{LEVEL}` | {", ".join(f"`{each}`" for each in LEVELS[:-1])} or `{LEVELS[-1]}` (the default): how much is recorded |
| `{PAYLOADS}` | `true`: record messages of tracepoints and texts of errors, which may hold payload |
| `OTEL_SDK_DISABLED` | `true`: nothing at all |
"""  # noqa: E501 - likewise


def page() -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, *_metrics(), *_traces(), *_logs(), LIMITS])


def _metrics() -> Iterator[str]:
    yield "## Metrics\n\nThe meter is `routilux`.\n"
    rows: list[tuple[str, str, str, tuple[str, ...], str]] = [
        (row.name, row.kind, row.unit, row.attributes, row.meaning) for row in INSTRUMENTS
    ]
    dropped = (registry.SIGNAL, registry.LOSS_REASON)
    rows.append(
        (registry.DROPPED, "counter", registry.DROPPED_UNIT, dropped, registry.DROPPED_MEANING)
    )
    rows += [
        (row.name, "histogram", row.unit, row.attributes, row.meaning)
        for row in registry.HISTOGRAMS
    ]
    yield _table(
        ("name", "kind", "unit", "attributes", "meaning"),
        [
            (f"`{name}`", kind, f"`{unit}`", _names(attributes), meaning)
            for name, kind, unit, attributes, meaning in rows
        ],
    )


def _traces() -> Iterator[str]:
    yield "## Spans\n\nThe name is the first word and the id of the flow, or of the routine.\n"
    yield _table(
        ("name", "kind", "attributes", "sometimes", "meaning"),
        [
            (f"`{row.prefix} ...`", row.kind, _names(row.attributes), _names(row.may), row.meaning)
            for row in registry.SPANS
        ],
    )
    yield (
        "Spans that logic or its libraries open are below the activation, and have "
        f"`{registry.JOB}`. The context of an activation travels in its items, through retries, "
        "held items, dead letters, snapshots and restores.\n"
    )
    yield (
        "## Span events\n\nOn the span of the activation that felt it; of a caller from outside, "
        "on his current span; else on the job's.\n"
    )
    yield _table(
        ("name", "attributes", "sometimes", "meaning"),
        [
            (f"`{row.name}`", _names(row.attributes), _names(row.may), row.meaning)
            for row in registry.EVENTS
        ],
    )
    yield "## Attributes\n"
    yield _table(
        ("name", "type", "meaning"),
        [(f"`{each.name}`", each.type, each.meaning) for each in registry.ATTRIBUTES],
    )


def _logs() -> Iterator[str]:
    yield (
        "## Log records\n\nWhat `logging` gets at INFO and above, with the trace and span that it "
        f"was written in and, inside of a job, `{registry.JOB}`. Records of Routilux have the type "
        "of an error and not its text, unless payloads may be recorded.\n"
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    PATH.write_text(page(), "utf-8")
    print(f"Wrote docs/{PATH.name}")
