"""Health."""

from fastapi import APIRouter

from routilux.api.context import AppContext
from routilux.api.models.health import LiveResponse, ReadyResponse
from routilux.api.problems import ProblemError, problems

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live", operation_id="getLive")
async def get_live() -> LiveResponse:
    """The process answers."""
    return LiveResponse()


@router.get("/ready", operation_id="getReady", responses=problems(503))
async def get_ready(context: AppContext) -> ReadyResponse:
    """Jobs can be started. 503 once the server is about to stop, or the runtime was shut down."""
    if context.stopping:
        raise ProblemError(503, "The server is about to stop: ask again when it is back")
    runtime = context.runtime
    if runtime.is_shut_down:
        raise ProblemError(503, "The runtime was shut down: start the process again")
    return ReadyResponse(live_jobs=len(runtime.list_jobs()))
