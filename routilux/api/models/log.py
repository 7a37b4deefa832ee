"""The log of a job."""

from datetime import datetime

from pydantic import BaseModel

from routilux.api.models.payload import Payload


class LogEntryResponse(Payload):
    """An entry of a job's log; `data` is the whole entry. `number` counts from the job's start.

    A program may put items into its entries. A key that may not see them gets what the engine
    has written, and of other entries only number and time.
    """

    number: int
    timestamp: datetime | None
    type: str | None


class LogListResponse(BaseModel):
    """A page of a job's log, the oldest entry first.

    `let_go` counts entries that had to go for newer ones. `next_cursor` is None on the last page.
    """

    logs: list[LogEntryResponse]
    total: int
    let_go: int
    next_cursor: str | None
