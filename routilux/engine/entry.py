"""How items enter a slot that is guarded: closed, or watched by breakpoints.

Here items go one by one, for each may be stopped. One that is stopped is held beside the slot, and
the slot is closed from then on: what comes after it is held behind it. The other slots of a job
take whole segments and never come here. Everything is called under the job's lock.

An item is placed first and its stop registered then, for that may close the gate of the job, which
looks at every slot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from routilux.engine.caught import is_stopped

if TYPE_CHECKING:
    from routilux.engine.job_slot import JobSlot
    from routilux.parcel import Leg
    from routilux.segment import Segment


def offer(slot: JobSlot, segment: Segment) -> Segment | None:
    """Offer what an activation has emitted. Returns what must wait for room, or None."""
    while len(segment):
        if not slot.closed and not _has_place(slot) and slot.settings.overflow == "drop_oldest":
            _make_way(slot)
        if slot.closed:
            return slot.hold(segment)
        if slot.holds_back and not _has_place(slot):
            return segment
        is_last = len(segment) == 1
        _offer_one(slot, segment if is_last else segment.cut(1))
        if is_last:
            return None
    return None


def _has_place(slot: JobSlot) -> bool:
    """Whether an item may enter now: there is room, and nobody is before it."""
    queue = slot.queue
    return not (slot.legs or queue.held) and queue.unconsumed < slot.max_queue_length


def _make_way(slot: JobSlot) -> None:
    """Refuse the oldest until those that are held have entered, and there is room for one more."""
    while slot.queue.waiting and not slot.closed and not _has_place(slot):
        slot.evict(1)
        admit(slot)


def _offer_one(slot: JobSlot, item: Segment) -> None:
    if not _has_place(slot):
        slot.overflow(item, 0)  # it is refused, or evicts
    elif not _is_caught(slot, item):
        slot.queue.put(item, slot.job.clock.time_ns())
        slot.consumer.items_came()


def _is_caught(slot: JobSlot, item: Segment) -> bool:
    """Whether a breakpoint stops an item that is about to enter; it is held then."""
    debugger = slot.job.debugger
    hit = debugger.at_entry(slot, item) if debugger is not None else None
    if hit is None or debugger is None:
        return False
    for _, caught in hit.items:
        slot.queue.hold(caught)
        slot.job.held(slot, caught)
    debugger.register(hit)
    return True


def stops_caller(slot: JobSlot, item: Segment) -> bool:
    """Whether the item of a caller from outside is stopped, and so accepted, on its way in."""
    if slot.closed or slot.legs or slot.queue.held:
        return False
    if slot.settings.overflow != "drop_oldest" and not _has_place(slot):
        return False
    return _is_caught(slot, item)


def admit(slot: JobSlot) -> bool:
    """Let held and waiting items in as far as there is room and nothing stops them."""
    admitted = False
    queue = slot.queue
    while not slot.job.gate_closed and queue.unconsumed < slot.max_queue_length:
        if queue.held:
            if is_stopped(queue.held_segments[0]) or not _admit_held(slot):
                break
        elif slot.legs:
            if is_stopped(slot.legs[0].segment) or not _admit_waiting(slot, slot.legs[0]):
                break
        else:
            break
        admitted = True
    return admitted


def _admit_held(slot: JobSlot) -> bool:
    """Let the first held item in; False if it was stopped instead."""
    debugger, item = slot.job.debugger, slot.queue.take_held()
    hit = debugger.at_entry(slot, item) if debugger is not None else None
    if hit is None or debugger is None:
        slot.queue.let_in(item, slot.job.clock.time_ns())
        slot.consumer.news = True
        return True
    for _, caught in hit.items:
        slot.queue.put_held_back(caught)
    debugger.register(hit)
    return False


def _admit_waiting(slot: JobSlot, leg: Leg) -> bool:
    """Let the first item of a producer that waits in; False if it was stopped instead."""
    is_last = len(leg.segment) == 1
    item = leg.segment if is_last else leg.segment.cut(1)
    slot.queue.number(item)
    leg.number = item.numbers()[0]
    leg.attempts, leg.due_ns = 0, None
    if is_last:
        slot.legs.pop(0)
        leg.parcel.leg_ended(leg)
    if _is_caught(slot, item):
        return False
    slot.queue.put(item, slot.job.clock.time_ns())
    slot.consumer.news = True
    return True
