"""Breakpoints of a job: set, look at, change, remove; one or many at once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import ValidationError

from routilux.api.context import AppContext, Context
from routilux.api.idempotency import IdempotentRoute
from routilux.api.models.breakpoint import (
    BreakpointBatchChangeResponse,
    BreakpointBatchCreateRequest,
    BreakpointBatchResponse,
    BreakpointCreateRequest,
    BreakpointDeletedResponse,
    BreakpointEnableRequest,
    BreakpointFailure,
    BreakpointIdsRequest,
    BreakpointListResponse,
    BreakpointResponse,
    BreakpointUpdateRequest,
)
from routilux.api.paging import PAGE, Cursor, Limit, numbered, page_of
from routilux.api.payloads import AppPayloads
from routilux.api.problems import ProblemError, not_found, problem_text, problems, told_errors
from routilux.conditions import (
    ConditionError,
    cel,  # noqa: F401 - loaded when the server starts, and not within the first request
)
from routilux.debugger.breakpoint import Breakpoint
from routilux.errors import JobFinished

if TYPE_CHECKING:
    from routilux.debugger.manager import BreakpointManager
    from routilux.job_state import JobState

router = APIRouter(
    prefix="/jobs/{job_id}/breakpoints", tags=["breakpoints"], route_class=IdempotentRoute
)
ANSWERS = problems(404, 409, 410, 422)
MISSING = "GET .../breakpoints lists those there are"


class _Breakpoints:
    """The breakpoints of one job, as far as requests may change them."""

    def __init__(self, job_id: str, context: Context) -> None:
        self.job: JobState = context.started_job(job_id)
        self.manager: BreakpointManager = self.job.live.breakpoint_manager
        self.limit = context.settings.breakpoints_per_job
        self.batch_limit = context.settings.batch_limit
        if not self.manager.active:
            raise ProblemError(
                409,
                "Monitoring is switched off in this process, so no breakpoint stops anything: "
                "call MonitoringRegistry.enable()",
                job_id=job_id,
                job_status=self.job.status.value,
            )

    def check_live(self) -> None:
        """Refuse to change what can stop nothing any more."""
        if self.job.status.finished:
            raise JobFinished(self.job.job_id, self.job.status.value)

    def check_batch(self, entries: Sequence[Any]) -> None:
        """Refuse a batch that is too long."""
        if len(entries) > self.batch_limit:
            raise ProblemError(
                413, f"{len(entries)} breakpoints at once, and {self.batch_limit} are allowed: "
                "send several batches",
            )  # fmt: skip

    def get(self, breakpoint_id: str) -> Breakpoint:
        """One of them, or a 404."""
        found = self.manager.get_breakpoint(breakpoint_id, self.job.job_id)
        if found is None:
            raise not_found("Breakpoint", breakpoint_id, MISSING)
        return found

    def make(self, asked: BreakpointCreateRequest) -> Breakpoint:
        """A breakpoint that is not set yet."""
        fields = asked.model_dump(exclude_none=True)
        return Breakpoint(self.job.job_id, **fields)

    def add(self, made: list[Breakpoint]) -> None:
        """Set them, all or none."""
        there = len(self.manager.get_breakpoints(self.job.job_id))
        if there + len(made) > self.limit:
            raise ProblemError(
                409,
                f"Job '{self.job.job_id}' has {there} breakpoints, and {self.limit} are allowed: "
                "remove some first",
            )
        try:
            self.manager.add_all(made)
        except ValueError as error:  # somebody was faster, or the process allows fewer
            raise ProblemError(409, str(error)) from error


@router.post(
    "",
    status_code=201,
    operation_id="createBreakpoint",
    responses=ANSWERS,
)
def create_breakpoint(
    job_id: str, body: BreakpointCreateRequest, context: AppContext, payloads: AppPayloads
) -> BreakpointResponse:
    """Set a breakpoint; it takes effect at once.

    One at a place that the job does not have is kept, and says so (`verified` is false).
    """
    breakpoints = _Breakpoints(job_id, context)
    breakpoints.check_live()
    try:
        made = breakpoints.make(body)
    except ValueError as error:
        raise invalid(error) from error
    breakpoints.add([made])
    return payloads.breakpoint(made)


@router.get("", operation_id="listBreakpoints", responses=ANSWERS)
def list_breakpoints(
    job_id: str,
    context: AppContext,
    payloads: AppPayloads,
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> BreakpointListResponse:
    """The job's breakpoints, in the order in which they were set; also after its end."""
    breakpoints = _Breakpoints(job_id, context)
    found = breakpoints.manager.get_breakpoints(job_id)
    page, next_cursor = page_of(found, lambda each: numbered(each.number), limit, cursor)
    return BreakpointListResponse(
        breakpoints=[payloads.breakpoint(each) for each in page],
        total=len(found),
        next_cursor=next_cursor,
    )


@router.delete("", operation_id="clearBreakpoints", responses=problems(404, 409, 410))
def clear_breakpoints(job_id: str, context: AppContext) -> BreakpointDeletedResponse:
    """Remove all breakpoints of the job; what they have stopped stays held."""
    count = len(_Breakpoints(job_id, context).manager.clear_breakpoints(job_id))
    return BreakpointDeletedResponse(job_id=job_id, count=count)


@router.post(
    "/batch",
    status_code=201,
    operation_id="createBreakpoints",
    responses={
        207: {"model": BreakpointBatchResponse, "description": "Some of them were set."},
        **problems(404, 409, 410, 413, 422),
    },
)
def create_breakpoints(
    job_id: str,
    body: BreakpointBatchCreateRequest,
    context: AppContext,
    payloads: AppPayloads,
    response: Response,
) -> BreakpointBatchResponse:
    """Set many breakpoints. 201: all of them; 207: some; 422: none, each with its reason."""
    breakpoints = _Breakpoints(job_id, context)
    breakpoints.check_live()
    breakpoints.check_batch(body.breakpoints)
    made: list[Breakpoint] = []
    failed: list[BreakpointFailure] = []
    for entry in body.breakpoints:
        try:
            made.append(breakpoints.make(_read(entry)))
        except ValueError as error:
            failed.append(BreakpointFailure(breakpoint=entry, error=_reason(error)))
    if failed and body.atomic:
        made = []
    breakpoints.add(made)
    answer = BreakpointBatchResponse(
        created=[payloads.breakpoint(each) for each in made],
        failed=failed,
        total=len(body.breakpoints),
        success_count=len(made),
        failure_count=len(body.breakpoints) - len(made),
    )
    if not made:
        why = "one is wrong and all or none were wanted" if body.atomic else "each is wrong"
        raise ProblemError(
            422, f"No breakpoint was set, {why}: see `failed`", **answer.model_dump(mode="json")
        )
    response.status_code = 207 if failed else 201
    return answer


@router.post(
    "/batch-delete",
    operation_id="deleteBreakpoints",
    responses=problems(404, 409, 410, 413, 422),
)
def delete_breakpoints(
    job_id: str, body: BreakpointIdsRequest, context: AppContext
) -> BreakpointBatchChangeResponse:
    """Remove many breakpoints. Ids that there are not are no error; they are told."""
    breakpoints = _Breakpoints(job_id, context)
    breakpoints.check_batch(body.ids)
    removed = breakpoints.manager.remove_all(body.ids, job_id)
    return _changed(job_id, removed, [each for each in body.ids if each not in removed])


@router.post(
    "/batch-enable",
    operation_id="enableBreakpoints",
    responses=problems(404, 409, 410, 413, 422),
)
def enable_breakpoints(
    job_id: str, body: BreakpointEnableRequest, context: AppContext
) -> BreakpointBatchChangeResponse:
    """Enable or disable many breakpoints."""
    breakpoints = _Breakpoints(job_id, context)
    breakpoints.check_live()
    breakpoints.check_batch(body.ids)
    changed, missing = [], []
    for each in dict.fromkeys(body.ids):
        found = breakpoints.manager.get_breakpoint(each, job_id)
        if found is None:
            missing.append(each)
        elif found.enabled != body.enabled:
            found.enabled = body.enabled
            changed.append(each)
    return _changed(job_id, changed, missing)


def _changed(job_id: str, changed: list[str], missing: list[str]) -> BreakpointBatchChangeResponse:
    return BreakpointBatchChangeResponse(
        job_id=job_id, changed_ids=changed, missing=missing, changed=bool(changed)
    )


@router.get("/{breakpoint_id}", operation_id="getBreakpoint", responses=problems(404, 409, 410))
def get_breakpoint(
    job_id: str, breakpoint_id: str, context: AppContext, payloads: AppPayloads
) -> BreakpointResponse:
    """One breakpoint, with its counts."""
    return payloads.breakpoint(_Breakpoints(job_id, context).get(breakpoint_id))


@router.put("/{breakpoint_id}", operation_id="updateBreakpoint", responses=ANSWERS)
def update_breakpoint(
    job_id: str,
    breakpoint_id: str,
    context: AppContext,
    payloads: AppPayloads,
    body: BreakpointUpdateRequest | None = None,
    enabled: Annotated[bool | None, Query(description="The same as in the body.")] = None,
) -> BreakpointResponse:
    """Change a breakpoint. It takes effect at once; what it has stopped stays held."""
    breakpoints = _Breakpoints(job_id, context)
    breakpoints.check_live()
    found = breakpoints.get(breakpoint_id)
    changes = body.model_dump(exclude_unset=True) if body is not None else {}
    if enabled is not None and changes.get("enabled") is None:
        changes["enabled"] = enabled
    try:
        found.update(**{name: value for name, value in changes.items() if _is_given(name, value)})
    except ValueError as error:
        raise invalid(error) from error
    return payloads.breakpoint(found)


def _is_given(name: str, value: Any) -> bool:
    """A condition may be taken away; everything else that is null is left as it is."""
    return value is not None or name == "condition"


@router.delete(
    "/{breakpoint_id}", operation_id="deleteBreakpoint", responses=problems(404, 409, 410)
)
def delete_breakpoint(
    job_id: str, breakpoint_id: str, context: AppContext
) -> BreakpointDeletedResponse:
    """Remove a breakpoint; what it has stopped stays held."""
    breakpoints = _Breakpoints(job_id, context)
    if not breakpoints.manager.remove_breakpoint(breakpoint_id, job_id):
        raise not_found("Breakpoint", breakpoint_id, MISSING)
    return BreakpointDeletedResponse(job_id=job_id, count=1)


def invalid(error: ValueError, what: str = "") -> ProblemError:
    """A 422 that says what is wrong, and where in a condition. `what` comes first."""
    detail = f"{what}{_told(error)}"
    if isinstance(error, ConditionError):
        return ProblemError(422, detail, column=error.column, place=error.place)
    return ProblemError(422, detail)


def _told(error: ValueError) -> str:
    """An error, and where in a condition it is."""
    if not isinstance(error, ConditionError):
        return str(error)
    if error.column is not None:
        return f"{error} (column {error.column})"
    return f"{error} (at {error.place})" if error.place else str(error)


def _read(entry: Any) -> BreakpointCreateRequest:
    """One entry of a batch.

    Raises:
        ValueError: it is no breakpoint.
    """
    if not isinstance(entry, dict):
        raise ValueError("send an object with the fields of a breakpoint")
    return BreakpointCreateRequest.model_validate(entry)


def _reason(error: ValueError) -> str:
    """Why one entry of a batch was not set, in one line."""
    if isinstance(error, ValidationError):
        return problem_text(told_errors(error))
    return _told(error)
