"""Data source, flow, routine, slot: each is asked of the ones before it."""

from __future__ import annotations

import re

import pytest

from tests.dashboards.checking import labels_of
from tests.dashboards.documents import DOCUMENTS
from tools.dashboards.queries import panel_queries, panels, variable_queries

CHAIN = ["flow", "routine", "slot"]
LABELS = ["routilux_flow_id", "routilux_routine_id", "routilux_slot_name"]

every_dashboard = pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)


def listed(document) -> dict[str, dict[str, object]]:
    return {each["name"]: each for each in document["templating"]["list"]}


@every_dashboard
def test_the_data_source_comes_first_and_the_rest_is_asked_of_it(document) -> None:
    names = list(listed(document))
    assert names[:4] == ["datasource", *CHAIN]
    assert listed(document)["datasource"]["query"] == "prometheus"
    for name in CHAIN:
        assert listed(document)[name]["datasource"]["uid"] == "${datasource}"


@every_dashboard
def test_each_is_asked_of_all_before_it(document) -> None:
    asked = list(variable_queries(document))
    assert [label for _, label in asked] == LABELS
    for place, (query, label) in enumerate(asked):
        assert re.findall(r"\$(\w+)", query.expression) == CHAIN[:place]
        assert label in labels_of(query.filled())


@every_dashboard
def test_they_are_asked_again_when_the_time_changes(document) -> None:
    assert {listed(document)[name]["refresh"] for name in CHAIN} == {2}


@every_dashboard
def test_everything_can_be_chosen_but_in_the_page_of_one_flow(document) -> None:
    several = {name for name in CHAIN if listed(document)[name].get("multi")}
    one_flow = document["uid"] == "routilux-flow"
    assert several == ({"routine", "slot"} if one_flow else set(CHAIN))
    for name in several:
        assert listed(document)[name]["includeAll"]
        assert listed(document)[name]["allValue"] == ".*"


@every_dashboard
def test_each_has_an_effect(document) -> None:
    used = {
        name
        for query in panel_queries(document)
        for name in re.findall(r"\$(\w+)", query.expression)
    }
    assert set(CHAIN) <= used


@every_dashboard
def test_a_choice_of_several_is_matched_as_a_pattern(document) -> None:
    for query in panel_queries(document):
        for operator, name in re.findall(r'(=~?)"\$(\w+)"', query.expression):
            assert (operator == "=~") == bool(listed(document)[name].get("multi"))


@every_dashboard
def test_rates_look_as_far_back_as_figures_are_sent_rarely(document) -> None:
    assert listed(document)["interval"]["query"] == "1m,15s,5s,1s"
    for panel in panels(document):
        for target in panel["targets"]:
            rates = "$__rate_interval" in target["expr"]
            assert target.get("interval") == ("$interval" if rates else None)
