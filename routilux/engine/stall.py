"""Everything waits for everything: what the engine does then."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


def find_cycle(job: Job) -> list[str]:
    """The chain of waits as ``routine`` and ``routine.slot`` names, ending where it began."""
    standing = {each.activation.node: each for each in job.standers}
    if not standing:
        return []
    node = next(iter(standing))
    seen: list[JobRoutine] = []
    names: list[str] = []
    while node not in seen:
        seen.append(node)
        names.append(node.id)
        delivery = standing.get(node)
        if delivery is None or not delivery.legs:
            return names
        slot = delivery.job_legs()[0].slot
        names.append(f"{slot.routine_id}.{slot.name}")
        node = slot.consumer
    names.append(node.id)
    return names[names.index(node.id) :]


def _legs(job: Job) -> list[Leg]:
    return [leg for delivery in job.standers for leg in delivery.legs]


def _waits_since(node: JobRoutine) -> int:
    return min(
        (slot.queue.waiting[0].enqueued_ns for slot in node.slots if slot.queue.waiting),
        default=0,
    )
