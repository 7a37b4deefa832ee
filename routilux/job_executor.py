"""JobExecutor: a job under the names of the executor that programs used to hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from routilux.flow import Flow
    from routilux.job.pause_points import PausePoint
    from routilux.job.results import ResumeResult
    from routilux.job_state import JobState


class TaskTally:
    """A number of activations that answers to ``len()`` and ``qsize()``."""

    __slots__ = ("_count",)

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count

    def qsize(self) -> int:
        """How many there are."""
        return self._count

    def empty(self) -> bool:
        """Whether there are none."""
        return self._count == 0


class JobExecutor:
    """A thin view of a job.

    Args:
        job_state: a job that was started.
    """

    def __init__(self, job_state: JobState) -> None:
        self.job_state = job_state

    @property
    def job_id(self) -> str:
        """The job's id."""
        return self.job_state.job_id

    @property
    def flow(self) -> Flow:
        """The flow that the job runs.

        Raises:
            RuntimeError: the job was not started.
        """
        return self.job_state.live.flow

    @property
    def pending_tasks_count(self) -> int:
        """Activations that are ready or wait for a time."""
        return self.job_state.counts().pending_tasks_count

    @property
    def active_tasks_count(self) -> int:
        """Activations that run or stand still."""
        return self.job_state.counts().active_tasks_count

    @property
    def queue_size(self) -> int:
        """Pending and active activations together."""
        return self.job_state.counts().queue_size

    @property
    def pending_tasks(self) -> TaskTally:
        """`pending_tasks_count`, for programs that take its ``len()``."""
        return TaskTally(self.pending_tasks_count)

    @property
    def active_tasks(self) -> TaskTally:
        """`active_tasks_count`, for programs that take its ``len()``."""
        return TaskTally(self.active_tasks_count)

    @property
    def task_queue(self) -> TaskTally:
        """`queue_size`, for programs that call its ``qsize()``."""
        return TaskTally(self.queue_size)

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the job has ended; False when `timeout` seconds passed first."""
        return self.job_state.wait(timeout)

    def pause(self, reason: str = "", checkpoint: Mapping[str, Any] | None = None) -> PausePoint:
        """Pause the job; returns the pause point."""
        return self.job_state.pause(reason, checkpoint)

    def resume(self, reason: str = "") -> ResumeResult:
        """Resume the job."""
        return self.job_state.resume(reason)

    def cancel(self, reason: str = "") -> bool:
        """Cancel the job; False when it was cancelled before."""
        return self.job_state.cancel(reason)
