"""Jobs: start, list, look at."""

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Response

from routilux.api.context import AppContext, Context, shut_down
from routilux.api.idempotency import IdempotentRoute
from routilux.api.models.job import (
    JobCreateRequest,
    JobListResponse,
    JobResponse,
    JobStatusResponse,
)
from routilux.api.models.log import LogListResponse
from routilux.api.paging import PAGE, Cursor, Limit, numbered, page_of
from routilux.api.payloads import AppPayloads
from routilux.api.problems import ProblemError, problems
from routilux.api.trace_context import TraceParent
from routilux.api.views import job_response
from routilux.job_state import JobState
from routilux.status import ExecutionStatus

router = APIRouter(prefix="/jobs", tags=["jobs"], route_class=IdempotentRoute)
STARTED: dict[int | str, dict[str, Any]] = {
    201: {
        "headers": {
            "Location": {"description": "The path of the job.", "schema": {"type": "string"}},
            "traceparent": {
                "description": "The trace that the job belongs to, if there is one.",
                "schema": {"type": "string"},
            },
        }
    }
}


@router.post(
    "",
    status_code=201,
    operation_id="createJob",
    responses={**STARTED, **problems(404, 422, 503)},
)
def create_job(
    body: JobCreateRequest,
    response: Response,
    context: AppContext,
    payloads: AppPayloads,
    traceparent: TraceParent,
) -> JobResponse:
    """Start a job of a flow. It runs on; the answer is how it stands now."""
    job = _start(body, traceparent, context)
    tell_started(job, response)
    return job_response(job, payloads, context.settings)


def tell_started(job: JobState, response: Response) -> None:
    """Set the headers of an answer that tells of a new job."""
    response.headers["Location"] = f"/api/jobs/{quote(job.job_id, safe='')}"
    if job.traceparent is not None:
        response.headers["traceparent"] = job.traceparent


def _start(body: JobCreateRequest, traceparent: str | None, context: Context) -> JobState:
    runtime = context.running_runtime()
    flow = context.flows.get_by_name(body.flow_id) or context.flow(body.flow_id)
    entry = body.entry_routine_id
    if entry is not None and entry not in flow.routines:
        known = ", ".join(flow.routines) or "none"
        raise ProblemError(
            404, f"Routine '{entry}' not found in flow '{flow.flow_id}': it has {known}"
        )
    state = JobState(flow.flow_id, clock=runtime.clock)
    state.traceparent = traceparent
    try:
        return runtime.exec(
            flow,
            state,
            entry_routine_id=entry,
            entry_params=body.entry_params,
            keep_open=body.keep_open,
            start_paused=body.start_paused,
            timeout=body.timeout,
        )
    except ValueError as error:
        raise ProblemError(422, str(error)) from error
    except RuntimeError as error:
        if runtime.is_shut_down:  # since it was asked
            raise shut_down() from error
        raise


@router.get("", operation_id="listJobs", responses=problems(422))
async def list_jobs(
    context: AppContext,
    payloads: AppPayloads,
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
        jobs=[job_response(job, payloads, context.settings) for job in page],
        total=len(jobs),
        next_cursor=next_cursor,
    )


@router.get("/{job_id}", operation_id="getJob", responses=problems(404, 410))
async def get_job(job_id: str, context: AppContext, payloads: AppPayloads) -> JobResponse:
    """One job."""
    return job_response(context.job(job_id), payloads, context.settings)


@router.get("/{job_id}/status", operation_id="getJobStatus", responses=problems(404, 410))
async def get_job_status(
    job_id: str, context: AppContext, payloads: AppPayloads
) -> JobStatusResponse:
    """The state of one job, and nothing else."""
    job = context.job(job_id)
    return JobStatusResponse(
        job_id=job.job_id,
        flow_id=job.flow_id,
        status=job.status,
        error=payloads.error(job.error),
    )


@router.get(
    "/{job_id}/logs",
    operation_id="listJobLogs",
    responses=problems(404, 410, 422),
    response_model_exclude_unset=True,
)
def list_job_logs(
    job_id: str,
    context: AppContext,
    payloads: AppPayloads,
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> LogListResponse:
    """The newest thousand entries of the job's log: refused items, commands, what logic noted."""
    log = context.job(job_id).shared_log
    entries = list(enumerate(log, log.let_go + 1))
    page, next_cursor = page_of(entries, lambda entry: numbered(entry[0]), limit, cursor)
    return LogListResponse(
        logs=[payloads.log_entry(number, entry) for number, entry in page],
        total=len(entries),
        let_go=log.let_go,
        next_cursor=next_cursor,
    )
