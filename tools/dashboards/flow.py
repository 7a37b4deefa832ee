"""Flow: one flow in detail, from the bottleneck in words down to a job's trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from routilux.monitoring.instruments import ERROR_TYPE, ROUTINE, SLOT, STATUS
from routilux_otel.registry import BLOCK_REASON, BREAKPOINT_ACTION, BREAKPOINT_KIND, JOB, OUTCOME
from tools.dashboards import limits
from tools.dashboards.bottleneck import BOTTLENECK, blocked, busy, idle, share
from tools.dashboards.page import FLOW_UID, Row, page
from tools.dashboards.panels import (
    CAREFUL,
    HITS_PER_MINUTE,
    ITEMS,
    ITEMS_PER_MINUTE,
    ITEMS_PER_SECOND,
    JOBS,
    RETRIES_PER_MINUTE,
    SECONDS,
    SHARE,
    WRONG,
    Column,
    Link,
    Query,
    lines,
    number,
    table,
    words,
)
from tools.dashboards.promql import (
    equal,
    legend,
    level,
    or_nothing,
    or_zero,
    quantile,
    rate,
    select,
    total,
    worst,
)
from tools.dashboards.registry import SERVICE
from tools.dashboards.scope import (
    ONE_FLOW,
    ONE_FLOWS_ROUTINE,
    ONE_FLOWS_SLOT,
    jaeger_variable,
    variables,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grafana_foundation_sdk.cog.builder import Builder
    from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

_QUANTILES = (0.5, 0.95, 0.99)
_AT = (ROUTINE, SLOT)
# Jaeger's own search, for the spans that carry the job's id, in the time that is shown; it counts
# microseconds, Grafana milliseconds.
TRACES = (
    "${jaeger}/search?service=${__data.fields.service}"
    "&tags=%7B%22routilux.job.id%22%3A%22${__value.raw}%22%7D"
    "&lookback=custom&start=${__from}000&end=${__to}000"
)


def flow() -> Dashboard:
    """The dashboard."""
    return page(
        FLOW_UID,
        "Routilux: Flow",
        "One flow: what goes in and out, what waits where and why, and which job to look at.",
        [*variables(one_flow=True), jaeger_variable()],
        [
            Row("In words", _head()),
            Row("Items", [_rates(), _refused()]),
            Row("Queues", [_sizes(), _utilization(), _ages()]),
            Row("Waiting for room", [_retries(), _blocked(), _waits_for_room()]),
            Row("Latency", [_item_waits(), _activations(), _outcomes()]),
            Row("Routines", [_routines(), _busy(), _blocked_routines()]),
            Row("Jobs", [_job_counters(), _breakpoints(), _durations(), _pauses()]),
        ],
    )


def _head() -> list[Builder[Panel]]:
    paused = level("routilux.job.count", *ONE_FLOW, equal(STATUS, "paused"))
    return [
        words(
            "Bottleneck",
            "The routine that the others wait for: when a producer waits for room, the fullest "
            "one that does not wait for room itself; else one whose slot is nearly full; else what "
            "a routine with work waits for. Exact for one job: `routilux why`.",
            SHARE,
            Query(BOTTLENECK, "{{verdict}}"),
            width=12,
        ),
        number(
            "Live jobs",
            "Jobs of the flow that have not ended.",
            JOBS,
            Query(or_zero(total(level("routilux.job.count", *ONE_FLOW))), "live"),
        ),
        number(
            "Paused jobs",
            "Jobs of the flow that a person or a breakpoint has paused.",
            JOBS,
            Query(or_zero(total(paused)), "paused"),
            steps={1: CAREFUL},
        ),
        number(
            "Held items",
            "Items held beside the queues because a job is paused or a breakpoint was hit.",
            ITEMS,
            Query(or_zero(total(level("routilux.slot.queue.held", *ONE_FLOWS_SLOT))), "held"),
            steps={1: CAREFUL},
        ),
    ]


def _rates() -> Builder[Panel]:
    return lines(
        "Items in and out",
        "Items that come to a slot, and items that activations take from it. In above out: the "
        "slot fills.",
        ITEMS_PER_SECOND,
        Query(
            total(rate("routilux.slot.items.offered", *ONE_FLOWS_SLOT), *_AT),
            legend(*_AT, around="in: {}"),
        ),
        Query(
            total(rate("routilux.slot.items.consumed", *ONE_FLOWS_SLOT), *_AT),
            legend(*_AT, around="out: {}"),
        ),
        width=12,
    )


def _refused() -> Builder[Panel]:
    by = (*_AT, ERROR_TYPE)
    refused = total(rate("routilux.slot.items.refused", *ONE_FLOWS_SLOT), *by)
    return lines(
        "Refused a minute",
        "Items that will never be consumed, by slot and reason.",
        ITEMS_PER_MINUTE,
        Query(or_nothing(f"60 * {refused}", ROUTINE), legend(*by)),
        stacked=True,
        width=12,
    )


def _sizes() -> Builder[Panel]:
    def of(name: str) -> str:
        return total(level(name, *ONE_FLOWS_SLOT), *_AT)

    return lines(
        "Size against limit",
        "Items in the queue, those of them that wait to be consumed, and how many may wait; sums "
        "over the live jobs.",
        ITEMS,
        Query(of("routilux.slot.queue.size"), legend(*_AT, around="{} size")),
        Query(of("routilux.slot.queue.unconsumed"), legend(*_AT, around="{} waiting")),
        Query(of("routilux.slot.queue.limit"), legend(*_AT, around="{} limit")),
    )


def _utilization() -> Builder[Panel]:
    return lines(
        "Utilisation",
        "Waiting items as a share of the limit, in the worst live job.",
        SHARE,
        Query(worst(level("routilux.slot.queue.utilization", *ONE_FLOWS_SLOT), *_AT), legend(*_AT)),
        steps={limits.NEARLY_FULL: CAREFUL},
    )


def _ages() -> Builder[Panel]:
    return lines(
        "Oldest item",
        "How long the oldest waiting item of each slot has waited; no line while none waits.",
        SECONDS,
        Query(worst(level("routilux.slot.oldest_item.age", *ONE_FLOWS_SLOT), *_AT), legend(*_AT)),
        steps={limits.TOO_OLD_SECONDS: WRONG},
    )


def _retries() -> Builder[Panel]:
    return lines(
        "Retries a minute",
        "Times that a producer waited for room in a slot.",
        RETRIES_PER_MINUTE,
        Query(
            f"60 * {total(rate('routilux.slot.enqueue.retries', *ONE_FLOWS_SLOT), *_AT)}",
            legend(*_AT),
        ),
    )


def _blocked() -> Builder[Panel]:
    by = (*_AT, BLOCK_REASON)
    name = "routilux.slot.enqueue.blocked.duration"
    seconds = total(rate(name, *ONE_FLOWS_SLOT, part="sum"), *by)
    return lines(
        "Producers that wait",
        "How many producers wait for room in a slot at a time, on average, by reason. Counted when "
        "the wait is over.",
        "suffix: producers",
        Query(or_nothing(seconds, ROUTINE), legend(*by)),
        stacked=True,
    )


def _waits_for_room() -> Builder[Panel]:
    return lines(
        "Length of a wait for room",
        "How long a producer waits for room in one go. A dot is one wait; it leads to its trace.",
        SECONDS,
        *_quantiles("routilux.slot.enqueue.blocked.duration", ONE_FLOWS_SLOT, BLOCK_REASON),
    )


def _item_waits() -> Builder[Panel]:
    return lines(
        "Wait of an item",
        "From the moment that an item comes into a slot until an activation takes it; the oldest "
        "item of each activation. A dot is one activation; it leads to its trace.",
        SECONDS,
        *_quantiles("routilux.item.wait.duration", ONE_FLOWS_ROUTINE, ROUTINE),
    )


def _activations() -> Builder[Panel]:
    return lines(
        "Duration of an activation",
        "How long one call of a routine's logic takes. A dot is one activation; it leads to its "
        "trace.",
        SECONDS,
        *_quantiles("routilux.activation.duration", ONE_FLOWS_ROUTINE, ROUTINE),
    )


def _quantiles(name: str, matchers: Sequence[str], by: str) -> list[Query]:
    return [
        Query(
            quantile(at, name, *matchers, by=(by,)),
            legend(by, around=f"{{}} p{at * 100:g}"),
            exemplars=True,
        )
        for at in _QUANTILES
    ]


def _outcomes() -> Builder[Panel]:
    by = (ROUTINE, OUTCOME)
    name = "routilux.activation.duration"
    return lines(
        "Activations",
        "Calls of logic, by routine and outcome. Above 100 a second and routine these are evenly "
        "sampled: look at the shares then, not at the height.",
        "suffix: activations/s",
        Query(total(rate(name, *ONE_FLOWS_ROUTINE, part="count"), *by), legend(*by)),
        stacked=True,
    )


def _routines() -> Builder[Panel]:
    return table(
        "Busy, blocked, idle",
        "What a routine does with the time of its live jobs: it runs, it has work but waits, or it "
        "has no work. The three add up to 100 %; a routine with n lanes can be busy n times that. "
        "No rows while no job lives.",
        {ROUTINE: "routine"},
        Column("busy", total(share(busy()), ROUTINE), SHARE),
        Column("blocked", total(share(blocked()), ROUTINE), SHARE),
        Column("idle", total(idle(), ROUTINE), SHARE),
    )


def _busy() -> Builder[Panel]:
    return lines(
        "Busy routines",
        "The share of the time of its live jobs that a routine runs.",
        SHARE,
        Query(share(busy()), legend(ROUTINE)),
        width=6,
    )


def _blocked_routines() -> Builder[Panel]:
    return lines(
        "Blocked routines",
        "The share of the time of its live jobs that a routine has work but waits, by reason: room "
        "(full), pause, breakpoint, back-off (retry), worker.",
        SHARE,
        Query(share(blocked(BLOCK_REASON)), legend(ROUTINE, BLOCK_REASON)),
        stacked=True,
        width=6,
    )


def _job_counters() -> Builder[Panel]:
    by = (SERVICE, JOB, *_AT)
    retries = total(select("routilux.job.enqueue.retries", *ONE_FLOWS_SLOT), *by)
    refused = total(select("routilux.job.items.refused", *ONE_FLOWS_SLOT), *by)
    return table(
        "Jobs in trouble",
        "Jobs whose producers had to wait, or whose items were refused, since they began. The id "
        "leads to the job's traces. Beyond a number of jobs the rest is added up as _other.",
        {JOB: "job", ROUTINE: "routine", SLOT: "slot", SERVICE: "service"},
        Column("retries", retries, "suffix: retries"),
        Column("refused", refused, ITEMS),
        links=[Link("job", "Traces of the job in Jaeger", TRACES)],
        width=24,
    )


def _breakpoints() -> Builder[Panel]:
    by = (BREAKPOINT_KIND, BREAKPOINT_ACTION)
    hits = total(rate("routilux.breakpoint.hits", *ONE_FLOW), *by)
    return lines(
        "Breakpoint hits a minute",
        "Hits of breakpoints, by kind and by what the breakpoint does.",
        HITS_PER_MINUTE,
        Query(or_nothing(f"60 * {hits}", BREAKPOINT_KIND), legend(*by)),
    )


def _durations() -> Builder[Panel]:
    return lines(
        "Duration of a job",
        "How long jobs take from start to end, by how they end.",
        SECONDS,
        *_quantiles("routilux.job.duration", ONE_FLOW, STATUS),
    )


def _pauses() -> Builder[Panel]:
    return lines(
        "Duration of a pause",
        "How long jobs stand still from pause to resume, by the status that follows.",
        SECONDS,
        *_quantiles("routilux.job.pause.duration", ONE_FLOW, STATUS),
    )
