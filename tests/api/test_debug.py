"""The debugger over HTTP: where a job stands, going on, what still holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api.answers import good, problem
from tests.api.debugging import AT_ROUTINE, AT_SINK, AT_SRC, ITEMS, PLACES, Debugged
from tests.engine.parts import never

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from routilux.testing import StepRuntime

STEPS = ("debug/step-over", "debug/step-into", "debug/step-out")
COMMANDS = ("debug/resume", *STEPS)


@pytest.fixture
def job(client: TestClient, runtime: StepRuntime) -> Debugged:
    """A job that has not begun."""
    return Debugged(client, runtime)


# -- where it stands -------------------------------------------------------------------------------


def test_a_job_that_was_paused_by_its_operator(job: Debugged) -> None:
    session = job.get("debug/session")
    assert (session["job_status"], session["status"], session["reason"]) == (
        "paused", "paused", "pause"
    )  # fmt: skip
    assert (session["holds"], session["hits"], session["still"]) == (["operator"], [], True)
    assert session["paused_at"] is not None
    assert (session["step_mode"], session["step_count"]) == (None, 0)
    assert job.get("debug/session")["session_id"] == session["session_id"]


def test_a_job_that_stands_at_a_breakpoint(job: Debugged) -> None:
    made = job.stop()
    session = job.get("debug/session")
    assert (session["status"], session["reason"]) == ("paused", "breakpoint")
    assert session["description"] == "at slot sink.items"
    hold = f"breakpoint:{made['breakpoint_id']}"
    assert session["holds"] == [hold]
    (hit,) = session["hits"]
    (item,) = hit["items"]
    assert (hit["kind"], hit["routine_id"], hit["name"]) == ("slot", "sink", "items")
    assert (hit["pauses"], hit["holds"], hit["activation_id"]) == (True, [hold], "src@1")
    assert (item["item_id"], item["data"]) == ("sink.items#0", {"n": 0})
    assert (item["emitted_from"], item["event"], item["attempt"]) == ("src", "out", 1)


def test_a_job_that_has_ended(job: Debugged) -> None:
    job.go()
    session = job.get("debug/session")
    assert (session["status"], session["job_status"]) == ("terminated", "completed")
    assert (session["holds"], session["hits"]) == ([], [])
    assert job.get("debug/call-stack")["total"] == 0


def test_how_an_item_got_there(client: TestClient, runtime: StepRuntime) -> None:
    job = Debugged(client, runtime, through=True)
    job.stop()
    told = job.get("debug/call-stack")
    assert told["total"] == 2
    assert [frame["activation_id"] for frame in told["frames"]] == ["mid@1", "src@1"]
    first = told["frames"][0]
    assert first["fed_by"] == ["src@1"]
    assert first["routine_id"] == "mid"
    assert first["started_at"] is not None


def test_two_breakpoints_that_are_hit_at_once_are_both_told(job: Debugged) -> None:
    ids = [job.add()["breakpoint_id"] for _ in range(2)]
    job.go()
    (hit,) = job.hits()
    assert hit["breakpoint_ids"] == ids
    assert hit["holds"] == [f"breakpoint:{each}" for each in ids]


def test_without_the_right_no_payload_is_shown(job: Debugged, blind: TestClient) -> None:
    job.job.update_shared_data("note", "tr0ub4dor")
    job.stop()
    job.send("PUT", "debug/variables/item", {"value": "tr0ub4dor"})
    for path in ("session", "variables", "call-stack"):
        told = good(blind.get(f"{job.base}/debug/{path}"))
        assert "tr0ub4dor" not in str(told)
        assert "tr0ub4dor" in str(job.get(f"debug/{path}")) or path == "call-stack"
    told = good(blind.get(f"{job.base}/debug/session"))
    assert told["hits"][0]["items"][0]["redacted"] is True


# -- going on --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", PLACES)
def test_each_item_is_delivered_once_and_in_order(job: Debugged, kind: str) -> None:
    job.stop(PLACES[kind])
    hits = 0
    while job.status == "paused":
        hits += 1
        assert job.proceed()["changed"] is True
    assert job.sink.received == list(ITEMS)
    assert hits == (1 if kind == "routine" else 3)
    job.check_books()


def test_what_resume_answers(job: Debugged) -> None:
    job.stop(one_shot=True)
    answer = good(job.post("debug/resume", reason="seen enough"))
    assert answer == {
        "status": "resumed",
        "job_id": job.id,
        "changed": True,
        "holds": [],
        "queue_status": {"total_slots": 1, "full_slots": 0, "near_full_slots": 0},
        "warnings": [],
    }


def test_resume_warns_of_full_slots(client: TestClient, runtime: StepRuntime) -> None:
    job = Debugged(client, runtime, [{"n": each} for each in range(1_001)])
    job.sink.set_activation_policy(never)
    job.stop(AT_SRC, condition="data.n == 1000")
    answer = good(job.post("debug/resume"))
    assert answer["queue_status"] == {"total_slots": 1, "full_slots": 1, "near_full_slots": 1}
    (warning,) = answer["warnings"]
    assert "sink.items is full (1000/1000 waiting" in warning


def test_a_job_that_runs_is_resumed_without_a_change(job: Debugged) -> None:
    answer = good(job.post("debug/resume"))
    assert (answer["changed"], answer["status"], answer["holds"]) == (False, "paused", ["operator"])
    job.stop(action="hold_item")
    answer = good(job.post("debug/resume"))
    assert (answer["changed"], answer["status"]) == (False, "paused")
    assert answer["holds"] == job.hits()[0]["holds"]
    good(job.send("DELETE", "breakpoints"))
    job.proceed(item_id="sink.items#0")
    job = Debugged(job.client, job.runtime, keep_open=True)
    job.go()
    answer = good(job.post("debug/resume"))
    assert (answer["changed"], answer["status"], answer["holds"]) == (False, "resumed", [])


def test_the_operator_and_a_breakpoint_hold_it_together(job: Debugged) -> None:
    made = job.stop()
    hold = f"breakpoint:{made['breakpoint_id']}"
    assert good(job.post("pause", reason="me too"))["changed"] is True
    assert job.get("debug/session")["holds"] == [hold, "operator"]
    answer = good(job.post("resume"))
    assert (answer["status"], answer["changed"], answer["holds"]) == ("paused", True, [hold])
    good(job.post("pause"))
    answer = job.proceed()
    assert (answer["status"], answer["changed"]) == ("paused", True)
    assert answer["holds"] == ["operator"]
    assert job.sink.received == []
    good(job.send("DELETE", "breakpoints"))
    assert job.go()["status"] == "resumed"
    assert job.sink.received == list(ITEMS)


def test_one_item_is_let_go(job: Debugged) -> None:
    job.stop(action="hold_item")
    for number in range(3):
        assert job.in_hand() == [f"sink.items#{number}"]
        answer = job.proceed(item_id=f"sink.items#{number}")
        assert answer["changed"] is True
        assert job.sink.received == list(ITEMS[: number + 1])
    assert job.status == "completed"


def test_one_item_of_a_paused_job_is_let_go_by_its_hit(job: Debugged) -> None:
    job.stop()
    answer = job.proceed(item_id=job.hits()[0]["hit_id"])
    # The next one stands already when the answer is made.
    assert (answer["status"], answer["changed"]) == ("paused", True)
    assert answer["holds"] == job.hits()[0]["holds"]
    assert job.in_hand() == ["sink.items#1"]


def test_an_item_that_does_not_stand(job: Debugged) -> None:
    job.stop()
    told = problem(job.post("debug/resume", item_id="sink.items#7"), 404, "'sink.items#7'")
    assert told["item_ids"] == ["sink.items#0"]
    assert "sink.items#0" in told["detail"]
    assert job.in_hand() == ["sink.items#0"]


# -- steps -----------------------------------------------------------------------------------------


def test_step_into_stops_at_the_next_delivery(job: Debugged) -> None:
    job.stop(one_shot=True)
    answer = job.proceed("debug/step-into", reason="slowly")
    # It waited behind the first one, so that the step is over at once.
    assert (answer["status"], answer["changed"]) == ("paused", True)
    assert job.in_hand() == ["sink.items#1"]
    session = job.get("debug/session")
    assert (session["reason"], session["step_mode"], session["step_count"]) == ("step", "into", 1)
    assert session["hits"][0]["kind"] == "step"


def test_step_over_runs_one_activation(job: Debugged) -> None:
    job.stop(AT_ROUTINE, one_shot=True)
    assert job.proceed("debug/step-over")["status"] == "stepping"
    assert job.sink.received == list(ITEMS)
    session = job.get("debug/session")
    assert (session["reason"], session["holds"]) == ("step", ["step"])
    assert session["description"] == "activation sink@1 has ended"
    assert job.proceed()["status"] == "resumed"
    assert job.status == "completed"


def test_step_out_runs_until_what_was_fed_has_ended(
    client: TestClient, runtime: StepRuntime
) -> None:
    job = Debugged(client, runtime, through=True)
    job.stop({"type": "routine", "routine_id": "mid"}, one_shot=True)
    job.proceed("debug/step-out")
    assert job.sink.received == list(ITEMS)


def test_steps_of_a_job_that_its_operator_has_paused(job: Debugged) -> None:
    answer = job.proceed("debug/step-over")
    assert answer["status"] == "stepping"
    session = job.get("debug/session")
    assert (session["status"], session["reason"]) == ("paused", "step")
    assert job.finish() == list(ITEMS)


# -- states that forbid it, keys -------------------------------------------------------------------


@pytest.mark.parametrize("path", STEPS)
def test_a_job_that_runs_takes_no_steps(job: Debugged, path: str) -> None:
    good(job.post("resume"))
    told = problem(job.post(path), 409, "is running", "pause it first")
    assert (told["job_id"], told["job_status"]) == (job.id, "running")


@pytest.mark.parametrize("ending", ["completed", "cancelled", "failed"])
def test_a_finished_job_is_not_debugged(job: Debugged, ending: str) -> None:
    job.stop()
    if ending == "completed":
        job.finish()
    elif ending == "cancelled":
        good(job.post("cancel"))
    else:
        job = Debugged(job.client, job.runtime, keep_open=True, timeout=1)
        job.go()
        job.runtime.advance(2)
    assert job.status == ending
    for path in COMMANDS:
        told = problem(job.post(path), 409, ending, "Start a new job")
        assert told["job_status"] == ending
    for name in ("item", "state.x", "shared.x"):
        problem(job.send("PUT", f"debug/variables/{name}", {"value": 1}), 409, ending)
    problem(job.send("DELETE", job.item_path("sink.items#0")), 409, ending)
    problem(job.post("debug/resume", item_id="sink.items#0"), 409, ending)
    assert job.get("debug/session")["status"] == "terminated"


@pytest.mark.parametrize("path", COMMANDS)
def test_the_same_key_goes_on_once(job: Debugged, path: str) -> None:
    job.stop()
    answers = []
    for _ in range(2):
        answers.append(good(job.post(path, "k")))
        job.runtime.run_until_idle()
    assert answers[0] == answers[1]
    assert answers[0]["changed"] is True
    assert job.in_hand() == ["sink.items#1"]
    problem(job.post(path, "k", reason="other"), 422, "Idempotency-Key was used")
    other = "debug/step-over" if path != "debug/step-over" else "debug/resume"
    problem(job.post(other, "k"), 422, "Idempotency-Key was used")
    assert job.in_hand() == ["sink.items#1"]


@pytest.mark.parametrize("path", COMMANDS)
def test_a_command_without_a_key_is_carried_out_each_time(job: Debugged, path: str) -> None:
    job.stop()
    job.proceed(path)
    job.proceed(path)
    assert job.in_hand() == ["sink.items#2"]


def test_a_key_is_remembered_in_a_snapshot(job: Debugged, runtime: StepRuntime) -> None:
    job.stop()
    first = good(job.post("debug/step-into", "k"))
    runtime.run_until_idle()
    document = good(job.post("snapshot"))
    good(job.post("cancel"))
    restored = job.client.post("/api/jobs/restore", json={"snapshot": document})
    assert restored.status_code == 201, restored.text
    job.client.app.state.context.answers.__init__()  # type: ignore[attr-defined]
    again = good(job.post("debug/step-into", "k"))
    assert again["status"] == first["status"]
    assert job.in_hand() == ["sink.items#1"]
    assert job.get("breakpoints")["total"] == 1


@pytest.mark.parametrize("path", COMMANDS)
@pytest.mark.parametrize("body", [{"raeson": "x"}, {"reason": 1}, {"reason": "x" * 1_001}])
def test_what_is_no_command(job: Debugged, path: str, body: dict[str, object]) -> None:
    job.stop()
    problem(job.send("POST", path, body), 422, "body.")
    assert job.in_hand() == ["sink.items#0"]


def test_a_snapshot_keeps_what_stands(job: Debugged) -> None:
    made = job.stop(AT_SINK, condition="data.n == 1")
    document = good(job.post("snapshot"))
    good(job.post("cancel"))
    assert job.client.post("/api/jobs/restore", json={"snapshot": document}).status_code == 201
    assert job.in_hand() == ["sink.items#1"]
    shown = job.breakpoint(made["breakpoint_id"])
    assert (shown["condition"], shown["hit_count"]) == ("data.n == 1", 1)
