"""What hooks are told of an activation; made only when one of them does something about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from routilux.hooks import ActivationRecord

if TYPE_CHECKING:
    from routilux.engine.running import RunningActivation


def started(activation: RunningActivation) -> ActivationRecord:
    """Its logic is about to be called."""
    claim = activation.claim
    return _record(activation, None, claim.contexts() if claim else ())


def ended(activation: RunningActivation, error: BaseException | None) -> ActivationRecord:
    """It is over. What led to it was told at its start."""
    return _record(activation, error, ())


def _record(
    activation: RunningActivation, error: BaseException | None, contexts: tuple[str, ...]
) -> ActivationRecord:
    job, claim = activation.job, activation.claim
    now = job.clock.monotonic_ns()
    return ActivationRecord(  # by position: by name it takes half as long again
        job.state.job_id,
        job.state.flow_id,
        activation.routine_id,
        activation.id,
        activation.attempt,
        claim.count if claim else 0,
        job.clock.time_ns(),
        now - activation.started_ns,
        activation.stood_ns,
        activation.outcome,
        error,
        contexts,
        claim.waited_ns() if claim else 0,
        activation.context,
    )
