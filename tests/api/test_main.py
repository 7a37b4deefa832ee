"""The application as a whole."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from routilux.api import main
from routilux.api.main import app, create_app
from routilux.flow_registry import FlowRegistry
from routilux.runtime import get_runtime_instance
from routilux.stores import JobStore, job_store
from tests.api.answers import create, good, problem
from tests.monitoring.samples import make_flow

if TYPE_CHECKING:
    from routilux.testing import StepRuntime

OPERATIONS = {
    ("get", "/api/health/live"): "getLive",
    ("get", "/api/health/ready"): "getReady",
    ("get", "/api/flows"): "listFlows",
    ("get", "/api/flows/{flow_id}"): "getFlow",
    ("get", "/api/flows/{flow_id}/routines"): "listFlowRoutines",
    ("get", "/api/flows/{flow_id}/connections"): "listFlowConnections",
    ("get", "/api/flows/{flow_id}/queues/status"): "getFlowQueueStatus",
    ("post", "/api/jobs"): "createJob",
    ("get", "/api/jobs"): "listJobs",
    ("post", "/api/jobs/restore"): "restoreJob",
    ("get", "/api/jobs/{job_id}"): "getJob",
    ("get", "/api/jobs/{job_id}/status"): "getJobStatus",
    ("get", "/api/jobs/{job_id}/logs"): "listJobLogs",
    ("get", "/api/jobs/{job_id}/queues/status"): "getJobQueueStatus",
    ("get", "/api/jobs/{job_id}/diagnosis"): "getDiagnosis",
    ("post", "/api/jobs/{job_id}/pause"): "pauseJob",
    ("post", "/api/jobs/{job_id}/resume"): "resumeJob",
    ("post", "/api/jobs/{job_id}/cancel"): "cancelJob",
    ("post", "/api/jobs/{job_id}/close"): "closeJob",
    ("post", "/api/jobs/{job_id}/snapshot"): "snapshotJob",
    ("post", "/api/jobs/{job_id}/slots/{routine_id}/{slot_name}/items"): "postItem",
    ("get", "/api/jobs/{job_id}/slots/{routine_id}/{slot_name}/items"): "listItems",
    ("get", "/api/jobs/{job_id}/dead-letters"): "listDeadLetters",
    ("post", "/api/jobs/{job_id}/dead-letters/redeliver"): "redeliverDeadLetters",
    ("delete", "/api/jobs/{job_id}/dead-letters"): "discardDeadLetters",
    ("get", "/metrics"): "getMetrics",
    ("post", "/api/jobs/{job_id}/breakpoints"): "createBreakpoint",
    ("get", "/api/jobs/{job_id}/breakpoints"): "listBreakpoints",
    ("delete", "/api/jobs/{job_id}/breakpoints"): "clearBreakpoints",
    ("post", "/api/jobs/{job_id}/breakpoints/batch"): "createBreakpoints",
    ("post", "/api/jobs/{job_id}/breakpoints/batch-delete"): "deleteBreakpoints",
    ("post", "/api/jobs/{job_id}/breakpoints/batch-enable"): "enableBreakpoints",
    ("get", "/api/jobs/{job_id}/breakpoints/{breakpoint_id}"): "getBreakpoint",
    ("put", "/api/jobs/{job_id}/breakpoints/{breakpoint_id}"): "updateBreakpoint",
    ("delete", "/api/jobs/{job_id}/breakpoints/{breakpoint_id}"): "deleteBreakpoint",
    ("get", "/api/jobs/{job_id}/debug/session"): "getDebugSession",
    ("get", "/api/jobs/{job_id}/debug/call-stack"): "getCallStack",
    ("get", "/api/jobs/{job_id}/debug/variables"): "getVariables",
    ("put", "/api/jobs/{job_id}/debug/variables/{name}"): "setVariable",
    ("post", "/api/jobs/{job_id}/debug/evaluate"): "evaluateExpression",
    ("delete", "/api/jobs/{job_id}/debug/items/{item_id}"): "dropItem",
    ("post", "/api/jobs/{job_id}/debug/resume"): "resumeDebugger",
    ("post", "/api/jobs/{job_id}/debug/step-over"): "stepOver",
    ("post", "/api/jobs/{job_id}/debug/step-into"): "stepInto",
    ("post", "/api/jobs/{job_id}/debug/step-out"): "stepOut",
    ("get", "/api/jobs/{job_id}/events"): "streamJobEvents",
    ("get", "/api/events"): "streamEvents",
}


def test_the_operations(client: TestClient) -> None:
    paths: dict[str, Any] = client.get("/openapi.json").json()["paths"]
    found = {
        (method, path): operation["operationId"]
        for path, methods in paths.items()
        for method, operation in methods.items()
    }
    assert found == OPERATIONS
    assert client.get("/docs").status_code == 200


def test_a_path_or_method_that_there_is_not(client: TestClient) -> None:
    problem(client.get("/api/nope"), 404, "not found", "/docs")
    problem(client.delete("/api/jobs"), 405, "DELETE", "/docs")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/jobs", "GET, POST"),
        ("/api/jobs/nope/dead-letters", "GET, DELETE"),
        ("/api/jobs/restore", "POST"),
        ("/api/jobs/nope", "GET"),
        ("/openapi.json", "GET"),
    ],
)
def test_what_is_possible_on_a_path_is_told(client: TestClient, path: str, allowed: str) -> None:
    answer = client.patch(path)
    problem(answer, 405, "PATCH")
    told = answer.headers["Allow"].split(", ")
    assert sorted(set(told) - {"HEAD"}) == sorted(allowed.split(", "))


def test_an_error_of_ours_shows_nothing_of_itself(
    client: TestClient, runtime: StepRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> list[Any]:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(runtime.jobs, "list_all", fail)
    body = problem(client.get("/api/jobs"), 500, "the log")
    assert "secret" not in str(body)


def test_the_version_is_that_of_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    assert create_app().version == version("routilux")

    def missing(_name: str) -> str:
        raise PackageNotFoundError

    monkeypatch.setattr("routilux.api.main.version", missing)
    assert create_app().version == "0"


def test_the_process_wide_parts_are_the_default() -> None:
    context = app.state.context
    assert context.runtime is get_runtime_instance()
    assert context.jobs is job_store
    assert context.flows is FlowRegistry.get_instance()
    flow = make_flow("of-the-process")
    FlowRegistry.get_instance().register(flow)
    with TestClient(app) as client:
        job_id = create(client, flow_id="of-the-process")["job_id"]
        job = job_store.get(job_id)
        assert job is not None
        assert job.wait(30)
        assert good(client.get(f"/api/jobs/{job_id}"))["status"] == "completed"
    FlowRegistry.get_instance().unregister("of-the-process")


def test_the_module_has_nothing_else_to_give() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        main.nope  # noqa: B018


def test_flows_and_jobs_of_ones_own(runtime: StepRuntime) -> None:
    flows, jobs = FlowRegistry(), JobStore()
    flows.register(make_flow("mine"))
    client = TestClient(create_app(runtime, flows, jobs))
    assert [flow["flow_id"] for flow in good(client.get("/api/flows"))["flows"]] == ["mine"]
    assert good(client.get("/api/jobs"))["total"] == 0
