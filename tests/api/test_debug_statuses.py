"""Each status that an operation of breakpoints and the debugger documents, provoked once."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from routilux import JobState
from routilux.api.main import create_app
from routilux.api.settings import ApiSettings
from routilux.engine.ledger import Ledger
from routilux.flow_registry import FlowRegistry
from routilux.stores import JobStore
from routilux.testing import StepRuntime
from tests.api.answers import problem
from tests.api.debugging import AT_SINK, Debugged
from tests.monitoring.samples import make_flow
from tools.openapi import PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from httpx2 import Response

KEY, READ = "control-" + "k" * 20, "read-" + "k" * 20
BODY_LIMIT = 1_024
WRONG: dict[str, Any] = {"no such field": 1}
TAGS = {"breakpoints", "debugger"}
# What each operation needs to be carried out while an item stands at the breakpoint.
BODIES: dict[str, Any] = {
    "createBreakpoint": AT_SINK,
    "createBreakpoints": {"breakpoints": [AT_SINK]},
    "deleteBreakpoints": {"ids": ["BREAKPOINT"]},
    "enableBreakpoints": {"ids": ["BREAKPOINT"], "enabled": False},
    "updateBreakpoint": {"enabled": False},
    "setVariable": {"value": 7},
    "evaluateExpression": {"expression": "data.n"},
    "resumeDebugger": {},
    "stepOver": {},
    "stepInto": {},
    "stepOut": {},
}
SUCCESSES = {
    ("createBreakpoints", 207): {"breakpoints": [AT_SINK, {"type": "routine"}]},
}


class Row(NamedTuple):
    """An operation and a status that it documents."""

    name: str
    method: str
    path: str
    status: int


def rows() -> Iterator[Row]:
    for path, methods in json.loads(PATH.read_text("utf-8"))["paths"].items():
        for method, operation in methods.items():
            if TAGS & set(operation.get("tags", ())):
                for status in operation["responses"]:
                    yield Row(operation["operationId"], method.upper(), path, int(status))


ROWS = list(rows())


@pytest.fixture
def runtime() -> Iterator[StepRuntime]:
    """A runtime that keeps one finished job."""
    made = StepRuntime(0, flows=FlowRegistry(), jobs=JobStore(finished_limit=1), ledger=Ledger())
    made.flows.register(make_flow())
    yield made
    made.shutdown(wait=False)


class Asked:
    """Provokes each status of an operation."""

    def __init__(self, row: Row, runtime: StepRuntime) -> None:
        self.row, self.runtime = row, runtime
        self.app = create_app(runtime, settings=ApiSettings(body_limit=BODY_LIMIT))
        self.client = TestClient(self.app, raise_server_exceptions=False)
        self.job = Debugged(self.client, runtime)
        self.breakpoint_id = self.job.stop()["breakpoint_id"]

    def path(self, job_id: str | None = None) -> str:
        return self.row.path.format(
            job_id=job_id or self.job.id,
            breakpoint_id=self.breakpoint_id,
            name="item",
            item_id="sink.items%230",
        )

    def body(self) -> Any:
        body = SUCCESSES.get((self.row.name, self.row.status), BODIES.get(self.row.name))
        return json.loads(json.dumps(body).replace("BREAKPOINT", self.breakpoint_id))

    def ask(self, client: TestClient | None = None, job_id: str | None = None) -> Response:
        asking = client if client is not None else self.client
        return asking.request(self.row.method, self.path(job_id), json=self.body())

    def send(self, content: bytes, kind: str = "application/json", query: str = "") -> Response:
        headers = {"Content-Type": kind} if content else {}
        path = f"{self.path()}{query}"
        return self.client.request(self.row.method, path, content=content, headers=headers)

    def with_keys(self, key: str | None) -> TestClient:
        settings = ApiSettings(api_key=SecretStr(KEY), read_only_api_key=SecretStr(READ))
        headers = {"X-API-Key": key} if key is not None else None
        return TestClient(create_app(self.runtime, settings=settings), headers=headers)

    # -- one for each status -----------------------------------------------------------------------

    def provoke_success(self) -> Response:
        return self.ask()

    def provoke_400(self) -> Response:
        return self.send(b'{"x": "\0"}')

    def provoke_401(self) -> Response:
        return self.ask(self.with_keys(None))

    def provoke_403(self) -> Response:
        if self.row.method == "GET":  # from another machine, where no key is set
            return self.ask(TestClient(self.app, base_url="http://10.1.2.3"))
        return self.ask(self.with_keys(READ))

    def provoke_404(self) -> Response:
        return self.ask(job_id="nope")

    def provoke_409(self) -> Response:
        self.runtime.jobs.add(JobState("flow", "early"))
        return self.ask(job_id="early")

    def provoke_410(self) -> Response:
        gone = [Debugged(self.client, self.runtime) for _ in range(2)]
        for each in gone:
            each.job.cancel()
        return self.ask(job_id=gone[0].id)

    def provoke_413(self) -> Response:
        return self.send(b'{"x": "' + b"x" * BODY_LIMIT + b'"}')

    def provoke_415(self) -> Response:
        return self.send(b"{}", "text/plain")

    def provoke_422(self) -> Response:
        if self.row.method == "GET":
            return self.send(b"", query=f"?limit=0&item_id={'x' * 1_001}")
        return self.send(json.dumps(WRONG).encode())

    def provoke_503(self) -> Response:
        self.app.state.context.life.stop()
        return self.ask()


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.status != 408], ids=lambda row: f"{row.name}-{row.status}"
)
def test_each_documented_status(row: Row, runtime: StepRuntime) -> None:
    asked = Asked(row, runtime)
    provoke: Callable[[], Response] = getattr(asked, f"provoke_{row.status}", asked.provoke_success)
    response = provoke()
    if row.status < 400:
        assert response.status_code == row.status, response.text
    else:
        assert problem(response, row.status)["detail"]
        assert len(asked.job.hits()) == 1, "an error has changed something"


@pytest.mark.parametrize("row", [row for row in ROWS if row.status == 408], ids=lambda r: r.name)
def test_a_body_that_does_not_come(row: Row, runtime: StepRuntime) -> None:
    asked = Asked(row, runtime)
    app = create_app(runtime, settings=ApiSettings(body_timeout=0.001))
    sent: list[Any] = []

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": row.method,
        "path": asked.path().replace("%23", "#"),
        "query_string": b"",
        "headers": [(b"content-length", b"9"), (b"content-type", b"application/json")],
    }
    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 408
    assert len(asked.job.hits()) == 1


def test_a_caller_who_sees_no_payloads_gets_no_value(
    runtime: StepRuntime, blind: TestClient
) -> None:
    job = Debugged(blind, runtime)
    job.stop()
    told = problem(job.post("debug/evaluate", expression="data.n"), 403, "may not see payloads")
    assert "0" not in told["detail"]
