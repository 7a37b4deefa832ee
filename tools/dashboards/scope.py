"""The variables at the head of a dashboard, and the matchers that follow from them.

Each is asked of the ones before it: the data source gives flows, a flow its routines, a routine its
slots.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafana_foundation_sdk.builders.dashboard import (
    CustomVariable,
    DatasourceVariable,
    QueryVariable,
    TextBoxVariable,
)
from grafana_foundation_sdk.models.common import DataSourceRef
from grafana_foundation_sdk.models.dashboard import (
    VariableModel,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from routilux.monitoring.instruments import FLOW, ROUTINE, SLOT
from tools.dashboards.promql import equal, like, select
from tools.dashboards.registry import label_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grafana_foundation_sdk.cog.builder import Builder

DATASOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
DEFAULT_UID = "prometheus"  # what our own set-up calls it
# How often a process sends its figures: an SDK's own default first, which is always enough. Rates
# are worked out over four times that, so where it is shorter they are sharper.
SENT_EVERY = ("1m", "15s", "5s", "1s")
JAEGER = "http://127.0.0.1:16686"  # where our own set-up starts it

# Counters stay when the last job is over, so flows can still be chosen and looked at. A source has
# no slot that items come to; but it runs.
_OF_ROUTINES = "routilux.routine.busy.time"
_OF_SLOTS = "routilux.slot.items.offered"

OF_FLOW = (like(FLOW, "$flow"),)
OF_ROUTINE = (*OF_FLOW, like(ROUTINE, "$routine"))
OF_SLOT = (*OF_ROUTINE, like(SLOT, "$slot"))
# A dashboard about one flow: its value is no pattern, so Grafana does not escape it as one.
ONE_FLOW = (equal(FLOW, "$flow"),)
ONE_FLOWS_ROUTINE = (*ONE_FLOW, like(ROUTINE, "$routine"))
ONE_FLOWS_SLOT = (*ONE_FLOWS_ROUTINE, like(SLOT, "$slot"))


def variables(*, one_flow: bool = False) -> list[Builder[VariableModel]]:
    """Data source, flow (one, or as many as are chosen), routine, slot; and the interval."""
    flow = ONE_FLOW if one_flow else OF_FLOW
    routine = ONE_FLOWS_ROUTINE if one_flow else OF_ROUTINE
    return [
        _datasource(),
        _values("flow", "Which flow.", FLOW, _OF_ROUTINES, (), many=not one_flow),
        _values("routine", "Which of the flow's routines.", ROUTINE, _OF_ROUTINES, flow),
        _values("slot", "Which of the routines' slots.", SLOT, _OF_SLOTS, routine),
        _sent_every(),
    ]


def _sent_every() -> Builder[VariableModel]:
    return (
        CustomVariable("interval")
        .label("Sent every")
        .description("How often processes send their figures: OTEL_METRIC_EXPORT_INTERVAL.")
        .values(",".join(SENT_EVERY))
        .options([VariableOption(text=each, value=each) for each in SENT_EVERY])
        .current(VariableOption(selected=True, text=SENT_EVERY[0], value=SENT_EVERY[0]))
    )


def jaeger_variable() -> Builder[VariableModel]:
    """The address of Jaeger's pages, for links to traces."""
    return (
        TextBoxVariable("jaeger")
        .label("Jaeger")
        .description("Address of Jaeger's pages, for links to traces.")
        .default_value(JAEGER)
        .current(VariableOption(text=JAEGER, value=JAEGER))
    )


def _datasource() -> Builder[VariableModel]:
    return (
        DatasourceVariable("datasource")
        .label("Data source")
        .description("The Prometheus that holds the figures.")
        .type("prometheus")
        .current(VariableOption(text=DEFAULT_UID, value=DEFAULT_UID))
    )


def _values(
    name: str,
    description: str,
    attribute: str,
    metric: str,
    matchers: Sequence[str],
    *,
    many: bool = True,
) -> Builder[VariableModel]:
    query = f"label_values({select(metric, *matchers)}, {label_name(attribute)})"
    variable = (
        QueryVariable(name)
        .label(name.capitalize())
        .description(description)
        .datasource(DATASOURCE)
        .query({"query": query, "refId": name})
        .definition(query)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.NATURAL_ASC)
    )
    if many:
        everything = VariableOption(selected=True, text=["All"], value=["$__all"])
        variable.multi(True).include_all(True).all_value(".*").current(everything)
    return variable
