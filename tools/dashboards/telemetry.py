"""Telemetry: does what the other dashboards show arrive whole?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from routilux.monitoring.instruments import FLOW
from routilux_otel.registry import JOB, LOSS_REASON, SIGNAL
from tools.dashboards.page import TELEMETRY_UID, Row, page
from tools.dashboards.panels import (
    BYTES,
    CALM,
    CAREFUL,
    PROCESSES,
    RECORDS,
    RECORDS_PER_MINUTE,
    RECORDS_PER_SECOND,
    SECONDS,
    SERIES,
    SHARE,
    WRONG,
    Query,
    lines,
    number,
)
from tools.dashboards.promql import (
    equal,
    folded,
    growth,
    labels,
    legend,
    level,
    or_nothing,
    or_zero,
    rate,
    select,
    total,
    worst,
)
from tools.dashboards.registry import COLLECTOR_JOB, FOLDED_JOBS, INSTANCE, SERVICE
from tools.dashboards.scope import OF_SLOT, variables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grafana_foundation_sdk.cog.builder import Builder
    from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

_SIGNALS = {"spans": "spans", "metric_points": "metric points", "log_records": "log records"}
_DROPPED = "routilux.telemetry.dropped"


def telemetry() -> Dashboard:
    """The dashboard."""
    return page(
        TELEMETRY_UID,
        "Routilux: Telemetry",
        "What was lost on the way from the processes to the stores, and how near the limits are.",
        variables(),
        [
            Row("What the processes lost", [*_head(), _losses()]),
            Row("Series", [_folded(), _series(), _folded_jobs()]),
            Row("Collector", [*_collector_head(), _queues(), _received(), _sent()]),
        ],
    )


def _head() -> list[Builder[Panel]]:
    return [
        number(
            "Lost records",
            "Spans, metric points and log records that processes gave up, in the time shown.",
            RECORDS,
            Query(or_zero(total(growth(_DROPPED, window="$__range"))), "lost"),
            steps={1: WRONG},
            width=6,
        ),
        number(
            "Processes",
            "Processes whose figures arrive now.",
            PROCESSES,
            Query(
                or_zero(
                    f"count(count by {labels([SERVICE, INSTANCE])} "
                    f"({level('routilux.worker.limit')}))"
                ),
                "processes",
            ),
            width=6,
        ),
    ]


def _losses() -> Builder[Panel]:
    by = (SIGNAL, LOSS_REASON)
    return lines(
        "Lost a minute",
        "What processes gave up, by signal and reason. The work itself is not affected.",
        RECORDS_PER_MINUTE,
        Query(or_nothing(f"60 * {total(rate(_DROPPED), *by)}", SIGNAL), legend(*by)),
        stacked=True,
        width=12,
    )


def _folded() -> Builder[Panel]:
    return number(
        "Folded series",
        "Metrics of which an SDK keeps no more sets of attributes: the rest is added up in one "
        "series, so their figures by flow are too low.",
        SERIES,
        Query(or_zero(f"count({folded()})"), "folded"),
        steps={1: WRONG},
        width=6,
    )


def _series() -> Builder[Panel]:
    return lines(
        "Slots that report",
        "How many slots each flow reports, over all processes. An SDK keeps 2,000 sets of "
        "attributes for each metric and process.",
        SERIES,
        Query(
            f"count by {labels([FLOW])} ({select('routilux.slot.items.offered', *OF_SLOT)})",
            legend(FLOW),
        ),
        width=9,
    )


def _folded_jobs() -> Builder[Panel]:
    def of(name: str) -> str:
        folded = select(name, equal(JOB, FOLDED_JOBS))
        return or_zero(total(folded))

    return lines(
        "Job counters without a job",
        "What the job counters hold for jobs beyond our own cap, under the id _other. The slots' "
        "own counters stay exact.",
        "suffix: counted",
        Query(of("routilux.job.enqueue.retries"), "retries"),
        Query(of("routilux.job.items.refused"), "refused items"),
        width=9,
    )


def _collector_head() -> list[Builder[Panel]]:
    up = select("up", equal(SERVICE, COLLECTOR_JOB))
    return [
        number(
            "Collectors",
            "Collectors that answer Prometheus.",
            "suffix: up",
            Query(or_zero(total(up)), "up"),
            steps={0: WRONG, 1: CALM},
            width=6,
        ),
        number(
            "Fullest queue",
            "The fullest sending queue as a share of its capacity. Full: the collector refuses, or "
            "loses, what comes.",
            SHARE,
            Query(or_zero(worst(_fullness())), "fullest"),
            steps={0.5: CAREFUL, 0.9: WRONG},
            width=6,
        ),
        number(
            "Uptime",
            "How long the collector runs; short and shorter again: it is being restarted.",
            SECONDS,
            Query(f"min({select('otelcol_process_uptime_seconds_total')})", "uptime"),
            width=6,
        ),
        number(
            "Memory",
            "What the greatest collector holds in memory.",
            BYTES,
            Query(worst(select("otelcol_process_memory_rss_bytes")), "memory"),
            width=6,
        ),
    ]


def _fullness() -> str:
    by = ("exporter", "data_type")
    size = worst(select("otelcol_exporter_queue_size"), *by)
    return f"{size} / {worst(select('otelcol_exporter_queue_capacity'), *by)}"


def _queues() -> Builder[Panel]:
    return lines(
        "Sending queues",
        "How full the queue of each exporter is. A queue that fills means that its store does not "
        "answer fast enough, or not at all.",
        SHARE,
        Query(_fullness(), "{{exporter}} {{data_type}}"),
        steps={0.9: WRONG},
    )


def _received() -> Builder[Panel]:
    return lines(
        "Received",
        "What comes to the collector, and what it refuses: the processes then keep it for a while.",
        RECORDS_PER_SECOND,
        *_by_signal("otelcol_receiver_accepted_{}_total", (), "{} accepted"),
        *_by_signal("otelcol_receiver_refused_{}_total", (), "{} refused"),
    )


def _sent() -> Builder[Panel]:
    by = ("exporter",)
    return lines(
        "Sent",
        "What the collector's exporters sent, gave up after retries, and could not even queue.",
        RECORDS_PER_SECOND,
        *_by_signal("otelcol_exporter_sent_{}_total", by, "{} sent: {{{{exporter}}}}"),
        *_by_signal("otelcol_exporter_send_failed_{}_total", by, "{} lost: {{{{exporter}}}}"),
        *_by_signal(
            "otelcol_exporter_enqueue_failed_{}_total", by, "{} unqueued: {{{{exporter}}}}"
        ),
    )


def _by_signal(name: str, by: Sequence[str], line: str) -> list[Query]:
    return [
        Query(total(rate(name.format(signal)), *by), line.format(spoken))
        for signal, spoken in _SIGNALS.items()
    ]
