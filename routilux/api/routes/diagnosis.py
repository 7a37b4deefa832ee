"""Why nothing moves."""

from asyncio import sleep
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool

from routilux.api.context import AppContext
from routilux.api.models.diagnosis import DiagnosisResponse
from routilux.api.payloads import AppPayloads
from routilux.api.problems import problems
from routilux.clock import NANOSECONDS
from routilux.monitoring.rates import rates, read_timed

router = APIRouter(prefix="/jobs/{job_id}/diagnosis", tags=["jobs"])
WINDOW_S = 0.25  # hardly a delay for a person, and many items for a busy slot
LONGEST_WINDOW_S = 10.0


@router.get("", operation_id="getDiagnosis", responses=problems(404, 409, 410, 422))
async def get_diagnosis(
    job_id: str,
    context: AppContext,
    payloads: AppPayloads,
    window: Annotated[
        float,
        Query(
            ge=0,
            le=LONGEST_WINDOW_S,
            description="Seconds for which the slots are watched to say how fast they fill; the "
            "answer takes that long. A flow that moves slowly needs a longer one.",
        ),
    ] = WINDOW_S,
) -> DiagnosisResponse:
    """Why is nothing moving? Who waits for whom, since when, and when slots will be full."""
    job = context.started_job(job_id)
    before = read_timed(job)
    if not job.status.finished:
        await sleep(window)  # on no thread
    after = read_timed(job)
    found = payloads.diagnosis(await run_in_threadpool(job.diagnose))
    return DiagnosisResponse.model_validate(
        {
            **found.to_dict(),
            "slots": [each._asdict() for each in rates(before, after)],
            "measured_seconds": (after.at_ns - before.at_ns) / NANOSECONDS,
        }
    )
