"""A look into a slot: its items as they wait, are held, or were consumed a moment ago."""

from __future__ import annotations

from heapq import merge, nsmallest
from itertools import islice
from typing import TYPE_CHECKING, Literal, NamedTuple, cast

from routilux.clock import stamp
from routilux.ids import item_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from typing import Any

    from routilux.engine.job_slot import JobSlot
    from routilux.job_state import JobState
    from routilux.segment import Segment

ItemState = Literal["consumed", "waiting", "held"]
ItemPlace = tuple[int, int]  # an item's number in its slot, and its attempt
FIRST: ItemPlace = (-1, 0)  # before every item


class ItemReading(NamedTuple):
    """One item. Times are aware UTC; see `routilux.segment.SlotDataPoint`."""

    place: ItemPlace
    id: str
    state: ItemState
    data: Any
    emitted_from: str
    emitted_at: datetime
    enqueued_at: datetime | None
    consumed_at: datetime | None
    attempt: int


class ItemPage(NamedTuple):
    """Some of a slot's items; `total` counts all that can be seen, `more`: others follow."""

    items: list[ItemReading]
    total: int
    more: bool


class _Window(NamedTuple):
    """A segment as it was when the lock was held: only its start changes while it is in a slot."""

    state: ItemState
    segment: Segment
    start: int

    def first_after(self, after: ItemPlace) -> int:
        """The index of the first item behind a place."""
        segment = self.segment
        number = after[0] + (segment.attempt <= after[1])
        return max(self.start, number - segment.base)

    def places(self, after: ItemPlace) -> Iterator[tuple[ItemPlace, _Window, int]]:
        """Its items behind a place, as sortable entries."""
        segment = self.segment
        for index in range(self.first_after(after), segment.stop):
            yield (segment.base + index, segment.attempt), self, index


def look(
    state: JobState,
    routine_id: str,
    slot_name: str,
    *,
    limit: int,
    after: ItemPlace = FIRST,
    only: ItemState | None = None,
) -> ItemPage:
    """The items of a job's slot in the order of their numbers; nothing is consumed.

    Consumed items are there until the slot lets them go. What a policy has in hand at that moment
    is not seen.

    Args:
        state: the job, also after its end.
        routine_id, slot_name: the slot.
        limit: items at most.
        after: only items behind this one.
        only: only items in this state.

    Raises:
        ValueError: there is no such routine or slot.
        RuntimeError, JobFinished: the job was not started in this process.
    """
    slot = cast("JobSlot", state.slot(routine_id, slot_name))  # outside of tests there is no other
    windows = [window for window in _read(slot) if only in (None, window.state)]
    total = sum(window.segment.stop - window.start for window in windows)
    behind = [each for each in windows if each.first_after(after) < each.segment.stop]
    # The first `limit` items are in the segments with the lowest first items, and one more.
    lowest = nsmallest(limit + 1, behind, key=lambda window: next(window.places(after))[0])
    found = merge(*(window.places(after) for window in lowest), key=lambda entry: entry[0])
    chosen = list(islice(found, limit + 1))
    return ItemPage(
        [_reading(slot, *entry) for entry in chosen[:limit]], total, len(chosen) > limit
    )


def _read(slot: JobSlot) -> list[_Window]:
    with slot.job.lock:
        slot.read_metrics()  # what logic has buffered since a pause is held, too
        queue = slot.queue
        return [
            *(_Window("consumed", segment, segment.start) for segment in queue.kept),
            *(_Window("waiting", segment, segment.start) for segment in queue.waiting),
            *(_Window("held", segment, segment.start) for segment in queue.held_segments),
        ]


def _reading(slot: JobSlot, place: ItemPlace, window: _Window, index: int) -> ItemReading:
    segment, state = window.segment, window.state
    return ItemReading(
        place=place,
        id=item_id(slot.routine_id, slot.name, place[0]),
        state=state,
        data=segment.data[index],
        emitted_from=segment.origin.routine_id,
        emitted_at=stamp(segment.stamps[index]),
        enqueued_at=stamp(segment.enqueued_ns) if state != "held" else None,
        consumed_at=stamp(segment.consumed_ns) if state == "consumed" else None,
        attempt=segment.attempt,
    )
