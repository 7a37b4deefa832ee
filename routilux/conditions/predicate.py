"""Structured predicates: conditions as JSON data, which need no library.

::

    {"path": "data.size", "op": "gt", "value": 3}
    {"all": [...]}   {"any": [...]}   {"not": {...}}

What is decided without a value that cannot be told stays decided: `any` with one that matches
matches, `all` with one that does not does not, whatever is wrong with the others.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from routilux.conditions.comparing import OPERATORS, TYPES, Operator, TypesDiffer
from routilux.conditions.errors import MATCHED, NOT_MATCHED, ConditionError, Verdict
from routilux.conditions.item_view import MISSING
from routilux.conditions.paths import Path, parse_path
from routilux.json_view import MAX_INT_BITS
from routilux.stored import is_one_of, type_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from routilux.conditions.item_view import ItemView

# Each comparison may read all of an item: so many, over the largest item, end within 100 ms.
MAX_COMPARISONS = 32
MAX_DEPTH = 16  # of all, any and not in one another, and of a value
MAX_SIZE_BYTES = 16 * 1024  # of all texts in it
SHORT_TEXT = 40  # characters of a name that a message shows

_COMBINED = ("all", "any", "not")
_OPS = (*OPERATORS, "exists")


class Part(Protocol):
    """A predicate or a part of one."""

    def judge(self, view: ItemView) -> Verdict:
        """What it says of an item. Raises TooLarge."""


def parse_predicate(source: dict[str, Any]) -> Part:
    """Read a predicate.

    Raises:
        ConditionError: it is wrong; names the place.
    """
    return _Reader().read(source, "", 0)


class _All(NamedTuple):
    parts: tuple[Part, ...]
    decides: Verdict  # the verdict that one part alone decides
    otherwise: Verdict

    def judge(self, view: ItemView) -> Verdict:
        failed = None
        for part in self.parts:
            verdict = part.judge(view)
            if verdict.error is not None:
                failed = failed or verdict
            elif verdict.matched is self.decides.matched:
                return self.decides
        return failed or self.otherwise


class _Not(NamedTuple):
    part: Part

    def judge(self, view: ItemView) -> Verdict:
        verdict = self.part.judge(view)
        if verdict.error is not None:
            return verdict
        return NOT_MATCHED if verdict.matched else MATCHED


class _Exists(NamedTuple):
    path: Path
    wanted: bool

    def judge(self, view: ItemView) -> Verdict:
        there = self.path.find(view) is not MISSING
        return MATCHED if there is self.wanted else NOT_MATCHED


class _Comparison(NamedTuple):
    path: Path
    operator: Operator
    value: Any

    def judge(self, view: ItemView) -> Verdict:
        found = self.path.find(view)
        if found is MISSING:
            return Verdict(False, f"there is no {self.path} in this item")
        try:
            matched = self.operator(found, self.value)
        except TypesDiffer as error:
            return Verdict(False, f"{self.path}: {error}")
        return MATCHED if matched else NOT_MATCHED


class _Reader:
    """Reads one predicate, and counts what is in it."""

    def __init__(self) -> None:
        self._comparisons = 0
        self._left = MAX_SIZE_BYTES

    def read(self, source: Any, place: str, depth: int) -> Part:
        if type(source) is not dict:
            raise ConditionError(
                f"a predicate is an object, not {_kind(source)}: "
                '{"path": ..., "op": ..., "value": ...} or all, any, not',
                place=place or None,
            )
        if depth > MAX_DEPTH:
            raise ConditionError(
                f"predicates are nested at most {MAX_DEPTH} deep", place=place or None
            )
        combined = [name for name in _COMBINED if name in source]
        if not combined:
            return self._read_comparison(source, place)
        if len(source) > 1:
            raise ConditionError(
                f"an object with '{combined[0]}' has nothing else in it", place=place or None
            )
        return self._read_combined(combined[0], source[combined[0]], place, depth)

    def _read_combined(self, name: str, source: Any, place: str, depth: int) -> Part:
        inner = _join(place, name)
        if name == "not":
            return _Not(self.read(source, inner, depth + 1))
        if type(source) is not list or not source:
            raise ConditionError(f"'{name}' needs a list of at least one predicate", place=inner)
        if len(source) > MAX_COMPARISONS:
            raise _too_many(inner)
        parts = tuple(
            self.read(part, f"{inner}[{number}]", depth + 1) for number, part in enumerate(source)
        )
        if name == "all":
            return _All(parts, NOT_MATCHED, MATCHED)
        return _All(parts, MATCHED, NOT_MATCHED)

    def _read_comparison(self, source: dict[Any, Any], place: str) -> Part:
        self._comparisons += 1
        if self._comparisons > MAX_COMPARISONS:
            raise _too_many(place)
        unknown = [key for key in source if key not in ("path", "op", "value")]
        if unknown:
            raise ConditionError(
                f"unknown key {_shown(unknown[0])}: a comparison has path, op and value",
                place=place or None,
            )
        path = self._read_path(source.get("path"), _join(place, "path"))
        op = source.get("op")
        if type(op) is not str or op not in _OPS:
            raise ConditionError(
                f"unknown operator {_shown(op)}: use one of {', '.join(_OPS)}",
                place=_join(place, "op"),
            )
        value = source.get("value", MISSING)
        place = _join(place, "value")
        if op == "exists":
            if value is not MISSING and type(value) is not bool:
                raise ConditionError("'exists' takes true or false, or no value", place=place)
            return _Exists(path, value is not False)
        if value is MISSING:
            raise ConditionError(f"'{op}' needs a value", place=place)
        self._check_json(value, place, 0)
        _check_operand(op, value, place)
        # A copy: the caller may go on with its own.
        return _Comparison(path, OPERATORS[op], deepcopy(value))

    def _read_path(self, source: Any, place: str) -> Path:
        if type(source) is not str:
            raise ConditionError("a comparison needs a path, such as data.size", place=place)
        self._take(len(source), place)
        try:
            return parse_path(source)
        except ConditionError as error:
            raise ConditionError(error.message, column=error.column, place=place) from None

    def _check_json(self, value: Any, place: str, depth: int) -> None:
        if not _is_plain(value):
            raise ConditionError(f"{_kind(value)} is not JSON data", place=place)
        if depth > MAX_DEPTH:
            raise ConditionError(f"a value is nested at most {MAX_DEPTH} deep", place=place)
        self._take(len(value) if type(value) is str else 1, place)
        if type(value) is list:
            for entry in value:
                self._check_json(entry, place, depth + 1)
        elif type(value) is dict:
            for key, entry in value.items():
                if type(key) is not str:
                    raise ConditionError("the keys of an object are texts", place=place)
                self._take(len(key), place)
                self._check_json(entry, place, depth + 1)

    def _take(self, size: int, place: str) -> None:
        self._left -= size
        if self._left < 0:
            raise ConditionError(
                f"a predicate has at most {MAX_SIZE_BYTES} characters in it", place=place
            )


def _check_operand(op: str, value: Any, place: str) -> None:
    """Refuse what can never match, where the predicate alone tells it."""
    if op == "in" and type(value) is not list:
        raise ConditionError("'in' needs a list", place=place)
    if op in ("starts_with", "ends_with") and type(value) is not str:
        raise ConditionError(f"'{op}' needs a text", place=place)
    if op in ("lt", "le", "gt", "ge") and TYPES[type(value)] not in ("number", "string"):
        raise ConditionError(f"'{op}' needs a number or a text", place=place)
    if op == "type" and value not in _names_of_types():
        raise ConditionError(f"'type' needs one of {', '.join(_names_of_types())}", place=place)


def _names_of_types() -> Sequence[str]:
    return sorted(set(TYPES.values()))


def _too_many(place: str) -> ConditionError:
    return ConditionError(
        f"a predicate has at most {MAX_COMPARISONS} comparisons", place=place or None
    )


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _is_plain(value: Any) -> bool:
    kind = type(value)
    if kind is float:
        return bool(value - value == 0.0)  # neither infinite nor not-a-number
    if kind is int:
        return bool(value.bit_length() <= MAX_INT_BITS)
    return is_one_of(kind, tuple(TYPES))


def _kind(value: Any) -> str:
    return "this number" if type(value) in (int, float) else type_name(value)


def _shown(value: Any) -> str:
    return repr(value[:SHORT_TEXT]) if type(value) is str else "of a type that is no text"
