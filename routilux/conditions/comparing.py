"""The operators of structured predicates, over JSON data.

Values of different types do not compare: that is an error, so that a typing mistake shows. Null is
unequal to everything else. 1 and true are different, 1 and 1.0 are equal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

# The JSON type of each Python type in a view.
TYPES: dict[type, str] = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}


class TypesDiffer(Exception):
    """An operator was used on values that it does not work on. Its text names their types."""


Operator: TypeAlias = Callable[[Any, Any], bool]


def type_of(value: Any) -> str:
    """The JSON type of a value of a view."""
    return TYPES[type(value)]


def same(left: Any, right: Any) -> bool:
    """Whether two JSON values are equal, their types included."""
    # Python's own comparison takes 1 for true, so it can only rule out.
    if left != right or TYPES[type(left)] != TYPES[type(right)]:
        return False
    if type(left) is list:
        return all(map(same, left, right))
    if type(left) is dict:
        return all(same(entry, right[key]) for key, entry in left.items())
    return True


def equal(left: Any, right: Any) -> bool:
    """`eq`: of one type, and equal; null may be compared with all."""
    if left is not None and right is not None:
        _need(TYPES[type(left)] == TYPES[type(right)], "eq", left, right)
    return same(left, right)


def not_equal(left: Any, right: Any) -> bool:
    """`ne`."""
    return not equal(left, right)


def less(left: Any, right: Any) -> bool:
    """`lt`: of two numbers or two strings."""
    _need_order("lt", left, right)
    return bool(left < right)


def less_or_equal(left: Any, right: Any) -> bool:
    """`le`: of two numbers or two strings."""
    _need_order("le", left, right)
    return bool(left <= right)


def greater(left: Any, right: Any) -> bool:
    """`gt`: of two numbers or two strings."""
    _need_order("gt", left, right)
    return bool(left > right)


def greater_or_equal(left: Any, right: Any) -> bool:
    """`ge`: of two numbers or two strings."""
    _need_order("ge", left, right)
    return bool(left >= right)


def one_of(left: Any, right: Any) -> bool:
    """`in`: whether the item's value is in the predicate's list."""
    return left in right and any(same(left, entry) for entry in right)


def contains(left: Any, right: Any) -> bool:
    """`contains`: a text in a text, a value in a list, a key in a dict."""
    if type(left) is list:
        return right in left and any(same(entry, right) for entry in left)
    _need(type(left) in (str, dict) and type(right) is str, "contains", left, right)
    return right in left


def starts_with(left: Any, right: Any) -> bool:
    """`starts_with`: of two texts."""
    _need(type(left) is str, "starts_with", left, right)
    return bool(left.startswith(right))


def ends_with(left: Any, right: Any) -> bool:
    """`ends_with`: of two texts."""
    _need(type(left) is str, "ends_with", left, right)
    return bool(left.endswith(right))


def has_type(left: Any, right: Any) -> bool:
    """`type`."""
    return bool(TYPES[type(left)] == right)


OPERATORS: dict[str, Operator] = {
    "eq": equal,
    "ne": not_equal,
    "lt": less,
    "le": less_or_equal,
    "gt": greater,
    "ge": greater_or_equal,
    "in": one_of,
    "contains": contains,
    "starts_with": starts_with,
    "ends_with": ends_with,
    "type": has_type,
}


def _need_order(operator: str, left: Any, right: Any) -> None:
    kind = TYPES[type(left)]
    _need(kind in ("number", "string") and kind == TYPES[type(right)], operator, left, right)


def _need(works: bool, operator: str, left: Any, right: Any) -> None:
    if not works:
        raise TypesDiffer(f"'{operator}' does not work on {type_of(left)} and {type_of(right)}")
