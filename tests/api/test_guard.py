"""What is refused before any path sees it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from routilux.api.bodies import BODY_LIMIT
from routilux.api.guard import HostGuard
from routilux.api.hosts import is_loopback
from tests.api.answers import create, good, problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi.testclient import TestClient

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "::1", "[::1]"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::", "10.0.0.1", "example.org", "localhost.evil"])
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def ask(server: tuple[str, int] | None, host: str, **scope: Any) -> int:
    """The status of the answer to a request over a socket with that address."""
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", host.encode())]
    full = {
        "type": "http", "method": "GET", "path": "/", "server": server, "headers": headers, **scope
    }  # fmt: skip
    asyncio.run(HostGuard(app, (), has_keys=False)(full, receive, send))
    return int(sent[0]["status"])


@pytest.mark.parametrize(
    ("server", "host", "status"),
    [
        (("127.0.0.1", 80), "127.0.0.1:80", 200),
        (("127.0.0.1", 80), "localhost", 200),
        (("::1", 80), "[::1]:80", 200),
        (("127.0.0.1", 80), "rebound.example:80", 403),
        (("127.0.0.1", 80), "", 403),
        (("10.1.2.3", 80), "localhost", 403),
        (("/run/socket", None), "anything", 200),
        (None, "anything", 200),
    ],
)
def test_only_loopback_and_its_names(server: Any, host: str, status: int) -> None:
    assert ask(server, host) == status


def test_what_is_not_http_passes() -> None:
    passed: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        passed.append(scope["type"])

    asyncio.run(HostGuard(app, (), has_keys=False)({"type": "lifespan"}, None, None))  # type: ignore[arg-type]
    assert passed == ["lifespan"]


def test_a_page_of_another_site_may_look_but_not_change(client: TestClient) -> None:
    foreign = {"Origin": "https://example.org"}
    body = {"flow_id": "flow"}
    problem(client.post("/api/jobs", json=body, headers=foreign), 403, "another site")
    problem(client.post("/api/jobs", json=body, headers={"Origin": "null"}), 403)
    good(client.get("/api/jobs", headers=foreign))
    own = {"Origin": "http://testserver"}
    assert client.post("/api/jobs", json=body, headers=own).status_code == 201


def test_a_body_must_be_json(client: TestClient) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    response = client.post("/api/jobs", content='{"flow_id": "flow"}', headers=form)
    problem(response, 415, "application/json")
    latin = client.post("/api/jobs", content=b'{"flow_id": "caf\xe9"}', headers=JSON)
    problem(latin, 400, "UTF-8")


def test_a_command_needs_no_body(client: TestClient) -> None:
    job_id = create(client, start_paused=True)["job_id"]
    good(client.post(f"/api/jobs/{job_id}/resume"))


def test_a_body_that_is_too_large_with_and_without_its_length(client: TestClient) -> None:
    body = b'{"flow_id": "flow"}' + b" " * BODY_LIMIT
    problem(client.post("/api/jobs", content=body, headers=JSON), 413, "send less")

    def parts() -> Iterator[bytes]:
        for start in range(0, len(body), 100_000):
            yield body[start : start + 100_000]

    problem(client.post("/api/jobs", content=parts(), headers=JSON), 413, "send less")
    assert good(client.get("/api/jobs"))["total"] == 0
