"""What no body may have in it, although Python reads it."""

from typing import Any

DEEPEST = 64  # lists and objects inside each other; what walks over data later may recurse
TOO_DEEP = f"Nested deeper than {DEEPEST}: send flatter data"


def check_plain(data: Any) -> None:
    """Check a body that was read.

    Raises:
        ValueError: it is nested too deeply, or a text in it has half of a character,
            which no answer could give back.
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
    return []


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
