"""Conditions: which items a breakpoint stops at."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from routilux.conditions.errors import (
    MATCHED,
    NOT_MATCHED,
    ConditionError,
    EvaluationError,
    Verdict,
)
from routilux.conditions.item_view import ItemView, TooLarge
from routilux.conditions.lazy_cel import compile_cel
from routilux.conditions.predicate import parse_predicate
from routilux.json_view import LIMIT_BYTES, MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Callable

    from routilux.conditions.cel import CelProgram

TOO_LARGE = (
    f"the item is too large for conditions: they look at {LIMIT_BYTES // 1024} KiB of JSON, "
    f"{MAX_DEPTH} levels deep"
)


class Condition:
    """A compiled condition. It is never changed, and several threads may use it.

    Attributes:
        source: the text or the predicate that it was made from.
    """

    __slots__ = ("_judge", "source")

    def __init__(
        self, source: str | Mapping[str, Any], judge: Callable[[ItemView], Verdict]
    ) -> None:
        self.source = source
        self._judge = judge

    def matches(self, view: ItemView) -> Verdict:
        """Whether an item is one to stop at: only if the condition is exactly true.

        Never raises, and ends within 100 ms. What cannot be told does not match.
        """
        try:
            return self._judge(view)
        except EvaluationError as error:
            return Verdict(False, str(error))
        except TooLarge:
            return Verdict(False, TOO_LARGE)
        except Exception as error:  # noqa: BLE001 - whatever happens here, the item goes on its way
            return Verdict(False, f"it could not be evaluated: {type(error).__name__}")


def compile_condition(source: str | Mapping[str, Any] | None) -> Condition | None:
    """Compile a condition, or return None for none: None or a blank text.

    Args:
        source: a CEL expression of at most 1 KiB, or a predicate: see `predicate`.

    Raises:
        ConditionError: it is wrong; says what, and where.
    """
    if source is None:
        return None
    if isinstance(source, str):
        # Exactly a text: what was derived from it may have methods of its own.
        text = str.__str__(source)
        return Condition(text, _cel_judge(compile_cel(text))) if text.strip() else None
    if isinstance(source, Mapping):
        part = parse_predicate(dict(source))
        return Condition(deepcopy(dict(source)), part.judge)
    raise ConditionError("a condition is a text in CEL or a predicate: an object")


def _cel_judge(program: CelProgram) -> Callable[[ItemView], Verdict]:
    evaluate = program.evaluate

    def judge(view: ItemView) -> Verdict:
        kind, value = evaluate(view)
        return MATCHED if kind == "BOOL" and value.value() is True else NOT_MATCHED

    return judge
