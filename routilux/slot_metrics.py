"""The figures of a slot as one frozen value, and the dicts that programs know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class SlotMetrics:
    """One reading of a slot, taken under its lock; counts in items.

    ``offered == consumed + unconsumed + held + refused`` holds in every reading.
    """

    slot_name: str
    routine_id: str | None
    max_length: int
    watermark_threshold: int
    size: int
    unconsumed: int
    held: int
    offered: int
    consumed: int
    refused: int
    refused_by: Mapping[str, int]
    returned_to_caller: int
    retries: int
    times_held: int
    oldest_ns: int | None  # when the oldest waiting item was enqueued, ns since the epoch
    waiting_producers: int

    @property
    def is_full(self) -> bool:
        """Whether no more items can wait."""
        return self.unconsumed >= self.max_length

    @property
    def is_near_full(self) -> bool:
        """Whether the backlog has reached the watermark."""
        return self.unconsumed >= max(1, self.watermark_threshold)

    @property
    def usage_percent(self) -> float:
        """Items that can be seen, in percent of the length (0 to 100, two decimals)."""
        return round(self.size / self.max_length * 100, 2)

    @property
    def utilization(self) -> float:
        """The backlog as a share of the length (0 to 1)."""
        return self.unconsumed / self.max_length

    @property
    def pressure_level(self) -> str:
        """``low``, ``medium`` (from 0.6), ``high`` (from the watermark) or ``critical`` (full)."""
        if self.is_full:
            return "critical"
        if self.is_near_full:
            return "high"
        return "medium" if self.utilization >= 0.6 else "low"

    def queue_metrics(self) -> dict[str, Any]:
        """The dict of `Slot.get_queue_metrics`."""
        return {
            "queue_size": self.size,
            "max_length": self.max_length,
            "usage_percent": self.usage_percent,
            "unconsumed_count": self.unconsumed,
            "is_full": self.is_full,
            "is_near_full": self.is_near_full,
            "slot_name": self.slot_name,
            "routine_id": self.routine_id,
        }

    def queue_status(self) -> dict[str, Any]:
        """The dict of `Slot.get_queue_status`: the older words for the same figures."""
        return {
            "unconsumed_count": self.unconsumed,
            "total_count": self.size,
            "max_length": self.max_length,
            "watermark_threshold": self.watermark_threshold,
            "usage_percentage": self.size / self.max_length,
            "pressure_level": self.pressure_level,
            "is_full": self.is_full,
            "is_near_full": self.is_near_full,
        }
