"""Items of a slot."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from routilux.api.models.job import Request
from routilux.api.models.payload import Payload


class ItemPostRequest(Request):
    """An item: any JSON data."""

    data: Any


class ItemPostResponse(BaseModel):
    """The item is in its slot."""

    job_id: str
    routine_id: str
    slot_name: str
    item_id: str


class ItemResponse(Payload):
    """One item of a slot.

    `attempt` is 1, and one more for each redelivery. Of a held item `enqueued_at` is None.
    """

    item_id: str
    state: Literal["consumed", "waiting", "held"]
    emitted_from: str
    emitted_at: datetime
    enqueued_at: datetime | None
    consumed_at: datetime | None
    attempt: int


class ItemListResponse(BaseModel):
    """A page of items, the oldest first. `next_cursor` is None on the last page."""

    items: list[ItemResponse]
    total: int
    next_cursor: str | None
