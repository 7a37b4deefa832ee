"""JobSlot: a slot of one job. Its lock is the job's lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from routilux.clock import NANOSECONDS
from routilux.engine import entry
from routilux.engine.lane_times import refresh
from routilux.engine.running import running_here
from routilux.errors import JobFinished, SlotQueueFullError
from routilux.item_queue import ItemQueue
from routilux.segment import count_items
from routilux.slot import Slot

if TYPE_CHECKING:
    from routilux.debugger.breakpoint import Breakpoint
    from routilux.engine.caught import Caught
    from routilux.engine.job import Job
    from routilux.engine.job_routine import JobRoutine
    from routilux.engine.outlet import RunningOutlet
    from routilux.engine.plan import SlotPlan
    from routilux.parcel import Leg
    from routilux.segment import Segment
    from routilux.slot_metrics import SlotMetrics


class JobSlot(Slot):
    """A bounded queue between the routines of one job.

    Attributes:
        closed: nothing may enter: the job is paused, or a breakpoint holds an item in front.
        guarded: it is closed or watched; the one test that a delivery pays for both.
        stops: items in front of it that a breakpoint holds.
        watch: its breakpoints; an empty tuple if each item is looked at for another reason.
        job: the job that owns it.
        consumer: the routine that takes from it.
        producers: the routines whose events are connected to it.
        outlets: outlets of running activations that feed it.
    """

    def __init__(self, job: Job, consumer: JobRoutine, plan: SlotPlan) -> None:
        settings = plan.settings
        self.name = plan.name
        self.routine = consumer.plan.routine
        self.settings = settings
        self.max_queue_length = settings.max_queue_length
        self.explicit = plan.explicit
        self.connected_events = []
        self._clock = job.clock
        self._lock = job.lock
        self.queue = ItemQueue(settings.watermark_threshold)
        self.legs = []
        self.job = job
        self.consumer = consumer
        self.producers: list[JobRoutine] = []
        self.outlets: list[RunningOutlet] = []
        self.holds_back = settings.holds_back
        self.closed = self.guarded = False
        self.stops = 0
        self.watch: tuple[Breakpoint, ...] | None = None

    @property
    def routine_id(self) -> str:
        """The id of the consumer."""
        return self.consumer.id

    @property
    def job_id(self) -> str:
        """The job that owns the slot."""
        return self.job.state.job_id

    # -- all below: under the job's lock ----------------------------------------------------------

    def refresh(self) -> None:
        """Say anew whether it is closed or watched; something of that has changed."""
        self.closed = self.job.gate_closed or self.stops > 0
        self.guarded = self.closed or self.watch is not None

    def room(self) -> int:
        """Items that could enter now, as the start gate sees it.

        Behind an item that a breakpoint holds, producers go on as long as more can be held.
        """
        if self.legs:
            return 0
        if self.stops:
            return self.max_queue_length - self.queue.held
        if self.queue.held:
            return 0
        return self.max_queue_length - self.queue.unconsumed

    def open_room(self) -> int:
        """Items that a consumer may pull in; a slot that refuses or evicts takes what fits."""
        return 0 if self.closed else self.room()

    def hold_room(self) -> int:
        """Items that could be held now."""
        return 0 if self.legs else self.max_queue_length - self.queue.held

    def offer(self, segment: Segment) -> Segment | None:
        """Offer what an activation has emitted. Returns what must wait for room, or None."""
        queue = self.queue
        if self.guarded:
            return entry.offer(self, segment)
        if self.legs or queue.held:
            if self.holds_back:
                return segment
            return self.overflow(segment, 0)  # held items have the room, if there is any
        room = self.max_queue_length - queue.unconsumed
        count = segment.stop - segment.start
        if count <= room:
            queue.put(segment, self._clock.time_ns())
            self.consumer.items_came()
            return None
        return self.overflow(segment, room)

    def overflow(self, segment: Segment, room: int) -> Segment | None:
        """Let in what there is room for; of the rest, what its setting says."""
        overflow = self.settings.overflow
        if overflow == "drop_oldest":
            self._make_way(segment)
            room = len(segment)
        if room > 0:
            self.queue.put(segment.cut(room), self._clock.time_ns())
            self.consumer.items_came()
        if not len(segment):
            return None
        if overflow == "reject":
            self.refuse(segment, "rejected")
            return None
        return segment

    def _make_way(self, segment: Segment) -> None:
        """Refuse the oldest for `segment`, which may be longer than the slot."""
        queue = self.queue
        while queue.held:
            self.evict(min(queue.held, count_items(queue.waiting)))
            if not queue.admit_held(
                self.max_queue_length - queue.unconsumed, self._clock.time_ns()
            ):
                break
        waiting = count_items(queue.waiting)  # without what a policy has in hand
        surplus = queue.unconsumed + queue.held + len(segment) - self.max_queue_length
        self.evict(min(max(0, surplus), waiting))
        if surplus > waiting:
            self.refuse(segment.cut(min(surplus - waiting, len(segment))), "evicted")

    def admit(self) -> bool:
        """Let held and waiting items in, as far as there is room and nothing stops them."""
        if self.guarded:
            return entry.admit(self)
        admitted = super().admit()
        self.consumer.news |= admitted
        return admitted

    def reopen(self) -> None:
        """Nothing keeps items out any more: held ones go in, then those that stood still.

        Only a slot that holds its producers back lets them go on waiting.
        """
        self.refresh()
        self.admit()
        if self.holds_back:
            return
        for leg in [leg for leg in self.legs if not leg.parcel.outside]:
            if self.closed:  # one of them was stopped by a breakpoint
                return
            self.legs.remove(leg)
            rest = self.offer(leg.segment)
            if rest is not None:
                leg.segment = rest
                self.legs.insert(0, leg)
                return
            leg.parcel.leg_ended(leg)

    def catch(self, caught: Caught) -> Caught | None:
        """Hold an item that was stopped. One that cannot be held waits with its producer."""
        self.queue.number(caught)
        if self.hold_room() <= 0:  # or somebody is before it: another thread of its producer, maybe
            return caught
        self.queue.hold(caught)
        self.job.held(self, caught)
        return None

    def drop(self, caught: Caught) -> None:
        """Refuse an item that was stopped: somebody drops it in the debugger."""
        reason = "dropped_in_debugger"
        for leg in self.legs:
            if leg.segment is caught:
                self.legs.remove(leg)
                leg.parcel.leg_ended(leg)
                self.queue.refuse(caught, reason)
                break
        else:
            self.queue.drop_held(caught, reason)
        self.job.refused(self, caught, reason)

    def let_go(self) -> None:
        """A breakpoint holds one item less in front of it."""
        if self.job.gate_closed:
            return
        for leg in self.legs:
            self.restart_wait(leg)
            leg.parcel.wake()
        self.reopen()
        self.taken()
        self.consumer.consider()

    def evict(self, count: int) -> list[Segment]:
        evicted = self.queue.take(count)
        for segment in evicted:  # told while they count: of a slot that is full, as it was
            self.job.refused(self, segment, "evicted")
        self.queue.refuse_drawn(evicted, "evicted")
        return evicted

    def hold(self, segment: Segment) -> Segment | None:
        """Hold what fits beside the slot; the rest stands still with its producer."""
        if self.legs:
            return segment
        room = self.max_queue_length - self.queue.held
        if room <= 0:
            return segment
        part = segment if len(segment) <= room else segment.cut(room)
        self.queue.hold(part)
        self.job.held(self, part)
        refresh(self.consumer)
        return None if part is segment else segment

    def hold_waiting(self) -> None:
        """The gate closes: what the job's own producers wait with becomes held.

        Callers from outside look again: they wait for the resume from now on, and not for ever.
        """
        for leg in list(self.legs):
            if leg.parcel.outside:
                leg.parcel.wake()
            else:
                room = self.max_queue_length - self.queue.held
                whole = len(leg.segment) <= room
                part = leg.segment if whole else leg.segment.cut(room)
                if len(part):
                    self.queue.hold(part)
                    self.job.held(self, part)
                if whole:
                    self.legs.remove(leg)
                    leg.parcel.leg_ended(leg)

    def refuse(self, segment: Segment, reason: str, attempts: int = 0) -> None:
        """Refuse items of the job's own logic: they become dead letters."""
        if len(segment):
            self.queue.refuse(segment, reason)
            self.job.refused(self, segment, reason, attempts)

    def attend(self, leg: Leg, now: int) -> int | None:
        """Until when a producer of the job goes on waiting with `leg`; None: until it is woken.

        `now` and the answer are in the job's own time, which stands still while it is paused.
        Counts the wait that begins, or refuses the item at the head after the last.
        """
        settings = self.settings
        if self.closed:
            return None
        if settings.overflow != "retry":
            if not leg.attempts:
                self._count_wait(leg, 0.0)
            return None
        if leg.due_ns is None or now >= leg.due_ns:
            if leg.attempts >= settings.max_enqueue_retries:
                self._refuse_head(leg)
                if not len(leg.segment):
                    return None
            delay = settings.enqueue_retry_delay * (leg.attempts + 1)
            self._count_wait(leg, delay)
            leg.due_ns = now + int(delay * NANOSECONDS)
        return leg.due_ns

    def _count_wait(self, leg: Leg, delay: float) -> None:
        super()._count_wait(leg, delay)
        self.job.retried(self, leg, delay)

    def _refuse_head(self, leg: Leg) -> None:
        self.refuse(leg.segment.cut(1), "queue_full", leg.attempts)
        leg.attempts = 0
        if not len(leg.segment):
            self.legs.remove(leg)
            leg.parcel.leg_ended(leg)
            self.admit()

    def taken(self) -> None:
        """Items have left: let waiting ones in, and start producers that waited for room."""
        if self.legs or self.queue.held:
            self.admit()
            if self.legs or self.queue.held:
                return
        for producer in self.producers:
            if producer.gated_by is self:
                producer.gated_by = None
                producer.consider()

    def read_metrics(self) -> SlotMetrics:
        """All figures of the slot; what logic has buffered since a pause counts as held."""
        if self.job.gate_closed:
            for outlet in self.outlets:
                outlet.pull_held()
        return super().read_metrics()

    # -- what `Slot` asks -------------------------------------------------------------------------

    def _check_open(self) -> None:
        if self.job.ended:
            raise JobFinished(self.job_id, self.job.state.status.value)

    def _check_waiting(self, leg: Leg) -> None:
        if self.job.ended:
            self.legs.remove(leg)
            leg.parcel.legs.clear()
            self._check_open()

    def _wait(self, leg: Leg, timeout: float | None) -> None:
        """Logic that enqueues by itself does not hold its worker while it waits."""
        caller = running_here()
        if caller is None:
            super()._wait(leg, timeout)
        else:
            caller.job.pool.wait_outside(leg.parcel, timeout)

    def _withdraw(self, leg: Leg, reason: str) -> SlotQueueFullError:
        error = super()._withdraw(leg, reason)
        self.admit()
        return error

    def _let_in_or_wait(self, segment: Segment) -> Leg | None:
        if self.guarded and entry.stops_caller(self, segment):
            return None
        return super()._let_in_or_wait(segment)

    def _refuse_caller(self, segment: Segment, reason: str, retries: int) -> SlotQueueFullError:
        error = super()._refuse_caller(segment, reason, retries)
        self.job.returned(self, segment, reason, retries)
        return error

    def _waited(self, leg: Leg, reason: str) -> None:
        since = self._clock.monotonic_ns() - leg.since_ns
        self.job.waited(self, reason, since, leg.segment.origin.activation_id)
        self.job.tell_notices()

    def _closed(self) -> bool:
        return self.closed

    def _why_closed(self) -> str:
        if self.job.gate_closed:
            return super()._why_closed()
        return f"a breakpoint of job '{self.job_id}' holds an item in front of it"

    def _arrived(self) -> None:
        self.consumer.items_came()

    def _made_room(self) -> None:
        self.taken()
        self.consumer.consider()
        self.job.settle()

    def _told(self) -> None:
        self.job.tell_notices()
