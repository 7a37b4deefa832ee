"""The state of queues."""

from fastapi import APIRouter

from routilux.api.context import AppContext, Context
from routilux.api.models.queue import FlowQueueStatusResponse
from routilux.api.problems import not_found, problems
from routilux.api.views import queue_status
from routilux.job_state import JobState
from routilux.monitoring.flow_view import flow_slots
from routilux.monitoring.reading import job_slots

router = APIRouter(tags=["queues"])

# These two wait for nothing but a job's lock for a moment: on the server's own thread they answer
# soonest beside busy logic, for each change of threads may cost a switch interval there.


@router.get(
    "/flows/{flow_id}/queues/status",
    operation_id="getFlowQueueStatus",
    responses=problems(404, 409, 410),
)
async def get_flow_queue_status(
    flow_id: str, context: AppContext, job_id: str | None = None
) -> FlowQueueStatusResponse:
    """All slots of a flow: over its live jobs, or of one job."""
    flow = context.flow(flow_id)
    if job_id is None:
        return queue_status(flow_id, None, flow_slots(flow, context.ledger))
    job = context.job(job_id)
    if job.flow_id != flow_id:
        advice = f"it is a job of flow '{job.flow_id}'"
        raise not_found("Job", f"{job_id}' of flow '{flow_id}", advice)
    return _of_job(job, context)


@router.get(
    "/jobs/{job_id}/queues/status",
    operation_id="getJobQueueStatus",
    responses=problems(404, 409, 410),
)
async def get_job_queue_status(job_id: str, context: AppContext) -> FlowQueueStatusResponse:
    """All slots of one job, also after its end."""
    return _of_job(context.job(job_id), context)


def _of_job(job: JobState, context: Context) -> FlowQueueStatusResponse:
    context.started_job(job.job_id)
    return queue_status(job.flow_id, job.job_id, job_slots(job))
