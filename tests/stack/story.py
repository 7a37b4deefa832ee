"""What happens in the end-to-end test, in its order, and what everybody then said about it.

The demo's job is paused before it begins, goes on until the slots are full, is paused by a
breakpoint, refuses an item, goes on to its end. Then a second job is started over HTTP and
cancelled.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.api import exposition
from tests.stack.asking import exemplars, series, until
from tests.stack.census import SERVICE, Demo, by_slot, collected
from tests.stack.jaeger import Seen, client, find, named, trace_of
from tools.dashboards.registry import METRICS, series_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tools.backends.stack import Stack

# The three figures: what the metric, REST and the pause span call each.
LEVELS = {
    "routilux.slot.queue.size": ("queue_size", "routilux.snapshot.sizes"),
    "routilux.slot.queue.unconsumed": ("unconsumed_count", "routilux.snapshot.unconsumed"),
    "routilux.slot.queue.limit": ("max_length", "routilux.snapshot.limits"),
}
COUNTERS = {
    "routilux.slot.items.offered": "offered",
    "routilux.slot.items.consumed": "consumed",
    "routilux.slot.items.refused": "refused",
    "routilux.slot.enqueue.retries": "retries",
}
Figures = dict[exposition.Labels, float]  # by labels, the metric's name among them
ITEM = {"data": "is refused, and so never looked at"}


@dataclass(frozen=True)
class Paused:
    """The demo's job stands at a breakpoint.

    Attributes:
        job: the job, as REST has it.
        of_job, of_flow: the status of its queues, as REST has it; of the job, and of the flow.
        gauges: the figures of `LEVELS` in Prometheus, by metric and slot.
        held: items held in Prometheus, by slot.
        statuses: the count of jobs in Prometheus, by status.
        page, brought: all figures that do not grow with time: on REST's page for Prometheus, and
            those that the collector has brought there.
        trace: its trace in Jaeger, what has ended of it.
        breakpoint_id: where it stands.
        statuses_of_refused: the answers to the items that were refused.
    """

    job: Any
    of_job: Any
    of_flow: Any
    gauges: Mapping[str, Mapping[str, float]]
    held: Mapping[str, float]
    statuses: Mapping[str, float]
    page: Figures
    brought: Figures
    trace: list[Seen]
    breakpoint_id: str
    statuses_of_refused: list[int]


@dataclass(frozen=True)
class Ended:
    """The demo's job has ended.

    Attributes:
        report: what the demo printed.
        counters: the figures of `COUNTERS` in Prometheus, by metric and slot.
        page, brought: all counters of items and retries: on REST's page, and in Prometheus.
        trace: the whole trace of the job.
        dots: labels of the exemplars of the wait of items, by routine.
    """

    report: Any
    counters: Mapping[str, Mapping[str, float]]
    page: Figures
    brought: Figures
    trace: list[Seen]
    dots: Mapping[str, list[Mapping[str, str]]]


@dataclass(frozen=True)
class Cancelled:
    """A second job was started over HTTP, and cancelled when its slots were full.

    Attributes:
        job: the job, as REST has it.
        page, brought: all counters of items and retries: on REST's page, and in Prometheus.
        trace: the whole trace.
    """

    job: Any
    page: Figures
    brought: Figures
    trace: list[Seen]


def until_paused(stack: Stack, demo: Demo) -> Paused:
    """The first part."""
    (job,) = until(lambda: demo.call("GET", "/jobs")["jobs"])
    job_id = job["job_id"]
    trigger = f"/jobs/{job_id}/slots/walk/trigger/items"
    refused = [demo.refused(trigger, ITEM)]
    first = until(lambda: named(trace_of(stack, job["trace_id"]), "job"))[0]
    demo.call("POST", f"/jobs/{job_id}/resume", {"reason": "begin"})
    until(lambda: demo.walk_waits(job_id))
    with client(stack, "feed the readers", first) as headers:
        place = {"type": "routine", "routine_id": "parse"}
        made = demo.call("POST", f"/jobs/{job_id}/breakpoints", place, **headers)
        until(lambda: demo.job(job_id)["status"] == "paused")
        slot = f"/jobs/{job_id}/slots/read/items/items"
        refused.append(demo.refused(slot, ITEM, **headers))
    until(lambda: not demo.job(job_id)["counts"]["running"])  # what ran has ended, or stands
    collected(stack)
    found = until(lambda: _with_spans(find(stack, SERVICE, routilux_job_id=job_id), "pause", 2))
    page, brought = figures(stack, demo)
    counts = series(stack, f'routilux_job_count{{job="{SERVICE}"}}')
    return Paused(
        job=demo.job(job_id),
        of_job=demo.call("GET", f"/jobs/{job_id}/queues/status"),
        of_flow=demo.call("GET", f"/flows/{job['flow_id']}/queues/status"),
        gauges={name: by_slot(stack, series_names(METRICS[name])[0]) for name in LEVELS},
        held=by_slot(stack, "routilux_slot_queue_held"),
        statuses={labels["routilux_job_status"]: value for labels, value in counts},
        page=page,
        brought=brought,
        trace=found,
        breakpoint_id=made["breakpoint_id"],
        statuses_of_refused=refused,
    )


def until_ended(stack: Stack, demo: Demo, paused: Paused) -> Ended:
    """The second part: the debugger lets the job go on, to its end."""
    path = f"/jobs/{paused.job['job_id']}"
    demo.call("DELETE", f"{path}/breakpoints/{paused.breakpoint_id}")
    demo.call("POST", f"{path}/debug/resume", {})
    report = demo.report()
    collected(stack)
    page, brought = counters(stack, demo)
    consumed = {slot["routine_id"]: slot["consumed"] for slot in report["slots"]}
    trace = until(lambda: _whole(trace_of(stack, paused.job["trace_id"]), consumed))
    found = {name: by_slot(stack, series_names(METRICS[name])[0]) for name in COUNTERS}
    dots = {routine: dots_of(stack, routine) for routine in consumed}
    return Ended(report, found, page, brought, trace, dots)


def dots_of(stack: Stack, routine: str) -> list[Mapping[str, str]]:
    """Labels of the exemplars of the wait of a routine's items."""
    labels = f'job="{SERVICE}", routilux_routine_id="{routine}"'
    found = exemplars(stack, f"routilux_item_wait_duration_seconds_bucket{{{labels}}}")
    return [each["labels"] for each in found]


def until_cancelled(stack: Stack, demo: Demo) -> Cancelled:
    """The third part."""
    order = {"path": str(demo.folder)}
    body = {"flow_id": "census", "entry_routine_id": "walk", "entry_params": order}
    with client(stack, "take a census") as headers:
        job = demo.call("POST", "/jobs", body, **headers)
    until(lambda: demo.walk_waits(job["job_id"]))
    demo.call("POST", f"/jobs/{job['job_id']}/cancel", {})
    until(lambda: not demo.job(job["job_id"])["counts"]["running"])
    collected(stack)
    page, brought = counters(stack, demo)
    trace = until(lambda: _with_spans([trace_of(stack, job["trace_id"])], "job", 1))
    return Cancelled(demo.job(job["job_id"]), page, brought, trace)


def _with_spans(traces: Iterable[list[Seen]], prefix: str, count: int) -> list[Seen] | None:
    """The only trace, once it has as many spans of a kind."""
    found = list(traces)
    if len(found) != 1 or len(named(found[0], prefix)) < count:
        return None
    return found[0]


def _whole(trace: list[Seen], consumed: Mapping[str, int]) -> list[Seen] | None:
    """The trace once it has the end of the job and all items."""
    over = any(span.tags["routilux.job.status"] == "completed" for span in named(trace, "job"))
    return trace if over and items_of(trace) == consumed else None


def items_of(trace: list[Seen]) -> Counter[str]:
    """The items that activations have taken, by routine."""
    found: Counter[str] = Counter()
    for span in named(trace, "process"):
        found[span.tags["routilux.routine.id"]] += span.tags["routilux.item.count"]
    return found


def figures(stack: Stack, demo: Demo) -> tuple[Figures, Figures]:
    """REST's page and what Prometheus has of the same rows, without those that are times."""
    page = {
        frozenset({*labels, ("__name__", family.name)}): value
        for family in exposition.parse(demo.metrics()).values()
        for labels, value in family.samples.items()
        if "_seconds" not in family.name
    }
    names = {dict(labels)["__name__"] for labels in page}
    brought = {
        frozenset(
            (key, each) for key, each in labels.items() if key not in ("job", "instance")
        ): value
        for labels, value in series(stack, f'{{__name__=~"routilux_.+", job="{SERVICE}"}}')
        if labels["__name__"] in names
    }
    return page, brought


def counters(stack: Stack, demo: Demo) -> tuple[Figures, Figures]:
    """The counters among them."""
    page, brought = figures(stack, demo)
    return _counters(page), _counters(brought)


def _counters(found: Figures) -> Figures:
    return {key: each for key, each in found.items() if dict(key)["__name__"].endswith("_total")}
