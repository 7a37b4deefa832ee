"""What the end of a runtime does to jobs that cannot go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from routilux import ErrorHandler, Routine
from routilux.errors import JobFinished
from routilux.testing import CollectingSink, ManualRuntime, StepRuntime
from tests.engine.snapshots import Keeper, Snapshot, single, take

if TYPE_CHECKING:
    from routilux import Flow, JobState
    from routilux.engine.job import Job
    from routilux.engine.plan import FlowPlan


def fail(routine: Routine, items: list[Any]) -> None:
    raise OSError("not now")


def test_a_paused_job_with_an_open_back_off_is_cancelled() -> None:
    routine = Keeper(fail)
    routine.set_error_handler(ErrorHandler("retry", retry_delay=50.0))
    runtime = StepRuntime()
    job = runtime.exec(single(routine), keep_open=True)
    job.post("r", "items", 1)
    runtime.run_until_idle()
    job.pause(wait=True)
    assert job.counts().timed == 1
    assert runtime.shutdown(timeout=1.0), "nothing was left to wait for"
    assert job.status == "cancelled"


class EndsEarly(ManualRuntime):
    """Is shut down after it has bound a job and before the job begins."""

    def _bind(self, flow: Flow, plan: FlowPlan, state: JobState) -> Job:
        job = super()._bind(flow, plan, state)
        assert self.shutdown()
        return job


@pytest.fixture
def saved() -> Snapshot:
    with StepRuntime() as runtime:
        job = runtime.exec(single(CollectingSink()), keep_open=True)
        job.post("r", "items", 1)
        return take(job)


@pytest.mark.parametrize("paused", [False, True])
def test_a_job_that_was_not_begun_is_cancelled(paused: bool) -> None:
    sink = CollectingSink()
    job = EndsEarly().exec(single(sink), entry_routine_id="r", start_paused=paused, timeout=1.0)
    assert job.status == "cancelled"
    assert job.wait(0)
    assert sink.received == []


def test_a_job_that_was_not_restored_yet_is_cancelled(saved: Snapshot) -> None:
    sink = CollectingSink()
    runtime = EndsEarly()
    with pytest.raises(JobFinished, match="cancelled"):
        runtime.restore(saved, single(sink))
    job = runtime.get_job(saved["job_id"])
    assert job is not None
    assert job.status == "cancelled"
    assert sink.received == []
