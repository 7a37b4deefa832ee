"""Commands to a job, and what they answer."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from routilux import Flow, Routine, Runtime
from routilux.api.main import create_app
from routilux.engine.ledger import Ledger
from routilux.flow_registry import FlowRegistry
from routilux.stores import JobStore
from tests.api.answers import create, good, problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routilux.testing import StepRuntime

COMMANDS = ("pause", "resume", "cancel", "close")


def send(client: TestClient, job_id: str, command: str, key: str = "", **body: Any) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    json = body or None
    return client.post(f"/api/jobs/{job_id}/{command}", json=json, headers=headers)


@pytest.fixture
def job_id(client: TestClient) -> str:
    """A job with open input."""
    return str(create(client, keep_open=True)["job_id"])


def test_pause_answers_with_the_pause_point(
    client: TestClient, job_id: str, runtime: StepRuntime
) -> None:
    runtime.run_until_idle()
    point = good(send(client, job_id, "pause", reason="lunch", checkpoint={"page": 3}))
    assert (point["status"], point["changed"], point["still"]) == ("paused", True, True)
    assert (point["reason"], point["checkpoint"]) == ("lunch", {"page": 3})
    assert (point["running"], point["standing"], point["held_count"]) == ([], [], 0)
    assert point["slot_queue_states"]["sink"]["in"]["unconsumed_count"] == 0
    assert good(client.get(f"/api/jobs/{job_id}/status"))["status"] == "paused"


def test_pausing_a_paused_job_changes_nothing(client: TestClient, job_id: str) -> None:
    good(send(client, job_id, "pause", reason="first"))
    again = good(send(client, job_id, "pause", reason="second"))
    assert (again["status"], again["changed"]) == ("paused", False)
    resumed = good(send(client, job_id, "resume"))
    assert (resumed["status"], resumed["changed"]) == ("resumed", True)


def test_resuming_a_job_that_is_not_paused_changes_nothing(client: TestClient, job_id: str) -> None:
    resumed = good(send(client, job_id, "resume"))
    assert (resumed["status"], resumed["changed"], resumed["warnings"]) == ("resumed", False, [])


def test_resume_says_what_to_expect_of_full_slots(
    client: TestClient, job_id: str, runtime: StepRuntime
) -> None:
    job = runtime.jobs.get(job_id)
    assert job is not None
    flow = job.live.flow
    flow.routines["sink"].set_activation_policy(lambda slots, job_state: (False, {}, None))
    job_id = create(client, keep_open=True)["job_id"]
    runtime.run_until_idle()
    good(send(client, job_id, "pause"))
    answer = good(send(client, job_id, "resume", reason="on with it"))
    assert answer["job_id"] == job_id
    assert answer["holds"] == []
    assert answer["queue_status"] == {"total_slots": 1, "full_slots": 1, "near_full_slots": 1}
    assert len(answer["warnings"]) == 1
    assert "sink.in is full (10/10 waiting, 10 held)" in answer["warnings"][0]


def test_cancel(client: TestClient, job_id: str, runtime: StepRuntime) -> None:
    answer = good(send(client, job_id, "cancel", reason="enough"))
    assert answer == {"job_id": job_id, "status": "cancelled", "changed": True}
    assert good(send(client, job_id, "cancel"))["changed"] is False
    job = runtime.jobs.get(job_id)
    assert job is not None
    entry = job.get_shared_log(lambda entry: entry["type"] == "cancelled")[0]
    assert entry["reason"] == "enough"


def test_close(client: TestClient, job_id: str, runtime: StepRuntime) -> None:
    runtime.run_until_idle()
    answer = good(send(client, job_id, "close"))
    assert answer == {"job_id": job_id, "status": "completed", "changed": True}
    assert good(send(client, job_id, "close"))["changed"] is False


@pytest.mark.parametrize("command", ["pause", "resume", "cancel"])
def test_a_finished_job_takes_no_commands(
    client: TestClient, runtime: StepRuntime, command: str
) -> None:
    job_id = create(client)["job_id"]
    runtime.run_until_idle()
    body = problem(send(client, job_id, command), 409, "completed", "Start a new job")
    assert (body["job_id"], body["job_status"]) == (job_id, "completed")


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_job(client: TestClient, command: str) -> None:
    problem(send(client, "nope", command), 404, "Job 'nope' not found")


@pytest.mark.parametrize("command", ["pause", "resume", "cancel"])
def test_a_field_that_is_not_known(client: TestClient, job_id: str, command: str) -> None:
    problem(send(client, job_id, command, raeson="x"), 422, "body.raeson")


@pytest.mark.parametrize("command", COMMANDS)
def test_the_same_key_is_one_change_and_one_answer(
    client: TestClient, job_id: str, command: str, runtime: StepRuntime
) -> None:
    runtime.run_until_idle()
    if command == "resume":
        good(send(client, job_id, "pause"))
    first = good(send(client, job_id, command, key="k"))
    assert first["changed"] is True
    if command == "pause":
        good(send(client, job_id, "resume"))
    if command == "resume":
        good(send(client, job_id, "pause"))
    assert good(send(client, job_id, command, key="k")) == first


@pytest.mark.parametrize("command", COMMANDS)
def test_a_key_that_another_command_had(client: TestClient, job_id: str, command: str) -> None:
    other = "resume" if command == "pause" else "pause"
    good(send(client, job_id, other, key="k", reason="one"))
    problem(send(client, job_id, command, key="k"), 422, "its own key")
    problem(send(client, job_id, other, key="k", reason="two"), 422, "Idempotency-Key was used")


@pytest.mark.parametrize("wait", [-1, 31, "long"])
def test_a_wait_that_is_out_of_range(client: TestClient, job_id: str, wait: object) -> None:
    problem(send(client, job_id, "pause", wait=wait), 422, "body.wait")


class Slow(Routine):
    """Logic that runs until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.began, self.go_on = threading.Event(), threading.Event()

    def logic(self) -> None:
        self.began.set()
        assert self.go_on.wait(30)


@pytest.fixture
def slow() -> Iterator[tuple[TestClient, Slow]]:
    """A client of a runtime with real workers, and a routine that runs in it."""
    routine = Slow()
    flow = Flow("flow")
    flow.add_routine(routine, "slow")
    with Runtime(2, flows=FlowRegistry(), jobs=JobStore(), ledger=Ledger()) as runtime:
        runtime.flows.register(flow)
        yield TestClient(create_app(runtime)), routine
        routine.go_on.set()


def test_pause_says_what_still_runs(slow: tuple[TestClient, Slow]) -> None:
    client, routine = slow
    job_id = create(client)["job_id"]
    assert routine.began.wait(30)
    point = good(send(client, job_id, "pause", wait=0))
    assert (point["still"], point["running"]) == (False, ["slow"])


def test_pause_waits_until_the_job_is_still(slow: tuple[TestClient, Slow]) -> None:
    client, routine = slow
    job_id = create(client)["job_id"]
    assert routine.began.wait(30)
    good(send(client, job_id, "pause"))
    answers = []
    asking = threading.Thread(
        target=lambda: answers.append(send(client, job_id, "pause", wait=True))
    )
    asking.start()
    routine.go_on.set()
    asking.join(30)
    assert good(answers[0])["still"] is True
    good(send(client, job_id, "resume"))


def test_only_so_many_requests_may_wait(client: TestClient, job_id: str) -> None:
    waits = client.app.state.context.waits  # type: ignore[attr-defined]
    while waits.acquire(blocking=False):
        pass
    problem(send(client, job_id, "pause", wait=1), 503, "without `wait`")
    assert good(send(client, job_id, "pause"))["changed"] is True


def test_the_job_knows_who_has_sent_a_command(
    client: TestClient, blind: TestClient, job_id: str, runtime: StepRuntime
) -> None:
    job = runtime.jobs.get(job_id)
    assert job is not None
    good(send(client, job_id, "pause"))
    good(send(client, job_id, "resume"))
    good(send(blind, job_id, "pause"))
    assert [point["identity"] for point in job.pause_points] == [None, "blind"]
    good(send(blind, job_id, "cancel"))
    assert job.get_shared_log()[-1]["identity"] == "blind"
