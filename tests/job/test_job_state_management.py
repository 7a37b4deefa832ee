from __future__ import annotations

import logging

from routilux.flow.job_state_management import pause_job_executor, resume_job_executor
from routilux.job.results import ResumeResult
from routilux.job_executor import JobExecutor
from tests.job.fakes import started


def test_pausing_passes_reason_and_checkpoint_on(caplog):
    caplog.set_level(logging.INFO, "routilux.job")
    job, live = started()
    assert pause_job_executor(JobExecutor(job), "lunch", {"row": 3}) is None
    assert live.asked == [("pause", "lunch", {"row": 3}, None, None, False)]
    assert caplog.messages == [f"Paused job {job.job_id} (lunch)"]


def test_logic_that_still_runs_is_named(caplog):
    caplog.set_level(logging.INFO, "routilux.job")
    job, _ = started(running=("map", "walk"))
    pause_job_executor(JobExecutor(job))
    assert caplog.messages == [
        f"Paused job {job.job_id}",
        f"Job {job.job_id}: logic still runs in map, walk",
    ]


def test_resuming_returns_the_job_and_warns_of_full_slots(caplog):
    caplog.set_level(logging.INFO, "routilux.job")
    job, live = started()
    live.answer = ResumeResult(True, warnings=("Slot a.in is full", "Slot b.in is near full"))
    assert resume_job_executor(JobExecutor(job)) is job
    warning, info = caplog.records
    assert warning.levelname == "WARNING"
    assert warning.message == (
        f"Resuming job {job.job_id} with queue warnings: Slot a.in is full; Slot b.in is near full"
    )
    assert info.message == f"Resumed job {job.job_id}"


def test_holds_that_remain_are_named(caplog):
    caplog.set_level(logging.INFO, "routilux.job")
    job, live = started()
    live.answer = ResumeResult(True, "paused", ("breakpoint 3",))
    resume_job_executor(JobExecutor(job))
    assert caplog.messages == [
        f"Job {job.job_id} stays paused; it is still held by breakpoint 3",
    ]
