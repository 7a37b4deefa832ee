"""Health."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from routilux.api.main import create_app
from routilux.stores import JobStore
from tests.api.answers import create, good, problem

if TYPE_CHECKING:
    from routilux import JobState
    from routilux.testing import StepRuntime


def test_live(client: TestClient) -> None:
    assert good(client.get("/api/health/live")) == {"status": "live"}


def test_ready_counts_live_jobs(client: TestClient) -> None:
    create(client, start_paused=True)
    assert good(client.get("/api/health/ready")) == {
        "status": "ready",
        "live_jobs": 1,
        "telemetry": {"state": "off"},
    }


def test_not_ready_once_the_runtime_is_shut_down(client: TestClient, runtime: StepRuntime) -> None:
    runtime.shutdown()
    told = problem(client.get("/api/health/ready"), 503, "shut down", "start the process again")
    assert told["telemetry"] == {"state": "off"}
    assert good(client.get("/api/health/live")) == {"status": "live"}


def test_not_ready_when_the_server_is_about_to_stop(client: TestClient) -> None:
    client.app.state.context.life.stop()  # type: ignore[attr-defined]
    problem(client.get("/api/health/ready"), 503, "about to stop")
    assert good(client.get("/api/health/live")) == {"status": "live"}


class Broken(JobStore):
    """A store whose disk is gone."""

    def get(self, job_id: str) -> JobState | None:
        raise OSError("secret place")


def test_not_ready_when_a_store_cannot_be_read(runtime: StepRuntime) -> None:
    client = TestClient(create_app(runtime, jobs=Broken()))
    told = problem(client.get("/api/health/ready"), 503, "cannot be read", "the log")
    assert "secret" not in str(told)


def test_ready_carries_the_state_of_the_telemetry(runtime: StepRuntime) -> None:
    app = create_app(runtime, telemetry_state=lambda: {"state": "on", "dropped": {"spans": 3}})
    told = good(TestClient(app).get("/api/health/ready"))
    assert told["telemetry"] == {"state": "on", "dropped": {"spans": 3}}


@pytest.mark.parametrize("answer", [ZeroDivisionError(), {}, {"state": 3}, None])
def test_telemetry_that_cannot_say_how_it_is_makes_nothing_unready(
    runtime: StepRuntime, answer: Any
) -> None:
    def state() -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    client = TestClient(create_app(runtime, telemetry_state=state))
    assert good(client.get("/api/health/ready"))["telemetry"] == {"state": "unknown"}
