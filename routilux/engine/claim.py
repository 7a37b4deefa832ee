"""Claim: the items that one activation got, kept until it is done with them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from routilux.segment import Segment, all_data, count_items

if TYPE_CHECKING:
    from collections.abc import Iterator, Set

    from routilux.engine.job_slot import JobSlot


NOTHING: frozenset[tuple[str, int]] = frozenset()


class Claim:
    """What an activation was given. RETRY runs another attempt with the same claim.

    Attributes:
        number: the activation's number within its routine, from 1.
        inputs: for each slot of the routine, in order, the segments taken from it.
        shown: for each slot the data that logic sees, when the policy gave other data than it took.
        message: the policy's message.
        attempt: 1, and one more for each retry.
        failed: items that are dead letters already, or done before an interruption: (slot's name,
            number). They are processed no more.
        error: what the latest attempt raised, while another is to come.
    """

    __slots__ = ("attempt", "error", "failed", "inputs", "message", "number", "shown")

    def __init__(self, number: int) -> None:
        self.number = number
        self.inputs: list[tuple[JobSlot, list[Segment]]] = []
        self.shown: list[list[Any] | None] = []
        self.message: Any = None
        self.attempt = 1
        self.error: BaseException | None = None
        self.failed: Set[tuple[str, int]] = NOTHING

    def add(self, slot: JobSlot, segments: list[Segment], shown: list[Any] | None = None) -> None:
        """The next slot's share."""
        self.inputs.append((slot, segments))
        self.shown.append(shown)

    def lists(self) -> list[list[Any]]:
        """Fresh lists of data for logic, one for each slot, without what is a dead letter."""
        if self.failed:
            return [self._left(index) for index in range(len(self.inputs))]
        if len(self.inputs) == 1 and self.shown[0] is None:
            return [all_data(self.inputs[0][1])]
        return [
            all_data(segments) if shown is None else list(shown)
            for (_, segments), shown in zip(self.inputs, self.shown, strict=True)
        ]

    def _left(self, index: int) -> list[Any]:
        """A retry, or a rerun: items that were given up must not be processed, too."""
        (slot, segments), shown = self.inputs[index], self.shown[index]
        left: list[Any] = []
        gone: list[Any] = []
        for segment in segments:
            for number, item in zip(segment.numbers(), segment.items(), strict=True):
                (gone if (slot.name, number) in self.failed else left).append(item)
        if shown is None:
            return left
        hidden = {id(item) for item in gone} - {id(item) for item in left}
        return [data for data in shown if id(data) not in hidden]

    @property
    def count(self) -> int:
        """Items in all slots together."""
        return sum(count_items(segments) for _, segments in self.inputs)

    def find(self, item: object) -> tuple[JobSlot, Segment] | None:
        """The not yet failed item that `item` is, as a segment of one; marks it as failed."""
        for slot, segment, index in self._items():
            if segment.data[index] is item and self._mark(slot, segment, index):
                return slot, single(segment, index)
        return None

    def rest(self) -> Iterator[tuple[JobSlot, Segment]]:
        """All items that are no dead letters yet, each as a segment of one; marks them."""
        for slot, segment, index in self._items():
            if self._mark(slot, segment, index):
                yield slot, single(segment, index)

    def settle_first(self, count: int) -> None:
        """The first items are done: they become no dead letters."""
        for slot, segment, index in islice(self._items(), count):
            self._mark(slot, segment, index)

    def waited_ns(self) -> int:
        """How long the item waited in its slot that waited longest; 0 without one."""
        waits = (
            each.consumed_ns - each.enqueued_ns for _, segments in self.inputs for each in segments
        )
        return max(0, *waits, 0)

    def contexts(self) -> tuple[str, ...]:
        """The trace contexts that came with the items, each once."""
        found = {
            id(segment.origin.context): segment.origin.context
            for _, segments in self.inputs
            for segment in segments
            if segment.origin.context is not None
        }
        return tuple(found.values())

    def _items(self) -> Iterator[tuple[JobSlot, Segment, int]]:
        for slot, segments in self.inputs:
            for segment in segments:
                for index in range(segment.start, segment.stop):
                    yield slot, segment, index

    def _mark(self, slot: JobSlot, segment: Segment, index: int) -> bool:
        key = (slot.name, segment.base + index)
        if key in self.failed:
            return False
        if not isinstance(self.failed, set):  # the first one
            self.failed = set()
        self.failed.add(key)
        return True


def single(segment: Segment, index: int) -> Segment:
    """One item of a segment as a segment of its own."""
    one = Segment(segment.data, segment.stamps, segment.origin, index, index + 1)
    one.base = segment.base
    one.attempt = segment.attempt
    one.enqueued_ns = segment.enqueued_ns
    one.consumed_ns = segment.consumed_ns
    return one
