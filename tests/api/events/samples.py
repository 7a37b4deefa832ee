"""Records as the engine tells them, and what was sent as events."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from routilux.api.events.telling import hit_entry
from routilux.api.models.event import StreamEvent
from routilux.hooks import BreakpointRecord, JobRecord, SlotRecord

if TYPE_CHECKING:
    from routilux.api.events.ring import Entry

AT_NS = 1_900_000_000_000_000_000  # of records; in 2030


@dataclass(frozen=True)
class Event:
    """An event as a client sees it."""

    id: str
    type: str
    data: dict[str, Any]

    @property
    def number(self) -> int:
        return int(self.id.rpartition("-")[2])


def events(sent: bytes) -> list[Event]:
    """Read what was sent; each event has to be as it is documented. Comments are left out."""
    found = []
    for block in sent.decode().split("\n\n"):
        if not block or block.startswith(":"):
            continue
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        assert list(fields) == ["id", "event", "data"]
        data = json.loads(fields["data"])
        StreamEvent.model_validate(data)
        assert data["type"] == fields["event"]
        found.append(Event(fields["id"], fields["event"], data))
    return found


def hit(
    number: int = 0, job_id: str = "j", message: str | None = None, action: str = "hold_item"
) -> BreakpointRecord:
    """A breakpoint that was hit; `number` is its count."""
    where = ("slot", action, "sink", "in")
    return BreakpointRecord(
        job_id, "f", "b1", *where, ("i1",), "source@1", AT_NS, number, message
    )  # fmt: skip


def hits(*numbers: int, job_id: str = "j") -> list[Entry]:
    """Entries of the ring."""
    return [hit_entry(hit(number, job_id)) for number in numbers]


def refusal(count: int = 1, job_id: str = "j", **other: Any) -> SlotRecord:
    """Items that were refused at sink.in."""
    facts = {
        "routine_id": "sink", "slot_name": "in", "reason": "queue_full", "emitted_from": "source",
        "event": "out", "activation_id": "source@1", "attempt": 0, "unconsumed": 10,
        "max_length": 10,
    }  # fmt: skip
    return SlotRecord(job_id=job_id, flow_id="f", count=count, **{**facts, **other})


def job_record(status: str = "running", reason: str = "", job_id: str = "j") -> JobRecord:
    """A job whose state has changed."""
    return JobRecord(job_id, "f", status, AT_NS, reason, "ann")
