"""Plain paths: `data.size`, `meta.slot`, `lines[0].price`, `headers["x-kind"]`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from routilux.conditions.errors import ConditionError
from routilux.conditions.item_view import MISSING

if TYPE_CHECKING:
    from routilux.conditions.item_view import ItemView

MAX_STEPS = 32  # as deep as CEL goes

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_STEP = re.compile(rf'\.({_NAME})|\[(\d{{1,9}})\]|\[("(?:[^"\\]|\\.)*")\]')
_FIRST = re.compile(_NAME)
_VALUES = ("true", "false", "null")


class Path(NamedTuple):
    """Where a value is in an item: a name, and then keys and indices."""

    name: str
    steps: tuple[str | int, ...]

    def __str__(self) -> str:
        return self.name + "".join(_step_text(step) for step in self.steps)

    def find(self, view: ItemView) -> Any:
        """The value there, or `MISSING`.

        Raises:
            TooLarge: the item is larger than conditions look at.
        """
        value = view.value(self.name)
        for step in self.steps:
            if type(value) is dict and type(step) is str:
                value = value.get(step, MISSING)
            elif type(value) is list and type(step) is int and step < len(value):
                value = value[step]
            else:
                return MISSING
        return value


def parse_path(text: str) -> Path:
    """Read a path.

    Raises:
        ConditionError: it is none; names the column.
    """
    first = _FIRST.match(text)
    if first is None:
        raise ConditionError("a path begins with a name: data, meta or a key of the data", column=1)
    steps: list[str | int] = []
    at = first.end()
    while at < len(text):
        step = _STEP.match(text, at)
        if step is None:
            raise ConditionError('a path goes on with .name, [0] or ["key"]', column=at + 1)
        steps.append(_read_step(step, at))
        at = step.end()
    if len(steps) > MAX_STEPS:
        raise ConditionError(f"a path has at most {MAX_STEPS} steps")
    return Path(first.group(), tuple(steps))


def is_path(text: str) -> bool:
    """Whether `text` is a path and nothing else: `null` is a value."""
    try:
        return parse_path(text).name not in _VALUES
    except ConditionError:
        return False


def _read_step(step: re.Match[str], at: int) -> str | int:
    name, index, key = step.groups()
    if name is not None:
        return str(name)
    if index is not None:
        return int(index)
    try:
        return str(json.loads(key, strict=False))
    except ValueError:
        raise ConditionError("this key is not a JSON text", column=at + 2) from None


def _step_text(step: str | int) -> str:
    if type(step) is int:
        return f"[{step}]"
    if _FIRST.fullmatch(str(step)):
        return f".{step}"
    return f"[{json.dumps(step)}]"
