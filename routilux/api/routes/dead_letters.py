"""Dead letters: what was refused or failed; put back, or thrown away."""

from typing import Annotated

from fastapi import APIRouter, Query

from routilux.api.caller import AppCaller
from routilux.api.context import AppContext, shut_down
from routilux.api.idempotency import IdempotencyKey, IdempotentRoute
from routilux.api.models.dead_letter import (
    DeadLetterListResponse,
    DiscardResponse,
    LetterReason,
    RedeliverRequest,
    RedeliverResponse,
)
from routilux.api.paging import PAGE, Cursor, Limit, numbered, page_of
from routilux.api.payloads import AppPayloads
from routilux.api.problems import problems
from routilux.api.routes.commands import with_key

router = APIRouter(
    prefix="/jobs/{job_id}/dead-letters", tags=["dead letters"], route_class=IdempotentRoute
)
MOST_IDS = 200  # in one query


@router.get(
    "",
    operation_id="listDeadLetters",
    responses=problems(404, 410, 422),
    response_model_exclude_unset=True,
)
def list_dead_letters(
    job_id: str,
    context: AppContext,
    payloads: AppPayloads,
    reason: LetterReason | None = None,
    routine_id: str | None = None,
    slot_name: str | None = None,
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> DeadLetterListResponse:
    """The job's dead letters, also after its end."""
    letters = context.job(job_id).dead_letters
    found = letters.list(reason, routine_id, slot_name)
    page, next_cursor = page_of(found, lambda letter: numbered(letter.letter_number), limit, cursor)
    return DeadLetterListResponse(
        dead_letters=[payloads.letter(letter) for letter in page],
        total=len(found),
        let_go=letters.let_go,
        next_cursor=next_cursor,
    )


@router.post(
    "/redeliver",
    operation_id="redeliverDeadLetters",
    responses=problems(404, 409, 410, 422, 503),
)
def redeliver_dead_letters(
    job_id: str,
    context: AppContext,
    caller: AppCaller,
    body: RedeliverRequest | None = None,
    key: IdempotencyKey = None,
) -> RedeliverResponse:
    """Put dead letters back into their slots, or into a new job of the same flow."""
    asked = body if body is not None else RedeliverRequest()
    job = context.started_job(job_id)
    try:
        done = with_key(
            lambda: job.dead_letters.redeliver(
                asked.ids,
                new_job=asked.new_job,
                reason=asked.reason,
                identity=caller.identity,
                request_id=key,
            ),
        )
    except RuntimeError as error:
        if context.runtime.is_shut_down:
            raise shut_down() from error
        raise
    return RedeliverResponse(count=done.count, job_id=done.job_id, missing=list(done.missing))


@router.delete("", operation_id="discardDeadLetters", responses=problems(404, 410, 422))
def discard_dead_letters(
    job_id: str,
    context: AppContext,
    ids: Annotated[
        list[str],
        Query(
            default_factory=list,
            max_length=MOST_IDS,
            description="Which letters; without it, all of them.",
        ),
    ],
) -> DiscardResponse:
    """Throw dead letters away, for good. Ids that there are not are no error."""
    return DiscardResponse(
        job_id=job_id, count=context.job(job_id).dead_letters.discard(ids or None)
    )
