from __future__ import annotations

import pytest

from routilux.errors import JobFinished
from routilux.job.dead_letters import LetterFacts
from routilux.job_state import JobState
from routilux.status import ExecutionStatus
from tests.job.fakes import started


def fill(job):
    for number, reason in enumerate(["rejected", "rejected", "logic_error"]):
        facts = LetterFacts("r", "in" if number else "other", reason, at_ns=number)
        job.dead_letter_box.add(facts, {"n": number}, number, number)


def test_looking_needs_no_engine():
    job = JobState("f")
    fill(job)
    letters = job.dead_letters
    assert len(letters) == letters.count == job.dead_letter_count == 3
    assert [letter.data["n"] for letter in letters] == [0, 1, 2]
    assert [letter.id for letter in letters.list("rejected")] == ["dl-1", "dl-2"]
    assert [letter.id for letter in letters.list(slot_name="in")] == ["dl-2", "dl-3"]
    assert letters.list(routine_id="nobody") == []
    assert letters.get("dl-3").reason == "logic_error"
    assert letters.counts() == {"rejected": 2, "logic_error": 1}
    assert letters.let_go == 0


def test_discarding_needs_no_engine_and_twice_is_no_error():
    job = JobState("f")
    fill(job)
    assert job.dead_letters.discard(["dl-2"]) == 1
    assert job.dead_letters.discard(["dl-2"]) == 0
    assert job.dead_letters.discard() == 2
    assert job.dead_letter_count == 0


def test_redelivery_is_the_engines():
    job, live = started()
    answer = job.dead_letters.redeliver(
        ["dl-1"], new_job=True, reason="fixed", identity="ann", request_id="q"
    )
    assert answer.job_id == job.job_id
    assert live.asked == [("redeliver", ["dl-1"], True, "fixed", "ann", "q")]


def test_redelivery_of_a_job_that_ended_elsewhere_is_refused():
    job = JobState("f")
    job.status = ExecutionStatus.FAILED
    with pytest.raises(JobFinished):
        job.dead_letters.redeliver()
