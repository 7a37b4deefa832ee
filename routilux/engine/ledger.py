"""The ledger of a process: which jobs live, and what the slots of ended jobs have counted.

A counter that a person watches must not fall when a job ends and is forgotten. So the counts of a
job's slots are added to the ledger at its end; a job is in `jobs` or in the sums, never in both.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple, Protocol

from routilux.barging_lock import BargingLock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from routilux.engine.job import Job
    from routilux.engine.pool import Pool

SlotKey = tuple[str, str, str]  # flow id, routine id, slot name

# A program that makes a flow with a new id for each job must not fill the memory: of so many slots
# the sums are kept apart, those of the longest untouched others go into one sum.
KEY_LIMIT = 10_000
OTHER: SlotKey = ("_other", "_other", "_other")


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


class LedgerPage(NamedTuple):
    """One reading of the ledger.

    Attributes:
        jobs: jobs whose counts are not in the sums, each with what it had counted in another
            process.
        ended: the sums of the jobs that have ended, by slot.
        pools: the pools of the runtimes.
    """

    jobs: list[tuple[Job, dict[SlotKey, SlotTotals]]]
    ended: dict[SlotKey, SlotTotals]
    pools: list[Pool]


class Ledger:
    """Jobs and runtimes, held weakly, and the sums of the jobs that have ended.

    Args:
        key_limit: slots whose sums are kept apart.
    """

    def __init__(self, key_limit: int = KEY_LIMIT) -> None:
        self._key_limit = key_limit
        self._lock = BargingLock()
        self._pools: weakref.WeakSet[Pool] = weakref.WeakSet()
        self._jobs: weakref.WeakSet[Job] = weakref.WeakSet()
        self._ended: OrderedDict[SlotKey, SlotTotals] = OrderedDict()
        self._elsewhere: weakref.WeakKeyDictionary[Job, dict[SlotKey, SlotTotals]] = (
            weakref.WeakKeyDictionary()
        )

    def add_pool(self, pool: Pool) -> None:
        """A runtime has begun."""
        with self._lock:
            self._pools.add(pool)

    def add_job(self, job: Job) -> None:
        """A job begins."""
        with self._lock:
            self._jobs.add(job)

    def add_restored(self, job: Job) -> None:
        """A job goes on; what it has counted so far was counted in another process."""
        counted = _counts(job)
        with self._lock:
            self._elsewhere[job] = counted
            self._jobs.add(job)

    def retire(self, job: Job) -> None:
        """A job has ended and counts no more; saying so twice is saying it once."""
        flow_id = job.flow.flow_id
        with self._lock:
            if job not in self._jobs:
                return
            self._jobs.discard(job)
            elsewhere = self._elsewhere.pop(job, None) if self._elsewhere else None
            for slot in job.slots:  # nothing counts in an ended job any more
                key = (flow_id, slot.routine_id, slot.name)
                totals = self._ended.get(key)
                if totals is None:
                    totals = self._ended[key] = SlotTotals()
                totals.add(slot.queue)
                if elsewhere and key in elsewhere:
                    totals.add(elsewhere[key], -1)
                self._ended.move_to_end(key)
            while len(self._ended) > self._key_limit:
                self._fold()

    def _fold(self) -> None:
        oldest = next(key for key in self._ended if key != OTHER)
        totals = self._ended.pop(oldest)
        self._ended.setdefault(OTHER, SlotTotals()).add(totals)

    def read(self) -> LedgerPage:
        """What there is now. The jobs go on; a job that ends meanwhile is still in `jobs`."""
        with self._lock:
            jobs = [(job, self._elsewhere.get(job, {})) for job in self._jobs]
            ended = {key: SlotTotals().add(totals) for key, totals in self._ended.items()}
            return LedgerPage(jobs, ended, list(self._pools))


def _counts(job: Job) -> dict[SlotKey, SlotTotals]:
    flow_id = job.flow.flow_id
    with job.lock:
        return {
            (flow_id, slot.routine_id, slot.name): SlotTotals().add(slot.queue)
            for slot in job.slots
        }


PROCESS_LEDGER = Ledger()
"""The ledger of the process, of which every runtime is a part unless it was given another."""
