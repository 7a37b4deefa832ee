"""Items on their way: many together as a segment, one alone as a data point.

A producer hands over whole runs of items. A segment is such a run in front of one slot: two
parallel lists that are never changed, seen through a window. Slots that a fan-out feeds share the
lists, and each has segments, windows and numbers of its own. A `SlotDataPoint` is made only when
somebody looks at an item.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from routilux.clock import stamp
from routilux.ids import activation_id, item_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

UNNUMBERED = -1


class Origin:
    """Who emitted a segment. Shared by all segments of one event of one activation."""

    __slots__ = ("activation", "context", "event", "routine_id")

    def __init__(
        self,
        routine_id: str,
        event: str | None = None,
        activation: int | str | None = None,
        context: str | None = None,
    ) -> None:
        self.routine_id = routine_id
        self.event = event
        self.activation = activation  # its number in its routine, or its whole id
        self.context = context

    @property
    def activation_id(self) -> str | None:
        """The activation that emitted it; None for an item from outside."""
        if isinstance(self.activation, int):
            return activation_id(self.routine_id, self.activation)
        return self.activation


@dataclass(frozen=True, slots=True)
class SlotDataPoint:
    """One item of a slot, as somebody sees it who looks.

    Attributes:
        data: what was emitted; read-only by contract.
        emitted_at: when ``emit`` was called (aware UTC).
        enqueued_at: when it entered the slot, or None while it is held outside.
        emitted_from: id of the routine that emitted it, or the name an outside caller gave.
        consumed_at: when an activation took it, or None.
        id: unique within the job.
        attempt: 1, and one more for each redelivery.
        trace_context: what the hooks gave for the activation that emitted it, or None.
    """

    data: Any
    emitted_at: datetime
    enqueued_at: datetime | None
    emitted_from: str
    consumed_at: datetime | None = None
    id: str = ""
    attempt: int = 1
    trace_context: str | None = None

    @property
    def consumed(self) -> bool:
        """Whether an activation has taken the item."""
        return self.consumed_at is not None


class Segment:
    """A run of items in front of one slot: the window [start, stop) of shared lists.

    ``base + i`` is the slot's number of the item at index i; `base` is UNNUMBERED until the slot
    counts the segment as offered.
    """

    __slots__ = (
        "attempt",
        "base",
        "consumed_ns",
        "data",
        "enqueued_ns",
        "origin",
        "stamps",
        "start",
        "stop",
    )

    def __init__(
        self,
        data: Sequence[Any],
        stamps: Sequence[int],
        origin: Origin,
        start: int = 0,
        stop: int | None = None,
    ) -> None:
        self.data = data
        self.stamps = stamps
        self.origin = origin
        self.start = start
        self.stop = len(data) if stop is None else stop
        self.base = UNNUMBERED
        self.attempt = 1
        self.enqueued_ns = 0
        self.consumed_ns = 0

    def __len__(self) -> int:
        return self.stop - self.start

    def cut(self, count: int) -> Segment:
        """Take the first `count` items off into a segment of their own."""
        head = Segment(self.data, self.stamps, self.origin, self.start, self.start + count)
        head.base = self.base
        head.attempt = self.attempt
        head.enqueued_ns = self.enqueued_ns
        self.start += count
        return head

    def items(self) -> Sequence[Any]:
        """The data in the window."""
        return self.data[self.start : self.stop]

    def numbers(self) -> range:
        """The slot's numbers of the items in the window."""
        return range(self.base + self.start, self.base + self.stop)

    def points(self, routine_id: str | None, slot_name: str) -> Iterator[SlotDataPoint]:
        """The items as data points of the slot that is named."""
        for index in range(self.start, self.stop):
            yield SlotDataPoint(
                data=self.data[index],
                emitted_at=stamp(self.stamps[index]),
                enqueued_at=stamp(self.enqueued_ns) if self.enqueued_ns else None,
                emitted_from=self.origin.routine_id,
                consumed_at=stamp(self.consumed_ns) if self.consumed_ns else None,
                id=item_id(routine_id, slot_name, self.base + index),
                attempt=self.attempt,
                trace_context=self.origin.context,
            )


def count_items(segments: Iterable[Segment]) -> int:
    """How many items `segments` hold together."""
    return sum(segment.stop - segment.start for segment in segments)


def all_data(segments: Sequence[Segment]) -> list[Any]:
    """The data of `segments` in order, as a list of the caller's own."""
    if len(segments) == 1:
        items = segments[0].items()  # a slice, so a list of its own already
        return items if isinstance(items, list) else list(items)
    return [item for segment in segments for item in segment.items()]
