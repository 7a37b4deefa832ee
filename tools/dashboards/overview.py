"""Overview: is anything wrong, and where?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from routilux.monitoring.instruments import ERROR_TYPE, FLOW, ROUTINE, SLOT, STATUS
from tools.dashboards import limits
from tools.dashboards.page import FLOW_UID, OVERVIEW_UID, Row, page
from tools.dashboards.panels import (
    ALERTS,
    CAREFUL,
    ITEMS,
    ITEMS_PER_MINUTE,
    ITEMS_PER_SECOND,
    JOBS,
    SECONDS,
    SHARE,
    WORKERS,
    WRONG,
    Column,
    Link,
    Query,
    lines,
    number,
    table,
)
from tools.dashboards.promql import (
    equal,
    labels,
    legend,
    level,
    like,
    or_nothing,
    or_zero,
    rate,
    select,
    total,
    worst,
)
from tools.dashboards.scope import OF_FLOW, OF_SLOT, variables

if TYPE_CHECKING:
    from grafana_foundation_sdk.cog.builder import Builder
    from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

WORST = 10  # rows of the table of slots: one screen
_FULLNESS = level("routilux.slot.queue.utilization", *OF_SLOT)
_AGE = level("routilux.slot.oldest_item.age", *OF_SLOT)
_REFUSED = rate("routilux.slot.items.refused", *OF_SLOT)
_FIRING = select("ALERTS", equal("alertstate", "firing"), like("alertname", "Routilux.+"))
_JOBS = level("routilux.job.count", *OF_FLOW)
_PLACE = {FLOW: "flow", ROUTINE: "routine", SLOT: "slot"}


def overview() -> Dashboard:
    """The dashboard."""
    return page(
        OVERVIEW_UID,
        "Routilux: Overview",
        "Whether anything is wrong in the flows of all processes, and where to look.",
        variables(),
        [
            Row("Is anything wrong?", [*_verdict(), _alerts()]),
            Row("Where?", [_worst_slots(), _oldest(), _refused(), _rates()]),
            Row("Jobs and workers", [_live_jobs(), _workers()]),
        ],
    )


def _verdict() -> list[Builder[Panel]]:
    return [
        number(
            "Alerts",
            "Alerts of Routilux that fire now, whatever is chosen above.",
            ALERTS,
            Query(or_zero(f"count({_FIRING})"), "firing"),
            steps={1: WRONG},
        ),
        number(
            "Fullest slot",
            "Items that wait, as a share of the limit, in the fullest slot of any live job. A full "
            "slot slows its producer; nothing is lost by that.",
            SHARE,
            Query(or_zero(worst(_FULLNESS)), "fullest"),
            steps={limits.NEARLY_FULL: CAREFUL},
        ),
        number(
            "Oldest item",
            "How long the item has waited that has waited longest.",
            SECONDS,
            Query(or_zero(worst(_AGE)), "oldest"),
            steps={limits.TOO_OLD_SECONDS: WRONG},
        ),
        number(
            "Refused",
            "Items a minute that will never be consumed. Each is a dead letter, or was told to who "
            "offered it.",
            ITEMS_PER_MINUTE,
            Query(or_zero(f"60 * {total(_REFUSED)}"), "refused"),
            steps={0.001: WRONG},
        ),
        number(
            "Live jobs",
            "Jobs that have not ended, in any state.",
            JOBS,
            Query(or_zero(total(_JOBS)), "live"),
        ),
        number(
            "Paused jobs",
            "Jobs that a person or a breakpoint has paused.",
            JOBS,
            Query(
                or_zero(total(level("routilux.job.count", *OF_FLOW, equal(STATUS, "paused")))),
                "paused",
            ),
            steps={1: CAREFUL},
        ),
    ]


def _alerts() -> Builder[Panel]:
    by = ("alertname", "severity", FLOW, ROUTINE, SLOT)
    return table(
        "Alerts that fire",
        "Each alert that fires now, and for what. docs/runbooks has a page for each.",
        {"alertname": "alert", "severity": "severity", **_PLACE},
        Column("alerts", or_nothing(f"count by {labels(by)} ({_FIRING})", "alertname"), ALERTS),
        width=24,
    )


def _worst_slots() -> Builder[Panel]:
    by = tuple(_PLACE)
    fullness = worst(_FULLNESS, *by)
    fullest = f"topk({WORST}, {fullness})"
    of_these = f"and on {labels(by)} {fullest}"
    waiting = total(level("routilux.slot.queue.unconsumed", *OF_SLOT), *by)
    limit = total(level("routilux.slot.queue.limit", *OF_SLOT), *by)
    flow = (
        f"/d/{FLOW_UID}?var-flow=${{__data.fields.flow}}&var-routine=${{__data.fields.routine}}"
        "&var-slot=${__data.fields.slot}&var-datasource=${datasource}&${__url_time_range}"
    )
    return table(
        "Worst slots",
        f"The {WORST} fullest slots. Waiting items and limit are sums over the live jobs of the "
        "flow, the share is that of the worst job. The name of a flow leads to its page.",
        _PLACE,
        Column("full", fullest, SHARE),
        Column("waiting", f"{waiting} {of_these}", ITEMS),
        Column("limit", f"{limit} {of_these}", ITEMS),
        Column("oldest", f"{worst(_AGE, *by)} {of_these}", SECONDS),
        Column("refused", f"60 * {total(_REFUSED, *by)} {of_these}", ITEMS_PER_MINUTE),
        links=[Link("flow", "Show the flow", flow)],
        width=24,
    )


def _oldest() -> Builder[Panel]:
    return lines(
        "Oldest item of each flow",
        "How long the oldest waiting item of each flow has waited. A line that climbs steadily "
        "means that nothing takes it.",
        SECONDS,
        Query(worst(_AGE, FLOW), legend(FLOW)),
        steps={limits.TOO_OLD_SECONDS: WRONG},
    )


def _refused() -> Builder[Panel]:
    return lines(
        "Refused a minute",
        "Items that will never be consumed, by flow and reason.",
        ITEMS_PER_MINUTE,
        Query(
            or_nothing(f"60 * {total(_REFUSED, FLOW, ERROR_TYPE)}", FLOW),
            legend(FLOW, ERROR_TYPE),
        ),
        stacked=True,
    )


def _rates() -> Builder[Panel]:
    return lines(
        "Items consumed",
        "Items that activations take, by flow.",
        ITEMS_PER_SECOND,
        Query(total(rate("routilux.slot.items.consumed", *OF_SLOT), FLOW), legend(FLOW)),
    )


def _live_jobs() -> Builder[Panel]:
    return lines(
        "Jobs by status",
        "Jobs that have not ended, by flow and status.",
        JOBS,
        Query(or_nothing(total(_JOBS, FLOW, STATUS), FLOW), legend(FLOW, STATUS)),
        stacked=True,
        width=12,
    )


def _workers() -> Builder[Panel]:
    return lines(
        "Workers",
        "Places for logic that runs, how many are taken, and activations that wait for room with a "
        "thread but without a place; over all processes, whatever flow is chosen.",
        WORKERS,
        Query(total(level("routilux.worker.limit")), "limit"),
        Query(total(level("routilux.worker.usage")), "running"),
        Query(total(level("routilux.worker.blocked")), "waiting for room"),
        width=12,
    )
