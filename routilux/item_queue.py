"""The books of one slot: which items wait, are held or were consumed, and every count of them.

Invariant, true whenever the slot's lock is free::

    offered == consumed + unconsumed + held + refused

Each method keeps it. Nothing here locks, waits or calls anybody; the slot does.
"""

from __future__ import annotations

from collections import deque

from routilux.segment import UNNUMBERED, Segment, count_items

REFUSALS = (
    "queue_full",
    "paused",
    "rejected",
    "evicted",
    "unmatched",
    "cancelled",
    "dropped_in_debugger",
)


class ItemQueue:
    """Waiting, held and recently consumed items, with their counts (all in items)."""

    __slots__ = (
        "consumed",
        "held",
        "held_segments",
        "kept",
        "kept_count",
        "next_number",
        "offered",
        "refused",
        "refused_by",
        "retries",
        "returned_to_caller",
        "threshold",
        "times_held",
        "unconsumed",
        "waiting",
    )

    def __init__(self, threshold: int) -> None:
        self.threshold = threshold
        self.waiting: deque[Segment] = deque()
        self.held_segments: deque[Segment] = deque()
        self.kept: list[Segment] = []
        self.kept_count = 0
        self.next_number = 0
        self.offered = 0
        self.unconsumed = 0
        self.consumed = 0
        self.held = 0
        self.refused = 0
        self.refused_by: dict[str, int] = {}
        self.returned_to_caller = 0
        self.retries = 0
        self.times_held = 0

    @property
    def size(self) -> int:
        """Items that can be seen: waiting ones and consumed ones not yet let go."""
        return self.unconsumed + self.kept_count

    def put(self, segment: Segment, now_ns: int) -> None:
        """Offer a segment and let it wait."""
        count = segment.stop - segment.start
        self.offered += count
        if segment.base == UNNUMBERED:
            segment.base = self.next_number - segment.start
            self.next_number += count
        self._let_in(segment, count, now_ns)

    def hold(self, segment: Segment) -> None:
        """Offer a segment and hold it beside the queue."""
        count = segment.stop - segment.start
        self._offer(segment, count)
        self.held_segments.append(segment)
        self.held += count
        self.times_held += count

    def admit_held(self, room: int, now_ns: int) -> int:
        """Let up to `room` held items wait, the earliest first. Returns how many."""
        admitted = 0
        while self.held_segments and admitted < room:
            segment = self._next_of(self.held_segments, room - admitted)
            count = len(segment)
            self.held -= count
            self._let_in(segment, count, now_ns)
            admitted += count
        return admitted

    def take_held(self) -> Segment:
        """Take the earliest held item, which is still offered: for `let_in` or `put_held_back`."""
        self.held -= 1
        return self._next_of(self.held_segments, 1)

    def let_in(self, segment: Segment, now_ns: int) -> None:
        """Let a taken held item wait."""
        self._let_in(segment, len(segment), now_ns)

    def put_held_back(self, segment: Segment) -> None:
        """Hold a taken item again, before all others."""
        self.held_segments.appendleft(segment)
        self.held += len(segment)

    def drop_held(self, segment: Segment, reason: str) -> None:
        """Refuse a held segment after all."""
        self.held_segments.remove(segment)
        self.held -= len(segment)
        self._count_refused(reason, len(segment))

    def number(self, segment: Segment) -> None:
        """Give the items of a segment their numbers, before it is offered."""
        if segment.base == UNNUMBERED:
            segment.base = self.next_number - segment.start
            self.next_number += len(segment)

    def refuse(self, segment: Segment, reason: str) -> None:
        """Offer a segment and refuse it."""
        count = len(segment)
        self._offer(segment, count)
        self._count_refused(reason, count)

    def give_up(self, count: int, reason: str) -> list[Segment]:
        """Refuse the `count` oldest waiting items after all. Returns them."""
        segments = self.take(count)
        self.refuse_drawn(segments, reason)
        return segments

    def refuse_drawn(self, segments: list[Segment], reason: str) -> None:
        """Refuse drawn items after all."""
        taken = count_items(segments)
        self.unconsumed -= taken
        self._count_refused(reason, taken)

    def take(self, count: int) -> list[Segment]:
        """Draw up to `count` waiting items; until `commit` or `put_back` they count as waiting."""
        waiting = self.waiting
        taken: list[Segment] = []
        while count > 0 and waiting:
            segment = self._next_of(waiting, count)
            count -= len(segment)
            taken.append(segment)
        return taken

    def take_all(self) -> list[Segment]:
        """Draw every waiting item, as `take` does."""
        taken = list(self.waiting)
        self.waiting.clear()
        return taken

    def put_back(self, segments: list[Segment]) -> None:
        """Return drawn items to the head, in their order."""
        self.waiting.extendleft(reversed(segments))

    def commit(self, segments: list[Segment], now_ns: int) -> int:
        """Count drawn items as consumed; they stay visible below the watermark."""
        count = 0
        for segment in segments:
            segment.consumed_ns = now_ns
            count += segment.stop - segment.start
        self.unconsumed -= count
        self.consumed += count
        if self.unconsumed + self.kept_count + count >= self.threshold:
            self.let_go()
        else:
            self.kept.extend(segments)
            self.kept_count += count
        return count

    def let_go(self) -> None:
        """Forget the consumed items."""
        if self.kept_count:
            self.kept.clear()
            self.kept_count = 0

    def _offer(self, segment: Segment, count: int) -> None:
        self.offered += count
        self.number(segment)

    def _let_in(self, segment: Segment, count: int, now_ns: int) -> None:
        if self.unconsumed + self.kept_count + count > self.threshold:
            self.let_go()
        segment.enqueued_ns = now_ns
        self.waiting.append(segment)
        self.unconsumed += count

    def _count_refused(self, reason: str, count: int) -> None:
        if not count:
            return
        self.refused += count
        self.refused_by[reason] = self.refused_by.get(reason, 0) + count

    @staticmethod
    def _next_of(segments: deque[Segment], most: int) -> Segment:
        """Take the first segment, or its first `most` items if it is longer."""
        first = segments[0]
        if len(first) <= most:
            return segments.popleft()
        return first.cut(most)
