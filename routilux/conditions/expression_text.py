"""What the text of an expression may be, whoever evaluates it."""

from __future__ import annotations

from routilux.conditions.errors import ConditionError

MAX_TEXT_BYTES = 1024  # of an expression, as UTF-8


def check_text(text: str) -> None:
    """Refuse a text that is too long, or that holds what no text may hold.

    Raises:
        ConditionError: it does.
    """
    for column, character in enumerate(text[: MAX_TEXT_BYTES + 1], 1):
        if character == "\0" or "\ud800" <= character <= "\udfff":
            raise ConditionError("this character cannot be in an expression", column=column)
    if len(text) > MAX_TEXT_BYTES or len(text.encode()) > MAX_TEXT_BYTES:
        raise ConditionError(
            f"an expression has at most {MAX_TEXT_BYTES} bytes of UTF-8; this one has more"
        )
