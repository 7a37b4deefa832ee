"""Every query of the dashboards and alerts, as Prometheus gets it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tools.dashboards.alerts import ALERTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# What Grafana fills in by itself, as it does for a page of half an hour and points of a minute.
GRAFANA = {"__rate_interval": "4m", "__interval": "1m", "__range": "30m"}
EVERYTHING = {"flow": ".*", "routine": ".*", "slot": ".*"}
_LABEL_VALUES = re.compile(r"label_values\((?P<selector>.+), *(?P<label>\w+)\)")


@dataclass(frozen=True, slots=True)
class Asked:
    """One query, with Grafana's variables still in it.

    Attributes:
        where: dashboard and panel, or variable, or alert.
        expression: PromQL.
        legend: how its lines are called; empty for tables, variables and alerts.
    """

    where: str
    expression: str
    legend: str = ""

    def filled(self, values: Mapping[str, str] = EVERYTHING) -> str:
        """The expression with values for its variables.

        Raises:
            KeyError: it has a variable for which there is no value.
        """
        known = {**GRAFANA, **values}
        # `$1` is not one: it stands for what `label_replace` has found.
        return re.sub(r"\$\{?([a-z_]\w*)\}?", lambda found: known[found[1]], self.expression)


def panels(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The panels of a dashboard's JSON, those of closed rows included, rows themselves not."""
    for panel in document["panels"]:
        if panel["type"] == "row":
            yield from panel.get("panels", ())
        else:
            yield panel


def panel_queries(document: Mapping[str, Any]) -> Iterator[Asked]:
    """The queries of the panels of a dashboard's JSON."""
    for panel in panels(document):
        for target in panel.get("targets", ()):
            where = f"{document['title']}: {panel['title']} {target['refId']}"
            yield Asked(where, target["expr"], target.get("legendFormat", ""))


def variable_queries(document: Mapping[str, Any]) -> Iterator[tuple[Asked, str]]:
    """The selector that each variable of a dashboard's JSON asks for, and the label it takes."""
    for variable in document["templating"]["list"]:
        if variable["type"] == "query":
            found = _LABEL_VALUES.fullmatch(variable["query"]["query"])
            if found is None:
                raise ValueError(f"not label_values(selector, label): {variable['query']}")
            where = f"{document['title']}: variable {variable['name']}"
            yield Asked(where, found["selector"]), found["label"]


def alert_queries() -> Iterator[Asked]:
    """What each alert looks at, and its whole expression."""
    for alert in ALERTS:
        yield Asked(f"{alert.name}: figures", alert.query)
        yield Asked(alert.name, alert.expression)
