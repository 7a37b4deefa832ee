"""Where values in a table lead to."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qs, urlsplit

from tests.dashboards.documents import DOCUMENTS
from tools.dashboards.queries import panels


def links(name: str, title: str) -> tuple[dict[str, object], dict[str, str]]:
    """A panel of a dashboard, and the addresses of its links by column."""
    [panel] = [each for each in panels(DOCUMENTS[name]) if each["title"] == title]
    found = {
        override["matcher"]["options"]: each["value"][0]["url"]
        for override in panel["fieldConfig"]["overrides"]
        for each in override["properties"]
        if each["id"] == "links"
    }
    return panel, found


def columns(panel) -> set[str]:
    return set(panel["transformations"][1]["options"]["renameByName"].values())


def variables(name: str) -> set[str]:
    return {each["name"] for each in DOCUMENTS[name]["templating"]["list"]}


def test_a_job_leads_to_its_traces_in_jaeger() -> None:
    panel, found = links("flow.json", "Jobs in trouble")
    address = found["job"]
    used = set(re.findall(r"__data\.fields\.(\w+)", address))
    assert used <= columns(panel)
    assert address.startswith("${jaeger}/")
    assert "jaeger" in variables("flow.json")
    filled = address
    for variable, value in {
        "${jaeger}": "http://127.0.0.1:16686",
        "${__data.fields.service}": "routilux",
        "${__value.raw}": "3f2a",
        "${__from}": "1000",
        "${__to}": "2000",
    }.items():
        filled = filled.replace(variable, value)
    parts = urlsplit(filled)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert parts.path == "/search"
    assert json.loads(asked.pop("tags")) == {"routilux.job.id": "3f2a"}
    # In microseconds.
    assert asked == {
        "service": "routilux",
        "lookback": "custom",
        "start": "1000000",
        "end": "2000000",
    }


def test_a_bad_slot_leads_to_its_flow() -> None:
    panel, found = links("overview.json", "Worst slots")
    address = urlsplit(found["flow"])
    assert address.path == f"/d/{DOCUMENTS['flow.json']['uid']}"
    chosen = set(re.findall(r"var-(\w+)=", address.query))
    assert chosen == variables("flow.json") - {"jaeger", "interval"}
    assert set(re.findall(r"__data\.fields\.(\w+)", address.query)) <= columns(panel)
