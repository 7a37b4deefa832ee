from __future__ import annotations

import pytest

from routilux.job_executor import JobExecutor
from routilux.job_state import JobState
from tests.job.fakes import started


def test_an_executor_is_a_view_of_its_job():
    job, live = started()
    executor = JobExecutor(job)
    assert executor.job_state is job
    assert executor.job_id == job.job_id
    assert executor.flow is live.flow
    assert executor.pending_tasks_count == len(executor.pending_tasks) == 3
    assert executor.active_tasks_count == len(executor.active_tasks) == 7
    assert executor.queue_size == executor.task_queue.qsize() == 10
    assert not executor.task_queue.empty()


def test_its_verbs_are_the_jobs():
    job, live = started()
    executor = JobExecutor(job)
    assert executor.pause("lunch", {"a": 1})["reason"] == "lunch"
    assert executor.resume("back").changed
    assert executor.cancel("enough")
    assert executor.wait()
    assert [asked[:2] for asked in live.asked] == [
        ("pause", "lunch"),
        ("resume", "back"),
        ("cancel", "enough"),
        ("wait", None),
    ]


def test_an_executor_of_a_job_that_was_not_started_says_so():
    executor = JobExecutor(JobState("f"))
    with pytest.raises(RuntimeError, match="is not running"):
        _ = executor.flow
    with pytest.raises(RuntimeError, match="is not running"):
        _ = executor.queue_size
