"""Pages of a list: a limit, and a cursor that stays right when entries come and go."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import Query

from routilux.api.problems import ProblemError

T = TypeVar("T")
Key = tuple[str, ...]

Limit = Annotated[int, Query(ge=1, le=200, description="Entries on a page.")]
Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before.")]
PAGE = 100


def page_of(
    entries: Sequence[T], key: Callable[[T], Key], limit: int, cursor: str | None
) -> tuple[list[T], str | None]:
    """The entries after `cursor` in the order of their keys, and the cursor of the next page.

    Raises:
        ProblemError: 422, the cursor was not made here.
    """
    after = read_cursor(cursor) if cursor is not None else ()
    left = sorted((entry for entry in entries if key(entry) > after), key=key)
    page = left[:limit]
    return page, make_cursor(key(page[-1])) if len(left) > limit else None


def numbered(number: int) -> Key:
    """The key of an entry that has a number: texts in the order of the numbers."""
    return (f"{number:018d}",)


def make_cursor(key: Key) -> str:
    """The cursor of the page that begins behind the entry with this key."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def read_cursor(cursor: str) -> Key:
    """The key that `make_cursor` was given.

    Raises:
        ProblemError: 422, the cursor was not made here.
    """
    try:
        parts = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
        if isinstance(parts, list) and all(isinstance(part, str) for part in parts):
            return tuple(parts)
    except (binascii.Error, ValueError, RecursionError):
        pass
    raise bad_cursor()


def bad_cursor() -> ProblemError:
    """The error of a cursor that was not made here, or not for this list."""
    return ProblemError(422, "cursor is not one that was given out: leave it out to start anew")
