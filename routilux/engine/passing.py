"""Passing the debugger: the last thing before logic of a watched routine is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from routilux.engine.caught import Draft
    from routilux.engine.debugger import Debugger, Match
    from routilux.engine.running import RunningActivation


def passes(activation: RunningActivation, draft: Draft) -> bool:
    """Whether logic may be called; else a breakpoint of its routine stops the activation."""
    job, debugger = activation.job, activation.job.debugger
    assert debugger is not None  # it makes the drafts
    found = [] if draft.checked else debugger.judge(activation.node, draft)
    with job.lock:
        may_run = _commit(activation, debugger, draft, found)
        if may_run:
            debugger.began(activation)
        else:
            activation.leave()
    job.tell_notices()
    return may_run


def _commit(
    activation: RunningActivation, debugger: Debugger, draft: Draft, found: list[Match]
) -> bool:
    """Consume what logic is to get. False: a breakpoint stops it, or the job has ended."""
    job = activation.job
    if job.ended:
        draft.put_back()
        return False
    if not draft.checked and debugger.stops_at_routine(activation.node, draft, found):
        return False
    activation.claim = draft.commit(job.clock.time_ns())
    activation.node.consider()  # what it has made room for is work for another lane
    return True
