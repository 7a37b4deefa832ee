"""How an event looks on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from routilux.stored import clean_text

if TYPE_CHECKING:
    from pydantic import BaseModel

M = TypeVar("M", bound="BaseModel")

KEEP_ALIVE = b": keep-alive\n\n"


def id_line(event_id: str) -> bytes:
    """The line that gives an event its id; it stands first."""
    return b"id: %s\n" % event_id.encode()


def encode(event: BaseModel) -> bytes:
    """All of an event but its id. JSON has no line breaks, so its data is one line."""
    name: str = getattr(event, "type")  # noqa: B009 - each event has it, their base has not
    return b"event: %s\ndata: %s\n\n" % (name.encode(), event.model_dump_json().encode())


def make(model: type[M], **fields: Any) -> M:
    """An event of what the engine says, with texts that JSON can carry."""
    texts = {name: clean_text(value) for name, value in fields.items() if isinstance(value, str)}
    return model(**{**fields, **texts})
