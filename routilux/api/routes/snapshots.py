"""Snapshots of paused jobs, and jobs that go on from one."""

import json
from typing import Any

from fastapi import APIRouter, Response

from routilux.api.context import AppContext, Context, shut_down
from routilux.api.idempotency import IdempotentRoute
from routilux.api.models.job import JobResponse
from routilux.api.models.snapshot import RestoreRequest, SnapshotRequest
from routilux.api.payloads import AppPayloads
from routilux.api.problems import ProblemError, problems
from routilux.api.routes.jobs import STARTED, tell_started
from routilux.api.views import job_response
from routilux.errors import CodecError, JobNotStill
from routilux.flow import Flow
from routilux.job_state import JobState

router = APIRouter(prefix="/jobs", tags=["jobs"], route_class=IdempotentRoute)


@router.post(
    "/{job_id}/snapshot",
    operation_id="snapshotJob",
    responses={
        200: {"content": {"application/json": {"schema": {"type": "object"}}}},
        **problems(404, 409, 410, 422),
    },
    response_class=Response,
)
def snapshot_job(
    job_id: str,
    context: AppContext,
    payloads: AppPayloads,
    body: SnapshotRequest | None = None,
) -> Response:
    """The paused job as one document, to go on from with ``POST /api/jobs/restore``.

    It has the items as they are, nothing left out; so the key must be one that may see payloads.
    """
    payloads.check("a snapshot")
    job = context.started_job(job_id)
    try:
        document = job.snapshot(body.in_flight if body is not None else None)
    except JobNotStill as error:
        raise ProblemError(
            409,
            str(error),
            job_id=job_id,
            job_status=job.status.value,
            routines=list(error.routines),
        ) from error
    except CodecError as error:
        raise ProblemError(
            409, str(error), job_id=job_id, job_status=job.status.value, where=error.where
        ) from error
    # Written here: items may have texts that are no UTF-8, and be nested deeper than any model.
    return Response(json.dumps(document), media_type="application/json")


@router.post(
    "/restore",
    status_code=201,
    operation_id="restoreJob",
    responses={**STARTED, **problems(404, 409, 422, 503)},
)
def restore_job(
    body: RestoreRequest, response: Response, context: AppContext, payloads: AppPayloads
) -> JobResponse:
    """Go on with a job from its snapshot, under its id."""
    job = _restore(body, context)
    tell_started(job, response)
    return job_response(job, payloads, context.settings)


def _restore(body: RestoreRequest, context: Context) -> JobState:
    runtime = context.running_runtime()
    try:
        return runtime.restore(body.snapshot, _flow(body, context), start_paused=body.start_paused)
    except (ValueError, CodecError) as error:
        _check_free(body, context)
        raise ProblemError(422, f"body.snapshot: {error}") from error
    except RuntimeError as error:
        if runtime.is_shut_down:  # since it was asked
            raise shut_down() from error
        raise


def _flow(body: RestoreRequest, context: Context) -> Flow | None:
    """The flow that is asked for, or the snapshot's own; None if it does not name one."""
    name = body.flow_id if body.flow_id is not None else _saved(body).get("flow_id")
    return context.flow(name) if isinstance(name, str) else None


def _check_free(body: RestoreRequest, context: Context) -> None:
    """Refuse to restore a job beside itself."""
    job_id = _saved(body).get("job_id")
    job = context.jobs.get(job_id) if isinstance(job_id, str) else None
    if job is not None and not job.status.finished:
        raise ProblemError(
            409,
            f"Job '{job_id}' is {job.status.value}: cancel it first, then restore it",
            job_id=job_id,
            job_status=job.status.value,
        )


def _saved(body: RestoreRequest) -> dict[str, Any]:
    """The job's own fields in a snapshot, or in a saved job that has one."""
    snapshot = body.snapshot
    if "routine_states" in snapshot:
        return snapshot
    saved = snapshot.get("job")
    return saved if isinstance(saved, dict) else {}
