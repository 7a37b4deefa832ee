"""Flows as a graph."""

from typing import Any

from pydantic import BaseModel


class SlotDefinition(BaseModel):
    """A slot with the settings that it will have in a job."""

    name: str
    max_queue_length: int
    watermark: float
    overflow: str
    max_enqueue_retries: int
    enqueue_retry_delay: float
    pause_enqueue_timeout: float


class EventDefinition(BaseModel):
    """An event and the names of the values that it carries."""

    name: str
    output_params: list[str]


class RoutineDefinition(BaseModel):
    """A routine. `policy` is ``{type, config, description}``."""

    routine_id: str
    type: str
    concurrency: int
    slots: list[SlotDefinition]
    events: list[EventDefinition]
    policy: dict[str, Any]


class ConnectionDefinition(BaseModel):
    """A connection from an event to a slot."""

    source_routine_id: str
    source_event_name: str
    target_routine_id: str
    target_slot_name: str
    param_mapping: dict[str, str]
    copy_data: bool


class FlowSummary(BaseModel):
    """A flow in a list."""

    flow_id: str
    routine_count: int
    connection_count: int
    live_job_count: int


class FlowResponse(BaseModel):
    """A flow: its routines with slots and events, and what is connected."""

    flow_id: str
    execution_timeout: float | None
    on_stall: str
    routines: list[RoutineDefinition]
    connections: list[ConnectionDefinition]


class FlowListResponse(BaseModel):
    """A page of flows, by id. `next_cursor` is None on the last page."""

    flows: list[FlowSummary]
    total: int
    next_cursor: str | None = None


class RoutineListResponse(BaseModel):
    """A page of a flow's routines, by id. `next_cursor` is None on the last page."""

    routines: list[RoutineDefinition]
    total: int
    next_cursor: str | None = None


class ConnectionListResponse(BaseModel):
    """A page of a flow's connections, by their ends. `next_cursor` is None on the last page."""

    connections: list[ConnectionDefinition]
    total: int
    next_cursor: str | None = None
