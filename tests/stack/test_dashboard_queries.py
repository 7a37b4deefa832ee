"""Each row of the table, sent as programs send it: every panel and alert finds it in Prometheus."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

from routilux.monitoring.instruments import ERROR_TYPE, FLOW, ROUTINE, SLOT, STATUS
from routilux_otel.registry import (
    BLOCK_REASON,
    BREAKPOINT_ACTION,
    BREAKPOINT_KIND,
    JOB,
    LOSS_REASON,
    OUTCOME,
    SIGNAL,
)
from tests.dashboards.documents import DOCUMENTS
from tests.stack.asking import ask, series, until
from tests.stack.sending import FLUSH_MS, resource, tracing
from tools.dashboards.alerts import ALERTS
from tools.dashboards.queries import (
    Asked,
    alert_queries,
    panel_queries,
    panels,
    variable_queries,
)
from tools.dashboards.registry import METRICS, Metric, series_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from opentelemetry.metrics import Meter

    from tools.backends.stack import Stack

CHOSEN = {"flow": "census", "routine": ".*", "slot": ".*"}
VALUES = {
    FLOW: ["census"],
    ROUTINE: ["walk", "parse"],
    SLOT: ["files"],
    STATUS: ["running", "paused"],
    ERROR_TYPE: ["queue_full"],
    JOB: ["3f2a", "_other"],
    BLOCK_REASON: ["full", "worker"],
    OUTCOME: ["completed", "failed"],
    BREAKPOINT_KIND: ["slot"],
    BREAKPOINT_ACTION: ["pause_job"],
    SIGNAL: ["traces"],
    LOSS_REASON: ["queue_full"],
}
TOO_MANY = 2_001  # sets of attributes, for an SDK that keeps 2,000
FOLDED = "routilux.job.items.refused"
PANELS = [
    pytest.param(document["title"], panel, id=f"{document['title']}: {panel['title']}")
    for document in DOCUMENTS.values()
    for panel in panels(document)
]


@pytest.fixture(scope="module", autouse=True)
def sent(stack: Stack) -> Iterator[None]:
    """Figures of every row, twice, so that counters have grown; one row is folded. And a span."""
    exporter = OTLPMetricExporter(endpoint=f"{stack.otlp_http}/v1/metrics")
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
    provider = MeterProvider([reader], resource("dashboards"), shutdown_on_exit=False)
    with tracing(stack) as tracer:
        tracer.start_span("pause census").end()  # sampling keeps it, so it is sent on
    growing = [0]
    records = [
        _instrument(provider.get_meter("routilux"), row, growing) for row in METRICS.values()
    ]
    for _ in range(2):
        growing[0] += 7
        for record in records:
            record()
        assert provider.force_flush(FLUSH_MS)
    until(
        lambda: series(
            stack, f"rate({series_names(METRICS['routilux.slot.items.offered'])[0]}[4m])"
        )
    )
    yield
    provider.shutdown()


def _instrument(meter: Meter, row: Metric, growing: list[int]) -> Callable[[], None]:
    """Register a row; what is called before each export."""
    points = [
        dict(zip(row.attributes, values, strict=True))
        for values in product(*(VALUES[attribute] for attribute in row.attributes))
    ]
    if row.name == FOLDED:
        points += [{**points[0], JOB: str(number)} for number in range(TOO_MANY)]
    if row.kind == "histogram":
        histogram = meter.create_histogram(row.name, row.unit)
        return lambda: [histogram.record(0.5, point) for point in points] and None

    def observe(_options: CallbackOptions) -> Iterable[Observation]:
        return [Observation(growing[0], point) for point in points]

    create = {
        "counter": meter.create_observable_counter,
        "gauge": meter.create_observable_gauge,
    }[row.kind]
    create(row.name, [observe], row.unit)
    return lambda: None


def answers(stack: Stack, query: Asked) -> list[tuple[Mapping[str, str], float]]:
    return series(stack, query.filled(CHOSEN))


def only_in_trouble(query: Asked) -> bool:
    """Whether a healthy collector, to which no program sends logs, has nothing to say there."""
    return "otelcol" in query.expression and (
        "_failed_" in query.expression or "_log_records_" in query.expression
    )


@pytest.mark.parametrize(("title", "panel"), PANELS)
def test_a_panel_shows_something(title: str, panel, stack: Stack) -> None:
    asked = list(panel_queries({"title": title, "panels": [panel]}))
    expected = [query for query in asked if not only_in_trouble(query)]
    assert expected
    for query in expected:
        assert until(lambda query=query: answers(stack, query)), query.where
    for query in asked:
        answers(stack, query)  # which fails if Prometheus does not take it


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_variable_has_values(document, stack: Stack) -> None:
    for query, label in variable_queries(document):
        assert set(VALUES[FLOW] + VALUES[ROUTINE] + VALUES[SLOT]).intersection(
            labels[label] for labels, _ in answers(stack, query)
        )


@pytest.mark.parametrize("query", list(alert_queries()), ids=lambda query: query.where)
def test_an_alert_has_figures(query: Asked, stack: Stack) -> None:
    if query.where.endswith("figures") and not only_in_trouble(query):
        assert until(lambda: answers(stack, query))
    else:
        answers(stack, query)


def test_prometheus_has_loaded_the_rules(stack: Stack) -> None:
    [group] = ask(f"{stack.prometheus_url}/api/v1/rules")["data"]["groups"]
    assert [rule["name"] for rule in group["rules"]] == [alert.name for alert in ALERTS]
    assert {rule["health"] for rule in group["rules"]} <= {"ok", "unknown"}


def test_folded_series_are_seen_and_told(stack: Stack) -> None:
    firing = 'ALERTS{alertname="RoutiluxSeriesOverflow", alertstate="firing"}'
    [(labels, _)] = until(lambda: series(stack, firing))
    assert labels["metric"] == series_names(METRICS[FOLDED])[0]
