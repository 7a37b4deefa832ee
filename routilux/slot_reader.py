"""The reading side of a slot: taking items, and looking at them without taking.

A `Slot` and the view that an activation policy gets share it; they differ in what taking means.
All methods return data, not data points.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from routilux.segment import all_data

if TYPE_CHECKING:
    from collections.abc import Sequence

    from routilux.segment import Segment


class SlotReader(ABC):
    """Consume and peek, in terms of four primitives."""

    @abstractmethod
    def _consume(self, count: int | None) -> list[Segment]:
        """Take up to `count` waiting items (None: all), under the lock."""

    @abstractmethod
    def _waiting(self) -> list[Segment]:
        """The waiting segments, copied under the lock."""

    @abstractmethod
    def _visible(self) -> list[Segment]:
        """Consumed segments that are still kept, then the waiting ones."""

    @abstractmethod
    def get_unconsumed_count(self) -> int:
        """Items that wait."""

    @abstractmethod
    def get_total_count(self) -> int:
        """Items that can be seen: waiting and consumed ones."""

    def consume_all_new(self) -> list[Any]:
        """Take every waiting item."""
        return all_data(self._consume(None))

    def consume_one_new(self) -> Any | None:
        """Take the oldest waiting item; None when there is none."""
        taken = self._consume(1)
        return all_data(taken)[0] if taken else None

    def consume_n_new(self, count: int) -> list[Any]:
        """Take up to `count` of the oldest waiting items."""
        if count < 0:
            raise ValueError(f"count must be 0 or more, not {count}")
        return all_data(self._consume(count))

    def consume_all(self) -> list[Any]:
        """Take every waiting item; returns the kept consumed ones before them."""
        kept = all_data(self._visible())[: self.get_total_count() - self.get_unconsumed_count()]
        return kept + self.consume_all_new()

    def consume_latest_and_mark_all_consumed(self) -> Any | None:
        """Take every waiting item; returns the newest only, None when there is none."""
        taken = self._consume(None)
        return all_data(taken[-1:])[-1] if taken else None

    def peek_all_new(self) -> list[Any]:
        """Every waiting item, left where it is."""
        return all_data(self._waiting())

    def peek_one_new(self) -> Any | None:
        """The oldest waiting item, left where it is; None when there is none."""
        return _first(self._waiting())

    def peek_latest(self) -> Any | None:
        """The newest item that can be seen, consumed or not; None when there is none."""
        visible = self._visible()
        return all_data(visible[-1:])[-1] if visible else None


def _first(segments: Sequence[Segment]) -> Any | None:
    return segments[0].data[segments[0].start] if segments else None
