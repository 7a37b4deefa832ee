"""What no body may have in it, although Python reads it."""

from math import isfinite
from typing import Any

DEEPEST = 64  # lists and objects inside each other; what walks over data later may recurse
TOO_DEEP = f"Nested deeper than {DEEPEST}: send flatter data"


def check_plain(data: Any) -> None:
    """Check a body that was read.

    Raises:
        ValueError: it is nested too deeply, or holds what no answer could give back: a text with
            half of a character, or a number that JSON does not have.
    """
    level = [data]
    for _ in range(DEEPEST):
        level = [one for value in level for one in _inside(value)]
    if any(isinstance(value, (dict, list)) for value in level):
        raise ValueError(TOO_DEEP)
    for value in level:
        _inside(value)


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value, *value.values()]
    if isinstance(value, list):
        return value
    if isinstance(value, str) and not _is_whole(value):
        raise ValueError(
            "A text has half of a character in it: send both halves of a surrogate pair, or none"
        )
    if isinstance(value, float) and not isfinite(value):
        raise ValueError("NaN, Infinity and numbers as large as that are no JSON: send null")
    return []


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
