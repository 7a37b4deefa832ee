"""Commands to a job. They may wait for the job's lock, hooks and log handlers: on a thread."""

from collections.abc import Callable
from typing import TypeVar

from fastapi import APIRouter

from routilux.api.caller import AppCaller
from routilux.api.context import AppContext, Context
from routilux.api.idempotency import IdempotencyKey, IdempotentRoute, reused
from routilux.api.models.job import (
    MAX_WAIT_S,
    CommandResponse,
    JobCommandRequest,
    JobPauseRequest,
    JobPauseResponse,
    JobResumeResponse,
)
from routilux.api.problems import ProblemError, problems
from routilux.api.views import queue_summary
from routilux.job.pause_points import PausePoint
from routilux.job.results import ResumeResult
from routilux.job_state import JobState
from routilux.monitoring.reading import job_slots

T = TypeVar("T")
R = TypeVar("R", bound=JobResumeResponse)
router = APIRouter(prefix="/jobs/{job_id}", tags=["jobs"], route_class=IdempotentRoute)
ANSWERS = problems(404, 409, 410, 422)


@router.post("/pause", operation_id="pauseJob", responses={**ANSWERS, **problems(503)})
def pause_job(
    job_id: str,
    context: AppContext,
    caller: AppCaller,
    body: JobPauseRequest | None = None,
    key: IdempotencyKey = None,
) -> JobPauseResponse:
    """Close the job's gate: nothing starts, and nothing enters or leaves its slots.

    The answer is the pause point; of a job that was paused already, the state now.
    """
    asked = body if body is not None else JobPauseRequest()
    job = context.started_job(job_id)
    point = with_key(lambda: _pause(job, asked, caller.identity, key, context))
    # Only a pause that closed the gate is kept among the job's pause points.
    changed = any(known is point for known in list(job.pause_points))
    answer = {**point, "job_id": job_id, "status": job.status.value, "changed": changed}
    return JobPauseResponse.model_validate(answer)


def _pause(
    job: JobState, asked: JobPauseRequest, identity: str | None, key: str | None, context: Context
) -> PausePoint:
    wait = MAX_WAIT_S if asked.wait is True else asked.wait
    waits = wait is not False
    if waits and not context.waits.acquire(blocking=False):
        raise ProblemError(503, "Too many requests wait for a pause: ask again without `wait`")
    try:
        return job.pause(
            asked.reason, asked.checkpoint, identity=identity, request_id=key, wait=wait
        )
    finally:
        if waits:
            context.waits.release()


@router.post("/resume", operation_id="resumeJob", responses=ANSWERS)
def resume_job(
    job_id: str,
    context: AppContext,
    caller: AppCaller,
    body: JobCommandRequest | None = None,
    key: IdempotencyKey = None,
) -> JobResumeResponse:
    """Open the gate: held items go in first. Says what to expect of full slots."""
    job = context.started_job(job_id)
    reason = body.reason if body is not None else ""
    result = with_key(lambda: job.resume(reason, identity=caller.identity, request_id=key))
    return resumed(JobResumeResponse, job, result)


@router.post("/cancel", operation_id="cancelJob", responses=ANSWERS)
def cancel_job(
    job_id: str,
    context: AppContext,
    caller: AppCaller,
    body: JobCommandRequest | None = None,
    key: IdempotencyKey = None,
) -> CommandResponse:
    """End the job; its slots keep what they hold, to be looked at."""
    job = context.started_job(job_id)
    reason = body.reason if body is not None else ""
    changed = with_key(lambda: job.cancel(reason, identity=caller.identity, request_id=key))
    return CommandResponse(job_id=job_id, status=job.status.value, changed=changed)


@router.post("/close", operation_id="closeJob", responses=problems(404, 409, 410))
def close_job(job_id: str, context: AppContext) -> CommandResponse:
    """Close the job's input: it completes when what it has is done."""
    job = context.started_job(job_id)
    changed = job.close()
    return CommandResponse(job_id=job_id, status=job.status.value, changed=changed)


def resumed(model: type[R], job: JobState, result: ResumeResult) -> R:
    """The answer to a command that let a job go on, with its queues as they are now."""
    summary = queue_summary(job_slots(job))
    return model(job_id=job.job_id, **result.to_dict(), queue_status=summary)


def with_key(command: Callable[[], T]) -> T:
    """Run a command that the job remembers by its key, also in its snapshots.

    Raises:
        ProblemError: 422, the key was used for another command.
    """
    try:
        return command()
    except ValueError as error:
        raise reused() from error
