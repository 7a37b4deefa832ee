"""A dashboard of rows of panels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grafana_foundation_sdk.builders.dashboard import Dashboard as DashboardBuilder
from grafana_foundation_sdk.builders.dashboard import DashboardLink
from grafana_foundation_sdk.builders.dashboard import Row as RowBuilder
from grafana_foundation_sdk.models.dashboard import (
    Dashboard,
    DashboardCursorSync,
    DashboardLinkType,
    Panel,
    VariableModel,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grafana_foundation_sdk.cog.builder import Builder

TAG = "routilux"
OVERVIEW_UID = "routilux-overview"
FLOW_UID = "routilux-flow"
TELEMETRY_UID = "routilux-telemetry"


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under one heading, from the left to the right."""

    title: str
    panels: Sequence[Builder[Panel]]


def page(
    uid: str,
    title: str,
    description: str,
    variables: Sequence[Builder[VariableModel]],
    rows: Sequence[Row],
) -> Dashboard:
    """Put a dashboard together; it links to the others, and takes along what was chosen."""
    others = (
        DashboardLink("Routilux")
        .type(DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .include_vars(True)
        .keep_time(True)
    )
    builder = (
        DashboardBuilder(title)
        .uid(uid)
        .description(description)
        .tags([TAG])
        .link(others)
        .time("now-30m", "now")
        .refresh("10s")
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .variables(list(variables))
    )
    for row in rows:
        builder.with_row(RowBuilder(row.title))
        for panel in row.panels:
            builder.with_panel(panel)
    return _numbered(builder.build())


def _numbered(dashboard: Dashboard) -> Dashboard:
    """Give each panel an id that links can name."""
    for number, panel in enumerate(dashboard.panels or (), start=1):
        panel.id_val = number
    return dashboard
