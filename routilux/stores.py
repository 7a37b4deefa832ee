"""Stores: the jobs and flows that a process knows, for those who ask by id."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from routilux.barging_lock import BargingLock
from routilux.clock import NANOSECONDS, SYSTEM_CLOCK
from routilux.evicted import EvictedJob, EvictedJobs
from routilux.flow_registry import FlowRegistry

if TYPE_CHECKING:
    from routilux.clock import Clock
    from routilux.flow import Flow
    from routilux.job_state import JobState

# A finished job keeps its slots and dead letters to be looked at: the last hundred are affordable.
FINISHED_LIMIT = 100
# Of older ones only a line is kept, so that one can be told "gone" from "never was".
EVICTED_LIMIT = 10_000


class JobStore:
    """Live jobs, and the last finished ones.

    Args:
        finished_limit: finished jobs kept; the one that finished first goes.
        evicted_limit: evicted jobs of which a line is kept.
        finished_age: seconds for which a finished job is kept; None means no limit. Nobody watches
            the time: jobs that are too old go when the store is used, before it answers.
        clock: tells the age.

    Raises:
        ValueError: a limit is below 0.
    """

    def __init__(
        self,
        finished_limit: int = FINISHED_LIMIT,
        evicted_limit: int = EVICTED_LIMIT,
        *,
        finished_age: float | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        if finished_limit < 0 or evicted_limit < 0:
            raise ValueError("finished_limit and evicted_limit must be 0 or more")
        if finished_age is not None and finished_age < 0:
            raise ValueError("finished_age must be 0 seconds or more, or None")
        self.finished_limit = finished_limit
        self.finished_age = finished_age
        self._clock = clock
        self._lock = BargingLock()
        self._jobs: dict[str, JobState] = {}
        self._finished: OrderedDict[str, int] = OrderedDict()  # when each has, monotonic
        self._evicted = EvictedJobs(evicted_limit)

    @property
    def evicted_limit(self) -> int:
        """Evicted jobs of which a line is kept."""
        return self._evicted.limit

    def add(self, job: JobState) -> None:
        """Keep a job; twice is once.

        Raises:
            ValueError: another job of this id is not finished.
        """
        self.evict_old()
        gone: list[JobState] = []
        with self._lock:
            known = self._jobs.get(job.job_id)
            if known is not None and known is not job:
                if not known.status.finished:
                    raise ValueError(
                        f"Job '{job.job_id}' is already known and {known.status.value}: "
                        "cancel it first, or give the new job another id"
                    )
                self._forget(job.job_id)
            self._jobs[job.job_id] = job
            if job.status.finished:
                gone = self._finish(job.job_id)
        del gone  # without the lock: what it holds may be a program's, and come here as it goes

    def mark_finished(self, job_id: str) -> None:
        """A job has ended (the engine says so): from now on it may be evicted."""
        self.evict_old()
        gone: list[JobState] = []
        with self._lock:
            if job_id in self._jobs:
                gone = self._finish(job_id)
        del gone  # without the lock, see `add`

    def get(self, job_id: str) -> JobState | None:
        """The job of that id, or None."""
        self.evict_old()
        return self._jobs.get(job_id)

    def get_evicted(self, job_id: str) -> EvictedJob | None:
        """What is left of an evicted job; None when it is still here, or never was."""
        self.evict_old()
        with self._lock:
            return None if job_id in self._jobs else self._evicted.get(job_id)

    def remove(self, job_id: str) -> bool:
        """Forget a job, without a trace; it goes on if it runs. Returns whether it was known."""
        with self._lock:
            self._evicted.discard(job_id)
            return self._forget(job_id)

    def list_all(self) -> list[JobState]:
        """All jobs, in the order in which they were added."""
        self.evict_old()
        return list(self._jobs.values())

    def get_by_flow(self, flow_id: str) -> list[JobState]:
        """The jobs of one flow, in the order in which they were added."""
        return [job for job in self.list_all() if job.flow_id == flow_id]

    def clear(self) -> None:
        """Forget everything, evicted jobs too."""
        with self._lock:
            self._jobs.clear()
            self._finished.clear()
            self._evicted.clear()

    def evict_old(self) -> int:
        """Let finished jobs go that are older than `finished_age`. Returns how many went."""
        if self.finished_age is None or not self._finished:
            return 0
        latest_ns = self._clock.monotonic_ns() - int(self.finished_age * NANOSECONDS)
        gone: list[JobState] = []
        with self._lock:
            while self._finished and next(iter(self._finished.values())) < latest_ns:
                gone.append(self._evict_first())
        return len(gone)  # they go without the lock, see `add`

    def __len__(self) -> int:
        self.evict_old()
        return len(self._jobs)

    def _forget(self, job_id: str) -> bool:
        self._finished.pop(job_id, None)
        return self._jobs.pop(job_id, None) is not None

    def _finish(self, job_id: str) -> list[JobState]:
        """A job counts as finished. Returns those that had to go for it."""
        self._finished.setdefault(job_id, self._clock.monotonic_ns())
        many = len(self._finished) - self.finished_limit
        return [self._evict_first() for _ in range(many)]

    def _evict_first(self) -> JobState:
        oldest = next(iter(self._finished))
        job = self._jobs[oldest]
        self._forget(oldest)
        self._evicted.add(
            EvictedJob(
                job.job_id,
                job.flow_id,
                job.status.value,
                job.created_at,
                job.started_at,
                job.completed_at,
            )
        )
        return job


class FlowStore:
    """A registry's flows, with the words of a store: there is one set of flows, not two.

    Args:
        registry: whose flows; None makes a registry of its own.
    """

    def __init__(self, registry: FlowRegistry | None = None) -> None:
        self.registry = FlowRegistry() if registry is None else registry

    def add(self, flow: Flow) -> None:
        """Register a flow."""
        self.registry.register(flow)

    def get(self, flow_id: str) -> Flow | None:
        """The flow of that id, or None."""
        return self.registry.get(flow_id)

    def remove(self, flow_id: str) -> bool:
        """Take a flow out. Returns whether it was in."""
        return self.registry.unregister(flow_id)

    def list_all(self) -> list[Flow]:
        """All flows, in the order in which they were registered."""
        return self.registry.list_all()

    def get_by_flow(self, flow_id: str) -> list[Flow]:
        """The flow of that id in a list, as a `JobStore` gives its jobs; empty without one."""
        flow = self.get(flow_id)
        return [] if flow is None else [flow]

    def clear(self) -> None:
        """Take everything out."""
        self.registry.clear()


job_store = JobStore()
"""The jobs of the process."""

flow_store = FlowStore(FlowRegistry.get_instance())
"""The flows of the process."""
