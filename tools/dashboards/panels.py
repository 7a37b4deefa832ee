"""The kinds of panels that our dashboards have, each with a title, a description and a unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grafana_foundation_sdk.builders import stat as stats
from grafana_foundation_sdk.builders import table as tables
from grafana_foundation_sdk.builders import timeseries
from grafana_foundation_sdk.builders.common import (
    GraphThresholdsStyleConfig,
    ReduceDataOptions,
    StackingConfig,
    VizLegendOptions,
    VizTooltipOptions,
)
from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DataTransformerConfig,
    DynamicConfigValue,
    Panel,
    Threshold,
    ThresholdsMode,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from tools.dashboards.promql import WINDOW
from tools.dashboards.registry import label_name
from tools.dashboards.scope import DATASOURCE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grafana_foundation_sdk.cog.builder import Builder

ITEMS = "suffix: items"
ITEMS_PER_SECOND = "suffix: items/s"
ITEMS_PER_MINUTE = "suffix: items/min"
RETRIES_PER_MINUTE = "suffix: retries/min"
HITS_PER_MINUTE = "suffix: hits/min"
RECORDS = "suffix: records"
RECORDS_PER_SECOND = "suffix: records/s"
RECORDS_PER_MINUTE = "suffix: records/min"
JOBS = "suffix: jobs"
WORKERS = "suffix: workers"
SERIES = "suffix: series"
ALERTS = "suffix: alerts"
PROCESSES = "suffix: processes"
SECONDS = "s"
SHARE = "percentunit"
BYTES = "bytes"
TEXT = "string"

CALM, CAREFUL, WRONG = "green", "orange", "red"


@dataclass(frozen=True, slots=True)
class Query:
    """What a panel asks.

    Attributes:
        expression: PromQL.
        name: of its lines, with labels in double braces.
        exemplars: whether to show traces of single cases; only a histogram has them.
    """

    expression: str
    name: str
    exemplars: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column of figures in a table: its heading, what it asks, and its unit."""

    heading: str
    expression: str
    unit: str


@dataclass(frozen=True, slots=True)
class Link:
    """Where a value in a table leads to. `heading` is the column."""

    heading: str
    title: str
    url: str


def number(
    title: str,
    description: str,
    unit: str,
    query: Query,
    *,
    steps: Mapping[float, str] | None = None,
    width: int = 4,
) -> Builder[Panel]:
    """One figure, of now; `steps` colour it from a value on."""
    panel = _stat(title, description, unit, query, width).text_mode(BigValueTextMode.VALUE)
    return panel.thresholds(_thresholds(steps or {})).color_mode(BigValueColorMode.BACKGROUND)


def words(title: str, description: str, unit: str, query: Query, *, width: int) -> Builder[Panel]:
    """A sentence: the name of the query's line."""
    panel = _stat(title, description, unit, query, width).text_mode(BigValueTextMode.NAME)
    return panel.color_mode(BigValueColorMode.NONE)


def lines(
    title: str,
    description: str,
    unit: str,
    *queries: Query,
    steps: Mapping[float, str] | None = None,
    stacked: bool = False,
    width: int = 8,
) -> Builder[Panel]:
    """Figures over time; `steps` draw a dashed line from a value on."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .unit(unit)
        .datasource(DATASOURCE)
        .targets([_ranged(query, place) for place, query in enumerate(queries)])
        .height(8)
        .span(width)
        .min(0)
        .line_width(1)
        .fill_opacity(25 if stacked else 8)
        .legend(_legend())
        .tooltip(VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
    )
    if stacked:
        panel.stacking(StackingConfig().mode(StackingMode.NORMAL))
    if steps:
        dashed = GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED)
        panel.thresholds(_thresholds(steps)).thresholds_style(dashed)
    return panel


def table(
    title: str,
    description: str,
    attributes: Mapping[str, str],
    *columns: Column,
    links: Sequence[Link] = (),
    width: int = 12,
) -> Builder[Panel]:
    """Figures of now, a row for each set of attributes.

    Args:
        title: of the panel.
        description: of the panel.
        attributes: the heading of each attribute that the columns are grouped by.
        columns: the figures.
        links: from values elsewhere.
        width: in 24ths of the page.
    """
    panel = (
        tables.Panel()
        .title(title)
        .description(description)
        .unit(TEXT)
        .datasource(DATASOURCE)
        .targets([_listed(column, place) for place, column in enumerate(columns)])
        .height(8)
        .span(width)
        .with_transformation(DataTransformerConfig(id_val="merge", options={}))
        .with_transformation(_organized(attributes, columns))
    )
    for column in columns:
        panel.override_by_name(column.heading, [DynamicConfigValue("unit", column.unit)])
    for link in links:
        target = {"title": link.title, "url": link.url, "targetBlank": True}
        panel.override_by_name(link.heading, [DynamicConfigValue("links", [target])])
    return panel


def _stat(title: str, description: str, unit: str, query: Query, width: int) -> stats.Panel:
    return (
        stats.Panel()
        .title(title)
        .description(description)
        .unit(unit)
        .datasource(DATASOURCE)
        .with_target(_query(query.expression, 0).instant().legend_format(query.name))
        .height(4)
        .span(width)
        .graph_mode(BigValueGraphMode.NONE)
        .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))
    )


def _query(expression: str, place: int) -> Dataquery:
    asked = Dataquery().datasource(DATASOURCE).ref_id(chr(ord("A") + place)).expr(expression)
    # Grafana's window for rates follows from the interval of the query, if it has one.
    return asked.interval("$interval") if WINDOW in expression else asked


def _ranged(query: Query, place: int) -> Dataquery:
    asked = _query(query.expression, place).range().legend_format(query.name)
    return asked.exemplar(True) if query.exemplars else asked


def _listed(column: Column, place: int) -> Dataquery:
    return _query(column.expression, place).instant().format(PromQueryFormat.TABLE)


def _organized(attributes: Mapping[str, str], columns: Sequence[Column]) -> DataTransformerConfig:
    """The columns in our order, under our headings, without the time."""
    fields = {label_name(each): heading for each, heading in attributes.items()}
    if len(columns) == 1:
        fields["Value"] = columns[0].heading
    else:
        fields |= {f"Value #{chr(ord('A') + i)}": c.heading for i, c in enumerate(columns)}
    options = {
        "excludeByName": {"Time": True},
        "indexByName": {field: place for place, field in enumerate(fields)},
        "renameByName": fields,
    }
    return DataTransformerConfig(id_val="organize", options=options)


def _thresholds(steps: Mapping[float, str]) -> ThresholdsConfig:
    marks = [Threshold(value=None, color=CALM)]
    marks += [Threshold(value=value, color=color) for value, color in steps.items()]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(marks)


def _legend() -> VizLegendOptions:
    return (
        VizLegendOptions()
        .display_mode(LegendDisplayMode.TABLE)
        .placement(LegendPlacement.BOTTOM)
        .show_legend(True)
        .calcs(["lastNotNull", "max"])
    )
