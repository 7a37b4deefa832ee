"""Alerts: Prometheus rules about the same figures, with a page of `docs/runbooks` each."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from routilux.monitoring.instruments import ERROR_TYPE, FLOW, ROUTINE, SLOT, STATUS
from routilux_otel.registry import LOSS_REASON, SIGNAL
from tools.dashboards import limits
from tools.dashboards.promql import (
    equal,
    folded,
    growth,
    labels,
    marked,
    rate,
    select,
    total,
    unlike,
    worst,
)
from tools.dashboards.registry import COLLECTOR_JOB, SERVICE, label_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RUNBOOKS = "docs/runbooks"
_PREFIX = "Routilux"
_AT = (FLOW, ROUTINE, SLOT)
# Somebody chose these: the slot's author, an operator, a person at the debugger.
_CHOSEN = "evicted|cancelled|dropped_in_debugger"
_EXPORTER = "exporter"
# The collector's name for the records of a signal, and what it could not do with some.
_RECORDS = {"spans": "traces", "metric_points": "metrics", "log_records": "logs"}
_LOSSES = {"send_failed": "deliver", "enqueue_failed": "queue"}


@dataclass(frozen=True, slots=True)
class Alert:
    """One rule.

    Attributes:
        name: CamelCase; the runbook's name follows from it.
        query: the figures that it looks at; they are there also while all is well.
        condition: what of them is wrong, such as ``> 0``.
        lasting: how long it must be wrong, such as ``10m``.
        severity: ``critical``: somebody has to act now; ``warning``: soon.
        summary, description: what a person reads, with labels in double braces.
        also: labels that tell rules of the same name apart.
    """

    name: str
    query: str
    condition: str
    lasting: str
    severity: str
    summary: str
    description: str
    also: Mapping[str, str] = field(default_factory=dict)

    @property
    def expression(self) -> str:
        """PromQL: what it gives is wrong."""
        return f"({self.query}) {self.condition}"  # what compares binds closer than `or`

    @property
    def runbook(self) -> str:
        """The path of its page."""
        words = re.findall("[A-Z][a-z]+", self.name.removeprefix(_PREFIX))
        return f"{RUNBOOKS}/{'-'.join(words).lower()}.md"

    def rule(self) -> Mapping[str, object]:
        """The rule as Prometheus reads it."""
        return {
            "alert": self.name,
            "expr": self.expression,
            "for": self.lasting,
            "labels": {"severity": self.severity, **self.also},
            "annotations": {
                "summary": self.summary,
                "description": self.description,
                "runbook": self.runbook,
            },
        }


def _of(attribute: str) -> str:
    return f"{{{{ $labels.{label_name(attribute)} }}}}"


_THE_SLOT = f"slot {_of(ROUTINE)}.{_of(SLOT)} of flow {_of(FLOW)}"


def _while_items_wait() -> str:
    """Flows of which jobs run and items wait."""
    waiting = total(select("routilux.slot.queue.unconsumed"), FLOW)
    running = total(select("routilux.job.count", equal(STATUS, "running")), FLOW)
    return f"and {waiting} > 0 and {running} > 0"


def _folded() -> str:
    """Metrics with a series that stands for many, by service. An alert has no name of a metric."""
    named = f'label_replace({folded()}, "metric", "$1", "__name__", "(.+)")'
    return f"count by {labels([SERVICE, 'metric'])} ({named})"


def _collectors() -> str:
    """Each collector's `up`; 0 if Prometheus knows of none."""
    up = select("up", equal(SERVICE, COLLECTOR_JOB))
    return f"{up} or on() {marked('vector(0)', SERVICE, COLLECTOR_JOB)}"


_GAPS = (
    "{{ $value | humanize }} records in 10 minutes. The work itself is not affected, but what the "
    "dashboards show has gaps."
)


def _losses_of_collector() -> Iterator[Alert]:
    """A rule for each signal and task: joined in one, equal labels would hide one another."""
    for loss, task in _LOSSES.items():
        for records, signal in _RECORDS.items():
            yield Alert(
                "RoutiluxTelemetryLost",
                total(growth(f"otelcol_exporter_{loss}_{records}_total", window="10m"), _EXPORTER),
                "> 0",
                "0m",
                "warning",
                f"The collector could not {task} {signal} of {_of(_EXPORTER)}",
                _GAPS,
                {label_name(SIGNAL): signal, label_name(LOSS_REASON): loss},
            )


ALERTS: tuple[Alert, ...] = (
    Alert(
        "RoutiluxSlotNearlyFull",
        worst(select("routilux.slot.queue.utilization"), *_AT),
        f">= {limits.NEARLY_FULL}",
        # Longer than Prometheus shows the last value of a job that has ended (5 minutes).
        "10m",
        "warning",
        f"The {_THE_SLOT} is nearly full",
        "{{ $value | humanizePercentage }} of the limit have waited there for 10 minutes. Its "
        "producers wait for room; nothing is lost by that.",
    ),
    Alert(
        "RoutiluxItemsRefused",
        total(
            growth("routilux.slot.items.refused", unlike(ERROR_TYPE, _CHOSEN), window="5m"),
            *_AT,
            ERROR_TYPE,
        ),
        "> 0",
        "0m",
        "critical",
        f"The {_THE_SLOT} refused items: {_of(ERROR_TYPE)}",
        "{{ $value | humanize }} items in 5 minutes will never be consumed. Those of the job's own "
        "logic are dead letters, and can be delivered again.",
    ),
    Alert(
        "RoutiluxOldestItemTooOld",
        worst(select("routilux.slot.oldest_item.age"), *_AT),
        f"> {limits.TOO_OLD_SECONDS}",
        "1m",
        "warning",
        f"An item waits for too long in the {_THE_SLOT}",
        "The oldest one has waited for {{ $value | humanizeDuration }}.",
    ),
    Alert(
        "RoutiluxJobPausedTooLong",
        total(select("routilux.job.count", equal(STATUS, "paused")), FLOW),
        "> 0",
        "30m",
        "warning",
        f"Jobs of flow {_of(FLOW)} are paused for too long",
        "For 30 minutes there was always a paused job; now there are {{ $value | humanize }}. A "
        "paused job keeps its items and does nothing until it is resumed.",
    ),
    Alert(
        "RoutiluxNoProgress",
        total(rate("routilux.slot.items.consumed", window="5m"), FLOW),
        f"== 0 {_while_items_wait()}",
        "10m",
        "critical",
        f"Flow {_of(FLOW)} makes no progress",
        "Items wait and jobs run, but for 10 minutes or more no activation has taken an item.",
    ),
    Alert(
        "RoutiluxTelemetryLost",
        total(growth("routilux.telemetry.dropped", window="10m"), SIGNAL, LOSS_REASON),
        "> 0",
        "0m",
        "warning",
        f"Processes lose telemetry: {_of(SIGNAL)} ({_of(LOSS_REASON)})",
        _GAPS,
    ),
    *_losses_of_collector(),
    Alert(
        "RoutiluxSeriesOverflow",
        _folded(),
        "> 0",
        "0m",
        "warning",
        "{{ $labels.metric }} of {{ $labels.job }} has more series than are kept",
        "Sets of attributes beyond the limit are added up in one series: figures by flow, routine "
        "or slot are too low since then, until the process is started again.",
    ),
    Alert(
        "RoutiluxCollectorDown",
        _collectors(),
        "== 0",
        "2m",
        "critical",
        "The collector does not answer",
        "No figures and traces arrive, so no other alert can fire. Processes go on working, keep "
        "what fits in their bounds, and count what they lose.",
    ),
)
