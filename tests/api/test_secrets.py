"""Secrets that are planted wherever a program or a client can put one, and where they must not be.

A real server, a client that may do everything, and one that may only look and sees no payloads.
"""

from __future__ import annotations

import http.client
import json
import logging
import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from routilux import ErrorHandler, Flow, JobState, Runtime
from routilux.api.main import create_app
from routilux.api.server import Server
from routilux.api.settings import ApiSettings
from routilux.cli.logs import ServerFormatter
from routilux.cli.saving import save_jobs
from routilux.engine.ledger import Ledger
from routilux.flow_registry import FlowRegistry
from routilux.monitoring.registry import MonitoringRegistry
from routilux.stores import JobStore
from routilux.testing import CollectingSink
from tests.api.wire import LONG_S, Answer, ask
from tests.engine.parts import made
from tools.openapi import PATH

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLACES = (
    "note", "password", "header", "wrong_key", "control_key", "read_key", "error", "state",
    "state_password", "shared", "condition", "message", "idempotency_key", "value", "expression",
)  # fmt: skip
SECRETS = {name: f"planted-{name.replace('_', '-')}-{'5' * 16}" for name in PLACES}
CONTROL, READ = SECRETS["control_key"], SECRETS["read_key"]
# A key that may see payloads sees these nowhere: what is under a secret name, and what is no data.
NEVER = (
    "password", "state_password", "header", "wrong_key", "control_key", "read_key",
    "idempotency_key", "expression",
)  # fmt: skip
# ... and these where they belong.
SEEN = ("note", "error", "state", "shared", "condition", "message", "value")
ITEM = {"note": SECRETS["note"], "password": SECRETS["password"]}
HELD = {"type": "slot", "routine_id": "sink", "slot_name": "items"}

OWN_ERRORS = ("routilux.job", "ERROR")


def _line(record: logging.LogRecord) -> str:
    return logging.Formatter().format(record)


def found_in(text: str, names: tuple[str, ...] = PLACES) -> list[str]:
    """The names of the secrets that are in a text."""
    return [name for name in names if SECRETS[name] in text]


def make_flow(errors: ErrorHandler, flow_id: str) -> Flow:
    """A step that keeps a state, emits what it got, and fails."""
    step = made(slots=("trigger",), errors=errors)

    def logic(items: list[Any]) -> None:
        step.state["note"] = SECRETS["state"]
        step.state["token"] = SECRETS["state_password"]
        for item in items:
            step.emit_item("out", item)
        raise ValueError(f"no good: {SECRETS['error']}")

    flow = Flow(flow_id)
    flow.add_routine(step.set_logic(logic), "step")
    flow.add_routine(CollectingSink(max_queue_length=4), "sink")
    flow.connect("step", "out", "sink", "items")
    return flow


class Follower(threading.Thread):
    """Reads an event stream until it ends."""

    def __init__(self, port: int, key: str) -> None:
        super().__init__(daemon=True)
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG_S)
        self._connection.request("GET", "/api/events", headers={"X-API-Key": key})
        self._response = self._connection.getresponse()
        assert self._response.status == 200
        self.text = ""
        self.start()

    def run(self) -> None:
        self.text = self._response.read().decode()
        self._connection.close()


@dataclass
class Planted:
    """The server, and what it was asked and answered."""

    server: Server
    runtime: Runtime
    jobs: list[str] = field(default_factory=list)
    breakpoints: list[str] = field(default_factory=list)
    errors: list[Answer] = field(default_factory=list)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Ask as whoever may do everything, with secrets in headers."""
        given = {"X_API_Key": CONTROL, "X_Note": SECRETS["header"], **headers}
        answer = ask(self.server.port, method, path, body, **given)
        if answer.status >= 400:
            self.errors.append(answer)
        return answer

    def get(self, path: str, key: str) -> Answer:
        return ask(self.server.port, "GET", path, X_API_Key=key)

    def good(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = self.ask(method, path, body, **headers)
        assert answer.status < 300, answer
        return answer.json

    def job(self, job_id: str) -> JobState:
        job = self.runtime.jobs.get(job_id)
        assert job is not None
        return job

    def start(self, flow_id: str) -> str:
        """Start a job with secrets in its entry, and let it stop at a breakpoint."""
        body = {
            "flow_id": flow_id, "entry_params": ITEM, "start_paused": True, "keep_open": True
        }  # fmt: skip
        job_id: str = self.good("POST", "/api/jobs", body)["job_id"]
        self.jobs.append(job_id)
        self.job(job_id).update_shared_data("note", SECRETS["shared"])
        self.job(job_id).update_shared_data("api_key", SECRETS["password"])
        base = f"/api/jobs/{job_id}"
        condition = f"data.note != '{SECRETS['condition']}'"
        trace = {"log_message": SECRETS["message"] + " {data.note} {data.password}"}
        for more in ({"action": "hold_item"}, trace):
            body = {**HELD, **more, "condition": condition}
            told = self.good("POST", f"{base}/breakpoints", body)
            self.breakpoints.append(told["breakpoint_id"])
        self.good("POST", f"{base}/resume", {}, Idempotency_Key=SECRETS["idempotency_key"])
        return job_id


def debug(planted: Planted, job_id: str) -> None:
    """Do at the debugger what can be done."""
    base = f"/api/jobs/{job_id}"
    while not planted.good("GET", f"{base}/debug/session")["hits"]:
        pass
    data = {**ITEM, "more": SECRETS["value"]}
    planted.good("PUT", f"{base}/debug/variables/item", {"value": data})
    planted.good("PUT", f"{base}/debug/variables/shared.value", {"value": SECRETS["value"]})
    for name, secret in (("note", "state"), ("token", "state_password")):
        body = {"value": SECRETS[secret]}
        planted.good("PUT", f"{base}/debug/variables/state.{name}", body)
    expression = {"expression": f"data.note == '{SECRETS['expression']}'"}
    assert planted.good("POST", f"{base}/debug/evaluate", expression)["result"] is False
    posted = {"data": ITEM}
    for _ in range(5):
        planted.ask("POST", f"{base}/slots/sink/items/items", posted)
    planted.good("POST", f"{base}/pause", {"wait": 1})


def provoke_errors(planted: Planted, job_id: str) -> None:
    """Ask for what is refused, with secrets in it."""
    base = f"/api/jobs/{job_id}"
    used, item = {"Idempotency_Key": SECRETS["idempotency_key"]}, {"data": ITEM}
    literal = f"'{SECRETS['condition']}'"
    requests: list[tuple[str, str, Any, dict[str, str]]] = [
        ("POST", f"{base}/resume", {"reason": "another"}, used),
        ("POST", f"{base}/slots/sink/items/items", item, {}),
        ("POST", f"{base}/slots/sink/nope/items", item, {}),
        ("POST", f"{base}/slots/sink/items/items", {**item, "x": SECRETS["note"]}, {}),
        ("GET", "/api/jobs", None, {"X_API_Key": SECRETS["wrong_key"]}),
        ("POST", "/api/jobs", {"flow_id": "nope", "entry_params": ITEM}, {}),
        ("POST", "/api/jobs", {"flow_id": 1, "entry_params": ITEM}, {}),
        ("POST", f"{base}/breakpoints", {**HELD, "condition": f"data.n == {literal} and"}, {}),
        ("POST", f"{base}/breakpoints", {**HELD, "condition": f"data.n == {literal} +"}, {}),
        ("POST", f"{base}/breakpoints", {**HELD, "condition": f"data.n == {literal[:-1]}"}, {}),
        ("POST", f"{base}/breakpoints", {**HELD, "condition": f"data.n {literal}"}, {}),
        ("POST", f"{base}/breakpoints", {**HELD, "log_message": SECRETS["message"] + "{"}, {}),
        ("PUT", f"{base}/breakpoints/nope", {"condition": literal}, {}),
        ("PUT", f"{base}/debug/variables/nope", {"value": SECRETS["value"]}, {}),
        ("PUT", f"{base}/debug/variables/item", {"value": SECRETS["value"], "item_id": "x"}, {}),
        ("POST", f"{base}/debug/evaluate", {"expression": "data.note + 1"}, {}),
        ("POST", f"{base}/debug/evaluate", {"expression": "data.password.nope"}, {}),
        ("POST", f"{base}/debug/evaluate", {"expression": f"'{SECRETS['expression']}' +"}, {}),
        ("POST", "/api/jobs/restore", {"snapshot": {"job_id": "x", "note": SECRETS["note"]}}, {}),
        ("POST", f"{base}/debug/evaluate", {"expression": "1"}, {"X_API_Key": READ}),
        ("POST", f"{base}/slots/sink/items/items", item, {"Origin": "https://evil.example"}),
        ("POST", f"{base}/slots/sink/items/items", item, {"Content_Type": "text/plain"}),
    ]
    for method, path, body, headers in requests:
        answer = planted.ask(method, path, body, **headers)
        assert 400 <= answer.status < 500, (method, path, answer)


@pytest.fixture
def planted() -> Iterator[Planted]:
    """A server whose jobs have met secrets everywhere."""
    settings = ApiSettings(api_key=SecretStr(CONTROL), read_only_api_key=SecretStr(READ))
    with Runtime(
        2,
        flows=FlowRegistry(),
        jobs=JobStore(),
        ledger=Ledger(),
        monitoring=MonitoringRegistry(),
    ) as runtime:
        for handler in ("stop", "continue"):
            runtime.flows.register(make_flow(ErrorHandler(handler), handler))
        with Server(create_app(runtime, settings=settings), port=0) as server:
            yield Planted(server, runtime)


def plant(planted: Planted) -> None:
    """Do it: one job fails, one stands at a breakpoint, one has dead letters and is done."""
    failed = planted.start("stop")
    assert planted.job(failed).wait(LONG_S)
    held, done = planted.start("continue"), planted.start("continue")
    for job_id in (held, done):
        debug(planted, job_id)
    provoke_errors(planted, held)
    base = f"/api/jobs/{done}"
    for hit in planted.good("GET", f"{base}/debug/session")["hits"]:
        for item in hit["items"]:
            path = f"{base}/debug/items/{quote(item['item_id'], safe='')}"
            planted.good("DELETE", path)
    planted.good("DELETE", f"{base}/breakpoints")
    planted.good("POST", f"{base}/resume")
    planted.good("POST", f"{base}/close")
    job = planted.job(done)
    while not job.status.finished:
        for item in job.debug.items:
            job.debug.resume(item.id)


def targets(planted: Planted) -> Iterator[tuple[str, str]]:
    """Every GET operation, for each job and flow: its id and its path."""
    for template, methods in json.loads(PATH.read_text("utf-8"))["paths"].items():
        name = methods.get("get", {}).get("operationId")
        if name is None or name in ("streamEvents", "streamJobEvents"):
            continue
        if "{breakpoint_id}" in template:
            pairs = zip(
                [job for job in planted.jobs for _ in range(2)], planted.breakpoints, strict=True
            )
            for job_id, breakpoint_id in pairs:
                yield name, template.format(job_id=job_id, breakpoint_id=breakpoint_id)
            continue
        for job_id in planted.jobs if "{job_id}" in template else [""]:
            for routine, slot in (("step", "trigger"), ("sink", "items")):
                for flow_id in ("stop", "continue"):
                    yield (
                        name,
                        template.format(
                            job_id=job_id, flow_id=flow_id, routine_id=routine, slot_name=slot
                        ),
                    )
    for path in ("/openapi.json", "/docs"):
        yield path, path


def looked_at(planted: Planted, key: str) -> dict[str, str]:
    """Everything that a key can look at, by operation."""
    seen: dict[str, str] = {}
    for name, path in dict.fromkeys((name, path) for name, path in targets(planted)):
        answer = planted.get(path, key)
        removed = name == "getBreakpoint" and answer.status == 404
        assert answer.status == 200 or removed, (name, path, answer)
        headers = json.dumps(answer.headers)
        seen[name] = seen.get(name, "") + headers + answer.body.decode()
    return seen


@pytest.mark.timeout(120)
def test_secrets_stay_where_they_belong(
    planted: Planted, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("routilux", "routilux.audit", "routilux.api", "uvicorn", "uvicorn.error"):
        caplog.set_level(logging.DEBUG, name)
    followers = {key: Follower(planted.server.port, key) for key in (CONTROL, READ)}
    plant(planted)

    assert len(planted.errors) > 15
    for answer in planted.errors:
        assert found_in(answer.body.decode() + json.dumps(answer.headers)) == [], answer

    blind = looked_at(planted, READ)
    assert {name: found_in(text) for name, text in blind.items() if found_in(text)} == {}

    seeing = looked_at(planted, CONTROL)
    assert {n: found_in(text, NEVER) for n, text in seeing.items() if found_in(text, NEVER)} == {}
    # The test would also pass on an application that hides everything, or if nothing was planted.
    assert set(found_in("".join(seeing.values()), SEEN)) == set(SEEN)
    assert found_in(seeing["getMetrics"] + seeing["/openapi.json"] + seeing["listFlows"]) == []

    folder = tmp_path / "saved"
    folder.mkdir()
    planted.server.stop()
    save_jobs(planted.runtime, folder, 1.0)
    names = [each.name for each in folder.iterdir()]
    assert names
    assert found_in(" ".join(names)) == []

    for follower in followers.values():
        follower.join(LONG_S)
    assert found_in(followers[READ].text) == []
    assert found_in(followers[CONTROL].text, NEVER) == []
    assert "event: hit" in followers[READ].text
    assert SECRETS["message"] in followers[CONTROL].text

    # The program's own log tells its author how his logic failed, with the traceback. Nothing else
    # of the program is in a line, and nothing at all in those of the HTTP face.
    own = [each for each in caplog.records if (each.name, each.levelname) == OWN_ERRORS]
    assert {name for each in own for name in found_in(_line(each))} == {"error"}
    # A server's log does not even have the text of an error, unless it is asked for.
    served = ServerFormatter(error_texts=False)
    assert found_in("".join(served.format(each) for each in caplog.records)) == []
    asked = ServerFormatter(error_texts=True)
    assert found_in("".join(asked.format(each) for each in own)) == ["error"]
    rest = [_line(each) for each in caplog.records if each not in own]
    assert {name for each in rest for name in found_in(each)} == set()
    audited = [each for each in rest if re.match(r"(POST|PUT|DELETE) \w+ ", each)]
    assert len(audited) > 30
