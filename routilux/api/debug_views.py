"""Answers of the debugger, made of what it knows."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from routilux.api.models.debug import (
    CallStackResponse,
    DebugSessionResponse,
    FrameResponse,
    HitResponse,
    ItemInHandResponse,
    ItemVariable,
    VariablesResponse,
)
from routilux.api.models.payload import Payload

if TYPE_CHECKING:
    from routilux.api.payloads import Payloads
    from routilux.debugger.values import HitInfo, ItemInHand
    from routilux.job_state import JobState


def session_response(job: JobState, payloads: Payloads) -> DebugSessionResponse:
    """Where a job stands."""
    state = job.debug.state()
    return DebugSessionResponse(
        session_id=job.debug.session_id,
        job_id=state.job_id,
        job_status=state.job_status,
        status=state.status,
        reason=state.reason,
        description=state.description,
        still=state.still,
        paused_at=state.paused_at,
        holds=list(state.holds),
        hits=[_hit(each, payloads) for each in state.hits],
        step_mode=state.step_mode,
        step_count=state.step_count,
    )


def _hit(hit: HitInfo, payloads: Payloads) -> HitResponse:
    return HitResponse(
        hit_id=hit.id,
        kind=hit.kind,
        breakpoint_ids=list(hit.breakpoint_ids),
        pauses=hit.pauses,
        routine_id=hit.routine_id,
        name=hit.name,
        at=hit.at,
        activation_id=hit.activation_id,
        items=[_in_hand(each, payloads) for each in hit.items],
        holds=list(hit.holds),
    )


def _in_hand(item: ItemInHand, payloads: Payloads) -> ItemInHandResponse:
    return ItemInHandResponse(
        item_id=item.id,
        routine_id=item.routine_id,
        slot_name=item.slot_name,
        emitted_from=item.emitted_from,
        event=item.event,
        emitted_at=item.emitted_at,
        activation_id=item.activation_id,
        attempt=item.attempt,
        **payloads.data(item.data),
    )


def call_stack(job: JobState) -> CallStackResponse:
    """The chain of activations behind what stands."""
    frames = [
        FrameResponse.model_validate({**asdict(each), "fed_by": list(each.fed_by)})
        for each in job.debug.call_stack
    ]
    return CallStackResponse(job_id=job.job_id, frames=frames, total=len(frames))


def variables(job: JobState, item_id: str | None, payloads: Payloads) -> VariablesResponse:
    """What there is to look at where a job stands."""
    found = job.debug.get_variables(item_id)
    return VariablesResponse(
        job_id=job.job_id,
        item=Payload(**payloads.data(found["item"])),
        items=[
            ItemVariable(item_id=each, **payloads.data(data))
            for each, data in found["items"].items()
        ],
        state=Payload(**payloads.data(found["state"])),
        shared=Payload(**payloads.data(found["shared"])),
    )
