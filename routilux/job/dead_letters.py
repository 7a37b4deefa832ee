"""Dead letters: items that could not be accepted or processed, kept with the reason.

Letters come in batches (a slot of a thousand items may be refused at once), so a batch is kept as
it is handed over, and a `DeadLetter` is made only when somebody looks.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Any, TypeAlias

from routilux.clock import NANOSECONDS, SYSTEM_CLOCK, stamp, stamp_ns
from routilux.ids import item_id
from routilux.item_queue import REFUSALS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from datetime import datetime

    from routilux.clock import Clock

# The last two are of consumed items: logic failed, or the job's end interrupted it.
REASONS = (*REFUSALS, "logic_error", "interrupted")
LETTER_LIMIT = 10_000  # a job's bound: what an operator can still look through
TELL_EVERY_NS = NANOSECONDS  # a box that overflows does so per item; once a second is enough


@dataclass(frozen=True, slots=True)
class LetterFacts:
    """What the letters of one batch have in common.

    Attributes:
        routine_id, slot_name: the slot that the items were for.
        reason: one of `REASONS`.
        at_ns: when they became dead letters, ns since the epoch.
        emitted_from: the routine that emitted them, or the name that an outside caller gave.
        error, error_type: the error's text and type name; "" without one.
        attempt: 1, and one more for each redelivery.
        activation_id: the activation that failed or emitted them, or None.
        event: the event that they were emitted by, or None.
        trace_context: what a hook gave for the activation that emitted them.
    """

    routine_id: str
    slot_name: str
    reason: str
    at_ns: int
    emitted_from: str = ""
    error: str = ""
    error_type: str = ""
    attempt: int = 1
    activation_id: str | None = None
    event: str | None = None
    trace_context: str | None = None

    def __post_init__(self) -> None:
        if self.reason not in REASONS:
            raise ValueError(f"reason must be one of {', '.join(REASONS)}, not {self.reason!r}")


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One dead letter. `id` is stable within the job; `at` and `emitted_at` are aware UTC."""

    id: str
    item_id: str
    routine_id: str
    slot_name: str
    data: Any
    reason: str
    error: str
    error_type: str
    emitted_from: str
    emitted_at: datetime
    at: datetime
    attempt: int = 1
    activation_id: str | None = None
    event: str | None = None
    trace_context: str | None = None

    @property
    def letter_number(self) -> int:
        """The letter's number in its job, from 1."""
        return int(self.id.rpartition("-")[2])

    @property
    def number(self) -> int:
        """The item's number in its slot, from 0."""
        return int(self.item_id.rpartition("#")[2])


class _Batch:
    """Items that became dead letters together."""

    __slots__ = ("data", "emitted_ns", "facts", "numbers")

    def __init__(
        self,
        facts: LetterFacts,
        data: Sequence[Any],
        emitted_ns: Sequence[int],
        numbers: Sequence[int],
    ) -> None:
        self.facts = facts
        self.data = data
        self.emitted_ns = emitted_ns
        self.numbers = numbers

    def letter(self, number: int, index: int) -> DeadLetter:
        facts = self.facts
        return DeadLetter(
            id=f"dl-{number}",
            item_id=item_id(facts.routine_id, facts.slot_name, self.numbers[index]),
            routine_id=facts.routine_id,
            slot_name=facts.slot_name,
            data=self.data[index],
            reason=facts.reason,
            error=facts.error,
            error_type=facts.error_type,
            emitted_from=facts.emitted_from,
            emitted_at=stamp(self.emitted_ns[index]),
            at=stamp(facts.at_ns),
            attempt=facts.attempt,
            activation_id=facts.activation_id,
            event=facts.event,
            trace_context=facts.trace_context,
        )


class _Entry(tuple[int, _Batch, int]):
    """Letter number, its batch, the index in it. A tuple: made ten thousand at a time."""

    __slots__ = ()

    @property
    def letter(self) -> DeadLetter:
        return self[1].letter(self[0], self[2])

    @property
    def id(self) -> str:
        return f"dl-{self[0]}"


# Names of their own: the box has a method that is called `list`.
Letters: TypeAlias = list[DeadLetter]
_Entries: TypeAlias = list[_Entry]


class DeadLetterBox:
    """The dead letters of one job, the oldest first.

    Its lock is a leaf: nothing else is locked and nobody is called while it is held.

    Args:
        limit: letters kept, at least 1; the oldest goes for a new one.
        on_let_go: called with (letters gone since the last call, letters gone in all), at most
            once a second, on the thread that added the letter, without the box's lock.
        clock: tells `on_let_go` its second.
    """

    def __init__(
        self,
        limit: int = LETTER_LIMIT,
        on_let_go: Callable[[int, int], None] | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        if limit < 1:
            raise ValueError(f"limit must be 1 or more, not {limit!r}")
        self.limit = limit
        self.on_let_go = on_let_go
        self.let_go = 0
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: deque[_Entry] = deque()
        self._next = 1
        self._told = 0
        self._told_ns: int | None = None

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, facts: LetterFacts, data: Any, emitted_ns: int, number: int) -> str:
        """Add one letter; returns its id. See `add_many`."""
        return f"dl-{self.add_many(facts, (data,), (emitted_ns,), (number,))[0]}"

    def add_many(
        self,
        facts: LetterFacts,
        data: Sequence[Any],
        emitted_ns: Sequence[int],
        numbers: Sequence[int],
    ) -> range:
        """Add a batch of letters.

        Args:
            facts: what they have in common.
            data: the items; not copied, so hand over what nobody changes.
            emitted_ns: when each was emitted, ns since the epoch.
            numbers: each item's number in its slot.

        Returns:
            The letters' numbers: ``dl-{number}`` is a letter's id.
        """
        batch = _Batch(facts, data, emitted_ns, numbers)
        count = len(data)
        with self._lock:
            added = range(self._next, self._next + count)
            self._next += count
            self._entries.extend(map(_Entry, zip(added, repeat(batch), range(count), strict=False)))
            self._shrink()
        self._tell()
        return added

    def list(
        self,
        reason: str | None = None,
        routine_id: str | None = None,
        slot_name: str | None = None,
    ) -> Letters:
        """The letters, or those with this reason, routine or slot name; the oldest first."""
        return [
            entry.letter
            for entry in self._all()
            if (reason is None or entry[1].facts.reason == reason)
            and (routine_id is None or entry[1].facts.routine_id == routine_id)
            and (slot_name is None or entry[1].facts.slot_name == slot_name)
        ]

    def get(self, letter_id: str) -> DeadLetter | None:
        """The letter of that id, or None."""
        return next((entry.letter for entry in self._all() if entry.id == letter_id), None)

    def counts(self) -> dict[str, int]:
        """How many letters are in the box, by reason."""
        return dict(Counter(entry[1].facts.reason for entry in self._all()))

    def take(self, ids: Collection[str] | None = None) -> Letters:
        """Take letters out, to deliver them again; None means all. Unknown ids are no error."""
        return [entry.letter for entry in self._remove(ids)]

    def discard(self, ids: Collection[str] | None = None) -> int:
        """Throw letters away, None means all. Returns how many there were."""
        return len(self._remove(ids))

    def put_back(self, letters: Iterable[DeadLetter]) -> None:
        """Put letters in again under their own ids: a redelivery that failed, or a restore."""
        entries = [_Entry((letter.letter_number, _batch_of(letter), 0)) for letter in letters]
        with self._lock:
            self._entries = deque(sorted([*self._entries, *entries], key=lambda entry: entry[0]))
            if self._entries:
                self._next = max(self._next, self._entries[-1][0] + 1)
            self._shrink()
        self._tell()

    @property
    def total(self) -> int:
        """Letters ever added; one that comes back does not count again."""
        return self._next - 1

    @property
    def next_number(self) -> int:
        """The number of the next letter."""
        return self._next

    def resume_at(self, next_number: int, let_go: int) -> None:
        """Go on counting where a saved box stopped."""
        with self._lock:
            self._next = max(self._next, next_number)
            self.let_go = self._told = let_go

    def __iter__(self) -> Iterator[DeadLetter]:
        return iter(self.list())

    def _all(self) -> _Entries:
        with self._lock:
            return list(self._entries)

    def _remove(self, ids: Collection[str] | None) -> _Entries:
        wanted = None if ids is None else set(ids)
        with self._lock:
            every, self._entries = self._entries, deque()
            if wanted is None:
                return list(every)
            self._entries.extend(entry for entry in every if entry.id not in wanted)
            return [entry for entry in every if entry.id in wanted]

    def _shrink(self) -> None:
        """Let the oldest go. Locked."""
        while len(self._entries) > self.limit:
            self._entries.popleft()
            self.let_go += 1

    def _tell(self) -> None:
        """Tell about letters that were let go, if it is time to. Not locked."""
        if self.let_go == self._told or self.on_let_go is None:
            return
        now = self._clock.monotonic_ns()
        with self._lock:
            if self._told_ns is not None and now - self._told_ns < TELL_EVERY_NS:
                return
            since, self._told, self._told_ns = self.let_go - self._told, self.let_go, now
            total = self.let_go
        if since:  # else another thread was faster
            self.on_let_go(since, total)


def _batch_of(letter: DeadLetter) -> _Batch:
    facts = LetterFacts(
        routine_id=letter.routine_id,
        slot_name=letter.slot_name,
        reason=letter.reason,
        at_ns=stamp_ns(letter.at),
        emitted_from=letter.emitted_from,
        error=letter.error,
        error_type=letter.error_type,
        attempt=letter.attempt,
        activation_id=letter.activation_id,
        event=letter.event,
        trace_context=letter.trace_context,
    )
    return _Batch(facts, (letter.data,), (stamp_ns(letter.emitted_at),), (letter.number,))
