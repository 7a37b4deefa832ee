"""Leaving a runtime's `with` block by an interrupt or an error: jobs may have no end."""

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


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, LookupError])
def test_an_interrupt_and_an_error_cancel_what_runs(kind):
    jobs = []
    with pytest.raises(kind):
        interrupted(endless_flow(), kind, jobs)
    assert jobs[0].status is ExecutionStatus.CANCELLED
    assert jobs[0].error == "The runtime was shut down"
    assert jobs[0].wait(0)
