"""Why is nothing moving? The answer, from the live state of a job.

Read under the job's lock; then, without it, policies are asked what they lack, for a policy is a
stranger's code.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, cast

from routilux.activation_policies import describe_policy
from routilux.clock import NANOSECONDS
from routilux.engine.alarms import RetryDue
from routilux.engine.at_breakpoints import (
    closed_by,
    closed_slot,
    describe_hits,
    held_alone,
    hits_of,
)
from routilux.engine.bottleneck import find_bottleneck, trace_back
from routilux.engine.policy_view import PolicyView
from routilux.engine.summary import describe_holds, summarize
from routilux.engine.waits import find_cycle, is_stuck, waits
from routilux.errors import describe
from routilux.job.diagnosis import (
    BUSY,
    DONE,
    HELD,
    IDLE,
    PAUSED,
    READY,
    RETRYING,
    WAITING_FOR_POLICY,
    WAITING_FOR_ROOM,
    Diagnosis,
    RoutineDiagnosis,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from routilux.engine.hits import Hit
    from routilux.engine.inlet import Inlet
    from routilux.engine.job_routine import JobRoutine
    from routilux.engine.waits import Wait
    from routilux.slot import Slot


STANDS = "; its logic stands still"


class _Finding(NamedTuple):
    """What a routine does: the fields of `RoutineDiagnosis` that depend on it."""

    state: str
    detail: str = ""
    slot: str | None = None
    since: float | None = None
    until: float | None = None


def diagnose(job: Inlet) -> Diagnosis:
    """What each routine does and waits for, and which one the others wait for."""
    with job.lock:
        found = waits(job)
        stopped = hits_of(job)
        rows = {node: _row(job, node, found.get(node), stopped) for node in job.routines.values()}
        cycle = tuple(_stall(job))
        slowest = None if cycle else find_bottleneck(job, found, rows)
        chain = tuple(trace_back(slowest, found)) if slowest is not None else ()
        counts, status = job._counts(), job.state.status.value
        holds = dict(job.holds) if job.gate_closed else {}  # in a step they hold nothing
        held, is_open, error = held_alone(job), job.open, job.state.error
    told = {
        node: replace(row, detail=_lacks(node)) if row.state == WAITING_FOR_POLICY else row
        for node, row in rows.items()
    }
    diagnosis = Diagnosis(
        job_id=job.state.job_id,
        status=status,
        summary="",
        routines=tuple(told.values()),
        bottleneck=slowest.id if slowest is not None else None,
        chain=chain,
        cycle=cycle,
    )
    summary = summarize(diagnosis, counts, holds, held, is_open=is_open, error=error)
    return replace(diagnosis, summary=summary)


def _lacks(node: JobRoutine) -> str:
    """What a policy still waits for. Without the lock."""
    views = {slot.name: PolicyView(slot) for slot in node.slots}
    lacks = getattr(node.policy, "lacks", None)
    try:
        if lacks is not None:
            return str(lacks(cast("dict[str, Slot]", views), node.job.state))
    except Exception as error:  # noqa: BLE001 - a policy that cannot say it must not hide the rest
        return f"its policy could not say what it lacks: {describe(error)}"
    finally:
        with node.job.lock:
            for view in views.values():  # it should only have looked
                view.give_back()
    return f"{describe_policy(node.policy)['description']}; it declined what waits"


# -- under the job's lock ----------------------------------------------------------------------


def _stall(job: Inlet) -> list[str]:
    """The cycle if everything waits for everything. With an open input, items from outside may
    still end a chain of waits that does not close."""
    if not is_stuck(job):
        return []
    cycle = find_cycle(job)
    return cycle if cycle[0] == cycle[-1] or not job.open else []


def _row(
    job: Inlet, node: JobRoutine, wait: Wait | None, stopped: Mapping[JobRoutine, list[Hit]]
) -> RoutineDiagnosis:
    finding = _find(job, node, wait, stopped)
    return RoutineDiagnosis(
        routine_id=node.id,
        state=finding.state,
        detail=finding.detail,
        slot=finding.slot,
        since=finding.since,
        until=finding.until,
        unconsumed=node.backlog,
        held=sum(slot.queue.held for slot in node.slots),
    )


def _find(
    job: Inlet, node: JobRoutine, wait: Wait | None, stopped: Mapping[JobRoutine, list[Hit]]
) -> _Finding:
    standing = sum(each.counted and each.activation.node is node for each in job.standers)
    hits = stopped.get(node, [])
    if node.lanes > standing:
        return _busy(job, node, node.lanes - standing)
    if job.ended:
        return _Finding(DONE)
    if node.caught or (hits and job.gate_closed):
        return _held(job, node, hits, standing)
    if job.gate_closed:
        return _paused(job, standing, wait)
    if wait is not None:
        return _waiting(job, wait, stopped.get(wait.slot.consumer, []))
    if node.backoffs > len(node.due):
        return _retrying(job, node)
    if node.queued or node.due or node.to_start:
        return _Finding(READY, "waits for a worker")
    return _held(job, node, hits, standing) if hits else _quiet(node)


def _quiet(node: JobRoutine) -> _Finding:
    if node.policy is not None and node.backlog and node.declines:
        return _Finding(WAITING_FOR_POLICY)
    if not node.slots:
        return _Finding(DONE, "has run")
    return _Finding(IDLE)


def _busy(job: Inlet, node: JobRoutine, lanes: int) -> _Finding:
    began = [each.started_ns for each in list(job.pool.running) if each.node is node]
    since = (job.clock.monotonic_ns() - min(began)) / NANOSECONDS if began else None
    detail = f"in {lanes} lanes" if lanes > 1 else ""
    return _Finding(BUSY, detail, since=since)


def _held(job: Inlet, node: JobRoutine, hits: Sequence[Hit], standing: int) -> _Finding:
    since = max(0, job.clock.time_ns() - min(hit.at_ns for hit in hits)) / NANOSECONDS
    detail = describe_hits(node, hits) + (STANDS if standing else "")
    return _Finding(HELD, detail, closed_slot(node, hits), since)


def _paused(job: Inlet, standing: int, wait: Wait | None) -> _Finding:
    detail = describe_holds(job.holds)
    if standing:
        detail += STANDS
    slot = f"{wait.slot.routine_id}.{wait.slot.name}" if wait is not None and standing else None
    return _Finding(PAUSED, detail, slot)


def _waiting(job: Inlet, wait: Wait, before: Sequence[Hit]) -> _Finding:
    slot, since = wait.slot, (job.clock.monotonic_ns() - wait.since_ns) / NANOSECONDS
    how = "its logic stands in emit" if wait.stands else "it is started when there is room"
    figures = f"{slot.queue.unconsumed}/{slot.max_queue_length} items wait there"
    if slot.stops:
        figures += f", {slot.queue.held} are held at {closed_by(slot, before)}"
    name = f"{slot.routine_id}.{slot.name}"
    return _Finding(WAITING_FOR_ROOM, f"{how}; {figures}", name, since)


def _retrying(job: Inlet, node: JobRoutine) -> _Finding:
    due = min(
        (each.due_ns, each.callback.claim.attempt)
        for each in job.alarms
        if isinstance(each.callback, RetryDue) and each.callback.node is node
    )
    left = max(0, due[0] - job.run_ns()) / NANOSECONDS
    return _Finding(RETRYING, f"attempt {due[1]} in {left:.3f} s", until=left)
