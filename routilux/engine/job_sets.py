"""Counts that are tied to jobs, for exporters that keep every set of attributes they ever saw.

The first sets that are shown, or end, have their job's id for good. All later ones are counted as
`OTHER_ID`, by slot. So the number of sets is bounded, no count is in two of them, and since a set
never moves, none ever falls.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from routilux.engine.ended_sums import KEY_LIMIT, OTHER_ID, EndedSums

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routilux.engine.totals import Counted, SlotKey

JOB_SET_LIMIT = 500  # a quarter of what the SDK keeps: there may be other programs' sets


class JobKey(NamedTuple):
    """A set: a slot of a job; `reason` why items were refused, or "" of waits."""

    flow_id: str
    routine_id: str
    slot_name: str
    job_id: str
    reason: str


class JobSets:
    """The sets of one counter. Its owner guards it with a lock.

    Args:
        limit: sets with the id of their job.
        key_limit: slots whose other jobs are counted apart.
    """

    def __init__(self, limit: int = JOB_SET_LIMIT, key_limit: int = KEY_LIMIT) -> None:
        self._limit = limit
        self._own: dict[JobKey, int] = {}
        self._others: EndedSums[SlotKey, Counter[str]] = EndedSums(
            (OTHER_ID, OTHER_ID, OTHER_ID), Counter, _add, key_limit
        )

    def place(self, key: JobKey) -> JobKey:
        """Where the counts of a set belong, now and always."""
        if key not in self._own:
            if len(self._own) >= self._limit:
                return key._replace(job_id=OTHER_ID)
            self._own[key] = 0
        return key

    def end(self, key: JobKey, count: int) -> None:
        """A set counts no more; so much has it counted."""
        if self.place(key) is key:
            self._own[key] += count
        else:
            self._others.of(key[:3])[key.reason] += count

    def copy(self) -> dict[JobKey, int]:
        """What the sets that have ended have counted."""
        found = {key: count for key, count in self._own.items() if count}
        for slot, counts in self._others.copy().items():
            for reason, count in counts.items():
                found[JobKey(*slot, OTHER_ID, reason)] = count
        return found


def retries_of(
    key: SlotKey, job_id: str, counted: Counted, elsewhere: Counted | None
) -> Iterator[tuple[JobKey, int]]:
    """The waits for room of a job's slot, if there were any here, as a set."""
    count = counted.retries - (elsewhere.retries if elsewhere is not None else 0)
    if count:
        yield JobKey(*key, job_id, ""), count


def refused_of(
    key: SlotKey, job_id: str, counted: Counted, elsewhere: Counted | None
) -> Iterator[tuple[JobKey, int]]:
    """The items that a job's slot has refused here, a set for each reason."""
    for reason, count in counted.refused_by.items():
        here = count - (elsewhere.refused_by.get(reason, 0) if elsewhere is not None else 0)
        if here:
            yield JobKey(*key, job_id, reason), here


def _add(counts: Counter[str], more: Counter[str]) -> Counter[str]:
    counts.update(more)
    return counts
