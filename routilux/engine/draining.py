"""The drain step: policies that still decline are asked once more before the job completes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from routilux.engine import stall
from routilux.status import ExecutionStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from routilux.engine.job import Job
    from routilux.engine.job_routine import JobRoutine
    from routilux.engine.job_slot import JobSlot


def step(job: Job) -> None:
    """Ask the next routine that still has items, upstream first. Under the job's lock.

    After each activation the round begins anew (``job.drain_from`` is 0 again). What a full round
    without one leaves is given up as unmatched.
    """
    job.state.draining = True
    while any(slot.queue.unconsumed for slot in job.slots):
        if _ask_next(job):
            return
        if not _give_up(job):
            stall.resolve(job)
            return
        if job.ready:
            return
    job.end(ExecutionStatus.COMPLETED)


def _ask_next(job: Job) -> bool:
    """Queue the next routine of this round; False: the round is over."""
    order = job.plan.order
    while job.drain_from < len(order):
        node = job.routines[order[job.drain_from]]
        job.drain_from += 1
        if node.plan.policy is not None and node.backlog:
            node.news = True
            job.drain_failures[node.id] = node.failures
            node.consider()
            if node.queued:
                return True
    return False


def _give_up(job: Job) -> bool:
    """Refuse what nobody wanted. False: all that is left waits for routines that wait for room.

    Held items, and those of routines that get room, are asked about in a new round.
    """
    unwanted = [slot for slot in job.slots if slot.queue.unconsumed and not slot.consumer.gated_by]
    _warn_of_errors(job, unwanted)
    for slot in unwanted:
        for segment in slot.queue.give_up(slot.queue.unconsumed, "unmatched"):
            job.refused(slot, segment, "unmatched")
    job.drain_from = 0
    for slot in unwanted:
        slot.taken()
        slot.consumer.consider()
    return bool(unwanted)


def _warn_of_errors(job: Job, unwanted: Sequence[JobSlot]) -> None:
    """Nobody declined these items, if the policy that was asked about them raised."""
    for node in dict.fromkeys(slot.consumer for slot in unwanted):
        if node.failures > job.drain_failures.get(node.id, node.failures):
            job.state.warnings.append(
                f"{node.backlog} item(s) of routine '{node.id}' are unmatched, for its activation "
                f"policy raised {_last_error(job, node)}"
            )


def _last_error(job: Job, node: JobRoutine) -> str:
    """What the routine's policy raised last, as the history tells it."""
    for record in reversed(job.state.execution_history):
        if record.routine_id == node.id and record.event_name == "policy_error":
            return str(record.data["error"])
    return "an error that the history does not keep any more"
