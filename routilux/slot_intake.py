"""The entering side of a slot: letting items in, lining them up, refusing them.

Nobody waits with the lock. A caller without room leaves its items in front of the slot (see
`routilux.parcel`) and sleeps; whoever makes room lets them in, in their order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from routilux.clock import NANOSECONDS
from routilux.errors import SlotPausedError, SlotQueueFullError
from routilux.parcel import Leg, Parcel
from routilux.segment import count_items
from routilux.slot_reader import SlotReader

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from routilux.clock import Clock
    from routilux.item_queue import ItemQueue
    from routilux.segment import Segment
    from routilux.settings import SlotSettings

FOREVER = 1 << 62  # nanoseconds; later than any clock


class SlotIntake(SlotReader):
    """What `routilux.slot.Slot` does with items that come."""

    name: str
    settings: SlotSettings
    max_queue_length: int
    queue: ItemQueue
    legs: list[Leg]
    _clock: Clock
    _lock: AbstractContextManager[Any]

    @property
    def routine_id(self) -> str | None:
        """The id of the routine that the slot belongs to."""
        return None

    def enter(self, segment: Segment, retries: int = 0, timeout: float | None = None) -> int:
        """Put a segment in on behalf of a caller from outside. Blocks and raises as `enqueue`.

        Args:
            segment: the items.
            retries: waits that the caller has already made.
            timeout: seconds to wait at most; None: as long as the settings say.

        Returns:
            The slot's number of the last item.
        """
        try:
            with self._lock:
                self._check_open()
                leg = self._let_in_or_wait(segment)
        finally:
            self._told()  # also of what was refused
        if leg is None:
            return segment.numbers()[-1]
        leg.attempts = retries
        reason = "paused" if self._closed() else "full"
        try:
            self._wait_outside(leg, timeout)
        finally:
            self._waited(leg, reason)
        return leg.number

    def _let_in_or_wait(self, segment: Segment) -> Leg | None:
        """Let the segment in, refuse it, or line it up. Under the lock."""
        if not self._closed() and not self.legs and not self.queue.held:
            room = self.max_queue_length - self.queue.unconsumed
            if room < len(segment) and self.settings.overflow == "drop_oldest":
                self.evict(len(segment) - room)
                room = self.max_queue_length - self.queue.unconsumed
            if room >= len(segment):
                self.queue.put(segment, self._clock.time_ns())
                self._arrived()
                return None
            if self.settings.overflow == "reject":
                raise self._refuse_caller(segment, "rejected", 0)
        leg = Leg(self, segment, Parcel(outside=True), self._clock.monotonic_ns())
        self.legs.append(leg)
        return leg

    def _wait_outside(self, leg: Leg, timeout: float | None) -> None:
        """Wait until `leg` is in. The lock is free while the caller waits."""
        paused_until: int | None = None
        patience = FOREVER if timeout is None else leg.since_ns + int(timeout * NANOSECONDS)
        while True:
            with self._lock:
                if not leg.parcel.legs:
                    return
                self._check_waiting(leg)
                now = self._clock.monotonic_ns()
                if self._closed():
                    self.restart_wait(leg)
                    paused_until = paused_until or now + self._pause_timeout_ns()
                    until = min(paused_until, patience)
                    if now >= until:
                        raise self._withdraw(leg, "paused")
                else:
                    paused_until = None
                    if now >= patience:
                        raise self._withdraw(leg, "queue_full")
                    until = min(self._next_attempt(leg, now), patience)
                left = None if until == FOREVER else (until - now) / NANOSECONDS
            self._told()
            self._wait(leg, left)

    def _next_attempt(self, leg: Leg, now: int) -> int:
        """When the caller's present wait is over; counts a new wait, or refuses."""
        overflow = self.settings.overflow
        if overflow == "reject":
            raise self._withdraw(leg, "rejected")
        if overflow == "drop_oldest":
            self._evict_up_to(leg)
            return FOREVER
        if overflow == "block":
            if not leg.attempts:
                self._count_wait(leg, 0.0)
            return FOREVER
        if leg.due_ns is None or now >= leg.due_ns:
            if leg.attempts >= self.settings.max_enqueue_retries:
                raise self._withdraw(leg, "queue_full")
            delay = self.settings.enqueue_retry_delay * (leg.attempts + 1)
            self._count_wait(leg, delay)
            leg.due_ns = now + int(delay * NANOSECONDS)
        return leg.due_ns

    def _count_wait(self, leg: Leg, delay: float) -> None:  # noqa: ARG002 - a job's slot tells it
        """A producer begins to wait, `delay` seconds at most; 0: until it is woken."""
        leg.attempts += 1
        self.queue.retries += 1

    def _evict_up_to(self, leg: Leg) -> None:
        """The job goes on: let held items in, then those of the callers up to `leg`.

        Again and again: those before `leg` may have to give way to it in their turn.
        """
        arrived = False
        while leg.parcel.legs:
            surplus = self.queue.unconsumed + self._up_to(leg) - self.max_queue_length
            evicted = self.evict(min(max(0, surplus), count_items(self.queue.waiting)))
            admitted = self.admit()
            arrived = arrived or admitted
            if not (evicted or admitted):
                break
        if arrived:
            self._arrived()

    def _up_to(self, leg: Leg) -> int:
        """Held items, and those of the callers up to `leg`."""
        coming = self.queue.held
        for each in self.legs:
            coming += len(each.segment)
            if each is leg:
                break
        return coming

    @staticmethod
    def restart_wait(leg: Leg) -> None:
        """The wait that a pause cut short begins anew at resume. Under the lock."""
        if leg.due_ns is not None:
            leg.due_ns = None
            leg.attempts -= 1

    def _withdraw(self, leg: Leg, reason: str) -> SlotQueueFullError:
        self.legs.remove(leg)
        leg.parcel.legs.clear()
        return self._refuse_caller(leg.segment, reason, leg.attempts)

    def _refuse_caller(self, segment: Segment, reason: str, retries: int) -> SlotQueueFullError:
        """Count a refusal that the caller is told by the error that is returned."""
        self.queue.refuse(segment, reason)
        self.queue.returned_to_caller += len(segment)
        return self.full_error(reason, retries)

    def full_error(self, reason: str, retries: int) -> SlotQueueFullError:
        """The error that says why an item was refused, with all facts. Under the lock."""
        unconsumed, size = self.queue.unconsumed, self.queue.size
        if reason == "paused":
            kind: type[SlotQueueFullError] = SlotPausedError
            text = (
                f"Slot '{self.name}' cannot enqueue: {self._why_closed()}. Please resume it first."
            )
        elif reason == "evicted":
            kind = SlotQueueFullError
            text = (
                f"Slot '{self.name}' drops its oldest item for a newer one "
                f"(max={self.max_queue_length}, unconsumed with it: {unconsumed})."
            )
        else:
            kind = SlotQueueFullError
            text = (
                f"Slot '{self.name}' queue is full (max={self.max_queue_length}). "
                f"Unconsumed: {unconsumed}, Total: {size}. Retried {retries} times."
            )
        return kind(
            text,
            slot_name=self.name,
            routine_id=self.routine_id,
            job_id=self.job_id,
            max_length=self.max_queue_length,
            unconsumed_count=unconsumed,
            queue_size=size,
            retries=retries,
        )

    def evict(self, count: int) -> list[Segment]:
        """Refuse the oldest waiting items for newer ones."""
        return self.queue.give_up(count, "evicted")

    def admit(self) -> bool:
        """Let held and waiting items in as far as there is room. Under the lock."""
        if self._closed() or not (self.legs or self.queue.held):
            return False
        now = self._clock.time_ns()
        room = self.max_queue_length - self.queue.unconsumed
        admitted = self.queue.admit_held(room, now) if self.queue.held else 0
        while self.legs and admitted < room and not self.queue.held:
            leg = self.legs[0]
            count = min(len(leg.segment), room - admitted)
            part = leg.segment.cut(count)
            self.queue.put(part, now)
            leg.number = part.numbers()[-1]
            admitted += count
            leg.attempts, leg.due_ns = 0, None
            if not len(leg.segment):
                self.legs.pop(0)
                leg.parcel.leg_ended(leg)
        return admitted > 0

    # -- what a job's slot does differently -------------------------------------------------------

    @property
    def job_id(self) -> str | None:
        """The job that owns the slot, or None."""
        return None

    def _check_open(self) -> None:
        """Raise when the slot takes no more items from outside."""

    def _check_waiting(self, leg: Leg) -> None:
        """Raise when it is no use to wait any longer."""

    def _wait(self, leg: Leg, timeout: float | None) -> None:
        """Block until somebody wakes the caller, or `timeout` seconds."""
        self._clock.wait(leg.parcel.signal, timeout)

    def _closed(self) -> bool:
        return False

    def _why_closed(self) -> str:
        """What keeps items out, for a person."""
        return f"job '{self.job_id}' is paused"

    def _pause_timeout_ns(self) -> int:
        return int(self.settings.pause_enqueue_timeout * NANOSECONDS)

    def _arrived(self) -> None:
        """New items wait. Under the lock."""

    def _made_room(self) -> None:
        """Items have left. Under the lock."""
        self.admit()

    def _told(self) -> None:
        """The lock was given back after a change."""

    def _waited(self, leg: Leg, reason: str) -> None:
        """A caller from outside waits no longer; `reason`: why the wait began. Without the lock."""
