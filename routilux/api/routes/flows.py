"""Flows."""

from fastapi import APIRouter

from routilux.api.context import AppContext
from routilux.api.models.flow import (
    ConnectionListResponse,
    FlowListResponse,
    FlowResponse,
    FlowSummary,
    RoutineListResponse,
)
from routilux.api.paging import PAGE, Cursor, Limit, page_of
from routilux.api.problems import problems
from routilux.api.views import connection_definitions, flow_response, routine_definitions
from routilux.monitoring.reading import live_jobs

router = APIRouter(prefix="/flows", tags=["flows"])


@router.get("", operation_id="listFlows", responses=problems(422))
async def list_flows(
    context: AppContext, limit: Limit = PAGE, cursor: Cursor = None
) -> FlowListResponse:
    """Registered flows, and those of known jobs."""
    flows = list(context.known_flows().values())
    page, next_cursor = page_of(flows, lambda flow: (flow.flow_id,), limit, cursor)
    live = live_jobs(context.ledger)
    return FlowListResponse(
        flows=[
            FlowSummary(
                flow_id=flow.flow_id,
                routine_count=len(flow.routines),
                connection_count=len(flow.connections),
                live_job_count=live[flow.flow_id],
            )
            for flow in page
        ],
        total=len(flows),
        next_cursor=next_cursor,
    )


@router.get("/{flow_id}", operation_id="getFlow", responses=problems(404))
async def get_flow(flow_id: str, context: AppContext) -> FlowResponse:
    """One flow as a graph."""
    return flow_response(context.flow(flow_id))


@router.get("/{flow_id}/routines", operation_id="listFlowRoutines", responses=problems(404, 422))
async def list_flow_routines(
    flow_id: str, context: AppContext, limit: Limit = PAGE, cursor: Cursor = None
) -> RoutineListResponse:
    """The routines of a flow, with their slots and events."""
    routines = routine_definitions(context.flow(flow_id))
    page, next_cursor = page_of(routines, lambda each: (each.routine_id,), limit, cursor)
    return RoutineListResponse(routines=page, total=len(routines), next_cursor=next_cursor)


@router.get(
    "/{flow_id}/connections", operation_id="listFlowConnections", responses=problems(404, 422)
)
async def list_flow_connections(
    flow_id: str, context: AppContext, limit: Limit = PAGE, cursor: Cursor = None
) -> ConnectionListResponse:
    """The connections of a flow."""
    connections = connection_definitions(context.flow(flow_id))
    page, next_cursor = page_of(
        connections,
        lambda each: (
            each.source_routine_id,
            each.source_event_name,
            each.target_routine_id,
            each.target_slot_name,
        ),
        limit,
        cursor,
    )
    return ConnectionListResponse(connections=page, total=len(connections), next_cursor=next_cursor)
