"""How much there is to do in a job, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JobCounts:
    """One reading of a live job, taken under its lock.

    Attributes:
        ready: activations that could start and wait for a worker.
        timed: activations that wait for a time: a retry, an interval.
        running: activations whose logic runs.
        standing: activations that stand still in ``emit`` or ``checkpoint``.
        unconsumed: items that wait in slots.
        held: items held beside slots.
        waiting: items of producers that wait for room.
    """

    ready: int = 0
    timed: int = 0
    running: int = 0
    standing: int = 0
    unconsumed: int = 0
    held: int = 0
    waiting: int = 0

    @property
    def pending_tasks_count(self) -> int:
        """Activations that are ready or timed."""
        return self.ready + self.timed

    @property
    def active_tasks_count(self) -> int:
        """Activations that run or stand still."""
        return self.running + self.standing

    @property
    def queue_size(self) -> int:
        """Pending and active activations together."""
        return self.pending_tasks_count + self.active_tasks_count
