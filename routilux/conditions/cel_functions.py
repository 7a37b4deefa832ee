"""The functions and operators of CEL, and how each one's cost grows with its arguments.

Costs are in nanoseconds, measured on one core of a slow server and rounded up. `bytes` and
`entries` are bounds: the longest text that a value has in it, and how many entries its lists and
maps have in all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from routilux.conditions.cel_regex import pattern_cost
from routilux.conditions.cel_tree import Call, Literal
from routilux.conditions.polynomial import (
    Polynomial,
    constant,
    is_constant,
    product,
    scaled,
    total,
    variable,
)

NODE = 80.0  # each step of the interpreter
ENTRY_BUILT = 250.0  # an entry of a list or map that is made
ENTRY_COPIED = 64.0  # an entry that goes from one list into another
ENTRY_COMPARED = 40.0
BYTE_COPIED = 1.0
BYTE_COMPARED = 0.1
_BYTE_COUNTED = 1.0
_BYTE_READ = 12.0  # as a number, a time, a duration
_BYTE_SEARCHED = 0.05
_PAIR_SEARCHED = 0.02  # a byte of the text by a byte of what is looked for
_TEXT_OF_NUMBER = 500.0
_PATTERN = 5_000.0
_PATTERN_UNIT = 2_500.0
_PATTERN_BYTE = 16.0  # a byte of the text by a unit of the pattern
_TIME_ZONE_READ = 5_000.0

# `Europe/Berlin`, `UTC`, `+01:00`. Not a path: the library would open that file.
_TIME_ZONE = re.compile(r"[A-Za-z0-9_+\-]+(?:/[A-Za-z0-9_+\-]+){0,2}|[+\-]\d{2}:\d{2}")


class Refused(Exception):
    """The expression uses what conditions may not use. The text says what to do instead."""


class Size(NamedTuple):
    """How large a value may be.

    Attributes:
        bytes: of all texts in it.
        entries: of all lists and maps in it, in all.
        own: of itself.
    """

    bytes: Polynomial
    entries: Polynomial
    own: Polynomial


SMALL = Size({}, {}, {})  # a number, a boolean, a time
ITEM = Size(variable("b0"), variable("n0"), variable("c0"))

Cost: TypeAlias = Callable[[Call, Sequence[Size]], tuple[Polynomial, Size]]


def _same_cost(_call: Call, _sizes: Sequence[Size]) -> tuple[Polynomial, Size]:
    return {}, SMALL


def _first(_call: Call, sizes: Sequence[Size]) -> tuple[Polynomial, Size]:
    return {}, sizes[0]


def _indexed(_call: Call, sizes: Sequence[Size]) -> tuple[Polynomial, Size]:
    return {}, part_of(sizes[0])


def part_of(size: Size) -> Size:
    """How large an entry or a field of a value may be."""
    # The longest container of the item is the longest of each part of it, too.
    return size if size is ITEM else Size(size.bytes, size.entries, size.entries)


def _choice(_call: Call, sizes: Sequence[Size]) -> tuple[Polynomial, Size]:
    return {}, _joined(sizes[1:])


def _concatenation(_call: Call, sizes: Sequence[Size]) -> tuple[Polynomial, Size]:
    joined = _joined(sizes)
    cost = total(scaled(joined.bytes, BYTE_COPIED), scaled(joined.own, ENTRY_COPIED))
    return cost, joined


def _comparison(_call: Call, sizes: Sequence[Size]) -> tuple[Polynomial, Size]:
    return _compared(sizes[0], sizes[-1]), SMALL


def _membership(_call: Call, sizes: Sequence[Size]) -> tuple[Polynomial, Size]:
    # Each entry is compared, and all of them together are no larger than the container.
    container = sizes[-1]
    return _compared(container, container), SMALL


def _compared(left: Size, right: Size) -> Polynomial:
    # Two values are compared until the shorter one ends.
    smaller_bytes = right.bytes if is_constant(right.bytes) else left.bytes
    smaller_entries = right.entries if is_constant(right.entries) else left.entries
    return total(scaled(smaller_bytes, BYTE_COMPARED), scaled(smaller_entries, ENTRY_COMPARED))


def _counting(_call: Call, sizes: Sequence[Size]) -> tuple[Polynomial, Size]:
    return scaled(sizes[0].bytes, _BYTE_COUNTED), SMALL


def _search(_call: Call, sizes: Sequence[Size]) -> tuple[Polynomial, Size]:
    text, part = sizes[0].bytes, sizes[-1].bytes
    pairs = scaled(product(text, part), _PAIR_SEARCHED)
    return total(scaled(text, _BYTE_SEARCHED), pairs), SMALL


def _reading(_call: Call, sizes: Sequence[Size]) -> tuple[Polynomial, Size]:
    return scaled(sizes[0].bytes, _BYTE_READ), SMALL


def _writing(_call: Call, sizes: Sequence[Size]) -> tuple[Polynomial, Size]:
    cost = total(constant(_TEXT_OF_NUMBER), scaled(sizes[0].bytes, BYTE_COPIED))
    return cost, Size(total(sizes[0].bytes, constant(40)), {}, {})


def _pattern(call: Call, sizes: Sequence[Size]) -> tuple[Polynomial, Size]:
    pattern = call.arguments[-1]
    if not isinstance(pattern, Literal) or not isinstance(pattern.value, str):
        raise Refused("the pattern of 'matches' must be a text in quotes, not a value of the item")
    cost = pattern_cost(pattern.value)
    building = constant(_PATTERN + _PATTERN_UNIT * cost.build)
    return total(building, scaled(sizes[0].bytes, _PATTERN_BYTE * cost.run)), SMALL


def _part_of_time(call: Call, _sizes: Sequence[Size]) -> tuple[Polynomial, Size]:
    for zone in call.arguments[1:]:
        if not isinstance(zone, Literal) or not _TIME_ZONE.fullmatch(str(zone.value)):
            raise Refused("a time zone must be a text in quotes, such as 'Europe/Berlin'")
    return constant(_TIME_ZONE_READ), SMALL


def _joined(sizes: Sequence[Size]) -> Size:
    return Size(*(total(*polynomials) for polynomials in zip(*sizes, strict=True)))


def _table() -> dict[str, Cost]:
    table: dict[str, Cost] = {"_+_": _concatenation, "_?_:_": _choice, "_[_]": _indexed}
    same = "_-_ _*_ _/_ _%_ -_ !_ _&&_ _||_ @not_strictly_false __not_strictly_false__ type"
    table |= dict.fromkeys(same.split(), _same_cost)
    compared = "_==_ _!=_ _<_ _<=_ _>_ _>=_ startsWith endsWith"
    table |= dict.fromkeys(compared.split(), _comparison)
    table |= dict.fromkeys(("@in", "_in_"), _membership)
    table |= dict.fromkeys(("bool", "bytes", "string"), _writing)
    table |= dict.fromkeys(("int", "uint", "double", "timestamp", "duration"), _reading)
    times = "FullYear Month Date DayOfMonth DayOfWeek DayOfYear Hours Minutes Seconds Milliseconds"
    table |= {f"get{part}": _part_of_time for part in times.split()}
    return table | {"size": _counting, "contains": _search, "matches": _pattern, "dyn": _first}


FUNCTIONS: dict[str, Cost] = _table()
