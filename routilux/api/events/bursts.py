"""Bursts: a thousand refusals at a slot, or reports of a tracepoint, are told as a few events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from routilux.clock import NANOSECONDS
from routilux.hooks import BreakpointRecord

if TYPE_CHECKING:
    from routilux.hooks import SlotRecord

    Record = SlotRecord | BreakpointRecord

SPACING_NS = NANOSECONDS // 4
# In that time; what comes beyond that is told as one event at its end. A reader of reports wants to
# see some; a sum says everything about refusals.
REPORTS, SUMS = 5, 1


class Told(NamedTuple):
    """What is to be told: the kind of event, the last record, and what was put together.

    `total` is the sum of items, or the number of reports.
    """

    kind: str
    record: Record
    total: int


@dataclass(slots=True)
class _Burst:
    began_ns: int
    told: int = 0
    total: int = 0
    record: Record | None = None

    def is_over(self, now_ns: int) -> bool:
        return now_ns - self.began_ns >= SPACING_NS

    def tell(self, kind: str) -> list[Told]:
        """What waits."""
        record, total = self.record, self.total
        if record is None:
            return []
        self.record, self.total = None, 0
        self.told += 1
        return [Told(kind, record, total)]

    def begin(self, kind: str, now_ns: int) -> list[Told]:
        """A new time begins; what waits is the first that is told in it."""
        self.began_ns, self.told = now_ns, 0
        return self.tell(kind)


class Bursts:
    """Puts records together that are alike: of one job, kind, slot and reason, or tracepoint.

    The first are told at once, what follows at most every `SPACING_NS` as one. Nothing is lost:
    what was not told yet is told by `due` or by `end`. Not thread-safe.
    """

    def __init__(self) -> None:
        self._jobs: dict[str, dict[tuple[str, ...], _Burst]] = {}
        self._swept_ns = 0

    def offer(self, kind: str, record: Record, now_ns: int) -> list[Told]:
        """Take a record; returns what is to be told now."""
        bursts = self._jobs.setdefault(record.job_id, {})
        key, total, allowed = _facts(kind, record)
        burst = bursts.get(key)
        if burst is None:
            burst = bursts[key] = _Burst(now_ns)
        burst.record = record
        burst.total += total
        told = burst.begin(kind, now_ns) if burst.is_over(now_ns) else []
        if burst.told < allowed:
            told += burst.tell(kind)
        return told + self.due(now_ns) if now_ns - self._swept_ns >= SPACING_NS else told

    def due(self, now_ns: int) -> list[Told]:
        """What has waited long enough; a burst without anything that waits is forgotten."""
        self._swept_ns = now_ns
        told = []
        for job_id, bursts in list(self._jobs.items()):
            for key, burst in list(bursts.items()):
                if not burst.is_over(now_ns):
                    continue
                if burst.record is None:
                    del bursts[key]
                told += burst.begin(key[0], now_ns)
            if not bursts:
                del self._jobs[job_id]
        return told

    def end(self, job_id: str) -> list[Told]:
        """Everything of a job that was not told yet; the job is forgotten."""
        bursts = self._jobs.pop(job_id, {})
        return [told for key, burst in bursts.items() for told in burst.tell(key[0])]

    def next_due_ns(self) -> int | None:
        """When something is due, on the clock of the calls; None when nothing waits."""
        return min(
            (
                burst.began_ns + SPACING_NS
                for bursts in self._jobs.values()
                for burst in bursts.values()
                if burst.record is not None
            ),
            default=None,
        )


def _facts(kind: str, record: Record) -> tuple[tuple[str, ...], int, int]:
    """What it is put together with, how much it is, and how many are told in a time."""
    if isinstance(record, BreakpointRecord):
        return (kind, record.breakpoint_id), 1, REPORTS
    return (kind, record.routine_id, record.slot_name, record.reason), record.count, SUMS
