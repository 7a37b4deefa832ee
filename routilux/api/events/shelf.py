"""The shelf: the ring as engine threads fill it and loops read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from routilux.api.events.bursts import Bursts
from routilux.api.events.ring import Entry, Ring
from routilux.api.events.telling import burst_entry
from routilux.barging_lock import BargingLock

if TYPE_CHECKING:
    from collections.abc import Iterable

    from routilux.api.events.bursts import Record, Told
    from routilux.clock import Clock


class Shelf:
    """The ring, and the bursts on their way into it, behind one lock. Thread-safe.

    Args:
        size: events that are kept.
        clock: tells bursts from one another.

    Attributes:
        epoch: see `Ring`.
        closed: whether the streams are to end.
    """

    def __init__(self, size: int, clock: Clock) -> None:
        self.closed = False
        self._lock = BargingLock()
        self._ring = Ring(size)
        self._bursts = Bursts()
        self._clock = clock
        self.epoch = self._ring.epoch

    @property
    def last(self) -> int:
        """The number of the newest event."""
        return self._ring.last

    @property
    def floor(self) -> int:
        """The number of the newest event that is gone."""
        return self._ring.floor

    def put(self, entry: Entry) -> None:
        """Keep an event; that of a job's end comes after what was still to be told of the job."""
        with self._lock:
            if entry.ends:
                self._tell(self._bursts.end(entry.job_id))
            self._ring.append(entry)

    def put_burst(self, kind: str, record: Record) -> None:
        """Keep what comes in bursts, now or put together with what is alike."""
        with self._lock:
            self._tell(self._bursts.offer(kind, record, self._clock.monotonic_ns()))

    def put_due(self) -> None:
        """Keep the sums whose time has come."""
        with self._lock:
            self._tell(self._bursts.due(self._clock.monotonic_ns()))

    def next_due_s(self) -> float | None:
        """Seconds until a sum is due; None when none is waiting."""
        with self._lock:
            due_ns = self._bursts.next_due_ns()
        return None if due_ns is None else max(0, due_ns - self._clock.monotonic_ns()) / 1e9

    def after(self, position: int, limit: int) -> tuple[list[Entry], int, int]:
        """The oldest `limit` events newer than `position`; and `floor` and `last` at that time."""
        with self._lock:
            return self._ring.after(position, limit), self._ring.floor, self._ring.last

    def _tell(self, told: Iterable[Told]) -> None:
        at_ns = self._clock.time_ns()
        for each in told:
            self._ring.append(burst_entry(each, at_ns))
