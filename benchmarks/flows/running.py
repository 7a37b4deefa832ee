"""What the workloads share: a runtime of the asked size, and a job that ended as it should."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks.child import WrongResultError, expect
from routilux import ExecutionStatus, Runtime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.child import Options
    from routilux import Flow, JobState

# Many times what the longest job takes; a job that is not done by then never will be.
TIMEOUT_S = 240.0


def make_runtime(options: Options) -> Runtime:
    """Return a runtime with ``options.pool`` workers, or with the default number for 0."""
    return Runtime(thread_pool_size=options.pool) if options.pool else Runtime()


def finish(job: JobState) -> None:
    """Wait until ``job`` has ended; raises WrongResultError unless it completed without a loss."""
    if not job.wait(TIMEOUT_S):
        raise WrongResultError(f"the job has not ended within {TIMEOUT_S:g} s")
    if job.status is not ExecutionStatus.COMPLETED:
        raise WrongResultError(f"the job ended {job.status.value}: {job.error}")
    expect("dead letters", job.dead_letter_count, 0)


@contextmanager
def endless_jobs(runtime: Runtime, flow: Flow, count: int = 1) -> Iterator[list[JobState]]:
    """Run jobs that do not end by themselves, and stop them at the end, be it an error."""
    jobs = [runtime.exec(flow, keep_open=True) for _ in range(count)]
    try:
        yield jobs
    finally:
        for job in jobs:
            stop(job)


def stop(job: JobState) -> None:
    """Cancel a job that runs without end, and wait until its logic has returned."""
    job.cancel()
    job.wait(TIMEOUT_S)
    if job.status is not ExecutionStatus.CANCELLED:
        raise WrongResultError(f"a job without end has the status {job.status}")
