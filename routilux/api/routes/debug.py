"""The debugger of a job: what stands at breakpoints, changed, evaluated, dropped, let go; steps."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query

from routilux.api.caller import AppCaller
from routilux.api.context import AppContext
from routilux.api.debug_views import call_stack, session_response, variables
from routilux.api.idempotency import IdempotencyKey, IdempotentRoute
from routilux.api.models.debug import (
    CallStackResponse,
    DebugResumeRequest,
    DebugSessionResponse,
    EvaluateRequest,
    EvaluateResponse,
    ItemDroppedResponse,
    StepRequest,
    StepResponse,
    VariableResponse,
    VariableSetRequest,
    VariablesResponse,
)
from routilux.api.models.job import JobResumeResponse
from routilux.api.payloads import AppPayloads
from routilux.api.problems import ProblemError, problems
from routilux.api.routes.breakpoints import invalid
from routilux.api.routes.commands import resumed, with_key
from routilux.errors import NothingInHand, NotPaused
from routilux.job.results import ResumeResult

router = APIRouter(prefix="/jobs/{job_id}/debug", tags=["debugger"], route_class=IdempotentRoute)
LOOKS = problems(404, 409, 410)
ANSWERS = problems(404, 409, 410, 422)
ItemQuery = Annotated[
    str | None, Query(max_length=1_000, description="The item that is meant if several stand.")
]


@router.get("/session", operation_id="getDebugSession", responses=LOOKS)
def get_session(job_id: str, context: AppContext, payloads: AppPayloads) -> DebugSessionResponse:
    """Where the job stands, why, and what is in hand."""
    return session_response(context.started_job(job_id), payloads)


@router.get("/call-stack", operation_id="getCallStack", responses=LOOKS)
def get_call_stack(job_id: str, context: AppContext) -> CallStackResponse:
    """The activations that led to what stands, the latest first."""
    return call_stack(context.started_job(job_id))


@router.get("/variables", operation_id="getVariables", responses=ANSWERS)
def get_variables(
    job_id: str, context: AppContext, payloads: AppPayloads, item_id: ItemQuery = None
) -> VariablesResponse:
    """The item in hand, the state of its routine, and what all routines share."""
    try:
        return variables(context.started_job(job_id), item_id, payloads)
    except NothingInHand as error:
        raise nothing_in_hand(error) from error


@router.put("/variables/{name:path}", operation_id="setVariable", responses=ANSWERS)
def set_variable(
    job_id: str, name: str, body: VariableSetRequest, context: AppContext, caller: AppCaller
) -> VariableResponse:
    """Set ``item``, ``item.KEY``, ``state.KEY`` or ``shared.KEY``."""
    job = context.started_job(job_id)
    try:
        job.debug.set_variable(name, body.value, body.item_id, identity=caller.identity)
    except NothingInHand as error:
        raise nothing_in_hand(error) from error
    except LookupError as error:
        raise ProblemError(404, str(error.args[0])) from error
    except ValueError as error:
        raise invalid(error) from error
    return VariableResponse(job_id=job_id, name=name, changed=True)


@router.post("/evaluate", operation_id="evaluateExpression", responses=ANSWERS)
def evaluate(
    job_id: str, body: EvaluateRequest, context: AppContext, payloads: AppPayloads
) -> EvaluateResponse:
    """The value of an expression over the item in hand, ``state`` and ``shared``."""
    payloads.check("a value")
    job = context.started_job(job_id)
    try:
        result = job.debug.evaluate(body.expression, body.item_id)
    except NothingInHand as error:
        raise nothing_in_hand(error) from error
    except ValueError as error:
        raise invalid(error, "expression: ") from error
    return EvaluateResponse(job_id=job_id, result=result)


@router.delete("/items/{item_id:path}", operation_id="dropItem", responses=LOOKS)
def drop_item(
    job_id: str, item_id: str, context: AppContext, caller: AppCaller
) -> ItemDroppedResponse:
    """Make an item in hand a dead letter (``dropped_in_debugger``). In a path `#` is `%23`."""
    job = context.started_job(job_id)
    try:
        dropped = job.debug.drop(item_id, identity=caller.identity)
    except NothingInHand as error:
        raise nothing_in_hand(error) from error
    return ItemDroppedResponse(job_id=job_id, item_id=dropped, changed=True)


@router.post("/resume", operation_id="resumeDebugger", responses=ANSWERS)
def resume_debugger(
    job_id: str,
    context: AppContext,
    caller: AppCaller,
    body: DebugResumeRequest | None = None,
    key: IdempotencyKey = None,
) -> JobResumeResponse:
    """Let what stands at breakpoints go on; the operator's pause stays. Says what will hurt."""
    asked = body if body is not None else DebugResumeRequest()
    job = context.started_job(job_id)
    result = _steer(
        lambda: job.debug.resume(
            asked.item_id, reason=asked.reason, identity=caller.identity, request_id=key
        )
    )
    return resumed(JobResumeResponse, job, result)


def _step(
    job_id: str,
    mode: str,
    body: StepRequest | None,
    context: AppContext,
    caller: AppCaller,
    key: str | None,
) -> StepResponse:
    job = context.started_job(job_id)
    reason = body.reason if body is not None else ""
    result = _steer(lambda: job.step(mode, reason=reason, identity=caller.identity, request_id=key))
    return resumed(StepResponse, job, result)


@router.post("/step-over", operation_id="stepOver", responses=ANSWERS)
def step_over(
    job_id: str,
    context: AppContext,
    caller: AppCaller,
    body: StepRequest | None = None,
    key: IdempotencyKey = None,
) -> StepResponse:
    """Run one activation, of the routine in hand or else the next, and hold still again."""
    return _step(job_id, "over", body, context, caller, key)


@router.post("/step-into", operation_id="stepInto", responses=ANSWERS)
def step_into(
    job_id: str,
    context: AppContext,
    caller: AppCaller,
    body: StepRequest | None = None,
    key: IdempotencyKey = None,
) -> StepResponse:
    """Go on to the next delivery: the next item that is about to enter a slot."""
    return _step(job_id, "into", body, context, caller, key)


@router.post("/step-out", operation_id="stepOut", responses=ANSWERS)
def step_out(
    job_id: str,
    context: AppContext,
    caller: AppCaller,
    body: StepRequest | None = None,
    key: IdempotencyKey = None,
) -> StepResponse:
    """Go on until the activation in hand, and those that it feeds, have ended."""
    return _step(job_id, "out", body, context, caller, key)


def _steer(command: Callable[[], ResumeResult]) -> ResumeResult:
    """Carry a command out; what the state forbids is a problem that names the state."""
    try:
        return with_key(command)
    except NothingInHand as error:
        raise nothing_in_hand(error) from error
    except NotPaused as error:
        raise ProblemError(409, str(error), job_id=error.job_id, job_status=error.status) from error


def nothing_in_hand(error: NothingInHand) -> ProblemError:
    """404 for an item that does not stand; 409 if it is not clear which one is meant."""
    status = 404 if error.item_id is not None or not error.item_ids else 409
    return ProblemError(status, str(error), item_ids=list(error.item_ids))
