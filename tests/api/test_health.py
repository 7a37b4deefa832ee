"""Health."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.api.answers import create, good, problem

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from routilux.testing import StepRuntime


def test_live(client: TestClient) -> None:
    assert good(client.get("/api/health/live")) == {"status": "live"}


def test_ready_counts_live_jobs(client: TestClient) -> None:
    create(client, start_paused=True)
    assert good(client.get("/api/health/ready")) == {"status": "ready", "live_jobs": 1}


def test_not_ready_once_the_runtime_is_shut_down(client: TestClient, runtime: StepRuntime) -> None:
    runtime.shutdown()
    problem(client.get("/api/health/ready"), 503, "shut down", "start the process again")
    assert good(client.get("/api/health/live")) == {"status": "live"}
