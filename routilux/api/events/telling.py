"""Entries of the ring, made of the records that the engine gives to hooks."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

from routilux.api.events.ring import Entry
from routilux.api.events.wire import make
from routilux.api.models.event import (
    ByeEvent,
    GapEvent,
    HeldEvent,
    HitEvent,
    JobEvent,
    RefusedEvent,
)
from routilux.api.payloads import Payloads
from routilux.clock import stamp
from routilux.hooks import BreakpointRecord
from routilux.status import ExecutionStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel

    from routilux.api.events.bursts import Told
    from routilux.hooks import GateRecord, JobRecord, SlotRecord
    from routilux.job_state import JobState

Change = Literal["started", "paused", "resumed", "ended"]
ASK_ANEW = "ask GET /api/jobs and queues/status for what is so now"


def job_entry(change: Change, record: JobRecord | GateRecord) -> Entry:
    """A job's state has changed."""
    make_event = partial(_job_event, change, record)
    return Entry("job", record.job_id, record.flow_id, make_event, ends=change == "ended")


def hit_entry(record: BreakpointRecord) -> Entry:
    """A breakpoint was hit."""
    return Entry("hit", record.job_id, record.flow_id, partial(_hit_event, record, 0))


def burst_entry(told: Told, at_ns: int) -> Entry:
    """Items were refused or are held, or a tracepoint has reported; perhaps several times."""
    kind, record, total = told
    make_event: Callable[[bool], BaseModel]
    if isinstance(record, BreakpointRecord):
        make_event = partial(_hit_event, record, total - 1)
    else:
        make_event = partial(_slot_event, kind, record, total, at_ns)
    return Entry(kind, record.job_id, record.flow_id, make_event)


def _job_event(change: Change, record: JobRecord | GateRecord, payloads: bool) -> JobEvent:
    at = stamp(record.at_ns)
    return make(
        JobEvent,
        job_id=record.job_id,
        flow_id=record.flow_id,
        at=at,
        change=change,
        status=record.status,
        reason=_reason(record.status, record.reason, payloads),
        identity=record.identity,
        started_at=at if change == "started" else None,
        completed_at=at if change == "ended" else None,
    )


def current_event(job: JobState, payloads: bool) -> JobEvent:
    """How a job stands now."""
    return make(
        JobEvent,
        job_id=job.job_id,
        flow_id=job.flow_id,
        at=job.updated_at,
        change="current",
        status=job.status.value,
        reason=_reason(job.status.value, job.error or "", payloads),
        started_at=job.started_at,
        completed_at=job.completed_at,
    )


def _reason(status: str, reason: str, payloads: bool) -> str | None:
    """A reason; at the end of a job it is the job's error, which may quote an item."""
    if ExecutionStatus(status).finished:
        return Payloads(payloads).error(reason or None)
    return reason or None


def _hit_event(record: BreakpointRecord, skipped: int, payloads: bool) -> HitEvent:
    return make(
        HitEvent,
        job_id=record.job_id,
        flow_id=record.flow_id,
        at=stamp(record.at_ns),
        breakpoint_id=record.breakpoint_id,
        kind=record.kind,
        action=record.action,
        routine_id=record.routine_id,
        name=record.name,
        item_ids=list(record.item_ids),
        activation_id=record.activation_id,
        hit_count=record.hit_count,
        skipped=skipped,
        message=Payloads(payloads).error(record.message),
    )


def _slot_event(
    kind: str, record: SlotRecord, count: int, at_ns: int, _payloads: bool
) -> RefusedEvent | HeldEvent:
    model: type[RefusedEvent | HeldEvent] = RefusedEvent if kind == "refused" else HeldEvent
    return make(
        model,
        job_id=record.job_id,
        flow_id=record.flow_id,
        at=stamp(at_ns),
        routine_id=record.routine_id,
        slot_name=record.slot_name,
        reason=record.reason,
        count=count,
        emitted_from=record.emitted_from,
        event=record.event,
        unconsumed_count=record.unconsumed,
        max_length=record.max_length,
    )


def gap_event(reason: Literal["too_old", "too_slow", "unknown_id"], missed: int | None) -> GapEvent:
    """Events are missing."""
    told = {
        "too_old": f"{missed} events since your Last-Event-ID are no longer kept: {ASK_ANEW}",
        "too_slow": f"{missed} events went by before they were read: {ASK_ANEW}",
        "unknown_id": f"Last-Event-ID is not an id of this process: {ASK_ANEW}",
    }
    return GapEvent(reason=reason, missed=missed, detail=told[reason])


def bye_event(reason: Literal["job_ended", "stopping"]) -> ByeEvent:
    """The stream ends."""
    told = {
        "job_ended": "The job has ended and nothing follows: do not connect again",
        "stopping": "The server stops: connect again later, with the Last-Event-ID",
    }
    return ByeEvent(reason=reason, detail=told[reason])
