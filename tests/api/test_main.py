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
    ("get", "/api/flows/{flow_id}/queues/status"): "getFlowQueueStatus",
    ("post", "/api/jobs"): "createJob",
    ("get", "/api/jobs"): "listJobs",
    ("get", "/api/jobs/{job_id}"): "getJob",
    ("get", "/api/jobs/{job_id}/status"): "getJobStatus",
    ("get", "/api/jobs/{job_id}/queues/status"): "getJobQueueStatus",
    ("post", "/api/jobs/{job_id}/pause"): "pauseJob",
    ("post", "/api/jobs/{job_id}/resume"): "resumeJob",
    ("post", "/api/jobs/{job_id}/cancel"): "cancelJob",
    ("post", "/api/jobs/{job_id}/close"): "closeJob",
}


def test_every_operation_is_documented(client: TestClient) -> None:
    paths: dict[str, Any] = client.get("/openapi.json").json()["paths"]
    found = {
        (method, path): operation["operationId"]
        for path, methods in paths.items()
        for method, operation in methods.items()
    }
    assert found == OPERATIONS
    for path, methods in paths.items():
        for operation in methods.values():
            assert operation["tags"]
            if "{" in path:
                content = operation["responses"]["404"]["content"]
                assert list(content) == ["application/problem+json"]
    assert client.get("/docs").status_code == 200


def test_the_errors_are_documented_as_they_are_answered(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert "ValidationError" not in str(document)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            answers = operation["responses"]
            errors = {status: answers[status] for status in answers if status >= "400"}
            for answer in errors.values():
                assert list(answer["content"]) == ["application/problem+json"]
            assert "403" in errors
            assert ("401" in errors) != path.startswith("/api/health/")
            assert ({"408", "413", "415"} <= set(errors)) == (method == "post")
            assert method != "post" or "503" in errors
            assert ("400" in errors) == ("requestBody" in operation)
            reads_input = method == "post" or path in ("/api/flows", "/api/jobs")
            assert ("422" in errors) == reads_input


def test_a_path_or_method_that_there_is_not(client: TestClient) -> None:
    problem(client.get("/api/nope"), 404, "not found", "/docs")
    problem(client.delete("/api/jobs"), 405, "DELETE", "/docs")


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
