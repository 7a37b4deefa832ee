"""Jobs: start, list, look at."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from routilux import JobState
from routilux.api.main import create_app
from routilux.stores import JobStore
from tests.api.answers import create, good, problem
from tests.monitoring.samples import Sink, make_flow

if TYPE_CHECKING:
    from routilux.testing import StepRuntime

FIELDS = {
    "job_id", "flow_id", "status", "created_at", "started_at", "completed_at", "error",
    "error_type", "updated_at", "run_seconds", "draining", "dead_letter_count", "warnings",
    "redelivery_of", "trace_id", "trace_url", "counts",
}  # fmt: skip


def test_a_job_is_started_and_completes(client: TestClient, runtime: StepRuntime) -> None:
    response = client.post("/api/jobs", json={"flow_id": "flow"})
    assert response.status_code == 201
    made = response.json()
    assert set(made) == FIELDS
    assert (made["flow_id"], made["status"], made["error"]) == ("flow", "running", None)
    assert made["completed_at"] is None
    assert made["counts"]["ready"] == 1
    assert response.headers["Location"] == f"/api/jobs/{made['job_id']}"
    runtime.run_until_idle()
    ended = good(client.get(response.headers["Location"]))
    assert ended["status"] == "completed"
    assert datetime.fromisoformat(ended["completed_at"]).tzinfo is not None
    assert ended["counts"]["unconsumed"] == 0


def test_a_job_by_the_name_of_its_flow(client: TestClient, runtime: StepRuntime) -> None:
    runtime.flows.register_by_name("nightly", make_flow("other"))
    assert create(client, flow_id="nightly")["flow_id"] == "other"


def test_entry_and_its_parameters(client: TestClient, runtime: StepRuntime) -> None:
    job_id = create(client, entry_routine_id="sink", entry_params={"a": 1})["job_id"]
    job = runtime.jobs.get(job_id)
    assert job is not None
    assert [point.data for point in job.slot("sink", "in").points()] == [{"a": 1}]


def test_start_paused_keep_open_and_timeout(client: TestClient, runtime: StepRuntime) -> None:
    job_id = create(client, start_paused=True, keep_open=True, timeout=3.0)["job_id"]
    assert good(client.get(f"/api/jobs/{job_id}"))["status"] == "paused"
    runtime.advance(10)
    good(client.post(f"/api/jobs/{job_id}/resume"))
    runtime.advance(2.5)
    assert good(client.get(f"/api/jobs/{job_id}"))["status"] == "running"
    runtime.advance(1)
    failed = good(client.get(f"/api/jobs/{job_id}"))
    assert (failed["status"], failed["error_type"]) == ("failed", "timeout")
    assert "time limit of 3 s" in failed["error"]


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"flow_id": "nope"}, 404, ["Flow 'nope' not found"]),
        ({"flow_id": "flow", "entry_routine_id": "x"}, 404, ["Routine 'x' not found", "sink"]),
        ({}, 422, ["body.flow_id: Field required"]),
        ({"flow_id": "flow", "tiemout": 3}, 422, ["body.tiemout"]),
        ({"flow_id": "flow", "timeout": 0}, 422, ["body.timeout"]),
        ({"flow_id": "flow", "entry_params": [1]}, 422, ["body.entry_params"]),
    ],
)  # fmt: skip
def test_what_cannot_be_started(
    client: TestClient, body: dict[str, object], status: int, words: list[str]
) -> None:
    problem(client.post("/api/jobs", json=body), status, *words)
    assert good(client.get("/api/jobs"))["total"] == 0


def test_an_entry_that_has_no_single_slot(client: TestClient, runtime: StepRuntime) -> None:
    flow = make_flow("two")
    routine = Sink()
    routine.define_slot("more")
    flow.add_routine(routine, "both")
    runtime.flows.register(flow)
    body = {"flow_id": "two", "entry_routine_id": "both"}
    problem(client.post("/api/jobs", json=body), 422, "cannot be the entry")


def test_nothing_is_started_once_the_runtime_is_shut_down(
    client: TestClient, runtime: StepRuntime
) -> None:
    runtime.shutdown()
    problem(client.post("/api/jobs", json={"flow_id": "flow"}), 503, "shut down")


def test_the_same_key_starts_one_job(client: TestClient) -> None:
    key = {"Idempotency-Key": "k1"}
    first = client.post("/api/jobs", json={"flow_id": "flow"}, headers=key)
    again = client.post("/api/jobs", json={"flow_id": "flow"}, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["job_id"] == again.json()["job_id"]
    other = {"flow_id": "flow", "keep_open": True}
    problem(client.post("/api/jobs", json=other, headers=key), 422, "its own key")
    assert good(client.get("/api/jobs"))["total"] == 1


def test_the_list_can_be_narrowed(client: TestClient, runtime: StepRuntime) -> None:
    runtime.flows.register(make_flow("other"))
    done = create(client)["job_id"]
    runtime.run_until_idle()
    runtime.advance(1)
    paused = create(client, start_paused=True)["job_id"]
    runtime.advance(1)
    other = create(client, flow_id="other", start_paused=True)["job_id"]

    def ids(query: str) -> list[str]:
        found = good(client.get(f"/api/jobs{query}"))
        assert found["total"] == len(found["jobs"])
        return [job["job_id"] for job in found["jobs"]]

    assert ids("") == [done, paused, other]
    assert ids("?flow_id=flow") == [done, paused]
    assert ids("?status=paused") == [paused, other]
    assert ids("?flow_id=flow&status=completed") == [done]
    problem(client.get("/api/jobs?status=asleep"), 422, "query.status")


def test_pages_of_jobs(client: TestClient, runtime: StepRuntime) -> None:
    made = []
    for _ in range(5):
        made.append(create(client)["job_id"])
        runtime.advance(1)
    seen, cursor = [], None
    while cursor is not None or not seen:
        query = {"limit": 2} if cursor is None else {"limit": 2, "cursor": cursor}
        page = good(client.get("/api/jobs", params=query))
        seen += [job["job_id"] for job in page["jobs"]]
        cursor = page["next_cursor"]
    assert seen == made


def test_status_only(client: TestClient) -> None:
    job_id = create(client, start_paused=True)["job_id"]
    assert good(client.get(f"/api/jobs/{job_id}/status")) == {
        "job_id": job_id,
        "flow_id": "flow",
        "status": "paused",
        "error": None,
    }


@pytest.mark.parametrize("path", ["", "/status", "/queues/status"])
def test_an_unknown_job(client: TestClient, path: str) -> None:
    problem(client.get(f"/api/jobs/nope{path}"), 404, "Job 'nope' not found", "GET /api/jobs")


@pytest.mark.parametrize("path", ["", "/status", "/queues/status"])
def test_a_job_that_was_let_go(path: str, runtime: StepRuntime) -> None:
    runtime.jobs = JobStore(finished_limit=0)
    with TestClient(create_app(runtime)) as client:
        job_id = create(client)["job_id"]
        runtime.run_until_idle()
        gone = problem(client.get(f"/api/jobs/{job_id}{path}"), 410, "completed", "let go")
    assert (gone["job_id"], gone["job_status"], gone["flow_id"]) == (job_id, "completed", "flow")
    assert datetime.fromisoformat(gone["completed_at"]).tzinfo is not None


def test_a_job_that_was_only_loaded_has_no_counts(client: TestClient, runtime: StepRuntime) -> None:
    runtime.jobs.add(JobState("flow", "loaded"))
    assert good(client.get("/api/jobs/loaded"))["counts"] is None
    body = problem(client.get("/api/jobs/loaded/queues/status"), 409, "pending", "Runtime.exec")
    assert body["job_status"] == "pending"


def test_an_error_text_that_is_no_utf_8(client: TestClient, runtime: StepRuntime) -> None:
    def fail(items: list[object]) -> None:
        raise ValueError("half: \ud800")

    flow = make_flow("odd", count=1)
    flow.routines["sink"].set_logic(fail)
    runtime.flows.register(flow)
    job_id = create(client, flow_id="odd")["job_id"]
    runtime.run_until_idle()
    for path in ("", "/status"):
        assert good(client.get(f"/api/jobs/{job_id}{path}"))["error"].endswith("half: \\ud800")
    assert good(client.get(f"/api/jobs/{job_id}/dead-letters"))["total"] == 1
    assert good(client.get(f"/api/jobs/{job_id}/diagnosis"))["status"] == "failed"


def test_a_job_id_is_quoted_in_the_location(client: TestClient, runtime: StepRuntime) -> None:
    job = runtime.exec(make_flow(), JobState("flow", "a/b \u2603"), keep_open=True)
    job.pause()
    snapshot = job.snapshot()
    job.cancel()
    made = client.post("/api/jobs/restore", json={"snapshot": snapshot})
    assert made.headers["Location"] == "/api/jobs/a%2Fb%20%E2%98%83"
