"""Checks of data that was read from a file: each says which place is wrong, and what belongs there.

A check is a function of a value and the name of its place, and raises ValueError. Small ones are
put together to a table that looks like the data, and the whole is checked before any of it is used.
"""

from __future__ import annotations

import math
import re
import reprlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from routilux.clock import NANOSECONDS

Check: TypeAlias = Callable[[Any, str], None]

# More than anything is ever counted to (2**62 ns are 146 years), and sums still fit everywhere.
MOST = 1 << 62
FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799  # of the years 1 and 9999


def wrong(place: str, wanted: str, value: object) -> ValueError:
    """The error for a value that does not belong in its place."""
    return ValueError(f"{place.removesuffix(': ')} must be {wanted}, not {reprlib.repr(value)}")


def kind(wanted: str, fits: Callable[[Any], bool]) -> Check:
    """A check that a value fits; `wanted` says to what."""

    def check(value: Any, place: str) -> None:
        if not fits(value):
            raise wrong(place, wanted, value)

    return check


def whole(least: int, most: int = MOST) -> Check:
    """A whole number from `least` on."""
    return kind(
        f"a whole number of at least {least}",
        lambda value: type(value) is int and least <= value <= most,
    )


def one_of(values: Iterable[str]) -> Check:
    """One of these texts."""
    known = tuple(values)
    return kind(
        f"one of {', '.join(known)}", lambda value: isinstance(value, str) and value in known
    )


def matching(wanted: str, pattern: str) -> Check:
    """A text that matches a pattern as a whole; `wanted` says how it should look."""
    fits = re.compile(pattern).fullmatch
    return kind(wanted, lambda value: isinstance(value, str) and fits(value) is not None)


def maybe(check: Check) -> Check:
    """What `check` lets pass, or None."""

    def either(value: Any, place: str) -> None:
        if value is not None:
            check(value, place)

    return either


def each(check: Check) -> Check:
    """A list, of which `check` lets every entry pass."""

    def every(value: Any, place: str) -> None:
        if not isinstance(value, list):
            raise wrong(place, "a list", value)
        for index, entry in enumerate(value):
            check(entry, f"{place}[{index}]")

    return every


def by_name(check: Check, names: Check | None = None) -> Check:
    """A dict with texts as keys, of which `check` lets every value pass and `names` every key."""

    def every(value: Any, place: str) -> None:
        _check_dict(value, place)
        for name, entry in value.items():
            (names or text)(name, f"{place}, its key")
            check(entry, _inside(place, name))

    return every


def fields(checks: Mapping[str, Check], later: Mapping[str, Check] | None = None) -> Check:
    """A dict with at least these keys; those of `later` may be missing, in an older document."""
    newer = later or {}

    def every(value: Any, place: str) -> None:
        _check_dict(value, place)
        for name, check in checks.items():
            if name not in value:
                raise ValueError(f"{place.removesuffix(': ')}: '{name}' is missing")
            check(value[name], _inside(place, name))
        for name, check in newer.items():
            if name in value:
                check(value[name], _inside(place, name))

    return every


def check_unique(keys: Iterable[object], place: str) -> None:
    """Raise when a key comes twice."""
    known: set[object] = set()
    for key in keys:
        if key in known:
            raise ValueError(f"{place}: {reprlib.repr(key)} is there twice")
        known.add(key)


def _inside(place: str, name: str) -> str:
    return f"{place}{name}" if place.endswith(": ") else f"{place}.{name}"


def _check_dict(value: Any, place: str) -> None:
    if not isinstance(value, Mapping):
        raise wrong(place, "a dict", value)


def _is_moment(value: Any) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        return False


def _is_seconds(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value < math.inf


def anything(value: Any, place: str) -> None:
    """A program's own data."""


text = kind("a text", lambda value: isinstance(value, str))
name = kind("a text that is not empty", lambda value: isinstance(value, str) and value != "")
flag = kind("true or false", lambda value: isinstance(value, bool))
count = whole(0)
number = whole(1)
seconds = kind("a number of seconds, 0 or more", _is_seconds)
moment = kind("an ISO time with its zone", _is_moment)
moment_ns = whole(FIRST_SECOND * NANOSECONDS, LAST_SECOND * NANOSECONDS)
