"""What happened in a job, one frozen record an event."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def utc_now() -> datetime:
    """The system's time, aware and in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class ExecutionRecord:
    """One entry of a job's execution history.

    Attributes:
        routine_id: the routine that it is about.
        event_name: what happened, or the event that was emitted.
        data: facts; JSON data if the job is to be saved.
        timestamp: when (aware UTC).
    """

    routine_id: str
    event_name: str
    data: Mapping[str, Any] = field(default_factory=dict)
    timestamp: datetime = field(default_factory=utc_now)

    def serialize(self) -> dict[str, Any]:
        """The record as a dict; the time as an ISO text."""
        return {
            "routine_id": self.routine_id,
            "event_name": self.event_name,
            "data": dict(self.data),
            "timestamp": self.timestamp.isoformat(),
        }

    @classmethod
    def deserialize(cls, data: Mapping[str, Any]) -> ExecutionRecord:
        """The record that `serialize` made `data` of."""
        return cls(
            routine_id=data["routine_id"],
            event_name=data["event_name"],
            data=dict(data["data"]),
            timestamp=datetime.fromisoformat(data["timestamp"]),
        )
