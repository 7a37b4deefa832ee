"""Items of a slot: put one in from outside, look at those that are there."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from routilux.api.context import AppContext
from routilux.api.idempotency import IdempotentRoute
from routilux.api.models.item import ItemListResponse, ItemPostRequest, ItemPostResponse
from routilux.api.paging import PAGE, Cursor, Key, Limit, bad_cursor, make_cursor, read_cursor
from routilux.api.payloads import AppPayloads
from routilux.api.problems import ProblemError, not_found, problems
from routilux.errors import SlotPausedError, SlotQueueFullError
from routilux.job_state import JobState
from routilux.monitoring.items import FIRST, ItemPlace, ItemState, look

router = APIRouter(
    prefix="/jobs/{job_id}/slots/{routine_id:path}/{slot_name}/items",
    tags=["items"],
    route_class=IdempotentRoute,
)
RETRY_AFTER_S = 1  # the shortest that the header can say; how soon there is room nobody knows
FULL = problems(429)
FULL[429]["headers"] = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}
}


@router.post(
    "",
    status_code=202,
    operation_id="postItem",
    responses={**problems(404, 409, 410, 422, 423), **FULL},
)
def post_item(
    job_id: str, routine_id: str, slot_name: str, body: ItemPostRequest, context: AppContext
) -> ItemPostResponse:
    """Put an item into a slot: 202 says that it is in, and will be processed exactly once.

    Nobody waits: a slot without room answers 429 (also one of a job that waits for room itself),
    the slot of a paused job 423. Then the item was not taken; send it again later.
    """
    job = context.started_job(job_id)
    _check_slot(job, routine_id, slot_name)
    try:
        item_id = job.post(routine_id, slot_name, body.data, timeout=0)
    except SlotPausedError as error:
        raise ProblemError(423, str(error), **_facts(error)) from error
    except SlotQueueFullError as error:
        headers = {"Retry-After": str(RETRY_AFTER_S)}
        raise ProblemError(
            429, f"{error} Send the item again later.", headers, **_facts(error)
        ) from error
    return ItemPostResponse(
        job_id=job_id, routine_id=routine_id, slot_name=slot_name, item_id=item_id
    )


def _facts(error: SlotQueueFullError) -> dict[str, Any]:
    return {"max_length": error.max_length, "unconsumed_count": error.unconsumed_count}


def _check_slot(job: JobState, routine_id: str, slot_name: str) -> None:
    flow = job.live.flow
    try:
        job.slot(routine_id, slot_name)
    except ValueError as error:
        advice = f"GET /api/flows/{flow.flow_id} shows those of its flow"
        raise not_found("Slot", f"{routine_id}.{slot_name}", advice) from error


@router.get(
    "",
    operation_id="listItems",
    responses=problems(404, 409, 410, 422),
    response_model_exclude_unset=True,
)
def list_items(
    job_id: str,
    routine_id: str,
    slot_name: str,
    context: AppContext,
    payloads: AppPayloads,
    state: Annotated[ItemState | None, Query(description="Only items in this state.")] = None,
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> ItemListResponse:
    """Look into a slot without consuming: consumed items that it still has, waiting, held ones."""
    job = context.started_job(job_id)
    _check_slot(job, routine_id, slot_name)
    after = _place(read_cursor(cursor)) if cursor is not None else FIRST
    page = look(job, routine_id, slot_name, limit=limit, after=after, only=state)
    last = page.items[-1].place if page.more else None
    return ItemListResponse(
        items=[payloads.item(item) for item in page.items],
        total=page.total,
        next_cursor=make_cursor(tuple(map(str, last))) if last is not None else None,
    )


def _place(key: Key) -> ItemPlace:
    try:
        number, attempt = map(int, key)
    except ValueError as error:
        raise bad_cursor() from error
    return number, attempt
