"""Server-sent events."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query

from routilux.api.context import AppContext
from routilux.api.events.stream import EventStream
from routilux.api.events.views import KINDS, View, read_kinds
from routilux.api.payloads import AppPayloads, Payloads
from routilux.api.problems import ProblemError, problems

router = APIRouter(tags=["events"])

STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events without end. `event` is the type of `data`, `id` goes "
        "into `Last-Event-ID` when the connection has to be made again.",
    }
}
Types = Annotated[
    str | None,
    Query(description=f"Only these types, with commas: {', '.join(KINDS)}. `gap` and `bye` come."),
]
LastEventId = Annotated[
    str | None,
    Header(alias="Last-Event-ID", description="The id of the last event that was read."),
]
LastEventIdQuery = Annotated[
    str | None, Query(description="As the header, for those who cannot set it; the header wins.")
]


@router.get(
    "/jobs/{job_id}/events",
    operation_id="streamJobEvents",
    status_code=200,  # FastAPI does not find it out by itself for this class
    response_class=EventStream,
    responses={**STREAM, **problems(404, 410, 422, 503)},
)
async def stream_job_events(
    job_id: str,
    context: AppContext,
    payloads: AppPayloads,
    types: Types = None,
    last_event_id: LastEventIdQuery = None,
    last_id: LastEventId = None,
) -> EventStream:
    """Events of one job: how it stands, what changes, and at its end `bye`."""
    job = context.job(job_id)
    view = _view(payloads, types, job_id=job_id)
    return EventStream(context.events, view, job, last_id or last_event_id)


@router.get(
    "/events",
    operation_id="streamEvents",
    status_code=200,  # FastAPI does not find it out by itself for this class
    response_class=EventStream,
    responses={**STREAM, **problems(422, 503)},
)
async def stream_events(
    context: AppContext,
    payloads: AppPayloads,
    flow_id: str | None = None,
    types: Types = None,
    last_event_id: LastEventIdQuery = None,
    last_id: LastEventId = None,
) -> EventStream:
    """Events of all jobs, or of those of one flow."""
    view = _view(payloads, types, flow_id=flow_id)
    return EventStream(context.events, view, None, last_id or last_event_id)


def _view(
    payloads: Payloads, types: str | None, job_id: str | None = None, flow_id: str | None = None
) -> View:
    try:
        kinds = read_kinds(types)
    except ValueError as error:
        raise ProblemError(422, str(error)) from error
    return View(job_id, flow_id, kinds, payloads.visible)
