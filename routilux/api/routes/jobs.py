"""Jobs: start, list, look at."""

from fastapi import APIRouter, Response

from routilux.api.context import AppContext, Context
from routilux.api.keys import IdempotencyKey, replay
from routilux.api.models.job import (
    JobCreateRequest,
    JobListResponse,
    JobResponse,
    JobStatusResponse,
)
from routilux.api.paging import PAGE, Cursor, Limit, page_of
from routilux.api.problems import ProblemError, problems
from routilux.api.views import job_response
from routilux.job.commands import command_text
from routilux.job_state import JobState
from routilux.status import ExecutionStatus

router = APIRouter(prefix="/jobs", tags=["jobs"])


@router.post("", status_code=201, operation_id="createJob", responses=problems(404, 422, 503))
def create_job(
    body: JobCreateRequest, response: Response, context: AppContext, key: IdempotencyKey = None
) -> JobResponse:
    """Start a job of a flow. It runs on; the answer is how it stands now."""
    if key is None:
        job = _start(body, context)
    else:
        command = command_text("create", **body.model_dump())
        with context.creating:
            job_id = replay(context.created, key, command)
            job = context.job(job_id) if job_id is not None else _start(body, context)
            context.created.remember(key, job.job_id, command)
    response.headers["Location"] = f"/api/jobs/{job.job_id}"
    return job_response(job)


def _start(body: JobCreateRequest, context: Context) -> JobState:
    runtime = context.runtime
    if runtime.is_shut_down:
        raise ProblemError(503, "The runtime was shut down: start the process again")
    flow = context.flows.get_by_name(body.flow_id) or context.flow(body.flow_id)
    entry = body.entry_routine_id
    if entry is not None and entry not in flow.routines:
        known = ", ".join(flow.routines) or "none"
        raise ProblemError(
            404, f"Routine '{entry}' not found in flow '{flow.flow_id}': it has {known}"
        )
    try:
        return runtime.exec(
            flow,
            JobState(flow.flow_id, clock=runtime.clock),
            entry_routine_id=entry,
            entry_params=body.entry_params,
            keep_open=body.keep_open,
            start_paused=body.start_paused,
            timeout=body.timeout,
        )
    except ValueError as error:
        raise ProblemError(422, str(error)) from error


@router.get("", operation_id="listJobs", responses=problems(422))
async def list_jobs(
    context: AppContext,
    flow_id: str | None = None,
    status: ExecutionStatus | None = None,
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> JobListResponse:
    """Live jobs and the newest finished ones, by the time they were made."""
    jobs = [
        job
        for job in context.jobs.list_all()
        if flow_id in (None, job.flow_id) and status in (None, job.status)
    ]
    page, next_cursor = page_of(
        jobs, lambda job: (job.created_at.isoformat(), job.job_id), limit, cursor
    )
    return JobListResponse(
        jobs=[job_response(job) for job in page], total=len(jobs), next_cursor=next_cursor
    )


@router.get("/{job_id}", operation_id="getJob", responses=problems(404, 410))
async def get_job(job_id: str, context: AppContext) -> JobResponse:
    """One job."""
    return job_response(context.job(job_id))


@router.get("/{job_id}/status", operation_id="getJobStatus", responses=problems(404, 410))
async def get_job_status(job_id: str, context: AppContext) -> JobStatusResponse:
    """The state of one job, and nothing else."""
    job = context.job(job_id)
    return JobStatusResponse(
        job_id=job.job_id, flow_id=job.flow_id, status=job.status, error=job.error
    )
