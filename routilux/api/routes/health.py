"""Health."""

import logging

from fastapi import APIRouter

from routilux.api.context import AppContext, Context, shut_down
from routilux.api.models.health import LiveResponse, ReadyResponse, TelemetryState
from routilux.api.problems import ProblemError, problems

router = APIRouter(prefix="/health", tags=["health"])
logger = logging.getLogger("routilux.api")


@router.get("/live", operation_id="getLive")
async def get_live() -> LiveResponse:
    """The process answers."""
    return LiveResponse()


@router.get("/ready", operation_id="getReady", responses=problems(503))
def get_ready(context: AppContext) -> ReadyResponse:
    """Jobs can be started.

    503 once the server is about to stop, or the runtime was shut down, or when a store cannot be
    read. Says how the telemetry is, too.
    """
    telemetry = _telemetry(context)
    try:
        live = _check(context)
    except ProblemError as error:
        error.extra["telemetry"] = telemetry.model_dump()
        raise
    return ReadyResponse(live_jobs=live, telemetry=telemetry)


def _check(context: Context) -> int:
    """How many jobs live, if jobs can be started.

    Raises:
        ProblemError: 503, with what is in the way.
    """
    if context.stopping:
        raise ProblemError(503, "The server is about to stop: ask again when it is back")
    runtime = context.runtime
    if runtime.is_shut_down:
        raise shut_down()
    try:
        context.jobs.get("")
        context.flows.list_all()
    except Exception as error:  # a store may be a program's own, over whatever it likes
        logger.exception("A store cannot be read")
        raise ProblemError(
            503, "The store of jobs or flows cannot be read: the log of the process has the error"
        ) from error
    return len(runtime.list_jobs())


def _telemetry(context: Context) -> TelemetryState:
    if context.telemetry_state is None:
        return TelemetryState(state="off")
    try:
        return TelemetryState.model_validate(context.telemetry_state())
    except Exception:  # a stranger's code; what it reports on must not make us unready
        logger.warning("The telemetry cannot say how it is", exc_info=True)
        return TelemetryState(state="unknown")
