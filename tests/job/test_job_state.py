from __future__ import annotations

import json
import os
from datetime import UTC, datetime

import pytest

from routilux.errors import CodecError
from routilux.job.dead_letters import LetterFacts
from routilux.job_state import ExecutionRecord, JobState
from routilux.status import ExecutionStatus, RoutineStatus
from tests.job.fakes import Pair, PairCodec, started

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def full_job() -> JobState:
    """A job with something in every field."""
    job = JobState("f", "j")
    job.status = ExecutionStatus.COMPLETED
    job.started_at = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)
    job.completed_at = datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC)
    job.error, job.error_type = "Logic error in routine 'r'", "ValueError"
    job.current_routine_id, job.redelivery_of = "r", "older"
    job.traceparent = TRACEPARENT
    job.update_shared_data("list", [1, {"a": None}])
    job.update_routine_state("r", {"status": "completed", "seen": 2})
    job.routine_data("own")["status"] = "half way"
    job.set_routine_status("bare", RoutineStatus.FAILED)
    job.policy_memory("r")["fired_at"] = 1.5
    job.record_execution("r", "out", {"n": 1})
    job.append_to_shared_log({"type": "note"})
    job.shared_log.let_go = 7
    job.warnings.append("2 dead letters")
    job.pause_points.append({"reason": "lunch"})
    job.commands.remember("q", {"changed": True}, "pause()")
    facts = LetterFacts("r", "in", "logic_error", 5_000, "src", "no", "ValueError", 2, "r@1", "out")
    job.dead_letter_box.add_many(facts, [{"x": 1}, {"x": 2}], [1_000, 2_000], [3, 4])
    return job


FIELDS = (
    "job_id", "flow_id", "status", "created_at", "updated_at", "started_at", "completed_at",
    "error", "error_type", "current_routine_id", "redelivery_of", "traceparent", "shared_data",
    "routine_states", "execution_history", "shared_log", "pause_points", "warnings",
    "dead_letter_count", "draining",
)  # fmt: skip


def test_a_saved_job_is_json_data_with_the_fields_that_programs_know():
    data = full_job().serialize()
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert data["status"] == "completed"
    assert data["started_at"] == "2026-01-02T03:04:05.678901+00:00"
    assert data["routine_states"]["r"] == {"status": "completed", "seen": 2}
    assert data["execution_history"][0]["event_name"] == "out"
    assert "snapshot" not in data


def test_a_loaded_job_is_the_saved_one(tmp_path):
    job, path = full_job(), tmp_path / "job.json"
    job.save(path)
    loaded = JobState.load(path)
    for name in FIELDS:
        assert getattr(loaded, name) == getattr(job, name), name
    assert loaded.routine_data("own") == {"status": "half way"}
    assert loaded.get_routine_state("own")["status"] == "pending"
    assert loaded.policy_memory("r") == {"fired_at": 1.5}
    assert loaded.commands.replay("q") == {"changed": True}
    assert loaded.shared_log.let_go == 7
    assert loaded.dead_letters.list() == job.dead_letters.list()
    assert loaded.dead_letters.get("dl-2").data == {"x": 2}
    assert isinstance(loaded.execution_history[0], ExecutionRecord)
    assert loaded.serialize() == job.serialize()
    assert not loaded.is_started


def test_a_job_that_was_saved_before_it_could_have_a_trace_is_loaded():
    data = full_job().serialize()
    del data["traceparent"]
    assert JobState.deserialize(data).traceparent is None


def test_a_loaded_job_goes_on_counting(tmp_path):
    loaded = JobState.deserialize(full_job().serialize())
    assert loaded.dead_letter_box.add(LetterFacts("r", "in", "paused", 0), 0, 0, 9) == "dl-3"
    for number in range(1_000):
        loaded.append_to_shared_log({"n": number})
    assert loaded.shared_log.let_go == 8


def test_a_paused_job_is_saved_with_its_snapshot(tmp_path):
    job, _ = started()
    assert "snapshot" not in job.serialize()
    job.status = ExecutionStatus.PAUSED
    assert job.serialize()["snapshot"] == {"schema": 1, "in_flight": None}
    job.save(tmp_path / "job.json", in_flight="rerun")
    loaded = JobState.load(tmp_path / "job.json")
    assert loaded.saved_snapshot == {"schema": 1, "in_flight": "rerun"}
    assert loaded.run_seconds() == 2.5
    assert loaded.serialize()["snapshot"] == loaded.saved_snapshot


@pytest.mark.parametrize(
    ("spoil", "place"),
    [
        (lambda job: job.update_shared_data("s", {1}), r"job 'j': shared_data\['s'\]"),
        (lambda job: job.routine_data("r").update(x=object()), r"routine_states\['r'\]\['x'\]"),
        (lambda job: job.policy_memory("r").update(x=1j), r"policy_memory\['r'\]\['x'\]"),
        (lambda job: job.append_to_shared_log({"x": b""}), r"shared_log\[1\]\['x'\]"),
        (lambda job: job.record_execution("r", "e", {"x": {1}}), r"execution_history\[1\]"),
        (
            lambda job: job.dead_letter_box.add(LetterFacts("r", "in", "paused", 0), {1}, 0, 0),
            r"dead letter dl-3 of slot r\.in",
        ),
    ],
)
def test_what_cannot_be_saved_is_named_and_the_file_stays(spoil, place, tmp_path):
    job, path = full_job(), tmp_path / "job.json"
    job.save(path)
    before = path.read_text()
    spoil(job)
    with pytest.raises(CodecError, match=place):
        job.save(path)
    assert path.read_text() == before
    assert os.listdir(tmp_path) == ["job.json"]


def test_a_codec_saves_what_is_not_json(tmp_path):
    job, path = full_job(), tmp_path / "job.json"
    job.update_shared_data("pair", Pair(1, 2))
    job.dead_letter_box.add(LetterFacts("r", "in", "paused", 0), Pair(3, 4), 0, 0)
    job.save(path, codec=PairCodec())
    loaded = JobState.load(path, PairCodec())
    assert loaded.get_shared_data("pair") == Pair(1, 2)
    assert loaded.dead_letters.get("dl-3").data == Pair(3, 4)
    with pytest.raises(CodecError, match="give the same codec"):
        JobState.load(path)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    job, path = full_job(), tmp_path / "job.json"
    path.write_text("old")

    def fail(handle):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        job.save(path)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["job.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "\x00"])
def test_a_file_that_is_no_saved_job_is_named(text, tmp_path):
    path = tmp_path / "job.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"job\.json is not a saved job"):
        JobState.load(path)


def test_a_document_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="schema None is not known, only 1"):
        JobState.deserialize({})
    data = full_job().serialize()
    for name in ("status", "shared_log", "commands"):
        with pytest.raises(ValueError, match=f"'{name}' is missing"):
            JobState.deserialize({key: value for key, value in data.items() if key != name})
    with pytest.raises(ValueError, match=r"created_at must be an ISO time with its zone, not 5"):
        JobState.deserialize({**data, "created_at": 5})
    with pytest.raises(ValueError, match=r"status must be one of pending, .*, not 'asleep'"):
        JobState.deserialize({**data, "status": "asleep"})
