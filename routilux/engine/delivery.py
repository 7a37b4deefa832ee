"""Delivery: what an activation stands still for.

The activation counts as standing from `Job.stand_begins` until the moment that its last item is in
or the gate opens: whoever makes that happen ends the stand, under the lock, and not the thread that
wakes up later. So the job never looks stalled while somebody is on his way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from routilux.engine.lane_times import BUSY, stands_for
from routilux.parcel import Leg, Parcel

if TYPE_CHECKING:
    from routilux.engine.job_slot import JobSlot
    from routilux.engine.running import RunningActivation
    from routilux.segment import Segment


class JobLeg(Leg):
    """The part of a delivery that waits in front of one slot of the job."""

    __slots__ = ()
    slot: JobSlot


class Delivery(Parcel):
    """Items of an activation that wait for room; without legs, a place at the gate.

    Attributes:
        activation: who stands.
        counted: whether the activation's own thread stands; only that counts in the job.
        state: what its lane counts as meanwhile, see `routilux.engine.lane_times`.
    """

    __slots__ = ("activation", "counted", "state")

    def __init__(self, activation: RunningActivation) -> None:
        super().__init__()
        self.activation = activation
        self.counted = False
        self.state = BUSY

    def add(self, slot: JobSlot, segment: Segment) -> None:
        """Line a segment up in front of a slot."""
        leg = JobLeg(slot, segment, self, self.activation.job.clock.monotonic_ns())
        slot.legs.append(leg)
        slot.consumer.became_awaited()

    def job_legs(self) -> list[JobLeg]:
        """The legs, copied: attending to one may end it."""
        return cast("list[JobLeg]", list(self.legs))

    def leg_ended(self, leg: Leg) -> None:
        """A leg has nothing left to wait for; with the last one the activation goes on."""
        self.legs.remove(leg)
        if not self.legs:
            self.go_on()

    def stand_begins(self, now: int) -> None:
        """Its lane is blocked from now on, until its thread goes on."""
        if self.counted:
            self.stand_for(stands_for(self), now)

    def stand_for(self, state: int, now: int) -> None:
        """Its lane is blocked for that reason from now on."""
        was, self.state = self.state, state
        self.activation.node.times.move(was, state, now)

    def went_on(self, now: int) -> None:
        """Its thread goes on: its lane is busy again."""
        if self.counted:
            self.stand_for(BUSY, now)

    def go_on(self) -> None:
        """The activation stands no longer."""
        self.activation.job.stand_ends(self)
        self.wake()
