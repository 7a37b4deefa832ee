"""Jobs and their commands."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from routilux.api.models.plain import check_plain
from routilux.api.models.queue import QueueSummary
from routilux.settings import LONGEST_S
from routilux.status import ExecutionStatus

MAX_WAIT_S = 30.0  # a request that waits longer is better asked again

Reason = Annotated[str, Field(max_length=1_000)]


class Request(BaseModel):
    """A body. An unknown field is an error: it is most likely a slip of the pen.

    Nothing is taken for something else either: 0 is not false.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, data: Any) -> Any:
        check_plain(data)
        return data


class JobCreateRequest(Request):
    """What to start.

    Without `entry_routine_id` all sources run and the first slot named ``trigger`` gets
    `entry_params`. `timeout` is in seconds, pauses left out.
    """

    flow_id: str
    entry_routine_id: str | None = None
    entry_params: dict[str, Any] | None = None
    keep_open: bool = False
    start_paused: bool = False
    timeout: Annotated[float, Field(gt=0, le=LONGEST_S)] | None = None


class JobPauseRequest(Request):
    """Why, what to find again, and how long to wait until the job is still.

    `wait`: false, true (30 s), or seconds up to 30.
    """

    reason: Reason = ""
    checkpoint: dict[str, Any] | None = None
    wait: bool | Annotated[float, Field(ge=0, le=MAX_WAIT_S)] = False


class JobCommandRequest(Request):
    """Why."""

    reason: Reason = ""


class JobCountsResponse(BaseModel):
    """Activations and items of a job, at one moment."""

    ready: int
    timed: int
    running: int
    standing: int
    unconsumed: int
    held: int
    waiting: int


class JobResponse(BaseModel):
    """A job. `counts` is None before it is started, `trace_id` without a trace.

    `trace_url` is the page of the trace, where the server was told the address of Jaeger.

    Texts that logic may have written (`error`) are hidden from a key that may not see payloads.
    """

    job_id: str
    flow_id: str
    status: ExecutionStatus
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    error: str | None
    error_type: str | None
    updated_at: datetime
    run_seconds: float
    draining: bool
    dead_letter_count: int
    warnings: list[str]
    redelivery_of: str | None
    trace_id: str | None
    trace_url: str | None
    counts: JobCountsResponse | None


class JobStatusResponse(BaseModel):
    """The state of a job, and nothing else."""

    job_id: str
    flow_id: str
    status: ExecutionStatus
    error: str | None


class JobListResponse(BaseModel):
    """A page of jobs, the oldest first. `next_cursor` is None on the last page."""

    jobs: list[JobResponse]
    total: int
    next_cursor: str | None = None


class CommandResponse(BaseModel):
    """The answer to a command. `changed` is false when the job was in that state already."""

    job_id: str
    status: str
    changed: bool


class SlotQueueStateResponse(BaseModel):
    """One slot at the moment of a pause."""

    queue_size: int
    unconsumed_count: int
    is_full: bool
    is_near_full: bool
    held_count: int


class JobPauseResponse(CommandResponse):
    """The pause point, with each slot's state by routine and slot.

    `still` says that no logic was running when the answer was made; `running` and `standing` name
    the routines whose logic runs, or stands still in ``emit``.
    """

    timestamp: datetime
    reason: str
    checkpoint: dict[str, Any]
    pending_tasks_count: int
    active_tasks_count: int
    queue_size: int
    slot_queue_states: dict[str, dict[str, SlotQueueStateResponse]]
    held_count: int
    still: bool
    running: list[str]
    standing: list[str]


class JobResumeResponse(CommandResponse):
    """The answer to resume: ``resumed``, or ``paused`` while other holds remain."""

    holds: list[str]
    queue_status: QueueSummary
    warnings: list[str]
