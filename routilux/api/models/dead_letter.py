"""Dead letters and their commands."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from routilux.api.models.job import Reason, Request
from routilux.api.models.payload import Payload
from routilux.job.dead_letters import LETTER_LIMIT

LetterReason = Literal[
    "queue_full",
    "paused",
    "rejected",
    "evicted",
    "unmatched",
    "cancelled",
    "dropped_in_debugger",
    "logic_error",
    "interrupted",
]


class DeadLetterResponse(Payload):
    """An item that could not be accepted or processed, and why."""

    id: str
    item_id: str
    routine_id: str
    slot_name: str
    reason: LetterReason
    error: str
    error_type: str
    emitted_from: str
    emitted_at: datetime
    at: datetime
    attempt: int
    activation_id: str | None
    event: str | None


class DeadLetterListResponse(BaseModel):
    """A page of dead letters, the oldest first.

    `let_go` counts those that had to go for newer ones. `next_cursor` is None on the last page.
    """

    dead_letters: list[DeadLetterResponse]
    total: int
    let_go: int
    next_cursor: str | None


class RedeliverRequest(Request):
    """Which letters (all without `ids`), whether into a new job, and why."""

    ids: Annotated[list[str], Field(max_length=LETTER_LIMIT)] | None = None
    new_job: bool = False
    reason: Reason = ""


class RedeliverResponse(BaseModel):
    """How many letters were put back, and into which job; `missing` are ids that there are not.

    A letter for which there is no room now stays a dead letter, and is not counted.
    """

    count: int
    job_id: str
    missing: list[str]


class DiscardResponse(BaseModel):
    """How many letters were thrown away."""

    job_id: str
    count: int
