from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime

import pytest

from routilux.job_state import JobState
from routilux.output_handlers import CallbackOutputHandler
from routilux.status import ExecutionStatus, RoutineStatus


def test_a_new_job_is_pending_and_has_a_random_id_and_aware_times():
    before = datetime.now(UTC)
    job = JobState("f")
    assert uuid.UUID(job.job_id).version == 4
    assert job.job_id != JobState("f").job_id
    assert (job.flow_id, job.status) == ("f", ExecutionStatus.PENDING)
    assert before.replace(microsecond=0) <= job.created_at == job.updated_at
    assert job.created_at.utcoffset().total_seconds() == 0
    assert (job.started_at, job.completed_at, job.error, job.error_type) == (None,) * 4
    assert job.current_routine_id is None
    assert job.redelivery_of is None
    assert not job.draining
    assert job.pause_points == job.execution_history == job.shared_log == job.warnings == []
    assert job.routine_states == job.shared_data == {}
    assert job.dead_letter_count == 0
    assert JobState("f", "mine").job_id == "mine"
    assert repr(JobState("f", "mine")) == "<JobState 'mine' of flow 'f': pending>"


def test_shared_data_is_one_dict():
    job = JobState("f")
    job.update_shared_data("limit", 3)
    assert job.get_shared_data("limit") == job.shared_data["limit"] == 3
    assert job.get_shared_data("none") is None
    assert job.get_shared_data("none", 5) == 5
    assert job.updated_at >= job.created_at


def test_a_routine_state_is_its_data_and_its_status():
    job = JobState("f")
    assert job.get_routine_state("r") is None
    job.routine_data("r")["seen"] = 2
    assert job.get_routine_state("r") == {"seen": 2, "status": "pending"}
    job.set_routine_status("r", RoutineStatus.COMPLETED)
    job.set_routine_status("other", RoutineStatus.SKIPPED)
    assert job.routine_status("r") is RoutineStatus.COMPLETED
    assert job.routine_status("nobody") is RoutineStatus.PENDING
    assert job.routine_states == {
        "r": {"seen": 2, "status": "completed"},
        "other": {"status": "skipped"},
    }


def test_updating_a_routine_state_sets_its_status_and_merges_the_rest():
    job = JobState("f")
    live = job.routine_data("r")
    live["kept"] = 1
    job.update_routine_state("r", {"status": "running", "seen": 2})
    assert job.routine_status("r") is RoutineStatus.RUNNING
    assert live == {"kept": 1, "seen": 2}
    job.update_routine_state("r", {"seen": 3})
    assert job.get_routine_state("r") == {"kept": 1, "seen": 3, "status": "running"}
    with pytest.raises(ValueError, match=r"must be one of pending, running, .* not 'sleeping'"):
        job.update_routine_state("r", {"status": "sleeping"})


def test_what_logic_keeps_under_status_does_not_hide_the_routines_status():
    job = JobState("f")
    job.routine_data("r")["status"] = "half way"
    job.set_routine_status("r", RoutineStatus.FAILED)
    assert job.get_routine_state("r") == {"status": "failed"}
    assert job.routine_data("r") == {"status": "half way"}


def test_a_policys_memory_is_live_and_its_own():
    job = JobState("f")
    job.policy_memory("a")["fired_at"] = 1.5
    assert job.policy_memory("a") == {"fired_at": 1.5}
    assert job.policy_memory("b") == {}
    assert job.run_seconds() == 0.0


def test_the_history_is_bounded_and_says_how_many_it_let_go():
    job = JobState("f")
    for number in range(1_003):
        job.record_execution("r" if number % 2 else "s", "out", {"n": number})
    history = job.get_execution_history()
    assert (len(history), job.execution_history.let_go) == (1_000, 3)
    assert history[0].data == {"n": 3}
    assert {entry.routine_id for entry in job.get_execution_history("r")} == {"r"}
    assert len(job.get_execution_history("r")) == 500
    assert job.get_execution_history("nobody") == []


def test_a_record_keeps_a_copy_of_the_facts():
    job, facts = JobState("f"), {"n": 1}
    job.record_execution("r", "out", facts)
    facts["n"] = 2
    (record,) = job.execution_history
    assert (record.event_name, record.data, record.timestamp) == ("out", {"n": 1}, job.updated_at)


def test_log_entries_get_a_time_stamp_unless_they_have_one():
    job, entry = JobState("f"), {"type": "note", "n": 1}
    job.append_to_shared_log(entry)
    job.append_to_shared_log({"type": "old", "timestamp": "then"})
    first, second = job.get_shared_log()
    assert datetime.fromisoformat(first["timestamp"]) == job.updated_at or first["n"] == 1
    assert datetime.fromisoformat(first["timestamp"]).tzinfo is not None
    assert second["timestamp"] == "then"
    assert entry == {"type": "note", "n": 1}
    assert job.get_shared_log(lambda entry: entry["type"] == "old") == [second]


@pytest.mark.parametrize("entry", ["text", None, [("a", 1)]])
def test_a_log_entry_is_a_dict(entry):
    with pytest.raises(ValueError, match="must be a dict"):
        JobState("f").append_to_shared_log(entry)


def test_output_goes_to_the_handler_if_there_is_one():
    job, got = JobState("f", "j"), []
    job.send_output("r", "text", {"x": 0})
    job.set_output_handler(CallbackOutputHandler(lambda *output: got.append(output)))
    job.send_output("r", "text", {"x": 1})
    job.send_output("r", "end")
    job.set_output_handler(None)
    job.send_output("r", "text", {"x": 2})
    assert [output[:4] for output in got] == [
        ("j", "r", "text", {"x": 1}),
        ("j", "r", "end", {}),
    ]
    assert got[0][4].tzinfo is not None


def test_what_a_handler_raises_reaches_the_sender():
    job = JobState("f")

    def refuse(*output):
        raise OSError("disk full")

    job.set_output_handler(CallbackOutputHandler(refuse))
    with pytest.raises(OSError, match="disk full"):
        job.send_output("r", "text", {})


def test_threads_may_write_at_the_same_time():
    job, start = JobState("f"), threading.Barrier(4)

    def write(name):
        start.wait()
        for number in range(500):
            job.append_to_shared_log({"n": number})
            job.record_execution(name, "out", {})
            job.update_routine_state("shared", {f"{name}{number}": number})

    threads = [threading.Thread(target=write, args=(f"t{i}",)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(job.shared_log) + job.shared_log.let_go == 2_000
    assert len(job.execution_history) + job.execution_history.let_go == 2_000
    assert len(job.routine_data("shared")) == 2_000
