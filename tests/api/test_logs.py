"""The log of a job over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.answers import create, good, problem
from tests.monitoring.samples import make_flow

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from routilux import JobState
    from routilux.testing import StepRuntime

SECRET = "tr0ub4dor"


@pytest.fixture
def job(client: TestClient, runtime: StepRuntime) -> JobState:
    """A job with a refused item, of which logic has noted something, cancelled by somebody."""
    flow = make_flow("noted", count=2, max_queue_length=1, overflow="reject")
    flow.routines["sink"].set_activation_policy(lambda slots, job_state: (False, {}, None))
    runtime.flows.register(flow)
    made = runtime.jobs.get(create(client, flow_id="noted", keep_open=True)["job_id"])
    assert made is not None
    runtime.run_until_idle()
    made.append_to_shared_log({"type": f"seen {SECRET}", "item": SECRET, "token": "x1"})
    made.append_to_shared_log({"type": 3})
    made.cancel("enough")
    return made


def logs(client: TestClient, job: JobState, **query: Any) -> list[dict[str, Any]]:
    found = good(client.get(f"/api/jobs/{job.job_id}/logs", params=query))["logs"]
    assert isinstance(found, list)
    return found


def test_the_log(client: TestClient, job: JobState) -> None:
    refused, noted, odd, cancelled = logs(client, job)
    assert [entry["number"] for entry in (refused, noted, odd, cancelled)] == [1, 2, 3, 4]
    assert refused["type"] == "slot_queue_full"
    assert refused["data"]["queue_metrics"]["max_length"] == 1
    assert noted["data"]["item"] == SECRET
    assert noted["data"]["token"] == "[redacted]"
    assert noted["timestamp"].replace("Z", "+00:00") == noted["data"]["timestamp"]
    assert odd["type"] is None
    assert cancelled["data"]["reason"] == "enough"


def test_without_the_right_only_what_the_engine_wrote(blind: TestClient, job: JobState) -> None:
    refused, noted, odd, cancelled = logs(blind, job)
    assert SECRET not in str([refused, noted, odd, cancelled])
    assert refused["data"]["reason"] == "rejected"
    assert cancelled["data"] == {
        "type": "cancelled",
        "reason": "enough",
        "identity": None,
        "timestamp": cancelled["data"]["timestamp"],
    }
    for entry in (noted, odd):
        assert (entry["redacted"], entry["type"], "data" in entry) == (True, None, False)


def test_without_the_right_no_more_than_the_fields_of_the_engine(
    blind: TestClient, job: JobState
) -> None:
    job.append_to_shared_log({"type": "cancelled", "item": SECRET})
    entry = logs(blind, job)[-1]
    assert set(entry["data"]) == {"type", "timestamp"}


@pytest.mark.parametrize("timestamp", [SECRET, 3, None])
def test_a_time_that_is_none(blind: TestClient, job: JobState, timestamp: Any) -> None:
    job.append_to_shared_log({"timestamp": timestamp})
    assert logs(blind, job)[-1]["timestamp"] is None


def test_pages_go_on_when_old_entries_have_gone(client: TestClient, job: JobState) -> None:
    first = good(client.get(f"/api/jobs/{job.job_id}/logs?limit=3"))
    assert (first["total"], first["let_go"], len(first["logs"])) == (4, 0, 3)
    for number in range(998):
        job.append_to_shared_log({"n": number})
    rest = good(
        client.get(
            f"/api/jobs/{job.job_id}/logs", params={"limit": 2, "cursor": first["next_cursor"]}
        )
    )
    assert [entry["number"] for entry in rest["logs"]] == [4, 5]
    assert (rest["total"], rest["let_go"]) == (1_000, 2)
    assert rest["logs"][0]["type"] == "cancelled"


def test_a_job_without_a_log(client: TestClient) -> None:
    job_id = create(client)["job_id"]
    assert good(client.get(f"/api/jobs/{job_id}/logs")) == {
        "logs": [], "total": 0, "let_go": 0, "next_cursor": None
    }  # fmt: skip


def test_a_job_that_there_is_not(client: TestClient, job: JobState) -> None:
    problem(client.get("/api/jobs/nope/logs"), 404, "'nope' not found")
    problem(client.get(f"/api/jobs/{job.job_id}/logs?limit=0"), 422, "query.limit")
