"""What slots, routines and breakpoints have counted, and how that adds up over jobs."""

from __future__ import annotations

from operator import add
from typing import TYPE_CHECKING, Protocol

from routilux.engine.lane_times import STATES

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping

SlotKey = tuple[str, str, str]  # flow id, routine id, slot name
HitKey = tuple[str, str]  # kind and action of a breakpoint


class Counted(Protocol):
    """Anything that knows what a slot has counted."""

    @property
    def offered(self) -> int: ...
    @property
    def consumed(self) -> int: ...
    @property
    def retries(self) -> int: ...
    @property
    def times_held(self) -> int: ...
    @property
    def refused_by(self) -> Mapping[str, int]: ...


class SlotTotals:
    """What slots have counted since the process began; counts in items, retries in waits."""

    __slots__ = ("consumed", "offered", "refused_by", "retries", "times_held")

    def __init__(self) -> None:
        self.offered = 0
        self.consumed = 0
        self.retries = 0
        self.times_held = 0
        self.refused_by: dict[str, int] = {}

    def add(self, counted: Counted, sign: int = 1) -> SlotTotals:
        """Add the counts of a slot, or take them away with a `sign` of -1. Returns itself."""
        self.offered += sign * counted.offered
        self.consumed += sign * counted.consumed
        self.retries += sign * counted.retries
        self.times_held += sign * counted.times_held
        for reason, count in counted.refused_by.items():
            self.refused_by[reason] = self.refused_by.get(reason, 0) + sign * count
        return self


def no_times() -> list[int]:
    """The lane times of a routine that has done nothing."""
    return [0] * STATES


def add_times(times: list[int], more: list[int]) -> list[int]:
    """Add lane times to others. Returns those."""
    times[:] = map(add, times, more)
    return times


def add_hits(hits: Counter[HitKey], more: Mapping[HitKey, int]) -> Counter[HitKey]:
    """Add hits to others. Returns those."""
    hits.update(more)
    return hits
