"""Everything waits for everything: what the engine does then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from routilux.engine.waits import find_cycle
from routilux.errors import StalledError
from routilux.status import ExecutionStatus

if TYPE_CHECKING:
    from routilux.engine.job import Job
    from routilux.engine.job_routine import JobRoutine
    from routilux.parcel import Leg


def resolve(job: Job) -> None:
    """Nothing runs, nothing may start, no timer, no open input. Under the job's lock.

    First the start gate is waived for the routine whose oldest item has waited longest: what it
    emits follows the overflow of the slots. If nothing is left to start, every activation stands
    before a full slot. Those before a ``retry`` slot will be refused after their waits, and the job
    goes on; if there are none, it has no way on.
    """
    gated = [node for node in job.routines.values() if node.gated_by is not None]
    if gated:
        min(gated, key=_waits_since).start_anyway()
        return
    if any(leg.slot.settings.overflow == "retry" for leg in _legs(job)):
        return
    cycle = find_cycle(job)
    if job.flow.on_stall == "wait":
        return
    error = StalledError(job.state.job_id, cycle)
    job.end(ExecutionStatus.FAILED, str(error), "StalledError")


def _legs(job: Job) -> list[Leg]:
    return [leg for delivery in job.standers for leg in delivery.legs]


def _waits_since(node: JobRoutine) -> int:
    return min(
        (slot.queue.waiting[0].enqueued_ns for slot in node.slots if slot.queue.waiting),
        default=0,
    )
