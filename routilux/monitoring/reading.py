"""One reading of everything that runs in the process, as frozen values.

Each job is read at one moment, under its lock; what is added up and worked out is done after that.
Whoever shows figures (REST, exporters) takes one reading and looks at it only.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, cast

from routilux.clock import NANOSECONDS
from routilux.engine.ledger import PROCESS_LEDGER, Ledger, SlotKey, SlotTotals
from routilux.monitoring.levels import Levels, level_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from routilux.engine.job import Job
    from routilux.engine.pool import Pool
    from routilux.job_state import JobState
    from routilux.monitoring.levels import SlotLevel


class SlotReading(NamedTuple):
    """One slot of a flow, over all of its live jobs. Counts in items.

    A tuple, which is made three times as fast as a dataclass: an answer may hold a thousand.

    Attributes:
        flow_id, routine_id, slot_name: the slot.
        jobs: live jobs; without any, all levels are 0.
        size, unconsumed, held, limit: sums over these jobs.
        utilization: backlog as a share of the limit (0 to 1), of the worst job.
        usage_percent: `size` in percent of the limit, of the worst job; two decimals.
        is_full, is_near_full: whether that is so in any job.
        oldest_age: seconds that the oldest waiting item has waited; None when none waits.
        offered, consumed, times_held, retries: sums since the process began, ended jobs included.
        refused_by: the same, by reason.
    """

    flow_id: str
    routine_id: str
    slot_name: str
    jobs: int
    size: int
    unconsumed: int
    held: int
    limit: int
    utilization: float
    usage_percent: float
    is_full: bool
    is_near_full: bool
    oldest_age: float | None
    offered: int
    consumed: int
    times_held: int
    retries: int
    refused_by: Mapping[str, int]


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
        jobs: live jobs by flow id and status.
        workers: the pools.
    """

    slots: tuple[SlotReading, ...]
    jobs: Mapping[tuple[str, str], int]
    workers: WorkersReading


def read(ledger: Ledger = PROCESS_LEDGER, *, flow_id: str | None = None) -> Reading:
    """Take a reading. Waits for the lock of each live job, one after another.

    Args:
        ledger: whose jobs.
        flow_id: only the jobs of this flow; None: all.
    """
    page = ledger.read()
    levels: dict[SlotKey, Levels] = {}
    totals = {key: each for key, each in page.ended.items() if flow_id in (None, key[0])}
    statuses: Counter[tuple[str, str]] = Counter()
    for job, elsewhere in page.jobs:
        if flow_id not in (None, job.flow.flow_id):
            continue
        live = not job.ended
        if live:
            statuses[job.flow.flow_id, job.state.status.value] += 1
        for level in read_job(job):
            key = level.key
            totals.setdefault(key, SlotTotals()).add(level)
            if key in elsewhere:
                totals[key].add(elsewhere[key], -1)
            if live:
                levels.setdefault(key, Levels()).add(level)
    slots = tuple(
        slot_reading(key, levels.get(key, Levels()), counted) for key, counted in totals.items()
    )
    return Reading(slots, dict(statuses), _workers(page.pools))


def read_job(job: Job) -> list[SlotLevel]:
    """Every slot of one job at one moment. Waits for the job's lock."""
    with job.lock:
        now_ns = job.clock.time_ns()
        return [level_of(slot, now_ns) for slot in job.slots]


def job_slots(state: JobState) -> tuple[SlotReading, ...]:
    """The slots of one job alone, in the order of its flow; also after its end.

    The counts are the job's own, those of another process included if it was restored.

    Raises:
        RuntimeError, JobFinished: the job was not started in this process.
    """
    job = cast("Job", state.live)  # outside of tests nothing else runs jobs
    return tuple(_alone(level) for level in read_job(job))


def live_jobs(ledger: Ledger = PROCESS_LEDGER) -> Counter[str]:
    """How many live jobs each flow has, by flow id."""
    return Counter(job.flow.flow_id for job, _ in ledger.read().jobs if not job.ended)


def slot_reading(key: SlotKey, levels: Levels, counted: SlotTotals) -> SlotReading:
    """One slot, of what was added up."""
    age_ns = levels.oldest_age_ns
    return SlotReading(
        *key,
        jobs=levels.jobs,
        size=levels.size,
        unconsumed=levels.unconsumed,
        held=levels.held,
        limit=levels.limit,
        utilization=levels.utilization,
        usage_percent=round(levels.usage * 100, 2),
        is_full=levels.is_full,
        is_near_full=levels.is_near_full,
        oldest_age=None if age_ns is None else age_ns / NANOSECONDS,
        offered=counted.offered,
        consumed=counted.consumed,
        times_held=counted.times_held,
        retries=counted.retries,
        refused_by=counted.refused_by,
    )


def _alone(level: SlotLevel) -> SlotReading:
    """One slot of one job, without the detour over sums."""
    age_ns = level.oldest_age_ns
    return SlotReading(
        *level.key,
        1,
        level.size,
        level.unconsumed,
        level.held,
        level.limit,
        level.unconsumed / level.limit,
        round(level.size / level.limit * 100, 2),
        level.unconsumed >= level.limit,
        level.unconsumed >= max(1, level.threshold),
        None if age_ns is None else age_ns / NANOSECONDS,
        level.offered,
        level.consumed,
        level.times_held,
        level.retries,
        level.refused_by,
    )


def _workers(pools: Iterable[Pool]) -> WorkersReading:
    open_pools = [pool for pool in pools if not pool.closed]
    return WorkersReading(
        limit=sum(pool.size for pool in open_pools),
        usage=sum(pool.in_use for pool in open_pools),
        blocked=sum(pool.standing for pool in open_pools),
    )
