"""Which breakpoints an item hits."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from routilux.conditions import ItemView
    from routilux.debugger.breakpoint import Breakpoint


def find_matches(
    breakpoints: Iterable[Breakpoint], view: ItemView, passed: Collection[str] = ()
) -> list[Breakpoint]:
    """The breakpoints that are to act on an item, in order; every match is counted.

    Args:
        breakpoints: those of one place.
        view: the item.
        passed: ids of breakpoints that the item has passed already.
    """
    found: list[Breakpoint] = []
    for each in breakpoints:
        if not each.enabled or each.id in passed:
            continue
        if each.matches(view) and count_match(each):
            found.append(each)
    return found


def count_match(breakpoint: Breakpoint) -> bool:  # noqa: A002 - it is one
    """Count a match. Whether the breakpoint is to act on it."""
    breakpoint.hit_count += 1
    if breakpoint.hit_count <= breakpoint.ignore_count:
        return False
    if breakpoint.one_shot:
        breakpoint.spend()
    return True
