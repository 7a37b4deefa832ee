"""Fields of what may hold items of a program."""

from typing import Any

from pydantic import BaseModel


class Payload(BaseModel):
    """Something with data of the program's own.

    `data` is there for a key that may see payloads: as JSON, with the values of secret keys left
    out, and cut to a size (`truncated`). For other keys it is absent, and `redacted` is true.
    """

    data: Any = None
    truncated: bool = False
    redacted: bool = False
