"""The ledger of a process: which jobs live, and what jobs that have ended have counted.

A counter that a person watches must not fall when a job ends and is forgotten. So what a job has
counted is added to the ledger at its end; a job is in `jobs` or in the sums, never in both.
"""

from __future__ import annotations

import weakref
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from routilux.barging_lock import BargingLock
from routilux.engine.ended_sums import KEY_LIMIT, OTHER_ID, EndedSums
from routilux.engine.job_sets import JOB_SET_LIMIT, JobKey, JobSets, refused_of, retries_of
from routilux.engine.totals import (
    HitKey,
    SlotKey,
    SlotTotals,
    add_hits,
    add_times,
    no_times,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from routilux.engine.job import Job
    from routilux.engine.pool import Pool
    from routilux.job_state import JobState

RoutineKey = tuple[str, str]  # flow id, routine id
OTHER: SlotKey = (OTHER_ID, OTHER_ID, OTHER_ID)


class Elsewhere(NamedTuple):
    """What a job has counted in another process; lane times in nanoseconds, by state."""

    slots: dict[SlotKey, SlotTotals]
    routines: dict[str, list[int]]


NOWHERE = Elsewhere({}, {})


class LedgerPage(NamedTuple):
    """One reading of the ledger.

    Attributes:
        jobs: jobs whose counts are not in the sums, each with what it had counted in another
            process.
        states: their states; a job that ends meanwhile stays whole as long as one has it.
        ended: the sums of the jobs that have ended, by slot.
        routines: their lane times in nanoseconds, by routine and state.
        hits: their hits of breakpoints, by flow.
        retries, refused: their counts that are tied to jobs.
        pools: the pools of the runtimes.
    """

    jobs: list[tuple[Job, Elsewhere]]
    states: list[JobState]
    ended: dict[SlotKey, SlotTotals]
    routines: dict[RoutineKey, list[int]]
    hits: dict[tuple[str], Counter[HitKey]]
    retries: dict[JobKey, int]
    refused: dict[JobKey, int]
    pools: list[Pool]


class Ledger:
    """Jobs and runtimes, held weakly, and the sums of the jobs that have ended.

    Args:
        key_limit: slots, routines and flows whose sums are kept apart.
        job_set_limit: sets with the id of a job, of each counter that is tied to jobs.
    """

    def __init__(self, key_limit: int = KEY_LIMIT, job_set_limit: int = JOB_SET_LIMIT) -> None:
        self._lock = BargingLock()
        self._pools: weakref.WeakSet[Pool] = weakref.WeakSet()
        self._jobs: weakref.WeakSet[Job] = weakref.WeakSet()
        self._elsewhere: weakref.WeakKeyDictionary[Job, Elsewhere] = weakref.WeakKeyDictionary()
        self._ended: EndedSums[SlotKey, SlotTotals] = EndedSums(
            OTHER, SlotTotals, SlotTotals.add, key_limit
        )
        self._routines: EndedSums[RoutineKey, list[int]] = EndedSums(
            (OTHER_ID, OTHER_ID), no_times, add_times, key_limit
        )
        self._hits: EndedSums[tuple[str], Counter[HitKey]] = EndedSums(
            (OTHER_ID,), Counter, add_hits, key_limit
        )
        self._retries = JobSets(job_set_limit, key_limit)
        self._refused = JobSets(job_set_limit, key_limit)

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
        with self._lock:
            if job not in self._jobs:
                return
            self._jobs.discard(job)
            elsewhere = self._elsewhere.pop(job, NOWHERE) if self._elsewhere else NOWHERE
            self._retire_slots(job, elsewhere)
            self._retire_routines(job, elsewhere)
            if job.debugger is not None and job.debugger.acted:
                add_hits(self._hits.of((job.flow.flow_id,)), job.debugger.acted)

    def _retire_slots(self, job: Job, elsewhere: Elsewhere) -> None:
        flow_id, job_id = job.flow.flow_id, job.state.job_id
        for slot in job.slots:  # nothing counts in an ended job any more
            key, queue = (flow_id, slot.routine_id, slot.name), slot.queue
            totals = self._ended.of(key).add(queue)
            known = elsewhere.slots.get(key)
            if known is not None:
                totals.add(known, -1)
            if queue.retries or queue.refused_by:
                for each, count in retries_of(key, job_id, queue, known):
                    self._retries.end(each, count)
                for each, count in refused_of(key, job_id, queue, known):
                    self._refused.end(each, count)

    def _retire_routines(self, job: Job, elsewhere: Elsewhere) -> None:
        flow_id = job.flow.flow_id
        for node in job.routines.values():
            totals = self._routines.of((flow_id, node.id))
            add_times(totals, node.times.sums)  # no lane is in use any more
            if elsewhere.routines:
                add_times(totals, [-each for each in elsewhere.routines[node.id]])

    def read(self) -> LedgerPage:
        """What there is now. The jobs go on; a job that ends meanwhile is still in `jobs`."""
        with self._lock:
            return LedgerPage(
                [(job, self._elsewhere.get(job, NOWHERE)) for job in self._jobs],
                [job.state for job in self._jobs],
                self._ended.copy(),
                self._routines.copy(),
                self._hits.copy(),
                self._retries.copy(),
                self._refused.copy(),
                list(self._pools),
            )

    def place_retries(self, live: Mapping[JobKey, int]) -> Iterator[tuple[JobKey, int]]:
        """Say for the counts of live jobs under which sets they are shown."""
        return self._place(self._retries, live)

    def place_refused(self, live: Mapping[JobKey, int]) -> Iterator[tuple[JobKey, int]]:
        """As `place_retries`, for refused items."""
        return self._place(self._refused, live)

    def _place(self, sets: JobSets, live: Mapping[JobKey, int]) -> Iterator[tuple[JobKey, int]]:
        with self._lock:
            return iter([(sets.place(key), count) for key, count in live.items()])


def _counts(job: Job) -> Elsewhere:
    flow_id = job.flow.flow_id
    with job.lock:
        now = job.clock.monotonic_ns()
        slots = {
            (flow_id, slot.routine_id, slot.name): SlotTotals().add(slot.queue)
            for slot in job.slots
        }
        return Elsewhere(slots, {node.id: node.times.read(now) for node in job.routines.values()})


PROCESS_LEDGER = Ledger()
"""The ledger of the process, of which every runtime is a part unless it was given another."""
