"""Bounded logs and memories of a job: they keep the newest, and count what they let go."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, SupportsIndex, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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


class CommandLog:
    """The answers to a job's last commands, by request id: the same request twice is one change.

    The caller looks up, changes and keeps the answer under a lock of its own, so that of two equal
    requests at the same moment one finds the other's answer.

    Args:
        limit: commands remembered, at least 1.
    """

    def __init__(self, limit: int = LOG_LIMIT) -> None:
        if limit < 1:
            raise ValueError(f"limit must be 1 or more, not {limit!r}")
        self.limit = limit
        self._answers: OrderedDict[str, tuple[str, Any]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._answers)

    def __contains__(self, request_id: object) -> bool:
        return request_id in self._answers

    def find(self, request_id: str | None, command: str, default: Any = None) -> Any:
        """The first answer to this request, or `default` if it is new.

        Args:
            request_id: None never matches.
            command: what is asked for, with its parameters, as one text.

        Raises:
            ValueError: the id was used for another command.
        """
        known = self._answers.get(request_id) if request_id is not None else None
        if known is None:
            return default
        if known[0] != command:
            raise ValueError(
                f"request_id {request_id!r} was used for another command ({known[0]}); "
                "give each command an id of its own"
            )
        return known[1]

    def keep(self, request_id: str | None, command: str, answer: Any) -> None:
        """Remember an answer (JSON data, if it is to survive a restore); None keeps nothing."""
        if request_id is None:
            return
        self._answers[request_id] = (command, answer)
        if len(self._answers) > self.limit:
            self._answers.popitem(last=False)

    def to_list(self) -> list[dict[str, Any]]:
        """The commands as JSON data, the oldest first."""
        return [
            {"request_id": request_id, "command": command, "answer": answer}
            for request_id, (command, answer) in list(self._answers.items())
        ]

    def fill(self, commands: Iterable[Mapping[str, Any]]) -> None:
        """Remember what `to_list` gave."""
        for entry in commands:
            self.keep(entry["request_id"], entry["command"], entry["answer"])
