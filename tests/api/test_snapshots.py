"""Snapshots over HTTP, and jobs that go on from one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from routilux.api.main import create_app
from tests.api.answers import create, good, problem
from tests.monitoring.samples import make_flow, make_runtime

if TYPE_CHECKING:
    from routilux import JobState
    from routilux.testing import StepRuntime


@pytest.fixture
def job(client: TestClient, runtime: StepRuntime) -> JobState:
    """A paused job in whose slot three items wait."""
    made = runtime.jobs.get(create(client, keep_open=True, entry_routine_id="sink")["job_id"])
    assert made is not None
    runtime.run_until_idle()
    for number in range(3):
        made.post("sink", "in", {"n": number})
    made.pause("to be moved")
    return made


def take(client: TestClient, job: JobState, **body: Any) -> dict[str, Any]:
    return good(client.post(f"/api/jobs/{job.job_id}/snapshot", json=body or None))


def restore(client: TestClient, snapshot: Any, **body: Any) -> Any:
    return client.post("/api/jobs/restore", json={"snapshot": snapshot, **body})


def test_a_snapshot_is_what_the_job_itself_gives(client: TestClient, job: JobState) -> None:
    assert take(client, job) == job.snapshot()
    assert take(client, job, in_flight="rerun") == job.snapshot("rerun")


def test_a_job_goes_on_from_its_snapshot(
    client: TestClient, job: JobState, runtime: StepRuntime
) -> None:
    snapshot = take(client, job)
    job.cancel()
    answer = restore(client, snapshot)
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/jobs/{job.job_id}"
    made = answer.json()
    assert (made["job_id"], made["status"], made["counts"]["unconsumed"]) == (
        job.job_id, "running", 3
    )  # fmt: skip
    runtime.run_until_idle()
    anew = runtime.jobs.get(job.job_id)
    assert anew is not job
    assert anew is not None
    assert anew.slot("sink", "in").metrics().consumed == 4


def test_a_job_goes_on_in_another_process(client: TestClient, job: JobState) -> None:
    snapshot = take(client, job)
    other = make_runtime()
    other.flows.register(make_flow())
    answer = restore(TestClient(create_app(other)), snapshot, start_paused=True)
    assert (answer.status_code, answer.json()["status"]) == (201, "paused")
    other.shutdown(wait=False)


def test_a_job_goes_on_with_another_flow(
    client: TestClient, job: JobState, runtime: StepRuntime
) -> None:
    runtime.flows.register(make_flow("newer"))
    snapshot = take(client, job)
    job.cancel()
    assert restore(client, snapshot, flow_id="newer").json()["flow_id"] == "newer"


def test_a_saved_job_with_its_snapshot_is_restored_too(client: TestClient, job: JobState) -> None:
    saved = job.serialize()
    job.cancel()
    assert restore(client, saved, start_paused=True).json()["status"] == "paused"


def test_the_same_key_restores_one_job(client: TestClient, job: JobState) -> None:
    body, key = {"snapshot": take(client, job)}, {"Idempotency-Key": "k"}
    job.cancel()
    first = client.post("/api/jobs/restore", json=body, headers=key)
    again = client.post("/api/jobs/restore", json=body, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content


def test_a_job_is_not_restored_beside_itself(client: TestClient, job: JobState) -> None:
    for saved in (take(client, job), job.serialize()):
        told = problem(restore(client, saved), 409, "is paused", "cancel it first")
        assert (told["job_id"], told["job_status"]) == (job.job_id, "paused")


def test_a_job_that_is_not_still(client: TestClient, job: JobState, runtime: StepRuntime) -> None:
    job.resume()
    path = f"/api/jobs/{job.job_id}/snapshot"
    told = problem(client.post(path), 409, "not still", "pause it first")
    assert (told["job_status"], told["routines"]) == ("running", [])


def test_routines_that_stand_still_are_named(client: TestClient, runtime: StepRuntime) -> None:
    flow = make_flow("standing", count=25)
    flow.routines["sink"].set_activation_policy(lambda slots, job_state: (False, {}, None))
    runtime.flows.register(flow)
    job_id = create(client, flow_id="standing", keep_open=True)["job_id"]
    runtime.run_until_idle()
    good(client.post(f"/api/jobs/{job_id}/pause"))
    runtime.run_until_idle()
    path = f"/api/jobs/{job_id}/snapshot"
    assert problem(client.post(path), 409, "stands still")["routines"] == ["source"]
    taken = good(client.post(path, json={"in_flight": "rerun"}))
    assert taken["at_least_once"] == ["source@1"]


def test_a_finished_job_has_no_snapshot(client: TestClient, job: JobState) -> None:
    job.cancel()
    told = problem(client.post(f"/api/jobs/{job.job_id}/snapshot"), 409, "cancelled")
    assert told["job_status"] == "cancelled"


def test_an_item_that_is_no_json_is_named(client: TestClient, job: JobState) -> None:
    job.resume()
    job.post("sink", "in", {1, 2})
    job.pause()
    told = problem(client.post(f"/api/jobs/{job.job_id}/snapshot"), 409, "cannot be saved as JSON")
    assert "sink.in" in told["where"]


def test_items_may_be_deep_and_have_texts_that_are_none(client: TestClient, job: JobState) -> None:
    data: Any = "\ud800"
    for _ in range(300):
        data = [data]
    job.update_shared_data("odd", data)
    assert "\\ud800" in client.post(f"/api/jobs/{job.job_id}/snapshot").text


def test_without_the_right_there_is_no_snapshot(blind: TestClient, job: JobState) -> None:
    problem(blind.post(f"/api/jobs/{job.job_id}/snapshot"), 403, "may not see payloads")


@pytest.mark.parametrize("way", [{"in_flight": "drop"}, {"x": 1}])
def test_a_snapshot_in_an_unknown_way(
    client: TestClient, job: JobState, way: dict[str, Any]
) -> None:
    problem(client.post(f"/api/jobs/{job.job_id}/snapshot", json=way), 422, "body.")


def test_a_job_that_there_is_not(client: TestClient) -> None:
    problem(client.post("/api/jobs/nope/snapshot"), 404, "'nope' not found")


def test_a_flow_that_there_is_not(client: TestClient, job: JobState) -> None:
    snapshot = take(client, job)
    problem(restore(client, snapshot, flow_id="nope"), 404, "Flow 'nope' not found")
    strange = json.loads(json.dumps(snapshot).replace('"flow_id": "flow"', '"flow_id": "gone"'))
    problem(restore(client, strange), 404, "Flow 'gone' not found")


@pytest.mark.parametrize(
    ("snapshot", "word"),
    [
        ({}, "body.snapshot"),
        ({"job": 3}, "body.snapshot"),
        ({"job": {"job_id": 3, "flow_id": 3}}, "body.snapshot"),
        ({"routine_states": {}}, "no snapshot"),
        ([], "body.snapshot"),
    ],
)
def test_what_is_no_snapshot(client: TestClient, snapshot: Any, word: str) -> None:
    problem(restore(client, snapshot), 422, word)


def test_a_snapshot_that_was_changed(client: TestClient, job: JobState) -> None:
    snapshot = take(client, job)
    del snapshot["slots"]
    job.cancel()
    problem(restore(client, snapshot), 422, "body.snapshot", "'slots'")


def test_nothing_is_restored_once_the_runtime_is_shut_down(
    client: TestClient, job: JobState, runtime: StepRuntime
) -> None:
    snapshot = take(client, job)
    runtime.shutdown()
    problem(restore(client, snapshot), 503, "shut down")
