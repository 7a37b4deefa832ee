"""Pausing and resuming through an executor, as programs used to do it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from routilux.job_executor import JobExecutor
    from routilux.job_state import JobState

logger = logging.getLogger("routilux.job")


def pause_job_executor(
    executor: JobExecutor, reason: str = "", checkpoint: Mapping[str, Any] | None = None
) -> None:
    """Pause a job; what its slots hold is recorded in its `pause_points`.

    Args:
        executor: the job.
        reason: why, for people.
        checkpoint: JSON data to find again in the pause point.

    Raises:
        JobFinished: the job has ended.
    """
    point = executor.pause(reason, checkpoint)
    logger.info("Paused job %s%s", executor.job_id, f" ({reason})" if reason else "")
    if not point["still"]:
        logger.info("Job %s: logic still runs in %s", executor.job_id, ", ".join(point["running"]))


def resume_job_executor(executor: JobExecutor) -> JobState:
    """Resume a job, with a warning in the log for slots that are full or nearly so.

    Returns:
        The job.

    Raises:
        JobFinished: the job has ended.
    """
    result = executor.resume()
    if result.warnings:
        logger.warning(
            "Resuming job %s with queue warnings: %s", executor.job_id, "; ".join(result.warnings)
        )
    if result.status == "resumed":
        logger.info("Resumed job %s", executor.job_id)
    else:
        holds = ", ".join(result.holds)
        logger.info("Job %s stays paused; it is still held by %s", executor.job_id, holds)
    return executor.job_state
