"""Breakpoints."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from routilux.api.models.job import Request

MOST_AT_ONCE = 100  # breakpoints in one batch
Name = Annotated[str, Field(min_length=1, max_length=500)]


def _condition(value: Any) -> Any:
    if value is None or isinstance(value, (str, dict)):
        return value
    raise ValueError("write a CEL expression as a text, or a predicate as an object")


Condition = str | dict[str, Any]
GivenCondition = Annotated[Condition | None, BeforeValidator(_condition)]
ActionName = Literal["pause_job", "hold_item", "log"]
KindName = Literal["routine", "slot", "event", "connection"]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Message = Annotated[str, Field(max_length=1_000)]


class BreakpointCreateRequest(Request):
    """A breakpoint to set.

    `routine_id` goes with the types routine, slot and event, and the four fields of the ends with
    connection. `condition` is a CEL expression, or a predicate such as
    ``{"path": "data.size", "op": "gt", "value": 3}`` with ``all``, ``any`` and ``not``. A
    `log_message` makes a tracepoint, which reports and stops nothing.
    """

    type: KindName
    routine_id: Name | None = None
    slot_name: Name | None = None
    event_name: Name | None = None
    source_routine_id: Name | None = None
    source_event_name: Name | None = None
    target_routine_id: Name | None = None
    target_slot_name: Name | None = None
    condition: GivenCondition = None
    enabled: bool | None = None
    ignore_count: Count = 0
    one_shot: bool = False
    log_message: Message | None = None
    action: ActionName | None = None


class BreakpointUpdateRequest(Request):
    """What to change of a breakpoint; what is left out stays."""

    condition: GivenCondition = None
    enabled: bool | None = None
    hit_count: Count | None = None
    ignore_count: Count | None = None
    one_shot: bool | None = None


class BreakpointResponse(BaseModel):
    """A breakpoint.

    `verified` is false when the job has no such place, and `message` says what it has. `hit_count`
    counts the items that matched; `error_count` those for which the condition could not be
    evaluated, which is no match, and `last_error` says why.
    """

    breakpoint_id: str
    job_id: str
    type: KindName
    routine_id: str | None
    slot_name: str | None
    event_name: str | None
    source_routine_id: str | None
    source_event_name: str | None
    target_routine_id: str | None
    target_slot_name: str | None
    condition: Condition | None
    enabled: bool
    hit_count: int
    ignore_count: int
    one_shot: bool
    log_message: str | None
    action: ActionName
    verified: bool
    message: str | None
    error_count: int
    last_error: str | None


class BreakpointListResponse(BaseModel):
    """A page of a job's breakpoints, in the order in which they were set."""

    breakpoints: list[BreakpointResponse]
    total: int
    next_cursor: str | None = None


class BreakpointBatchCreateRequest(Request):
    """Breakpoints to set, 100 at most; `atomic`: all of them, or none."""

    breakpoints: Annotated[list[Any], Field(min_length=1)]
    atomic: bool = False


class BreakpointFailure(BaseModel):
    """A breakpoint that could not be set, as it was sent, and why."""

    breakpoint: Any
    error: str


class BreakpointBatchResponse(BaseModel):
    """What became of a batch."""

    created: list[BreakpointResponse]
    failed: list[BreakpointFailure]
    total: int
    success_count: int
    failure_count: int


class BreakpointIdsRequest(Request):
    """Breakpoints by id, 100 at most."""

    ids: Annotated[list[Name], Field(min_length=1)]


class BreakpointEnableRequest(BreakpointIdsRequest):
    """Breakpoints to enable or to disable."""

    enabled: bool


class BreakpointBatchChangeResponse(BaseModel):
    """Ids that were changed, and ids that are not breakpoints of this job."""

    job_id: str
    changed_ids: list[str]
    missing: list[str]
    changed: bool


class BreakpointDeletedResponse(BaseModel):
    """How many breakpoints are gone."""

    job_id: str
    count: int
