"""Starting jobs for a measurement, and making sure that they ended well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.child import WrongResultError, expect
from routilux import ExecutionStatus, Runtime

if TYPE_CHECKING:
    from benchmarks.child import Options
    from routilux import JobState

# No workload takes a tenth of this; a job that hangs is an error and not a figure.
DEADLINE_S = 240.0


def new_runtime(options: Options) -> Runtime:
    """Return a runtime with as many workers as asked for, or with as many as it has by default."""
    return Runtime(thread_pool_size=options.pool) if options.pool else Runtime()


def finish(job: JobState) -> None:
    """Wait for a job to end; raises WrongResultError unless it completed without a dead letter."""
    if not job.wait(DEADLINE_S):
        raise WrongResultError(f"the job has not ended within {DEADLINE_S:g} s")
    if job.status is not ExecutionStatus.COMPLETED:
        raise WrongResultError(f"the job ended {job.status.value}: {job.error}")
    expect("dead letters", job.dead_letter_count, 0)


def stop(job: JobState) -> None:
    """Cancel a job that would never end by itself, and wait for its logic to notice."""
    job.cancel("measured")
    if not job.wait(DEADLINE_S):
        raise WrongResultError(f"the cancelled job still runs after {DEADLINE_S:g} s")
