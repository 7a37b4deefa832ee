"""The drain step: policies that still decline are asked once more before the job completes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from routilux.status import ExecutionStatus

if TYPE_CHECKING:
    from routilux.engine.job import Job


def step(job: Job) -> None:
    """Ask the next routine that still has items, upstream first. Under the job's lock.

    After each activation the round begins anew (``job.drain_from`` is 0 again). What a full round
    without one leaves is given up as unmatched.
    """
    job.state.draining = True
    while any(slot.queue.unconsumed for slot in job.slots):
        if _ask_next(job):
            return
        _give_up(job)
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
            node.consider()
            if node.queued:
                return True
    return False


def _give_up(job: Job) -> None:
    """Refuse what nobody wanted; held items that get its place are asked about in a new round."""
    for slot in job.slots:
        for segment in slot.queue.give_up(slot.queue.unconsumed, "unmatched"):
            job.refused(slot, segment, "unmatched")
    job.drain_from = 0
    for slot in job.slots:
        if slot.admit():
            slot.consumer.items_came()
