"""The debugger: what stands where, and how it got there."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from routilux.api.models.job import JobResumeResponse, Reason, Request
from routilux.api.models.payload import Payload

ItemId = Annotated[str, Field(min_length=1, max_length=1_000)]


class ItemInHandResponse(Payload):
    """An item that stands at a breakpoint."""

    item_id: str
    routine_id: str
    slot_name: str
    emitted_from: str
    event: str | None
    emitted_at: datetime
    activation_id: str | None
    attempt: int


class HitResponse(BaseModel):
    """Something that stands at one or more breakpoints, or where a step has ended.

    `kind` is routine, slot, event, connection or step. `pauses`: the job is paused for it; else
    only the item is held. `holds` are the names of the holds that it is.
    """

    hit_id: str
    kind: str
    breakpoint_ids: list[str]
    pauses: bool
    routine_id: str
    name: str | None
    at: datetime
    activation_id: str | None
    items: list[ItemInHandResponse]
    holds: list[str]


class DebugSessionResponse(BaseModel):
    """The debugger of a job. Words are those of the Debug Adapter Protocol; a job is a thread.

    `status` is running, paused, stepping or terminated, `reason` breakpoint, step or pause.
    `still`: no logic runs.
    """

    session_id: str
    job_id: str
    job_status: str
    status: str
    reason: str
    description: str
    still: bool
    paused_at: datetime | None
    holds: list[str]
    hits: list[HitResponse]
    step_mode: str | None
    step_count: int


class FrameResponse(BaseModel):
    """An activation. Of one from before the job was debugged only the id is known."""

    activation_id: str
    routine_id: str
    started_at: datetime | None
    ended_at: datetime | None
    outcome: str
    attempt: int
    fed_by: list[str]


class CallStackResponse(BaseModel):
    """The activations that led to the first hit, the latest first."""

    job_id: str
    frames: list[FrameResponse]
    total: int


class ItemVariable(Payload):
    """The data of an item in hand."""

    item_id: str


class VariablesResponse(BaseModel):
    """What there is to look at.

    `item` is the item in hand, `items` all that stand, `state` what the routine keeps in this job,
    `shared` what all routines of the job see. Set them as ``item``, ``item.KEY``, ``state.KEY`` and
    ``shared.KEY``.
    """

    job_id: str
    item: Payload
    items: list[ItemVariable]
    state: Payload
    shared: Payload


class VariableSetRequest(Request):
    """A new value, and the item that is meant if several stand."""

    value: Any
    item_id: ItemId | None = None


class VariableResponse(BaseModel):
    """A variable that was set."""

    job_id: str
    name: str
    changed: bool


class EvaluateRequest(Request):
    """An expression: CEL, or a plain path such as ``data.size``."""

    expression: Annotated[str, Field(min_length=1, max_length=1_024)]
    item_id: ItemId | None = None


class EvaluateResponse(BaseModel):
    """Its value, as JSON; the values of secret keys are left out."""

    job_id: str
    result: Any


class DebugResumeRequest(Request):
    """Why, and the one item (or hit) to let go; without it, all that the job is paused for."""

    reason: Reason = ""
    item_id: ItemId | None = None


class StepRequest(Request):
    """Why."""

    reason: Reason = ""


class StepResponse(JobResumeResponse):
    """The answer to a step: ``stepping``, or ``paused`` if it is over already."""


class ItemDroppedResponse(BaseModel):
    """An item that is a dead letter now, reason ``dropped_in_debugger``."""

    job_id: str
    item_id: str
    changed: bool
