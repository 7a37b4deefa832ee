"""How fast the slots of a job fill: two readings, and the time between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from routilux.clock import NANOSECONDS
from routilux.monitoring.reading import job_slots

if TYPE_CHECKING:
    from routilux.engine.job import Job
    from routilux.job_state import JobState
    from routilux.monitoring.slot_reading import SlotReading


class TimedReading(NamedTuple):
    """The slots of a job, and when they were read (ns of the job's monotonic clock)."""

    at_ns: int
    slots: tuple[SlotReading, ...]


class SlotRate(NamedTuple):
    """How fast a slot fills.

    Attributes:
        routine_id, slot_name: the slot.
        unconsumed, limit: items that wait in it, and that may; at the second reading.
        offered_per_second, consumed_per_second: items that came to it, and that were taken; None
            when no time has passed between the readings.
        seconds_until_full: at the rate at which its backlog grew; 0 for a full slot, None for one
            that does not fill.
    """

    routine_id: str
    slot_name: str
    unconsumed: int
    limit: int
    offered_per_second: float | None
    consumed_per_second: float | None
    seconds_until_full: float | None


def read_timed(state: JobState) -> TimedReading:
    """Read the slots of a job.

    Raises:
        RuntimeError, JobFinished: the job was not started in this process.
    """
    slots = job_slots(state)
    return TimedReading(cast("Job", state.live).clock.monotonic_ns(), slots)


def rates(before: TimedReading, after: TimedReading) -> list[SlotRate]:
    """The rate of each slot between two readings of one job."""
    seconds = (after.at_ns - before.at_ns) / NANOSECONDS
    pairs = zip(before.slots, after.slots, strict=True)
    return [_rate(first, last, seconds) for first, last in pairs]


def _rate(first: SlotReading, last: SlotReading, seconds: float) -> SlotRate:
    is_timed = seconds > 0
    return SlotRate(
        last.routine_id,
        last.slot_name,
        last.unconsumed,
        last.limit,
        (last.offered - first.offered) / seconds if is_timed else None,
        (last.consumed - first.consumed) / seconds if is_timed else None,
        _until_full(last, last.unconsumed - first.unconsumed, seconds),
    )


def _until_full(slot: SlotReading, grown: int, seconds: float) -> float | None:
    if slot.is_full:
        return 0.0
    return (slot.limit - slot.unconsumed) * seconds / grown if grown > 0 and seconds > 0 else None
