"""One reading of everything that runs in the process, as frozen values.

Each job is read at one moment, under its lock; what is added up and worked out is done after that.
Whoever shows figures (REST, exporters) takes one reading and looks at it only.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

from routilux.engine.job_sets import JobKey, refused_of, retries_of
from routilux.engine.ledger import PROCESS_LEDGER, Ledger
from routilux.engine.totals import add_hits, add_times
from routilux.monitoring.levels import level_of
from routilux.monitoring.routine_reading import RoutineReading
from routilux.monitoring.slot_reading import SlotReading, SlotSums, alone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from routilux.engine.job import Job
    from routilux.engine.ledger import Elsewhere, LedgerPage, RoutineKey
    from routilux.engine.pool import Pool
    from routilux.engine.totals import HitKey
    from routilux.job_state import JobState
    from routilux.monitoring.levels import SlotLevel

NO_HITS: Mapping[HitKey, int] = {}
K = TypeVar("K", bound=tuple[str, ...])
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class WorkersReading:
    """The pools of all runtimes that are not shut down, together.

    Attributes:
        limit: logic that may run at once.
        usage: logic that runs; for a moment it may be more than `limit`.
        blocked: activations that wait for room, and hold a thread but no place.
    """

    limit: int
    usage: int
    blocked: int


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything at one moment.

    Attributes:
        slots: each slot of each flow that has, or had, jobs.
        routines: each routine of such a flow.
        jobs: live jobs by flow id and status.
        job_retries, job_refused: waits for room and refused items since the process began, by job;
            only of jobs that have any, and beyond a number of sets added up by slot.
        hits: times that breakpoints acted since the process began, by flow id, kind and action.
        workers: the pools.
    """

    slots: tuple[SlotReading, ...]
    routines: tuple[RoutineReading, ...]
    jobs: Mapping[tuple[str, str], int]
    job_retries: Mapping[JobKey, int]
    job_refused: Mapping[JobKey, int]
    hits: Mapping[tuple[str, str, str], int]
    workers: WorkersReading


class _Look(NamedTuple):
    """One job at one moment; `status` is None once it has ended."""

    status: str | None
    slots: list[SlotLevel]
    times: list[tuple[str, list[int]]]
    hits: Mapping[HitKey, int]


class _Walk:
    """What was found on the way from job to job, added up.

    Args:
        page: where to go; its sums are added to.
        flow_id: only the jobs of this flow; None: all.
    """

    def __init__(self, page: LedgerPage, flow_id: str | None) -> None:
        self._page = page
        self._flow_id = flow_id
        self._slots = SlotSums(self._of_flow(page.ended))
        self._times: dict[RoutineKey, list[int]] = self._of_flow(page.routines)
        self._hits = self._of_flow(page.hits)
        self._statuses: Counter[tuple[str, str]] = Counter()
        self._retries: dict[JobKey, int] = {}
        self._refused: dict[JobKey, int] = {}

    def _of_flow(self, sums: Mapping[K, V]) -> dict[K, V]:
        return {key: value for key, value in sums.items() if self._flow_id in (None, key[0])}

    def walk(self) -> None:
        """Visit all jobs."""
        for job, elsewhere in self._page.jobs:
            if self._flow_id in (None, job.flow.flow_id):
                self._add(job, elsewhere)

    def _add(self, job: Job, elsewhere: Elsewhere) -> None:
        look, flow_id = _look_at(job), job.flow.flow_id
        if look.status is not None:
            self._statuses[flow_id, look.status] += 1
        for level in look.slots:
            known = elsewhere.slots.get(level.key)
            self._slots.add(level, known, live=look.status is not None)
            if level.retries or level.refused_by:
                job_id = job.state.job_id
                self._retries.update(retries_of(level.key, job_id, level, known))
                self._refused.update(refused_of(level.key, job_id, level, known))
        for routine_id, times in look.times:
            key = (flow_id, routine_id)
            sums = self._times.setdefault(key, times)
            if sums is not times:
                add_times(sums, times)
            if elsewhere.routines:
                add_times(sums, [-each for each in elsewhere.routines[routine_id]])
        if look.hits:
            add_hits(self._hits.setdefault((flow_id,), Counter()), look.hits)

    def reading(self, ledger: Ledger) -> Reading:
        """All of it."""
        hits = {
            (*flow, *hit): count for flow, hits in self._hits.items() for hit, count in hits.items()
        }
        return Reading(
            self._slots.readings(),
            tuple([RoutineReading(*key, times) for key, times in self._times.items()]),
            dict(self._statuses),
            self._by_job(self._page.retries, ledger.place_retries(self._retries)),
            self._by_job(self._page.refused, ledger.place_refused(self._refused)),
            hits,
            _workers(self._page.pools),
        )

    def _by_job(
        self, ended: Mapping[JobKey, int], live: Iterator[tuple[JobKey, int]]
    ) -> dict[JobKey, int]:
        found = self._of_flow(ended)
        for key, count in live:
            found[key] = found.get(key, 0) + count
        return found


def read(ledger: Ledger = PROCESS_LEDGER, *, flow_id: str | None = None) -> Reading:
    """Take a reading. Waits for the lock of each live job, one after another.

    Args:
        ledger: whose jobs.
        flow_id: only the jobs of this flow; None: all.
    """
    walk = _Walk(ledger.read(), flow_id)
    walk.walk()
    return walk.reading(ledger)


def _look_at(job: Job) -> _Look:
    with job.lock:
        now = job.clock.monotonic_ns()
        times = [(node.id, node.times.read(now)) for node in job.routines.values()]
        hits = dict(job.debugger.acted) if job.debugger is not None else NO_HITS
        return _Look(None if job.ended else job.state.status.value, _levels(job), times, hits)


def _levels(job: Job) -> list[SlotLevel]:
    now_ns = job.clock.time_ns()
    return [level_of(slot, now_ns) for slot in job.slots]


def job_slots(state: JobState) -> tuple[SlotReading, ...]:
    """The slots of one job alone, in the order of its flow; also after its end.

    The counts are the job's own, those of another process included if it was restored.

    Raises:
        RuntimeError, JobFinished: the job was not started in this process.
    """
    job = cast("Job", state.live)  # outside of tests nothing else runs jobs
    with job.lock:
        levels = _levels(job)
    return tuple(map(alone, levels))


def live_jobs(ledger: Ledger = PROCESS_LEDGER) -> Counter[str]:
    """How many live jobs each flow has, by flow id."""
    return Counter(job.flow.flow_id for job, _ in ledger.read().jobs if not job.ended)


def _workers(pools: Iterable[Pool]) -> WorkersReading:
    open_pools = [pool for pool in pools if not pool.closed]
    return WorkersReading(
        limit=sum(pool.size for pool in open_pools),
        usage=sum(pool.in_use for pool in open_pools),
        blocked=sum(pool.standing for pool in open_pools),
    )
