"""The state of queues: the plan's shape, field for field."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api.answers import create, good, problem
from tests.monitoring.samples import make_flow

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from routilux.testing import StepRuntime

EMPTY = {
    "slot_name": "in",
    "routine_id": "sink",
    "queue_size": 0,
    "max_length": 10,
    "usage_percent": 0.0,
    "unconsumed_count": 0,
    "is_full": False,
    "is_near_full": False,
}


@pytest.fixture
def jobs(client: TestClient, runtime: StepRuntime) -> list[str]:
    """Two jobs in whose slot 3 and 8 of 10 items wait, and one of another flow."""
    flow = make_flow("waiting", count=0)
    flow.routines["sink"].set_activation_policy(lambda slots, job_state: (False, {}, None))
    runtime.flows.register(flow)
    made = []
    for count in (3, 8):
        job = runtime.exec(flow, keep_open=True)
        for number in range(count):
            job.post("sink", "in", number)
        made.append(job.job_id)
    runtime.run_until_idle()
    return made


def test_a_job(client: TestClient, jobs: list[str]) -> None:
    assert good(client.get(f"/api/jobs/{jobs[0]}/queues/status")) == {
        "flow_id": "waiting",
        "job_id": jobs[0],
        "slots": [{**EMPTY, "queue_size": 3, "unconsumed_count": 3, "usage_percent": 30.0}],
        "total_slots": 1,
        "full_slots": 0,
        "near_full_slots": 0,
    }


def test_a_job_by_its_flow(client: TestClient, jobs: list[str]) -> None:
    by_flow = good(client.get(f"/api/flows/waiting/queues/status?job_id={jobs[1]}"))
    assert by_flow == good(client.get(f"/api/jobs/{jobs[1]}/queues/status"))
    assert by_flow["near_full_slots"] == 1


def test_a_flow_adds_its_jobs_up_and_shows_the_worst(client: TestClient, jobs: list[str]) -> None:
    found = good(client.get("/api/flows/waiting/queues/status"))
    assert found["job_id"] is None
    assert found["slots"] == [
        {
            **EMPTY,
            "queue_size": 11,
            "unconsumed_count": 11,
            "max_length": 20,
            "usage_percent": 80.0,
            "is_near_full": True,
        }
    ]
    assert (found["total_slots"], found["full_slots"], found["near_full_slots"]) == (1, 0, 1)


def test_a_flow_without_jobs_shows_zeros(client: TestClient) -> None:
    assert good(client.get("/api/flows/flow/queues/status")) == {
        "flow_id": "flow",
        "job_id": None,
        "slots": [EMPTY],
        "total_slots": 1,
        "full_slots": 0,
        "near_full_slots": 0,
    }


def test_consumed_items_that_are_visible_fill_no_slot(
    client: TestClient, runtime: StepRuntime
) -> None:
    job_id = create(client, keep_open=True, entry_routine_id="sink")["job_id"]
    runtime.run_until_idle()
    slot = good(client.get(f"/api/jobs/{job_id}/queues/status"))["slots"][0]
    assert (slot["queue_size"], slot["unconsumed_count"], slot["usage_percent"]) == (1, 0, 10.0)


def test_equal_to_what_the_slot_itself_says(
    client: TestClient, jobs: list[str], runtime: StepRuntime
) -> None:
    job = runtime.jobs.get(jobs[1])
    assert job is not None
    slots = good(client.get(f"/api/jobs/{jobs[1]}/queues/status"))["slots"]
    assert slots == [job.slot("sink", "in").get_queue_metrics()]


def test_a_finished_job_still_shows_its_slots(client: TestClient, runtime: StepRuntime) -> None:
    job_id = create(client)["job_id"]
    good(client.post(f"/api/jobs/{job_id}/cancel"))
    assert good(client.get(f"/api/jobs/{job_id}/queues/status"))["slots"] == [EMPTY]


def test_what_is_missing(client: TestClient, jobs: list[str]) -> None:
    problem(client.get("/api/flows/nope/queues/status"), 404, "Flow 'nope' not found")
    query = "/api/flows/waiting/queues/status?job_id=nope"
    problem(client.get(query), 404, "Job 'nope' not found")


def test_a_job_of_another_flow_is_not_found(client: TestClient, jobs: list[str]) -> None:
    body = problem(client.get(f"/api/flows/flow/queues/status?job_id={jobs[0]}"), 404, "not found")
    assert "it is a job of flow 'waiting'" in body["detail"]
