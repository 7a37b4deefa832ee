"""Flows."""

from fastapi import APIRouter

from routilux.api.context import AppContext
from routilux.api.models.flow import FlowListResponse, FlowResponse, FlowSummary
from routilux.api.paging import PAGE, Cursor, Limit, page_of
from routilux.api.problems import problems
from routilux.api.views import flow_response
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
