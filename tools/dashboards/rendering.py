"""What `dashboards/` holds, as text by file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from tools.dashboards.alerts import ALERTS
from tools.dashboards.flow import flow
from tools.dashboards.overview import overview
from tools.dashboards.telemetry import telemetry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from grafana_foundation_sdk.models.dashboard import Dashboard

    from tools.dashboards.alerts import Alert

FOLDER = Path(__file__).resolve().parents[2] / "dashboards"
RULES = "rules/alerts.yaml"
_LONG = 60  # characters that fit behind the name of a field
_HEAD = "# Written by `make dashboards` from tools/dashboards/alerts.py.\n"


def dashboards() -> Mapping[str, Dashboard]:
    """Each dashboard by the name of its file."""
    return {
        "overview.json": overview(),
        "flow.json": flow(),
        "telemetry.json": telemetry(),
    }


def render() -> Mapping[str, str]:
    """The text of each file, by its path in the folder."""
    encoder = JSONEncoder(indent=2, sort_keys=True, ensure_ascii=False)
    pages = {name: encoder.encode(page) + "\n" for name, page in dashboards().items()}
    return {**pages, RULES: _HEAD + rules(ALERTS)}


class _Dumper(yaml.SafeDumper):
    """Writes a long text over several lines, without quotes."""

    def represent_text(self, text: str) -> yaml.ScalarNode:
        style = ">" if len(text) > _LONG else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _Dumper.represent_text)


def rules(alerts: Iterable[Alert]) -> str:
    """A file of rules, as Prometheus reads it."""
    file = {"groups": [{"name": "routilux", "rules": [alert.rule() for alert in alerts]}]}
    return str(yaml.dump(file, Dumper=_Dumper, sort_keys=False, width=96, allow_unicode=True))
