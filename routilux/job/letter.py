"""One dead letter: an item, and why it was not processed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from routilux.job.plain import Codec, pack, unpack

if TYPE_CHECKING:
    from collections.abc import Mapping

REASONS = (
    "queue_full",  # the slot stayed full through all waits
    "paused",  # the job stayed paused
    "rejected",  # the slot was full and its overflow is reject
    "evicted",  # a newer item took its place: overflow is drop_oldest
    "unmatched",  # the activation policy declined it to the end
    "cancelled",  # its producer stood still when the job ended
    "dropped_in_debugger",  # somebody dropped it
    "logic_error",  # its activation, or the item alone, finally failed
)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An item that could not be accepted or processed.

    Attributes:
        id: the letter's, within the job: ``dl-17``.
        item_id: the item's, within the job.
        routine_id: the routine that it was for.
        slot_name: the slot that it was for.
        data: what was emitted.
        reason: one of `REASONS`.
        error: the error in words; empty if there was none.
        error_type: the error's class, or None.
        emitted_from: id of the routine that emitted it, or the name an outside caller gave.
        emitted_at: when (aware UTC).
        at: when it became a dead letter (aware UTC).
        attempt: which delivery failed, from 1.
        activation_id: the activation that failed, or None.
        number: the item's number in its slot.
    """

    id: str
    item_id: str
    routine_id: str
    slot_name: str
    data: Any
    reason: str
    error: str
    error_type: str | None
    emitted_from: str
    emitted_at: datetime
    at: datetime
    attempt: int
    activation_id: str | None
    number: int

    def serialize(self, codec: Codec | None = None) -> dict[str, Any]:
        """The letter as JSON data; times as ISO texts.

        Raises:
            CodecError: the data is not JSON and `codec` does not know it.
        """
        return {
            "id": self.id,
            "item_id": self.item_id,
            "routine_id": self.routine_id,
            "slot_name": self.slot_name,
            "data": pack(self.data, f"the data of dead letter {self.id} ({self.item_id})", codec),
            "reason": self.reason,
            "error": self.error,
            "error_type": self.error_type,
            "emitted_from": self.emitted_from,
            "emitted_at": self.emitted_at.isoformat(),
            "at": self.at.isoformat(),
            "attempt": self.attempt,
            "activation_id": self.activation_id,
            "number": self.number,
        }

    @classmethod
    def deserialize(cls, data: Mapping[str, Any], codec: Codec | None = None) -> DeadLetter:
        """The letter that `serialize` made `data` of."""
        facts = dict(data)
        facts["data"] = unpack(facts["data"], codec, f"the data of dead letter {facts['id']}")
        for name in ("emitted_at", "at"):
            facts[name] = datetime.fromisoformat(facts[name])
        return cls(**facts)
