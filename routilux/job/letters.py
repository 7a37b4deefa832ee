"""``job.dead_letters``: look at a job's dead letters, deliver them again, throw them away."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from routilux.job.dead_letters import DeadLetter, DeadLetterBox, Letters
    from routilux.job.live import LiveJob
    from routilux.job.results import Redelivery


class DeadLetters:
    """The dead letters of one job, as its user sees them."""

    __slots__ = ("_box", "_live")

    def __init__(self, box: DeadLetterBox, live: Callable[[], LiveJob]) -> None:
        self._box = box
        self._live = live

    def list(
        self,
        reason: str | None = None,
        routine_id: str | None = None,
        slot_name: str | None = None,
    ) -> Letters:
        """The letters, or those with this reason, routine or slot name; the oldest first."""
        return self._box.list(reason, routine_id, slot_name)

    def get(self, letter_id: str) -> DeadLetter | None:
        """The letter of that id, or None."""
        return self._box.get(letter_id)

    def counts(self) -> dict[str, int]:
        """How many there are, by reason."""
        return self._box.counts()

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._box)

    @property
    def let_go(self) -> int:
        """How many are gone because the box was full."""
        return self._box.let_go

    def redeliver(
        self,
        ids: Collection[str] | None = None,
        *,
        new_job: bool = False,
        reason: str = "",
        identity: str | None = None,
        request_id: str | None = None,
    ) -> Redelivery:
        """Offer letters to their slots again, under the items' own ids, one attempt on.

        Nobody waits for room: a letter that finds none stays a dead letter, and is not counted.

        Args:
            ids: which letters; None means all.
            new_job: start a job with just these items, as the only way when this one has ended;
                without any letter none is started.
            reason: why, for people.
            identity: who asks.
            request_id: the same id twice is one change.

        Raises:
            JobFinished: the job has ended and `new_job` is not set.
            RuntimeError: the job was never started here.
        """
        return self._live().redeliver(ids, new_job, reason, identity, request_id)

    def discard(self, ids: Collection[str] | None = None) -> int:
        """Throw letters away, None means all. Returns how many there were; again is no error."""
        return self._box.discard(ids)

    def __len__(self) -> int:
        return len(self._box)

    def __iter__(self) -> Iterator[DeadLetter]:
        return iter(self._box)
