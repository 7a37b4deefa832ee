"""Keys of requests: the same request twice is one change, and gets the first answer."""

from __future__ import annotations

import asyncio
import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from starlette.responses import Response

from routilux import JobState
from routilux.api import idempotency
from routilux.api.caller import Caller
from routilux.api.guard import Guard
from routilux.api.idempotency import LONGEST_KEPT, Answers, KeyReused
from tests.api.answers import create, good, problem
from tests.engine.parts import LONG_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi.testclient import TestClient

    from routilux.testing import StepRuntime

KEY = {"Idempotency-Key": "k"}


@pytest.fixture
def job_id(client: TestClient) -> str:
    """A job with open input."""
    return str(create(client, keep_open=True, start_paused=True)["job_id"])


def items(job_id: str) -> str:
    return f"/api/jobs/{job_id}/slots/sink/in/items"


def test_a_replayed_answer_is_the_first_one_whole(client: TestClient) -> None:
    headers = {**KEY, "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    first = client.post("/api/jobs", json={"flow_id": "flow"}, headers=headers)
    again = client.post("/api/jobs", json={"flow_id": "flow"}, headers=headers)
    assert first.status_code == again.status_code == 201
    assert again.content == first.content
    assert dict(again.headers) == {**first.headers, "idempotent-replayed": "true"}
    assert good(client.get("/api/jobs"))["total"] == 1


def test_an_item_is_put_in_once(client: TestClient, runtime: StepRuntime) -> None:
    job_id = create(client, keep_open=True, entry_routine_id="sink")["job_id"]
    runtime.run_until_idle()
    answers = [client.post(items(job_id), json={"data": 1}, headers=KEY) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["item_id"] for answer in answers}) == 1
    assert good(client.get(f"{items(job_id)}?state=waiting"))["total"] == 1


def test_an_error_changes_nothing_and_is_not_kept(
    client: TestClient, job_id: str, runtime: StepRuntime
) -> None:
    problem(client.post(items(job_id), json={"data": 1}, headers=KEY), 423)
    good(client.post(f"/api/jobs/{job_id}/resume"))
    assert client.post(items(job_id), json={"data": 1}, headers=KEY).status_code == 202


@pytest.mark.parametrize("body", [{"reason": "two"}, {}, None])
def test_the_same_key_with_another_body(client: TestClient, job_id: str, body: Any) -> None:
    path = f"/api/jobs/{job_id}/resume"
    good(client.post(path, json={"reason": "one"}, headers=KEY))
    problem(client.post(path, json=body, headers=KEY), 422, "its own key")


def test_the_same_key_with_another_query(client: TestClient, job_id: str) -> None:
    good(client.post(f"/api/jobs/{job_id}/resume", headers=KEY))
    problem(
        client.post(f"/api/jobs/{job_id}/resume?a=1", headers=KEY), 422, "Idempotency-Key was used"
    )


def test_the_same_body_written_in_another_way(client: TestClient, job_id: str) -> None:
    path, json = f"/api/jobs/{job_id}/pause", {"Content-Type": "application/json", **KEY}
    first = good(client.post(path, content='{"reason":"x","wait":0}', headers=json))
    again = good(client.post(path, content=' {"wait": 0, "reason": "\\u0078"}', headers=json))
    assert again == first


def test_the_keys_of_two_jobs_are_their_own(client: TestClient) -> None:
    for _ in range(2):
        job_id = create(client, keep_open=True)["job_id"]
        assert good(client.post(f"/api/jobs/{job_id}/close", headers=KEY))["changed"] is True


def test_the_keys_of_two_callers_are_their_own(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    for caller in (Caller("ann"), Caller("bob"), Caller("ann"), Caller("ann", sees_payloads=False)):
        monkeypatch.setattr(Guard, "_caller", lambda self, scope, caller=caller: caller)
        made.append(create_with_key(client))
    assert made[0] == made[2]
    assert len(set(made)) == 3


def create_with_key(client: TestClient) -> str:
    answer = client.post("/api/jobs", json={"flow_id": "flow"}, headers=KEY)
    assert answer.status_code == 201
    return str(answer.json()["job_id"])


@pytest.mark.parametrize("key", ["", "k" * 201])
def test_a_key_that_is_no_good(client: TestClient, key: str) -> None:
    answer = client.post("/api/jobs", json={"flow_id": "flow"}, headers={"Idempotency-Key": key})
    problem(answer, 422, "header.Idempotency-Key")
    assert good(client.get("/api/jobs"))["total"] == 0


@pytest.mark.parametrize("body", ["{", "[" * 100_000, '"\\ud800"'])
def test_a_body_that_is_no_good_with_a_key(client: TestClient, body: str) -> None:
    headers = {"Content-Type": "application/json", **KEY}
    problem(client.post("/api/jobs", content=body, headers=headers), 422, "body")
    assert create_with_key(client)


def test_a_job_that_there_is_not(client: TestClient) -> None:
    for _ in range(2):
        problem(client.post("/api/jobs/nope/close", headers=KEY), 404, "Job 'nope' not found")


def test_a_command_is_known_in_a_restored_job_too(
    client: TestClient, job_id: str, runtime: StepRuntime
) -> None:
    path = f"/api/jobs/{job_id}"
    good(client.post(f"{path}/resume", json={"reason": "x"}, headers=KEY))
    good(client.post(f"{path}/pause"))
    snapshot = good(client.post(f"{path}/snapshot"))
    good(client.post(f"{path}/cancel"))
    body = {"snapshot": snapshot, "start_paused": True}
    assert client.post("/api/jobs/restore", json=body).status_code == 201
    again = good(client.post(f"{path}/resume", json={"reason": "x"}, headers=KEY))
    assert again["changed"] is True
    assert good(client.get(f"{path}/status"))["status"] == "paused"


# -- at one time -----------------------------------------------------------------------------------


class Gate:
    """Holds the first request in the runtime, and tells when another one waits for it."""

    def __init__(self, runtime: StepRuntime, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls = 0
        self.began, self.go_on, self.waits = (threading.Event() for _ in range(3))
        self.error: Exception | None = None
        self._exec, self._wrap = runtime.exec, asyncio.wrap_future
        monkeypatch.setattr(runtime, "exec", self.exec)
        monkeypatch.setattr(idempotency.asyncio, "wrap_future", self.wrap)

    def exec(self, *args: Any, **named: Any) -> JobState:
        self.calls += 1
        if self.calls == 1:
            self.began.set()
            assert self.go_on.wait(LONG_S)
            if self.error is not None:
                raise self.error
        return self._exec(*args, **named)

    def wrap(self, future: Any, **named: Any) -> Any:
        self.waits.set()
        return self._wrap(future, **named)


@pytest.fixture
def gate(runtime: StepRuntime, monkeypatch: pytest.MonkeyPatch) -> Gate:
    return Gate(runtime, monkeypatch)


def at_one_time(client: TestClient, gate: Gate, ask: Callable[[], Any]) -> tuple[Any, Any]:
    """Two requests, the second while the first is being carried out."""
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(client.post, "/api/jobs", json={"flow_id": "flow"}, headers=KEY)
        assert gate.began.wait(LONG_S)
        second = threads.submit(ask)
        assert gate.waits.wait(LONG_S)
        gate.go_on.set()
        return first.result(LONG_S), second.result(LONG_S)


def test_of_two_equal_requests_at_one_time_one_is_carried_out(
    client: TestClient, gate: Gate
) -> None:
    one, two = at_one_time(
        client, gate, lambda: client.post("/api/jobs", json={"flow_id": "flow"}, headers=KEY)
    )
    assert (one.status_code, two.status_code) == (201, 201)
    assert two.content == one.content
    assert gate.calls == 1
    assert good(client.get("/api/jobs"))["total"] == 1


@pytest.mark.parametrize("error", [ValueError("no"), ZeroDivisionError()])
def test_the_second_is_carried_out_when_the_first_has_failed(
    client: TestClient, gate: Gate, error: Exception
) -> None:
    gate.error = error
    one, two = at_one_time(
        client, gate, lambda: client.post("/api/jobs", json={"flow_id": "flow"}, headers=KEY)
    )
    assert (one.status_code >= 400, two.status_code, gate.calls) == (True, 201, 2)


def test_another_request_with_the_key_of_one_under_way(client: TestClient, gate: Gate) -> None:
    with ThreadPoolExecutor(1) as thread:
        first = thread.submit(client.post, "/api/jobs", json={"flow_id": "flow"}, headers=KEY)
        assert gate.began.wait(LONG_S)
        other = {"flow_id": "flow", "keep_open": True}
        problem(client.post("/api/jobs", json=other, headers=KEY), 422, "Idempotency-Key was used")
        gate.go_on.set()
        assert first.result(LONG_S).status_code == 201


def test_a_waiting_request_that_breaks_off_ends_nothing(gate: Gate) -> None:
    async def play() -> tuple[int, bool]:
        answers, go_on = Answers(), asyncio.Event()

        async def slow() -> Response:
            await go_on.wait()
            return Response("first", 201)

        async def never() -> Response:
            raise AssertionError("it must not be carried out")

        log = answers.log_for(None)
        first = asyncio.create_task(answers.once(log, "k", "c", slow))
        await asyncio.sleep(0)
        second = asyncio.create_task(answers.once(log, "k", "c", never))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.wait([second])
        go_on.set()
        return (await first).status_code, second.cancelled()

    assert asyncio.run(play()) == (201, True)


# -- what is kept ----------------------------------------------------------------------------------


def ask(
    answers: Answers, key: str, command: str = "c", body: bytes = b"", status: int = 200
) -> Any:
    async def answer() -> Response:
        return Response(body, status)

    async def once() -> Response:
        return await answers.once(answers.log_for(None), key, command, answer)

    return asyncio.run(once())


def test_the_last_thousand_are_kept() -> None:
    answers = Answers()
    for number in range(1_001):
        ask(answers, f"k{number}", body=b"first")
    assert ask(answers, "k1", body=b"second").body == b"first"
    assert ask(answers, "k0", body=b"second").body == b"second"
    with pytest.raises(KeyReused):
        ask(answers, "k1000", "another")


def test_an_answer_that_is_very_long_is_not_kept() -> None:
    answers = Answers()
    for size, kept in ((LONGEST_KEPT, True), (LONGEST_KEPT + 1, False)):
        ask(answers, f"k{size}", body=b"a" * size)
        assert (ask(answers, f"k{size}", body=b"b").body != b"b") is kept


def test_the_answers_of_a_job_go_with_it() -> None:
    answers, job = Answers(), JobState("flow")
    log = answers.log_for(job)
    assert answers.log_for(job) is log
    assert log.limit == 1_000
    assert len(answers._by_job) == 1
    del job
    gc.collect()
    assert len(answers._by_job) == 0
