"""Every query is PromQL, and names only what is emitted."""

from __future__ import annotations

import re

import pytest

from tests.dashboards.checking import labels_of, names_in
from tests.dashboards.documents import DOCUMENTS
from tools.dashboards.panels import SHARE
from tools.dashboards.queries import Asked, alert_queries, panel_queries, panels
from tools.dashboards.registry import METRICS, series_names

PANEL_QUERIES = [query for each in DOCUMENTS.values() for query in panel_queries(each)]
QUERIES = [*PANEL_QUERIES, *alert_queries()]
# What is held now is shown; how often something was held says little beside it.
NOT_SHOWN = {"routilux.slot.items.held"}


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.where)
def test_it_parses_and_names_only_what_there_is(query: Asked) -> None:
    labels_of(query.filled())


@pytest.mark.parametrize("query", PANEL_QUERIES, ids=lambda query: query.where)
def test_the_names_of_its_lines_use_labels_that_it_has(query: Asked) -> None:
    used = set(re.findall(r"{{(\w+)}}", query.legend))
    assert used <= labels_of(query.filled())


@pytest.mark.parametrize("panel", [p for d in DOCUMENTS.values() for p in panels(d)])
def test_the_columns_of_a_table_have_the_labels_that_they_are_grouped_by(panel) -> None:
    if panel["type"] != "table":
        return
    renamed = panel["transformations"][1]["options"]["renameByName"]
    wanted = {field for field in renamed if not field.startswith("Value")}
    for target in panel["targets"]:
        shown = labels_of(Asked("", target["expr"]).filled())
        # A column by more than the table shows would have several rows in its place.
        assert shown == wanted


def test_every_metric_of_ours_is_shown() -> None:
    shown = {name for query in PANEL_QUERIES for name in names_in(query.filled())}
    missing = {
        metric.name for metric in METRICS.values() if not shown.intersection(series_names(metric))
    }
    assert missing == NOT_SHOWN


@pytest.mark.parametrize("query", PANEL_QUERIES, ids=lambda query: query.where)
def test_a_counter_is_looked_at_through_its_growth(query: Asked) -> None:
    bare = re.findall(r"(\w+_total)(?:{[^}]*})?(?!\w|{|\[)", query.filled())
    # Since the process began: what the job counters are there for, the start of a series, and how
    # long a collector runs. Counted series have no value.
    fine = {
        "routilux_job_enqueue_retries_total",
        "routilux_job_items_refused_total",
        "routilux_telemetry_dropped_total",
        "routilux_slot_items_offered_total",
        "otelcol_process_uptime_seconds_total",
    }
    assert set(bare) <= fine


def test_exemplars_are_asked_of_histograms() -> None:
    with_exemplars = [
        target["expr"]
        for document in DOCUMENTS.values()
        for panel in panels(document)
        for target in panel["targets"]
        if target.get("exemplar")
    ]
    asked = {name for each in with_exemplars for name in names_in(Asked("", each).filled())}
    assert {
        "routilux_item_wait_duration_seconds_bucket",
        "routilux_activation_duration_seconds_bucket",
    } <= asked
    assert all(name.endswith("_bucket") for name in asked)


def test_shares_go_from_nothing_to_all() -> None:
    for document in DOCUMENTS.values():
        for panel in panels(document):
            if panel["type"] == "timeseries" and panel["fieldConfig"]["defaults"]["unit"] == SHARE:
                assert panel["fieldConfig"]["defaults"]["min"] == 0


def test_a_variable_without_a_value_is_told() -> None:
    with pytest.raises(KeyError, match="nobody"):
        Asked("", 'up{job="$nobody"}').filled()
    assert Asked("", 'x{a="$flow"}[$__range]').filled({"flow": "f"}) == 'x{a="f"}[30m]'
