"""What has ended, added up by key, with a bound.

A program that makes a flow with a new id for each job must not fill the memory: of so many keys the
sums are kept apart, those of the longest untouched others go into one.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

KEY_LIMIT = 10_000
OTHER_ID = "_other"  # what all ids of the key are that stands for the others

Key = TypeVar("Key", bound=tuple[str, ...])
Value = TypeVar("Value")


class EndedSums(Generic[Key, Value]):
    """Sums by key.

    Args:
        other: the key of what is not kept apart.
        make: gives an empty sum.
        add: adds the second to the first, and returns that.
        limit: keys that are kept apart.
    """

    def __init__(
        self,
        other: Key,
        make: Callable[[], Value],
        add: Callable[[Value, Value], Value],
        limit: int = KEY_LIMIT,
    ) -> None:
        self._other = other
        self._make = make
        self._add = add
        self._limit = max(2, limit)  # the newest and the others
        self._sums: OrderedDict[Key, Value] = OrderedDict()

    def of(self, key: Key) -> Value:
        """The sum of a key, to add to at once."""
        found = self._sums.get(key)
        if found is None:
            found = self._sums[key] = self._make()
            while len(self._sums) > self._limit:
                self._fold()
        self._sums.move_to_end(key)
        return found

    def _fold(self) -> None:
        """Add the longest untouched to the others. The newest is what was asked for: it stays."""
        oldest = next(key for key in self._sums if key != self._other)
        gone = self._sums.pop(oldest)
        self._add(self._sums.setdefault(self._other, self._make()), gone)

    def copy(self) -> dict[Key, Value]:
        """All sums as they are now."""
        return {key: self._add(self._make(), value) for key, value in self._sums.items()}
