"""Answers, made of what the engine knows."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from routilux.api.models.flow import (
    ConnectionDefinition,
    EventDefinition,
    FlowResponse,
    RoutineDefinition,
    SlotDefinition,
)
from routilux.api.models.job import JobCountsResponse, JobResponse
from routilux.api.models.queue import FlowQueueStatusResponse, QueueSummary
from routilux.api.trace_context import trace_id_of
from routilux.monitoring.instruments import QUEUE_LIMIT, QUEUE_SIZE, QUEUE_UNCONSUMED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from routilux.api.payloads import Payloads
    from routilux.api.settings import ApiSettings
    from routilux.connection import Connection
    from routilux.flow import Flow
    from routilux.job_state import JobState
    from routilux.monitoring.slot_reading import SlotReading
    from routilux.routine import Routine


def queue_status(
    flow_id: str, job_id: str | None, slots: Sequence[SlotReading]
) -> FlowQueueStatusResponse:
    """The state of queues, read through the instruments that exporters use, too."""
    # Made by the validator, in one go: a thousand models made one by one take five times as long.
    return FlowQueueStatusResponse.model_validate(
        {
            "flow_id": flow_id,
            "job_id": job_id,
            "slots": slot_metrics(slots),
            **queue_summary(slots).model_dump(),
        }
    )


def slot_metrics(slots: Iterable[SlotReading]) -> list[dict[str, Any]]:
    """The fields of `SlotQueueMetrics` of each slot."""
    size, limit, unconsumed = QUEUE_SIZE.of, QUEUE_LIMIT.of, QUEUE_UNCONSUMED.of
    return [
        {
            "slot_name": slot.slot_name,
            "routine_id": slot.routine_id,
            "queue_size": size(slot),
            "max_length": limit(slot),
            "usage_percent": slot.usage_percent,
            "unconsumed_count": unconsumed(slot),
            "is_full": slot.is_full,
            "is_near_full": slot.is_near_full,
        }
        for slot in slots
    ]


def queue_summary(slots: Sequence[SlotReading]) -> QueueSummary:
    """How many slots there are, how many are full, and how many nearly full or full."""
    return QueueSummary(
        total_slots=len(slots),
        full_slots=sum(slot.is_full for slot in slots),
        near_full_slots=sum(slot.is_near_full for slot in slots),
    )


def job_response(job: JobState, payloads: Payloads, settings: ApiSettings) -> JobResponse:
    """A job."""
    trace_id = trace_id_of(job.traceparent)
    counts = JobCountsResponse(**asdict(job.counts())) if job.is_started else None
    return JobResponse(
        job_id=job.job_id,
        flow_id=job.flow_id,
        status=job.status,
        created_at=job.created_at,
        started_at=job.started_at,
        completed_at=job.completed_at,
        error=payloads.error(job.error),
        error_type=job.error_type,
        updated_at=job.updated_at,
        run_seconds=job.run_seconds(),
        draining=job.draining,
        dead_letter_count=job.dead_letter_count,
        warnings=list(job.warnings),
        redelivery_of=job.redelivery_of,
        trace_id=trace_id,
        trace_url=settings.trace_url(trace_id) if trace_id is not None else None,
        counts=counts,
    )


def flow_response(flow: Flow) -> FlowResponse:
    """A flow as a graph."""
    return FlowResponse(
        flow_id=flow.flow_id,
        execution_timeout=flow.execution_timeout,
        on_stall=flow.on_stall,
        routines=routine_definitions(flow),
        connections=connection_definitions(flow),
    )


def routine_definitions(flow: Flow) -> list[RoutineDefinition]:
    """The routines of a flow, in the order in which they were added."""
    return [_routine(flow, name, routine) for name, routine in list(flow.routines.items())]


def connection_definitions(flow: Flow) -> list[ConnectionDefinition]:
    """The connections of a flow, in the order in which they were made."""
    return [_connection(each) for each in list(flow.connections)]


def _routine(flow: Flow, routine_id: str, routine: Routine) -> RoutineDefinition:
    policy: dict[str, Any] = routine.get_activation_policy_info()
    return RoutineDefinition(
        routine_id=routine_id,
        type=type(routine).__name__,
        concurrency=routine.concurrency,
        slots=[
            SlotDefinition(name=name, **asdict(flow.slot_settings(slot)))
            for name, slot in routine.slots.items()
        ],
        events=[
            EventDefinition(name=name, output_params=list(event.output_params or ()))
            for name, event in routine.events.items()
        ],
        policy=policy,
    )


def _connection(connection: Connection) -> ConnectionDefinition:
    event, slot = connection.source_event, connection.target_slot
    source = event.routine.routine_id if event.routine is not None else None
    return ConnectionDefinition(
        source_routine_id=source or "",
        source_event_name=event.name,
        target_routine_id=slot.routine_id or "",
        target_slot_name=slot.name,
        param_mapping=connection.param_mapping,
        copy_data=connection.copy,
    )
