"""Requests and the jobs that they start, in one trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient
from opentelemetry.trace import SpanKind

from routilux.api.main import create_app
from routilux.api.settings import ApiSettings, read_settings
from routilux.flow_registry import FlowRegistry
from routilux.stores import JobStore
from routilux.testing import StepRuntime
from routilux_otel import RoutiluxInstrumentor, instrument_app
from tests.engine.parts import line, made, never, source
from tests.otel.parts import Memory, events, parent_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

SENT = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
JAEGER = "http://127.0.0.1:16686"


@pytest.fixture
def rt() -> StepRuntime:
    flows = FlowRegistry()
    flows.register(line(source([1, 2]), made(lambda items: None)))
    return StepRuntime(flows=flows, jobs=JobStore())


@pytest.fixture
def client(rt: StepRuntime, memory: Memory) -> Iterator[TestClient]:
    """An instrumented application."""

    def instrument(app: FastAPI) -> None:
        instrument_app(app, memory.tracers, memory.meters)

    app = create_app(rt, settings=ApiSettings(jaeger_url=JAEGER + "/"), instrument=instrument)
    with TestClient(app, base_url="http://127.0.0.1") as found:
        yield found


def start(client: TestClient, **headers: str) -> Any:
    answer = client.post("/api/jobs", json={"flow_id": "line"}, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer


def test_a_job_is_a_child_of_the_request_that_started_it(
    rt: StepRuntime, client: TestClient, memory: Memory
) -> None:
    told = start(client).json()
    rt.run_until_idle()
    (request,) = memory.spans("POST /api/jobs")
    assert (request.kind, request.parent) == (SpanKind.SERVER, None)
    assert request.context is not None
    assert parent_id(memory.span("job line")) == request.context.span_id
    assert told["trace_id"] == f"{request.context.trace_id:032x}"
    assert told["trace_url"] == f"{JAEGER}/trace/{told['trace_id']}"
    assert dict(request.attributes or {})["http.request.method"] == "POST"  # the stable names
    assert not [span.name for span in memory.spans() if span.name.endswith((" send", " receive"))]


def test_a_traceparent_that_a_client_sends_is_the_root(
    rt: StepRuntime, client: TestClient, memory: Memory
) -> None:
    answer = start(client, **SENT)
    rt.run_until_idle()
    (request,) = memory.spans("POST /api/jobs")
    assert parent_id(request) == int("b" * 16, 16)
    assert {span.context.trace_id for span in memory.spans() if span.context} == {int("a" * 32, 16)}
    assert answer.json()["trace_id"] == "a" * 32
    assert answer.headers["traceparent"].startswith(f"00-{'a' * 32}-")


@pytest.mark.parametrize("path", ["/api/health/live", "/api/health/ready", "/metrics"])
def test_what_is_asked_again_and_again_is_no_span(
    client: TestClient, memory: Memory, path: str
) -> None:
    assert client.get(path).status_code == 200
    assert memory.spans() == []


def test_a_refused_item_of_a_request_is_an_event_of_its_span(
    rt: StepRuntime, client: TestClient, memory: Memory
) -> None:
    flow = line(made(policy=never, max_queue_length=1, overflow="reject"))
    job = rt.exec(flow, keep_open=True)
    job.post("r0", "in", 1)
    path = f"/api/jobs/{job.job_id}/slots/r0/in/items"
    assert client.post(path, json={"data": 2}).status_code in (409, 429)
    (request,) = [span for span in memory.spans("POST /api/jobs/") if span.kind is SpanKind.SERVER]
    assert [name for name, _ in events(request)] == ["routilux.slot.item.refused"]
    job.cancel()


def test_pauses_over_http_are_in_the_jobs_trace(
    rt: StepRuntime, client: TestClient, memory: Memory
) -> None:
    job_id = start(client).json()["job_id"]
    for verb in ("pause", "resume"):
        assert client.post(f"/api/jobs/{job_id}/{verb}", json={"reason": "look"}).is_success
    rt.run_until_idle()
    first = memory.spans("job line")[0]
    assert first.context is not None
    for name in ("pause line", "resume line"):
        assert parent_id(memory.span(name)) == first.context.span_id


def test_without_telemetry_there_is_neither_trace_nor_link(rt: StepRuntime) -> None:
    with TestClient(create_app(rt), base_url="http://127.0.0.1") as plain:
        told = start(plain).json()
        assert (told["trace_id"], told["trace_url"]) == (None, None)
        told = start(plain, **SENT).json()
        assert (told["trace_id"], told["trace_url"]) == ("a" * 32, None)


@pytest.mark.parametrize("address", ["jaeger", "ftp://here", "http://", "http://here?x=1"])
def test_an_address_of_jaeger_that_is_none(address: str) -> None:
    with pytest.raises(ValueError, match=r"jaeger_url|JAEGER_URL"):
        read_settings(jaeger_url=address)


def test_an_instrumented_app_does_not_need_the_hooks(rt: StepRuntime) -> None:
    memory = Memory()
    app = create_app(rt, instrument=lambda app: instrument_app(app, memory.tracers, memory.meters))
    assert not RoutiluxInstrumentor().is_instrumented_by_opentelemetry
    with TestClient(app, base_url="http://127.0.0.1") as client:
        told = start(client, **SENT).json()
    assert told["trace_id"] == "a" * 32
    memory.close()
