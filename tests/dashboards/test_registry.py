"""The names that queries are made of are those of the table of instruments."""

from __future__ import annotations

import pytest

from routilux.monitoring.exposition import prometheus_name
from routilux.monitoring.instruments import INSTRUMENTS
from tools.dashboards.promql import growth, select
from tools.dashboards.registry import METRICS, known_series, label_name, series_names


@pytest.mark.parametrize("row", INSTRUMENTS, ids=lambda row: row.name)
def test_a_row_is_called_as_our_own_exposition_calls_it(row) -> None:
    assert prometheus_name(row) in [*series_names(METRICS[row.name]), stem(row.name)]


def stem(name: str) -> str:
    """What a histogram is called as a whole."""
    return series_names(METRICS[name])[0].removesuffix("_bucket")


@pytest.mark.parametrize(
    ("name", "series"),
    [
        ("routilux.slot.queue.size", ["routilux_slot_queue_size"]),
        ("routilux.slot.queue.utilization", ["routilux_slot_queue_utilization_ratio"]),
        ("routilux.slot.oldest_item.age", ["routilux_slot_oldest_item_age_seconds"]),
        ("routilux.slot.items.consumed", ["routilux_slot_items_consumed_total"]),
        ("routilux.routine.busy.time", ["routilux_routine_busy_time_seconds_total"]),
        (
            "routilux.activation.duration",
            [
                "routilux_activation_duration_seconds_bucket",
                "routilux_activation_duration_seconds_sum",
                "routilux_activation_duration_seconds_count",
            ],
        ),
    ],
)
def test_names_are_those_that_prometheus_makes_of_otlp(name: str, series: list[str]) -> None:
    assert list(series_names(METRICS[name])) == series


def test_labels_are_those_of_the_row_and_of_the_resource() -> None:
    known = known_series()["routilux_activation_duration_seconds_bucket"]
    assert known == {
        "routilux_flow_id",
        "routilux_routine_id",
        "routilux_activation_outcome",
        "otel_metric_overflow",
        "le",
        "job",
        "instance",
    }
    assert label_name("error.type") == "error_type"


def test_what_nobody_emits_cannot_be_selected() -> None:
    with pytest.raises(KeyError):
        select("routilux.slot.queue.fullness")
    with pytest.raises(KeyError):
        select("routilux.activation.duration")  # a histogram has parts
    with pytest.raises(KeyError):
        select("routilux.slot.queue.size", part="sum")
    with pytest.raises(KeyError):
        growth("otelcol_nothing_total", window="5m")
