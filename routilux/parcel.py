"""Items whose producer waits for room, and the wake-up it waits for.

A producer that meets full slots leaves its items in front of them as a parcel: one leg for each
slot. Whoever makes room moves items from the first leg into the slot, and wakes the producer when
the last leg is empty. So nobody overtakes, the order of a producer's items is kept, and a wake-up
is never lost: it is a lock that is released once and acquired once.
"""

from __future__ import annotations

import _thread
from typing import TYPE_CHECKING

from routilux.segment import UNNUMBERED

if TYPE_CHECKING:
    from routilux.clock import WaitLock
    from routilux.segment import Segment
    from routilux.slot_intake import SlotIntake


class Parcel:
    """What one producer waits to get rid of. Its fields belong to the slots' lock.

    Attributes:
        legs: what still has to go in, one for each slot.
        outside: the producer is a caller from outside, not the job's own logic.
    """

    __slots__ = ("_lock", "legs", "outside")

    def __init__(self, *, outside: bool = False) -> None:
        self.legs: list[Leg] = []
        self.outside = outside
        self._lock = _thread.allocate_lock()
        self._lock.acquire()

    @property
    def signal(self) -> WaitLock:
        """What the producer waits on with a clock."""
        return self._lock

    def wake(self) -> None:
        """Make the producer look again. More often than once is the same as once."""
        try:
            self._lock.release()
        except RuntimeError:  # it is awake already and has not looked yet
            return

    def leg_ended(self, leg: Leg) -> None:
        """A leg has nothing left to wait for; the last one wakes the producer."""
        self.legs.remove(leg)
        if not self.legs:
            self.wake()


class Leg:
    """The part of a parcel that waits in front of one slot."""

    __slots__ = ("attempts", "due_ns", "number", "parcel", "segment", "since_ns", "slot")

    def __init__(self, slot: SlotIntake, segment: Segment, parcel: Parcel, since_ns: int) -> None:
        self.slot = slot
        self.segment = segment
        self.parcel = parcel
        self.attempts = 0
        self.due_ns: int | None = None
        self.since_ns = since_ns
        self.number = UNNUMBERED  # of the latest item that went in
        parcel.legs.append(self)
