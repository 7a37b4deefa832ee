"""What a breakpoint has stopped: an item on its way, or the items that an activation would get.

A caught item is a segment of one, with lists of its own, so that it can be edited. It stays where
it is in the books (held beside its slot, or with the producer that waits) and goes on from there.
A draft is a claim that is not consumed yet: its items are drawn from their slots and count as
waiting, as those that a policy has in hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from routilux.engine.claim import Claim
from routilux.segment import Segment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routilux.engine.hits import Hit
    from routilux.engine.job_slot import JobSlot


class Caught(Segment):
    """One item that was stopped on its way into a slot.

    Attributes:
        hits: what holds it; empty once it was let go.
        passed: ids of breakpoints that will not stop it again.
    """

    __slots__ = ("hits", "passed")

    def __init__(self, segment: Segment) -> None:
        index = segment.start
        super().__init__([segment.data[index]], [segment.stamps[index]], segment.origin)
        self.attempt = segment.attempt
        self.enqueued_ns = segment.enqueued_ns
        if segment.base >= 0:
            self.base = segment.base + index
        self.hits: list[Hit] = []
        self.passed: set[str] = set()

    @classmethod
    def of(cls, segment: Segment) -> Caught:
        """A segment of one as a caught item; it is one already if it was stopped before."""
        return segment if isinstance(segment, Caught) else cls(segment)

    def replace(self, data: Any) -> None:
        """Give the item other data."""
        self.data = [data]

    def copy(self) -> Caught:
        """The same item, on lists of its own, and held by nothing."""
        other = Caught(self)
        other.passed = set(self.passed)
        return other


def is_stopped(segment: Segment) -> bool:
    """Whether something holds this item."""
    return type(segment) is Caught and bool(segment.hits)


class Draft(Claim):
    """A claim whose items are drawn and not consumed.

    Attributes:
        checked: its routine's breakpoints have been looked at.
    """

    __slots__ = ("checked",)

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.checked = False

    def commit(self, now_ns: int) -> Claim:
        """Consume the items, which are a claim from now on. Under the job's lock."""
        claim = Claim(self.number)
        claim.inputs, claim.shown, claim.message = self.inputs, self.shown, self.message
        for slot, segments in self.inputs:
            if segments:
                slot.queue.commit(segments, now_ns)
        for slot, _ in self.inputs:
            slot.taken()
        return claim

    def put_back(self) -> None:
        """Return the items to the heads of their slots. Under the job's lock."""
        for slot, segments in self.inputs:
            slot.queue.put_back(segments)
        self._count = 0
        self.inputs = [(slot, []) for slot, _ in self.inputs]

    def places(self) -> Iterator[tuple[JobSlot, Segment, int]]:
        """Each item: its slot, its segment, and its index in the segment's lists."""
        return self._items()

    def replace(self, slot: JobSlot, number: int, data: Any) -> None:
        """Give an item other data, also in what the policy shows of it."""
        segment, index = self._find(slot, number)
        self._show_instead(slot, number, [data])
        segment.data = [*segment.data[:index], data, *segment.data[index + 1 :]]

    def drop(self, slot: JobSlot, number: int) -> Segment:
        """Take an item out; it is returned as a segment of one, still counted as waiting."""
        segment, index = self._find(slot, number)
        self._count = None
        self._show_instead(slot, number, [])
        segments = next(each for own, each in self.inputs if own is slot)
        at = next(at for at, each in enumerate(segments) if each is segment)
        before = segment.cut(index - segment.start)
        gone = segment.cut(1)
        segments[at : at + 1] = [each for each in (before, segment) if len(each)]
        return gone

    def _show_instead(self, slot: JobSlot, number: int, data: list[Any]) -> None:
        """Let logic see `data` in the place of an item that its policy shows.

        Items may be the same object, as small numbers are: the first of them is the first shown.
        """
        place = [each for each, _ in self.inputs].index(slot)
        shown = self.shown[place]
        if shown is None:
            return
        segment, index = self._find(slot, number)
        old = segment.data[index]
        before = sum(
            own is slot and each.base + at < number and each.data[at] is old
            for own, each, at in self._items()
        )
        same = [at for at, each in enumerate(shown) if each is old]
        for at in same[before : before + 1]:
            self.shown[place] = [*shown[:at], *data, *shown[at + 1 :]]

    def _find(self, slot: JobSlot, number: int) -> tuple[Segment, int]:
        for each, segment, index in self._items():
            if each is slot and segment.base + index == number:
                return segment, index
        raise LookupError(number)
