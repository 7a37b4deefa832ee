"""The error of a condition that cannot be used, and what a condition answers."""

from __future__ import annotations

from typing import NamedTuple


class ConditionError(ValueError):
    """A condition, an expression or a template is wrong; or an expression has no value.

    Nothing of an item is in the message: an item may hold secrets.

    Attributes:
        message: what is wrong, and what to do.
        column: where in the text, in characters from 1, or None.
        place: where in a structured predicate, such as `all[1].op`, or None.
    """

    def __init__(
        self, message: str, *, column: int | None = None, place: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.column = column
        self.place = place


class EvaluationError(Exception):
    """An expression has no value for an item. The text says why, and holds nothing of the item."""


class Verdict(NamedTuple):
    """What a condition says of one item.

    Attributes:
        matched: whether it is exactly true.
        error: why it could not be told, or None. Then it does not match.
    """

    matched: bool
    error: str | None = None


MATCHED = Verdict(True)
NOT_MATCHED = Verdict(False)
