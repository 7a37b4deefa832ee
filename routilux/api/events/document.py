"""Event streams in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from routilux.api.events.stream import MEDIA_TYPE
from routilux.api.models.event import StreamEvent

_PLACE = "#/components/schemas/"

# The words of OpenAPI 3.2 for a stream; readers of 3.1 know only that it is one.
_ITEM = {
    "type": "object",
    "required": ["id", "event", "data"],
    "properties": {
        "id": {"type": "string"},
        "event": {"type": "string"},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {"$ref": f"{_PLACE}{StreamEvent.__name__}"},
        },
    },
}


def document(openapi: dict[str, Any]) -> None:
    """Put the shapes of events into an OpenAPI document, and say where they come."""
    schema = StreamEvent.model_json_schema(ref_template=_PLACE + "{model}")
    schemas = openapi["components"]["schemas"]
    schemas.update(schema.pop("$defs"))
    schemas[StreamEvent.__name__] = schema
    for methods in openapi["paths"].values():
        for operation in methods.values():
            content = operation["responses"].get("200", {}).get("content", {})
            if MEDIA_TYPE in content:
                # In place of FastAPI's `schema`, a text: tools take a stream for a list of items.
                content[MEDIA_TYPE] = {"itemSchema": _ITEM}
