"""Events of a stream: what stands in the `data` of each, by `type`, which is its `event`, too."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from routilux.api.models.queue import SlotQueueMetrics


class _Event(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _JobEvent(_Event):
    job_id: str
    flow_id: str
    at: datetime


class JobEvent(_JobEvent):
    """A job's state has changed; ``current`` is how it stands when a stream begins.

    `reason` is what a command gave as such, or the job's error: that only for a key that may see
    payloads.
    """

    type: Literal["job"] = "job"
    change: Literal["current", "started", "paused", "resumed", "ended"]
    status: str
    reason: str | None = None
    identity: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None


class HitEvent(_JobEvent):
    """A breakpoint was hit, or a tracepoint (`action` is ``log``) has reported.

    `name` is the slot or event, null at a routine. `message` is a tracepoint's, null of others; it
    may hold payload, and says so to a key that may not see any. Of many reports in a short time
    some are told: `skipped` is how many were left out before this one; the job's log has them.
    """

    type: Literal["hit"] = "hit"
    breakpoint_id: str
    kind: str
    action: str
    routine_id: str
    name: str | None
    item_ids: list[str]
    activation_id: str | None
    hit_count: int
    skipped: int
    message: str | None


class _SlotEvent(_JobEvent):
    routine_id: str
    slot_name: str
    reason: str
    count: int
    emitted_from: str
    event: str | None
    unconsumed_count: int
    max_length: int


class RefusedEvent(_SlotEvent):
    """`count` items will never reach logic: they are in the dead letters, or their sender's.

    A burst is told as one event: `count` is the sum, the rest is of the last refusal.
    """

    type: Literal["refused"] = "refused"


class HeldEvent(_SlotEvent):
    """`count` items are held beside a slot: `reason` is ``paused`` or ``breakpoint``.

    Bursts are one event, as of refusals.
    """

    type: Literal["held"] = "held"


class SlotLevel(SlotQueueMetrics):
    """One slot as in `queues/status`, and how many items are held beside it."""

    held: int


class QueuesEvent(_JobEvent):
    """Levels of a job's slots: of all (`full`), or of those that changed since the event before.

    `final` says that the job has ended, and that these are its last levels.
    """

    type: Literal["queues"] = "queues"
    full: bool
    final: bool
    slots: list[SlotLevel]


class GapEvent(_Event):
    """Events are missing here: what is known of jobs and queues has to be asked for anew.

    `missed` is how many, those of other jobs included; null when that cannot be known.
    """

    type: Literal["gap"] = "gap"
    reason: Literal["too_old", "too_slow", "unknown_id"]
    missed: int | None
    detail: str


class ByeEvent(_Event):
    """The last event: the job has ended, or the server stops."""

    type: Literal["bye"] = "bye"
    reason: Literal["job_ended", "stopping"]
    detail: str


class StreamEvent(
    RootModel[
        Annotated[
            JobEvent | HitEvent | RefusedEvent | HeldEvent | QueuesEvent | GapEvent | ByeEvent,
            Field(discriminator="type"),
        ]
    ]
):
    """The `data` of one event of a stream; a stream is a sequence of these."""
