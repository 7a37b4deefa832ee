"""Levels of slots: what one job's slot shows at a moment, and how jobs add up."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from routilux.engine.job_slot import JobSlot
    from routilux.engine.totals import SlotKey

_NONE: Mapping[str, int] = {}


class SlotLevel(NamedTuple):
    """One slot of one job. A plain tuple: thousands are made while the job's lock is held."""

    key: SlotKey
    size: int
    unconsumed: int
    held: int
    limit: int
    threshold: int
    oldest_age_ns: int | None
    offered: int
    consumed: int
    times_held: int
    retries: int
    refused_by: Mapping[str, int]


def level_of(slot: JobSlot, now_ns: int) -> SlotLevel:
    """Read a slot. Under the job's lock."""
    queue = slot.queue
    waiting = queue.waiting
    return SlotLevel(
        (slot.job.flow.flow_id, slot.consumer.id, slot.name),
        queue.unconsumed + queue.kept_count,
        queue.unconsumed,
        queue.held,
        slot.max_queue_length,
        queue.threshold,
        max(0, now_ns - waiting[0].enqueued_ns) if waiting else None,
        queue.offered,
        queue.consumed,
        queue.times_held,
        queue.retries,
        dict(queue.refused_by) if queue.refused_by else _NONE,
    )


class Levels:
    """The same slot of several live jobs: sums of what is in them, and the worst of the rest."""

    __slots__ = (
        "held", "is_full", "is_near_full", "jobs", "limit", "oldest_age_ns", "size", "unconsumed",
        "usage", "utilization",
    )  # fmt: skip

    def __init__(self) -> None:
        self.jobs = 0
        self.size = 0
        self.unconsumed = 0
        self.held = 0
        self.limit = 0
        self.usage = 0.0
        self.utilization = 0.0
        self.is_full = False
        self.is_near_full = False
        self.oldest_age_ns: int | None = None

    def add(self, level: SlotLevel) -> Levels:
        """Add one job's slot. Returns itself."""
        self.jobs += 1
        self.size += level.size
        self.unconsumed += level.unconsumed
        self.held += level.held
        self.limit += level.limit
        self.usage = max(self.usage, level.size / level.limit)
        self.utilization = max(self.utilization, level.unconsumed / level.limit)
        self.is_full = self.is_full or level.unconsumed >= level.limit
        self.is_near_full = self.is_near_full or level.unconsumed >= max(1, level.threshold)
        if level.oldest_age_ns is not None:
            self.oldest_age_ns = max(self.oldest_age_ns or 0, level.oldest_age_ns)
        return self
