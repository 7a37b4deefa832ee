"""Slot: a bounded first-in first-out queue in front of a routine.

A routine defines slots; each job that runs has slots of its own, made from the definitions. A
slot that belongs to a definition, or to nothing, is a plain queue that anyone may use: `enqueue`
blocks while the slot is full, as its ``overflow`` says.

Invariants, whenever the lock is free: the books of `routilux.item_queue` add up; no more than
``max_queue_length`` items wait; if producers wait in front of the slot, it has no room or its gate
is closed.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from routilux.clock import SYSTEM_CLOCK, stamp_ns
from routilux.errors import SlotPausedError, SlotQueueFullError
from routilux.item_queue import ItemQueue
from routilux.segment import Origin, Segment, SlotDataPoint
from routilux.settings import Overflow, SlotSettings, explicit, resolve
from routilux.slot_intake import SlotIntake
from routilux.slot_metrics import SlotMetrics

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from datetime import datetime

    from routilux.clock import Clock
    from routilux.event import Event
    from routilux.parcel import Leg
    from routilux.routine import Routine

__all__ = ["Slot", "SlotDataPoint", "SlotPausedError", "SlotQueueFullError"]


class Slot(SlotIntake):
    """A bounded queue of items.

    Args:
        name: the slot's name within its routine.
        routine: the routine that defines it, or None.
        max_queue_length: items that may wait, at least 1.
        watermark: share of the length (0 to 1) from which consumed items are let go.
        overflow: what happens when it is full: ``retry``, ``block``, ``reject``, ``drop_oldest``.
        max_enqueue_retries: waits for room before ``retry`` refuses.
        enqueue_retry_delay: seconds of the first wait; the n-th lasts n times as long.
        pause_enqueue_timeout: seconds that an outside caller waits at a paused job.
        clock: where time comes from.

    A setting given as None is inherited when a job is bound: from the routine's ``slot_defaults``,
    the flow, or the built-in values.

    Raises:
        ValueError: a setting is out of range.
    """

    def __init__(
        self,
        name: str = "",
        routine: Routine | None = None,
        max_queue_length: int | None = 1000,
        watermark: float | None = 0.8,
        *,
        overflow: Overflow | None = None,
        max_enqueue_retries: int | None = None,
        enqueue_retry_delay: float | None = None,
        pause_enqueue_timeout: float | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self.explicit: Mapping[str, Any] = explicit(
            max_queue_length=max_queue_length,
            watermark=watermark,
            overflow=overflow,
            max_enqueue_retries=max_enqueue_retries,
            enqueue_retry_delay=enqueue_retry_delay,
            pause_enqueue_timeout=pause_enqueue_timeout,
        )
        self.connected_events: list[Event] = []
        self._set_up(name, routine, resolve(self.explicit), clock, threading.Lock())

    def _set_up(
        self,
        name: str,
        routine: Routine | None,
        settings: SlotSettings,
        clock: Clock,
        lock: AbstractContextManager[Any],
    ) -> None:
        self.name = name
        self.routine = routine
        self.settings = settings
        self.max_queue_length = settings.max_queue_length
        self._clock = clock
        self._lock = lock
        self.queue = ItemQueue(settings.watermark_threshold)
        self.legs: list[Leg] = []

    def configure(self, **settings: Any) -> None:
        """Change settings of a definition's slot; jobs that run keep theirs.

        Raises:
            ValueError: a setting is unknown or out of range.
        """
        merged = {**self.explicit, **explicit(**settings)}
        with self._lock:
            self.settings = resolve(merged)
            self.explicit = merged
            self.max_queue_length = self.settings.max_queue_length
            self.queue.threshold = self.settings.watermark_threshold

    @property
    def watermark(self) -> float:
        """Share of the length (0 to 1) from which consumed items are let go."""
        return self.settings.watermark

    @property
    def watermark_threshold(self) -> int:
        """``int(max_queue_length * watermark)``, items."""
        return self.settings.watermark_threshold

    @property
    def routine_id(self) -> str | None:
        """The id that a flow gave the slot's routine."""
        return self.routine.routine_id if self.routine is not None else None

    # -- wiring -----------------------------------------------------------------------------------

    def connect(self, event: Event) -> None:
        """Connect an event to this slot; connecting twice is connecting once."""
        if event not in self.connected_events:
            self.connected_events.append(event)
            event.connect(self)

    def disconnect(self, event: Event) -> None:
        """Undo `connect`; an event that is not connected is no error."""
        if event in self.connected_events:
            self.connected_events.remove(event)
            event.disconnect(self)

    # -- putting items in -------------------------------------------------------------------------

    def enqueue(
        self,
        data: Any,
        emitted_from: str,
        emitted_at: datetime,
        retry_count: int = 0,
        job_id: str | None = None,
    ) -> None:
        """Put one item in; blocks while the slot is full, as its ``overflow`` says.

        Args:
            data: the item.
            emitted_from: who emitted it.
            emitted_at: when; a naive datetime is taken as local time.
            retry_count: waits that the caller has already made.
            job_id: a live job of a flow with this definition: the item enters that job's slot.

        Raises:
            SlotQueueFullError: there was no room after all retries, or at once with ``reject``.
            SlotPausedError: the job stayed paused for ``pause_enqueue_timeout`` seconds.
            JobFinished: the job has ended.
        """
        target = self._of_job(job_id)
        segment = Segment([data], [stamp_ns(emitted_at)], Origin(emitted_from))
        target.enter(segment, retry_count)

    # -- taking items out, and looking ------------------------------------------------------------

    def _consume(self, count: int | None) -> list[Segment]:
        with self._lock:
            taken = self.queue.take_all() if count is None else self.queue.take(count)
            self.queue.commit(taken, self._clock.time_ns())
            self._made_room()
        self._told()
        return taken

    def _waiting(self) -> list[Segment]:
        with self._lock:
            return list(self.queue.waiting)

    def _visible(self) -> list[Segment]:
        with self._lock:
            return [*self.queue.kept, *self.queue.waiting]

    def get_unconsumed_count(self) -> int:
        """Items that wait."""
        return self.queue.unconsumed

    def get_total_count(self) -> int:
        """Items that can be seen: waiting ones, and consumed ones not yet let go."""
        with self._lock:
            return self.queue.size

    def points(self, limit: int | None = None) -> list[SlotDataPoint]:
        """The items that can be seen as data points: consumed, waiting, then held ones.

        Args:
            limit: how many at most, from the oldest; None means all.
        """
        with self._lock:
            queue = self.queue
            segments = [*queue.kept, *queue.waiting, *queue.held_segments]
            found: list[SlotDataPoint] = []
            for segment in segments:
                found.extend(segment.points(self.routine_id, self.name))
                if limit is not None and len(found) >= limit:
                    return found[:limit]
            return found

    # -- figures ----------------------------------------------------------------------------------

    def metrics(self) -> SlotMetrics:
        """All figures of the slot, read at one moment."""
        with self._lock:
            return self.read_metrics()

    def read_metrics(self) -> SlotMetrics:
        """As `metrics`, for a caller that has the lock."""
        queue = self.queue
        return SlotMetrics(
            slot_name=self.name,
            routine_id=self.routine_id,
            max_length=self.max_queue_length,
            watermark_threshold=self.settings.watermark_threshold,
            size=queue.size,
            unconsumed=queue.unconsumed,
            held=queue.held,
            offered=queue.offered,
            consumed=queue.consumed,
            refused=queue.refused,
            refused_by=dict(queue.refused_by),
            returned_to_caller=queue.returned_to_caller,
            retries=queue.retries,
            times_held=queue.times_held,
            oldest_ns=queue.waiting[0].enqueued_ns if queue.waiting else None,
            waiting_producers=len(self.legs),
        )

    def get_queue_metrics(self) -> dict[str, Any]:
        """Queue size, length, usage, backlog and names, as monitoring clients know them."""
        return self.metrics().queue_metrics()

    def get_queue_status(self) -> dict[str, Any]:
        """The same figures in the older words, with a pressure level."""
        return self.metrics().queue_status()

    def get_queue_state(self) -> dict[str, Any]:
        """`get_queue_status` with the slot's name."""
        return {"name": self.name, **self.get_queue_status()}

    def is_paused(self) -> bool:
        """Whether the slot's gate is closed; never true of a definition's slot."""
        return self._closed()

    def _of_job(self, job_id: str | None) -> Slot:
        if job_id is None or self.routine is None:
            return self
        return self.routine.job_slot(job_id, self.name) or self

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} {self.routine_id or '-'}.{self.name} "
            f"{self.queue.unconsumed}/{self.max_queue_length}>"
        )
