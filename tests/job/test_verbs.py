from __future__ import annotations

import inspect

import pytest

from routilux.errors import JobFinished
from routilux.job.live import LiveJob
from routilux.job_state import JobState
from routilux.status import ExecutionStatus
from tests.job.fakes import COUNTS, FakeJob, started


@pytest.mark.parametrize(
    "verb",
    [
        lambda job: job.wait(),
        lambda job: job.pause(),
        lambda job: job.resume(),
        lambda job: job.cancel(),
        lambda job: job.post("r", "in", {}),
        lambda job: job.close(),
        lambda job: job.diagnose(),
        lambda job: job.snapshot(),
        lambda job: job.slot("r", "in"),
        lambda job: job.counts(),
        lambda job: job.dead_letters.redeliver(),
    ],
)
def test_verbs_of_a_job_that_was_not_started_say_how_to_start_it(verb):
    with pytest.raises(RuntimeError, match=r"'j' is not running: start it with Runtime\.exec\("):
        verb(JobState("f", "j"))


def test_verbs_go_to_the_live_job():
    job, live = started()
    assert job.wait()
    assert not job.wait(0.5)
    point = job.pause("lunch", {"at": 3}, identity="ann", request_id="q1", wait=2.0)
    assert (point["reason"], point["checkpoint"]) == ("lunch", {"at": 3})
    assert job.resume("back", identity="ann", request_id="q2") is live.answer
    assert job.cancel("enough", identity="bob", request_id="q3")
    assert job.post("r", "in", {"x": 1}, timeout=1.0) == "r.in#0"
    job.close()
    assert job.slot("r", "in") is live.known_slot
    assert live.asked == [
        ("wait", None),
        ("wait", 0.5),
        ("pause", "lunch", {"at": 3}, "ann", "q1", 2.0),
        ("resume", "back", "ann", "q2"),
        ("cancel", "enough", "bob", "q3"),
        ("post", "r", "in", {"x": 1}, 1.0),
        ("close",),
        ("slot", "r", "in"),
    ]
    assert job.diagnose().job_id == job.job_id
    assert job.snapshot("rerun") == {"schema": 1, "in_flight": "rerun"}
    assert job.counts() is COUNTS
    assert job.run_seconds() == 2.5
    assert job.is_started


def test_a_job_is_started_once():
    job, live = started()
    with pytest.raises(RuntimeError, match="was started already: make a new JobState"):
        job.attach(live)
    assert job.live is live


def test_a_job_that_ended_elsewhere_is_over():
    job = JobState("f", "j")
    job.status = ExecutionStatus.COMPLETED
    assert job.wait()
    job.close()
    assert not job.is_started
    with pytest.raises(JobFinished, match="'j' is completed"):
        job.pause()
    with pytest.raises(JobFinished):
        job.cancel()


def test_cancelling_a_job_that_was_cancelled_elsewhere_changes_nothing():
    job = JobState("f", "j")
    job.status = ExecutionStatus.CANCELLED
    assert not job.cancel()


def test_the_double_has_the_shape_that_the_engine_must_have():
    for name, member in vars(LiveJob).items():
        if inspect.isfunction(member) and not name.startswith("_"):
            assert inspect.signature(getattr(FakeJob, name)) == inspect.signature(member), name
