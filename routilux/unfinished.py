"""The end of a program whose jobs have not ended: they are lost, and it is told so.

Workers are daemon threads, so that a program that forgets its runtime can end at all. What is
registered here is called before `logging` shuts down, and after whatever the program has
registered itself.
"""

from __future__ import annotations

import atexit
import logging
import os
import weakref
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from routilux.job_state import JobState

logger = logging.getLogger("routilux.runtime")
NAMED = 3  # jobs that are named in the line


class HasJobs(Protocol):
    """What is asked of a runtime. `pid` is the process that made it."""

    pid: int

    def list_jobs(self) -> list[JobState]:
        """The live jobs."""


_runtimes: weakref.WeakSet[HasJobs] = weakref.WeakSet()


def remember(runtime: HasJobs) -> None:
    """A runtime has begun; it is forgotten with its last reference."""
    _runtimes.add(runtime)


def unfinished() -> list[JobState]:
    """Jobs of this process that have begun and not ended."""
    own = [runtime for runtime in list(_runtimes) if runtime.pid == os.getpid()]
    jobs = [job for runtime in own for job in runtime.list_jobs()]
    return [job for job in jobs if job.started_at is not None and not job.status.finished]


@atexit.register
def warn() -> None:
    """Say how many jobs are lost, and what to do about it."""
    jobs = unfinished()
    if jobs:
        logger.warning(
            "The program ends while %d job(s) have not (%s): what they still held is lost. Use "
            "the runtime in a with block, or wait for the jobs and call runtime.shutdown()",
            len(jobs),
            _names(jobs),
        )


def _names(jobs: Sequence[JobState]) -> str:
    more = f" and {len(jobs) - NAMED} more" if len(jobs) > NAMED else ""
    return ", ".join(f"flow '{job.flow_id}': {job.status.value}" for job in jobs[:NAMED]) + more
