"""One slot in a reading: its levels now, and what it has counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from routilux.clock import NANOSECONDS
from routilux.engine.totals import SlotTotals
from routilux.monitoring.instruments import FLOW, ROUTINE, SLOT
from routilux.monitoring.levels import Levels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from routilux.engine.totals import SlotKey
    from routilux.monitoring.levels import SlotLevel


class SlotReading(NamedTuple):
    """One slot of a flow, over all of its live jobs. Counts in items.

    A tuple, which is made three times as fast as a dataclass: an answer may hold a thousand.

    Attributes:
        flow_id, routine_id, slot_name: the slot.
        jobs: live jobs; without any, all levels are 0.
        size, unconsumed, held, limit: sums over these jobs.
        utilization: backlog as a share of the limit (0 to 1), of the worst job.
        usage_percent: `size` in percent of the limit, of the worst job; two decimals.
        is_full, is_near_full: whether that is so in any job.
        oldest_age: seconds that the oldest waiting item has waited; None when none waits.
        offered, consumed, times_held, retries: sums since the process began, ended jobs included.
        refused_by: the same, by reason.
        attributes: what all of its points are marked with; made once, and not to be changed.
    """

    flow_id: str
    routine_id: str
    slot_name: str
    jobs: int
    size: int
    unconsumed: int
    held: int
    limit: int
    utilization: float
    usage_percent: float
    is_full: bool
    is_near_full: bool
    oldest_age: float | None
    offered: int
    consumed: int
    times_held: int
    retries: int
    refused_by: Mapping[str, int]
    attributes: Mapping[str, str]


def slot_reading(key: SlotKey, levels: Levels, counted: SlotTotals) -> SlotReading:
    """One slot, of what was added up."""
    age_ns = levels.oldest_age_ns
    return SlotReading(
        *key,
        jobs=levels.jobs,
        size=levels.size,
        unconsumed=levels.unconsumed,
        held=levels.held,
        limit=levels.limit,
        utilization=levels.utilization,
        usage_percent=round(levels.usage * 100, 2),
        is_full=levels.is_full,
        is_near_full=levels.is_near_full,
        oldest_age=None if age_ns is None else age_ns / NANOSECONDS,
        offered=counted.offered,
        consumed=counted.consumed,
        times_held=counted.times_held,
        retries=counted.retries,
        refused_by=counted.refused_by,
        attributes=_attributes(key),
    )


def alone(level: SlotLevel) -> SlotReading:
    """One slot of which there is one job only, without the detour over sums."""
    age_ns = level.oldest_age_ns
    return SlotReading(
        *level.key,
        1,
        level.size,
        level.unconsumed,
        level.held,
        level.limit,
        level.unconsumed / level.limit,
        round(level.size / level.limit * 100, 2),
        level.unconsumed >= level.limit,
        level.unconsumed >= max(1, level.threshold),
        None if age_ns is None else age_ns / NANOSECONDS,
        level.offered,
        level.consumed,
        level.times_held,
        level.retries,
        level.refused_by,
        _attributes(level.key),
    )


def _attributes(key: SlotKey) -> dict[str, str]:
    flow_id, routine_id, slot_name = key
    return {FLOW: flow_id, ROUTINE: routine_id, SLOT: slot_name}


class SlotSums:
    """Slots, added up over jobs.

    Most slots have one job and were not there before: those are shown as they are, for a reading of
    a thousand slots must not take long.

    Args:
        ended: what the jobs that have ended have counted; it is added to.
    """

    def __init__(self, ended: dict[SlotKey, SlotTotals]) -> None:
        self._totals = ended
        self._levels: dict[SlotKey, Levels] = {}
        self._alone: dict[SlotKey, SlotLevel] = {}

    def add(self, level: SlotLevel, elsewhere: SlotTotals | None, *, live: bool) -> None:
        """Add a slot of a job, without what it had counted elsewhere."""
        key = level.key
        first = self._alone.pop(key, None)
        if first is not None:
            self._add(first, None, live=True)
        elif live and elsewhere is None and key not in self._totals:
            self._alone[key] = level
            return
        self._add(level, elsewhere, live=live)

    def _add(self, level: SlotLevel, elsewhere: SlotTotals | None, *, live: bool) -> None:
        key = level.key
        totals = self._totals.setdefault(key, SlotTotals()).add(level)
        if elsewhere is not None:
            totals.add(elsewhere, -1)
        if live:
            self._levels.setdefault(key, Levels()).add(level)

    def readings(self) -> tuple[SlotReading, ...]:
        """Each slot."""
        summed = [
            slot_reading(key, self._levels.get(key, Levels()), counted)
            for key, counted in self._totals.items()
        ]
        return (*summed, *map(alone, self._alone.values()))
