"""Leaving a runtime's `with` block: an interrupt ends endless jobs, an error waits for the work."""

from __future__ import annotations

import pytest

from routilux import ExecutionStatus, Flow
from routilux.testing import StepRuntime


def endless_flow():
    flow = Flow("endless", default_slot_overflow="block")

    @flow.source
    def numbers():
        while True:
            yield 1

    @flow.step(after=numbers, max_queue_length=2)
    def forget(number):
        return None

    return flow


def interrupted(flow, kind, jobs):
    with StepRuntime() as runtime:
        jobs.append(runtime.exec(flow))
        runtime.run_one()
        raise kind


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_cancels_what_runs(kind):
    jobs = []
    with pytest.raises(kind):
        interrupted(endless_flow(), kind, jobs)
    assert jobs[0].status is ExecutionStatus.CANCELLED
    assert jobs[0].error == "The runtime was shut down"
    assert jobs[0].wait(0)


def test_an_error_waits_for_the_work():
    flow = Flow("short")
    seen = []

    @flow.source
    def numbers():
        return [1, 2, 3]

    flow.step(after=numbers, name="keep")(seen.append)
    jobs = []
    with pytest.raises(LookupError):
        interrupted(flow, LookupError, jobs)
    assert jobs[0].status is ExecutionStatus.COMPLETED
    assert seen == [1, 2, 3]
