"""Bounded logs of a job: they keep the newest entries, and count what they let go."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, SupportsIndex, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")

# A job may run for weeks: enough to see what happened last, small beside the job's items.
LOG_LIMIT = 1_000


class BoundedList(list[T]):
    """A list that lets its oldest entries go when it grows beyond `limit`.

    Adding is safe from several threads.

    Attributes:
        limit: entries kept, at least 1.
        let_go: entries that are gone because of the limit.
    """

    __slots__ = ("_lock", "let_go", "limit")

    def __init__(self, entries: Iterable[T] = (), limit: int = LOG_LIMIT, let_go: int = 0) -> None:
        super().__init__(entries)
        if limit < 1:
            raise ValueError(f"limit must be 1 or more, not {limit!r}")
        self.limit = limit
        self.let_go = let_go
        self._lock = threading.Lock()
        self._shrink()

    def append(self, entry: T) -> None:
        """Add an entry at the end."""
        with self._lock:
            super().append(entry)
            self._shrink()

    def extend(self, entries: Iterable[T]) -> None:
        """Add entries at the end."""
        added = list(entries)
        with self._lock:
            super().extend(added)
            self._shrink()

    def insert(self, index: SupportsIndex, entry: T) -> None:
        """Insert an entry; the first one goes if there are too many then."""
        with self._lock:
            super().insert(index, entry)
            self._shrink()

    def __iadd__(self, entries: Iterable[T]) -> BoundedList[T]:  # type: ignore[override,misc]
        self.extend(entries)
        return self

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        # A copy is an ordinary list: it is a picture of the log, and has no lock to copy.
        return list, (list(self),)

    def _shrink(self) -> None:
        surplus = len(self) - self.limit
        if surplus > 0:
            del self[:surplus]
            self.let_go += surplus
