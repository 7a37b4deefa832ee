"""Bursts: many refusals at one slot are told as a few sums."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from routilux.clock import NANOSECONDS

if TYPE_CHECKING:
    from routilux.hooks import SlotRecord

# Of each job, slot and reason: four events a second say as much as a thousand.
SPACING_NS = NANOSECONDS // 4

Told = tuple[str, "SlotRecord"]  # the kind of event, and the record with the sum as its count
_Key = tuple[str, str, str, str]


@dataclass(slots=True)
class _Burst:
    told_ns: int
    count: int = 0
    record: SlotRecord | None = None

    def is_due(self, now_ns: int) -> bool:
        return now_ns - self.told_ns >= SPACING_NS

    def tell(self, kind: str, now_ns: int) -> list[Told]:
        record, count = self.record, self.count
        self.record, self.count, self.told_ns = None, 0, now_ns
        return [] if record is None else [(kind, replace(record, count=count))]


class Bursts:
    """Adds records of the same job, kind, slot and reason up. Not thread-safe.

    The first is told at once, what follows at most every `SPACING_NS` as a sum. Nothing is lost:
    what was not told yet is told by `due` or by `end`.
    """

    def __init__(self) -> None:
        self._jobs: dict[str, dict[_Key, _Burst]] = {}
        self._swept_ns = 0

    def offer(self, kind: str, record: SlotRecord, now_ns: int) -> list[Told]:
        """Take a record; returns what is to be told now."""
        key = (kind, record.routine_id, record.slot_name, record.reason)
        bursts = self._jobs.setdefault(record.job_id, {})
        burst = bursts.get(key)
        if burst is None:
            burst = bursts[key] = _Burst(now_ns)
            told = [(kind, record)]
        else:
            burst.count += record.count
            burst.record = record
            told = []
        if now_ns - self._swept_ns >= SPACING_NS:
            return told + self.due(now_ns)
        return told + burst.tell(kind, now_ns) if burst.is_due(now_ns) else told

    def due(self, now_ns: int) -> list[Told]:
        """The sums whose time has come; what has been quiet since its last is forgotten."""
        self._swept_ns = now_ns
        told = []
        for job_id, bursts in list(self._jobs.items()):
            for key, burst in list(bursts.items()):
                if not burst.is_due(now_ns):
                    continue
                if burst.record is None:
                    del bursts[key]
                told += burst.tell(key[0], now_ns)
            if not bursts:
                del self._jobs[job_id]
        return told

    def end(self, job_id: str, now_ns: int) -> list[Told]:
        """Everything of a job that was not told yet; the job is forgotten."""
        bursts = self._jobs.pop(job_id, {})
        return [told for key, each in bursts.items() for told in each.tell(key[0], now_ns)]

    def next_due_ns(self) -> int | None:
        """When a sum is due, on the clock of the calls; None when none is waiting."""
        return min(
            (
                burst.told_ns + SPACING_NS
                for bursts in self._jobs.values()
                for burst in bursts.values()
                if burst.record is not None
            ),
            default=None,
        )
