"""What happens when logic or a policy raises. Errors are decided, not lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from routilux.clock import NANOSECONDS
from routilux.engine.alarms import RetryDue
from routilux.error_handler import STOP_HANDLER
from routilux.errors import JobCancelled, describe
from routilux.ids import activation_id
from routilux.status import ExecutionStatus, RoutineStatus

if TYPE_CHECKING:
    from routilux.engine.claim import Claim
    from routilux.engine.job_routine import JobRoutine
    from routilux.engine.running import RunningActivation


def settle_failure(activation: RunningActivation, error: BaseException) -> None:
    """Decide about an activation whose logic raised. Under the job's lock."""
    job, node, claim = activation.job, activation.node, activation.claim
    assert claim is not None
    if job.ended:
        interrupted = isinstance(error, JobCancelled)
        activation.outcome = "cancelled" if interrupted else "failed"
        node.failures += not interrupted
        bury(node, claim, error, "interrupted" if interrupted else "logic_error")
        return
    handler = node.plan.handler or STOP_HANDLER
    decision = handler.decide(error, claim.attempt)
    if decision.action == "retry":
        activation.outcome = "retry"
        claim.attempt += 1
        claim.error = error
        node.retries += 1
        node.backoffs += 1
        job.note("retry", node.id, error)
        job.call_later(int(decision.delay * NANOSECONDS), RetryDue(node, claim))
        return
    node.failures += 1
    node.news = True
    bury(node, claim, error)
    status, activation.outcome = {
        "stop": (RoutineStatus.FAILED, "failed"),
        "continue": (RoutineStatus.ERROR_CONTINUED, "error_continued"),
        "skip": (RoutineStatus.SKIPPED, "skipped"),
    }[decision.action]
    job.state.set_routine_status(node.id, status)
    job.note(activation.outcome, node.id, error)
    if decision.action == "stop":
        text = f"Logic error in routine '{node.id}': {describe(error)}"
        job.end(ExecutionStatus.FAILED, text, type(error).__name__)


def bury(
    node: JobRoutine,
    claim: Claim,
    error: BaseException | None = None,
    reason: str = "logic_error",
) -> None:
    """The items of an activation that finally failed become dead letters. Under the lock.

    Those of one that the job's end has interrupted, too: nobody knows which of them are done.
    """
    activation = activation_id(node.id, claim.number)
    for slot, item in claim.rest():
        node.job.dead_letter(slot, item, reason, error or claim.error, activation)
    claim.error = None  # the frames of its traceback hold the claim


def policy_failed(activation: RunningActivation, error: BaseException) -> None:
    """A policy raised: its items are back in their slots; the routine's error handler decides.

    RETRY counts as CONTINUE here: the policy is asked again when new items come.
    """
    job, node = activation.job, activation.node
    handler = node.plan.handler or STOP_HANDLER
    with job.lock:
        node.failures += 1
        node.declines = True
        job.note("policy_error", node.id, error)
        decision = handler.decide(error, handler.max_retries + 1)
        if decision.action == "stop" and not job.ended:
            job.state.set_routine_status(node.id, RoutineStatus.FAILED)
            text = f"Activation policy error in routine '{node.id}': {describe(error)}"
            job.end(ExecutionStatus.FAILED, text, type(error).__name__)
        activation.leave()
    job.tell_notices()
