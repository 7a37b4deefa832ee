"""Who waits for whom in a job. Everything here is called under the job's lock."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from routilux.engine.core import JobCore
    from routilux.engine.delivery import Delivery
    from routilux.engine.job_routine import JobRoutine
    from routilux.engine.job_slot import JobSlot


class Wait(NamedTuple):
    """A routine waits for room in a slot, since a time of the monotonic clock.

    `stands`: its logic does, in ``emit``; else it is not started before there is room.
    """

    slot: JobSlot
    since_ns: int
    stands: bool


def waits(job: JobCore) -> dict[JobRoutine, Wait]:
    """Every routine that waits for room, with the slot it waits for."""
    found: dict[JobRoutine, Wait] = {}
    for delivery in job.standers:
        wait = _stands_for(delivery)
        if wait is not None:
            found[delivery.activation.node] = wait
    for node in job.routines.values():
        if node.gated_by is not None and node not in found:
            found[node] = Wait(node.gated_by, node.gated_since_ns, stands=False)
    return {node: found[node] for node in job.routines.values() if node in found}


def _stands_for(delivery: Delivery) -> Wait | None:
    legs = delivery.job_legs()
    return Wait(legs[0].slot, legs[0].since_ns, stands=True) if legs else None


def is_stuck(job: JobCore) -> bool:
    """Whether somebody waits for room, and nothing runs or will start by itself."""
    return not (
        job.ended
        or job.gate_closed
        or (job.debugger is not None and job.debugger.hits)
        or job.ready
        or job.timed
        or job.active > job.standing
        or not waits(job)
    )


def find_cycle(job: JobCore) -> list[str]:
    """The chain of waits as ``routine`` and ``routine.slot`` names.

    It ends where it began, if there is such a chain; else it is the first one, which ends at a
    routine that waits for something else. Empty when nobody waits for room.
    """
    found = waits(job)
    chains = [_chain(node, found) for node in found]
    closed = (chain[chain.index(chain[-1]) :] for chain in chains if chain[-1] in chain[:-1])
    return next(closed, chains[0] if chains else [])


def _chain(node: JobRoutine, found: dict[JobRoutine, Wait]) -> list[str]:
    """From a routine to the one it waits for, and so on, until one comes again or waits no more."""
    seen: list[JobRoutine] = []
    names: list[str] = []
    following: JobRoutine | None = node
    while following is not None and following not in seen:
        seen.append(following)
        names.append(following.id)
        slot = found[following].slot if following in found else _lacking(following, found)
        following = None
        if slot is not None:
            names.append(f"{slot.routine_id}.{slot.name}")
            following = _next(slot, seen[-1], found)
    if following is not None:
        names.append(following.id)
    return names


def _next(slot: JobSlot, waiting: JobRoutine, found: dict[JobRoutine, Wait]) -> JobRoutine | None:
    """Who could end the wait: the consumer of a full slot, or a producer of an empty one."""
    if waiting in found:
        return slot.consumer
    return next((each for each in slot.producers if each in found), None)


def _lacking(node: JobRoutine, found: dict[JobRoutine, Wait]) -> JobSlot | None:
    """The empty slot of a routine whose policy declines, if its producer waits for room itself."""
    if node.policy is None:
        return None
    for slot in node.slots:
        if not slot.queue.waiting and any(each in found for each in slot.producers):
            return slot
    return None
