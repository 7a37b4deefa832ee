"""Every panel says what it shows, and in which unit; and a page is a page."""

from __future__ import annotations

from itertools import combinations

import pytest

from tests.dashboards.documents import DOCUMENTS
from tools.dashboards.queries import panels

PANELS = [
    pytest.param(panel, id=f"{name}: {panel['title']}")
    for name, document in DOCUMENTS.items()
    for panel in panels(document)
]
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}


@pytest.mark.parametrize("panel", PANELS)
def test_it_has_a_title_a_description_and_a_unit(panel) -> None:
    assert panel["title"].strip()
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]


@pytest.mark.parametrize("panel", PANELS)
def test_it_asks_the_data_source_that_is_chosen(panel) -> None:
    assert panel["datasource"] == DATASOURCE
    assert [target["datasource"] for target in panel["targets"]] == [DATASOURCE] * len(
        panel["targets"]
    )


@pytest.mark.parametrize("panel", PANELS)
def test_its_queries_are_told_apart(panel) -> None:
    names = [target["refId"] for target in panel["targets"]]
    assert names
    assert len(set(names)) == len(names)
    assert all(len(name) == 1 and name.isupper() for name in names)


@pytest.mark.parametrize("panel", PANELS)
def test_each_column_of_a_table_has_a_unit(panel) -> None:
    if panel["type"] != "table":
        return
    renamed = panel["transformations"][1]["options"]["renameByName"]
    figures = {heading for field, heading in renamed.items() if field.startswith("Value")}
    units = {
        override["matcher"]["options"]
        for override in panel["fieldConfig"]["overrides"]
        if any(each["id"] == "unit" for each in override["properties"])
    }
    assert units == figures
    assert len(set(renamed.values())) == len(renamed)


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_panels_lie_side_by_side_on_the_page(document) -> None:
    places = [panel["gridPos"] for panel in document["panels"]]
    for place in places:
        assert place["x"] + place["w"] <= 24
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_titles_and_ids_are_used_once(document) -> None:
    ids = [panel["id"] for panel in document["panels"]]
    assert len(set(ids)) == len(ids)
    titles = [panel["title"] for panel in document["panels"]]
    assert len(set(titles)) == len(titles)


def test_dashboards_are_told_apart_and_lead_to_one_another() -> None:
    assert {document["uid"] for document in DOCUMENTS.values()} == {
        "routilux-overview",
        "routilux-flow",
        "routilux-telemetry",
    }
    for document in DOCUMENTS.values():
        [link] = document["links"]
        assert set(link["tags"]) <= set(document["tags"])
        assert link["includeVars"]
        assert link["keepTime"]
