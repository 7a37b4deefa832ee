"""The servers' own metrics are in Prometheus: what the dashboards and alerts on them name."""

from __future__ import annotations

import pytest

from tests.stack.asking import series, until
from tests.stack.sending import metering, tracing


@pytest.mark.parametrize("job", ["collector", "prometheus", "jaeger"])
def test_prometheus_sees_that_it_is_up(stack, job):
    until(lambda: [value for _, value in series(stack, f'up{{job="{job}"}}')] == [1])


@pytest.fixture(scope="module")
def used(stack) -> None:
    """Something was received and delivered."""
    with tracing(stack) as tracer, metering(stack) as meter:
        tracer.start_span("pause flow").end()
        meter.create_counter("routilux.test.used").add(1)
    until(lambda: series(stack, "routilux_test_used_total"))


@pytest.mark.parametrize(
    "name",
    [
        "otelcol_receiver_accepted_spans_total",
        "otelcol_receiver_accepted_metric_points_total",
        "otelcol_exporter_sent_spans_total",
        "otelcol_exporter_sent_metric_points_total",
        "otelcol_exporter_queue_size",
        "otelcol_exporter_queue_capacity",
        "otelcol_process_uptime_seconds_total",
        "otelcol_process_memory_rss_bytes",
    ],
)
def test_the_collector_tells_of_itself(stack, used, name):
    assert until(lambda: series(stack, f'{name}{{job="collector"}}'))
