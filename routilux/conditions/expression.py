"""Expressions: what a person asks about an item that is held."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from routilux.conditions.condition import TOO_LARGE
from routilux.conditions.errors import ConditionError, EvaluationError
from routilux.conditions.expression_text import check_text
from routilux.conditions.item_view import MISSING, ItemView, TooLarge
from routilux.conditions.lazy_cel import compile_value
from routilux.conditions.paths import Path, is_path, parse_path

if TYPE_CHECKING:
    from collections.abc import Callable


class Expression:
    """A compiled expression. It is never changed, and several threads may use it.

    Attributes:
        source: its text.
    """

    __slots__ = ("_find", "source")

    def __init__(self, source: str, find: Callable[[ItemView], Any]) -> None:
        self.source = source
        self._find = find

    def evaluate(self, view: ItemView) -> Any:
        """Its value for an item, as JSON data; the values of secrets are `[redacted]` in it.

        Raises:
            ConditionError: it has no value for this item.
        """
        try:
            return self._find(view.redacted)
        except EvaluationError as error:
            raise ConditionError(str(error)) from None
        except TooLarge:
            raise ConditionError(TOO_LARGE) from None


def compile_expression(text: str) -> Expression:
    """Compile an expression: CEL of at most 1 KiB. A plain path needs no library.

    Raises:
        ConditionError: it is wrong; names the column.
    """
    if not isinstance(text, str) or not text.strip():
        raise ConditionError("an expression is a text in CEL, such as data.size", column=1)
    text = str.__str__(text)
    check_text(text)
    stripped = text.strip()
    if is_path(stripped):
        return Expression(text, _finder(parse_path(stripped)))
    return Expression(text, compile_value(text))


def _finder(path: Path) -> Callable[[ItemView], Any]:
    def find(view: ItemView) -> Any:
        found = path.find(view)
        if found is MISSING:
            raise EvaluationError(f"there is no {path} in this item")
        return found

    return find
