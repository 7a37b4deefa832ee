"""What Prometheus holds: each metric by the name that the instrument's table gives it.

A query is written with the names of the table (`routilux.slot.queue.size`). What Prometheus makes
of them is worked out in `series_names` and `label_name`, and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass

from routilux.monitoring.instruments import INSTRUMENTS, SLOT_ATTRIBUTES
from routilux_otel.registry import (
    DROPPED,
    DROPPED_UNIT,
    HISTOGRAMS,
    LOSS_REASON,
    SIGNAL,
)

# The resource of a process, on each of its series: service.name and service.instance.id.
SERVICE = "job"
INSTANCE = "instance"
RESOURCE_LABELS = (SERVICE, INSTANCE)
# The one series that an SDK puts in the place of all that came after its limit of series.
OVERFLOW = "otel.metric.overflow"
OURS = "routilux_.+"  # a pattern for the names of all series of ours
BUCKET_BOUND = "le"
# What the job counters call all jobs beyond the number that they keep apart.
FOLDED_JOBS = "_other"

_UNIT_SUFFIXES = {"s": "_seconds", "1": "_ratio"}  # a unit in braces is a remark, and has none
_KIND_SUFFIXES = {
    "counter": ("_total",),
    "gauge": ("",),
    "histogram": ("_bucket", "_sum", "_count"),
}


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric as it is exported.

    Attributes:
        name: its name in OpenTelemetry.
        kind: counter, gauge or histogram.
        unit: UCUM.
        attributes: names of the attributes of its points.
    """

    name: str
    kind: str
    unit: str
    attributes: tuple[str, ...]


def series_names(metric: Metric) -> tuple[str, ...]:
    """What Prometheus calls the series of a metric; a histogram has three."""
    stem = metric.name.replace(".", "_") + _UNIT_SUFFIXES.get(metric.unit, "")
    return tuple(stem + suffix for suffix in _KIND_SUFFIXES[metric.kind])


def label_name(attribute: str) -> str:
    """What Prometheus calls an attribute."""
    return attribute.replace(".", "_")


METRICS: dict[str, Metric] = {
    DROPPED: Metric(DROPPED, "counter", DROPPED_UNIT, (SIGNAL, LOSS_REASON)),
    **{row.name: Metric(row.name, row.kind, row.unit, row.attributes) for row in INSTRUMENTS},
    **{row.name: Metric(row.name, "histogram", row.unit, row.attributes) for row in HISTOGRAMS},
}

# What others tell of themselves: the collector's own metrics as Prometheus scrapes them, and what
# Prometheus notes about each scrape. By name of the series, with its labels.
COLLECTOR_JOB = "collector"
_EXPORTER = ("exporter",)
_RECEIVER = ("receiver", "transport")
FOREIGN: dict[str, tuple[str, ...]] = {
    "up": (),
    "ALERTS": ("alertname", "alertstate", "severity", *map(label_name, SLOT_ATTRIBUTES)),
    "otelcol_process_uptime_seconds_total": (),
    "otelcol_process_memory_rss_bytes": (),
    "otelcol_exporter_queue_size": (*_EXPORTER, "data_type"),
    "otelcol_exporter_queue_capacity": (*_EXPORTER, "data_type"),
    "otelcol_exporter_sent_spans_total": _EXPORTER,
    "otelcol_exporter_sent_metric_points_total": _EXPORTER,
    "otelcol_exporter_sent_log_records_total": _EXPORTER,
    "otelcol_exporter_send_failed_spans_total": _EXPORTER,
    "otelcol_exporter_send_failed_metric_points_total": _EXPORTER,
    "otelcol_exporter_send_failed_log_records_total": _EXPORTER,
    "otelcol_exporter_enqueue_failed_spans_total": _EXPORTER,
    "otelcol_exporter_enqueue_failed_metric_points_total": _EXPORTER,
    "otelcol_exporter_enqueue_failed_log_records_total": _EXPORTER,
    "otelcol_receiver_accepted_spans_total": _RECEIVER,
    "otelcol_receiver_accepted_metric_points_total": _RECEIVER,
    "otelcol_receiver_accepted_log_records_total": _RECEIVER,
    "otelcol_receiver_refused_spans_total": _RECEIVER,
    "otelcol_receiver_refused_metric_points_total": _RECEIVER,
    "otelcol_receiver_refused_log_records_total": _RECEIVER,
}


def known_series() -> dict[str, frozenset[str]]:
    """The name of every series that there may be, with the labels that it may have."""
    known = {}
    for metric in METRICS.values():
        own = {label_name(each) for each in (*metric.attributes, OVERFLOW)}
        for name in series_names(metric):
            bound = {BUCKET_BOUND} if name.endswith("_bucket") else set()
            known[name] = frozenset({*own, *bound, *RESOURCE_LABELS})
    for name, labels in FOREIGN.items():
        known[name] = frozenset({*labels, *RESOURCE_LABELS})
    return known
