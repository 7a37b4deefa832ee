"""Keys, foreign pages and the end of a server, as a request meets them."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from fastapi import Depends
from fastapi.testclient import TestClient
from pydantic import SecretStr

from routilux.api.caller import Caller, caller_of
from routilux.api.guard import NO_KEY, HostGuard
from routilux.api.hosts import host_of
from routilux.api.main import create_app
from routilux.api.settings import ApiSettings
from tests.api.answers import create, good, problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from routilux.testing import StepRuntime

KEY, READ, LOOK = "control-" + "k" * 20, "read-" + "k" * 20, "look-" + "k" * 20
WITH_KEY = {"X-API-Key": KEY}
BODY = {"flow_id": "flow"}


@pytest.fixture
def make(runtime: StepRuntime) -> Callable[..., TestClient]:
    """Makes a client of an application with these settings; ``/who`` tells who asks."""

    def make(**given: Any) -> TestClient:
        app = create_app(runtime, settings=ApiSettings(**given))

        @app.get("/who")
        def who(caller: Annotated[Caller, Depends(caller_of)]) -> list[Any]:
            return [caller.identity, caller.may_change, caller.sees_payloads]

        return TestClient(app, raise_server_exceptions=False)

    return make


@pytest.fixture
def keyed(make: Callable[..., TestClient], tmp_path: Path) -> TestClient:
    """A client of an application with three keys."""
    path = tmp_path / "keys"
    path.write_text(f"look read+payloads {LOOK}\n")
    path.chmod(0o600)
    return make(api_key=SecretStr(KEY), read_only_api_key=SecretStr(READ), api_keys_file=path)


def test_without_keys_a_program_of_this_machine_may_do_everything(
    make: Callable[..., TestClient],
) -> None:
    assert good(make().get("/who")) == [None, True, True]
    assert good(make(payloads=False).get("/who")) == [None, True, False]


@pytest.mark.parametrize(
    ("key", "who"),
    [
        (KEY, ["api_key", True, True]),
        (READ, ["read_only_api_key", False, False]),
        (LOOK, ["look", False, True]),
    ],
)
def test_a_key_says_who_asks(key: str, who: list[Any], keyed: TestClient) -> None:
    assert good(keyed.get("/who", headers={"X-API-Key": key})) == who
    assert good(keyed.get("/who", headers={"Authorization": f"Bearer {key}"})) == who
    assert good(keyed.get("/who", headers={"Authorization": f"bearer  {key}"})) == who
    both = {"X-API-Key": key, "Authorization": f"Bearer {key}"}
    assert good(keyed.get("/who", headers=both)) == who


def test_payloads_can_be_switched_off_for_all(make: Callable[..., TestClient]) -> None:
    client = make(api_key=SecretStr(KEY), payloads=False)
    assert good(client.get("/who", headers=WITH_KEY)) == ["api_key", True, False]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-API-Key": "wrong-" + "k" * 20},
        {"X-API-Key": KEY[:-1]},
        {"X-API-Key": ""},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": KEY},
        {"Authorization": "Bearer"},
        {"X-API-Key": KEY, "Authorization": f"Bearer {READ}"},
        {"X-API-Key": KEY, "Authorization": "Basic abc"},
    ],
)
@pytest.mark.parametrize("path", ["/api/jobs", "/docs", "/openapi.json", "/metrics", "/nowhere"])
def test_without_a_right_key_there_is_one_answer(
    path: str, headers: dict[str, str], keyed: TestClient
) -> None:
    response = keyed.get(path, headers=headers)
    assert problem(response, 401)["detail"] == NO_KEY
    assert response.headers["www-authenticate"] == 'Bearer realm="routilux"'
    assert KEY not in response.text


def test_a_key_in_the_address_is_none(keyed: TestClient) -> None:
    problem(keyed.get("/api/jobs", params={"api_key": KEY, "X-API-Key": KEY}), 401)


@pytest.mark.parametrize("path", ["/api/health/live", "/api/health/ready"])
def test_health_needs_no_key(path: str, keyed: TestClient) -> None:
    good(keyed.get(path))
    good(keyed.get(path, headers={"X-API-Key": "wrong-" + "k" * 20}))
    problem(keyed.post(path), 401)
    problem(keyed.get(f"{path}/"), 401)


def test_a_key_that_may_read_gets_403_for_every_command(keyed: TestClient) -> None:
    good(keyed.get("/api/jobs", headers={"X-API-Key": READ}))
    for key in (READ, LOOK):
        for method in ("POST", "PUT", "DELETE", "PATCH", "FROB"):
            response = keyed.request(method, "/api/jobs", json=BODY, headers={"X-API-Key": key})
            problem(response, 403, "may only read", "'control'")
    assert good(keyed.get("/api/jobs", headers=WITH_KEY))["total"] == 0
    assert keyed.post("/api/jobs", json=BODY, headers=WITH_KEY).status_code == 201


# -- names of this server --------------------------------------------------------------------------


def ask(server: tuple[str, int], *hosts: str, allowed: tuple[str, ...] = ()) -> int:
    """The status of a request with a key over a socket with that address."""
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", host.encode()) for host in hosts]
    scope = {"type": "http", "method": "GET", "path": "/", "server": server, "headers": headers}
    asyncio.run(HostGuard(app, allowed, has_keys=True)(scope, None, send))  # type: ignore[arg-type]
    return int(sent[0]["status"])


@pytest.mark.parametrize(
    ("address", "host", "status"),
    [
        ("10.1.2.3", "10.1.2.3:20555", 200),
        ("10.1.2.3", "localhost:20555", 200),
        ("10.1.2.3", "jobs.example", 200),
        ("10.1.2.3", "JOBS.example:1", 200),
        ("10.1.2.3", "10.1.2.4", 403),
        ("10.1.2.3", "rebound.example", 403),
        ("10.1.2.3", "jobs.example.evil", 403),
        ("10.1.2.3", "user@jobs.example", 403),
        ("fd00::7", "[fd00::7]:20555", 200),
        ("fd00::7", "[fd00:0::7]", 200),
        ("::ffff:10.1.2.3", "10.1.2.3", 200),
        ("127.0.0.1", "jobs.example", 200),
        ("127.0.0.1", "rebound.example", 403),
        ("127.0.0.1", "[::1", 403),
        ("127.0.0.1", "localhost/x", 403),
        ("127.0.0.1", "localhost:port", 403),
    ],
)
def test_only_names_of_this_server(address: str, host: str, status: int) -> None:
    assert ask((address, 20555), host, allowed=("jobs.example",)) == status


def test_one_name_and_not_two() -> None:
    assert ask(("127.0.0.1", 80)) == 403
    assert ask(("127.0.0.1", 80), "localhost", "localhost") == 403


@pytest.mark.parametrize(
    ("header", "host"),
    [("LOCALHOST:80", "localhost"), ("[::1]:80", "::1"), (" a.b ", "a.b"), ("a b", ""), ("", "")],
)
def test_the_name_in_a_host_header(header: str, host: str) -> None:
    assert host_of(header) == host


# -- pages of other sites --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        ({"Origin": "http://testserver"}, True),
        ({"Origin": "http://TESTSERVER", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "http://testserver:8080"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://[bad"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
    ],
)
def test_who_may_change_something(
    headers: dict[str, str], allowed: bool, make: Callable[..., TestClient]
) -> None:
    client = make()
    response = client.post("/api/jobs", json=BODY, headers=headers)
    if allowed:
        assert response.status_code == 201
    else:
        problem(response, 403, "another site")
        assert good(client.get("/api/jobs", headers=headers))["total"] == 0


def test_nothing_is_shared_with_other_origins_unless_configured(
    make: Callable[..., TestClient],
) -> None:
    asks = {"Origin": "https://ui.example", "Access-Control-Request-Method": "POST"}
    client = make()
    for response in (
        client.get("/api/jobs", headers=asks),
        client.options("/api/jobs", headers=asks),
    ):
        assert not [name for name in response.headers if name.startswith("access-control")]
    problem(client.options("/api/jobs", headers=asks), 405)


def test_a_configured_origin_may_do_what_its_key_may(make: Callable[..., TestClient]) -> None:
    client = make(api_key=SecretStr(KEY), cors_origins="https://ui.example")
    own = {"Origin": "https://ui.example"}
    asks = {
        **own,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-api-key, idempotency-key, content-type",
    }
    answer = client.options("/api/jobs", headers=asks)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://ui.example"
    assert "access-control-allow-credentials" not in answer.headers
    made = client.post(
        "/api/jobs", json=BODY, headers={**own, **WITH_KEY, "Sec-Fetch-Site": "cross-site"}
    )
    assert made.status_code == 201
    assert made.headers["access-control-allow-origin"] == "https://ui.example"
    refused = client.post("/api/jobs", json=BODY, headers=own)
    problem(refused, 401)
    assert refused.headers["access-control-allow-origin"] == "https://ui.example"
    foreign = {"Origin": "https://evil.example"}
    problem(client.post("/api/jobs", json=BODY, headers={**foreign, **WITH_KEY}), 403)
    looks = client.get("/api/jobs", headers={**foreign, **WITH_KEY})
    assert "access-control-allow-origin" not in looks.headers
    assert client.options("/api/jobs", headers={**asks, **foreign}).status_code == 400


# -- the end ---------------------------------------------------------------------------------------


def test_a_server_that_stops_is_alive_and_not_ready_and_takes_no_commands(
    client: TestClient,
) -> None:
    job_id = create(client, start_paused=True)["job_id"]
    life = client.app.state.context.life  # type: ignore[attr-defined]
    life.stop()
    problem(client.get("/api/health/ready"), 503, "about to stop")
    good(client.get("/api/health/live"))
    good(client.get(f"/api/jobs/{job_id}"))
    problem(client.post("/api/jobs", json=BODY), 503, "about to stop")
    problem(client.post(f"/api/jobs/{job_id}/resume"), 503, "about to stop")
    assert life.wait_for_commands(0)


def test_a_command_that_breaks_is_under_way_no_more(
    client: TestClient, runtime: StepRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(runtime, "exec", fail)
    problem(client.post("/api/jobs", json=BODY), 500)
    assert client.app.state.context.life.wait_for_commands(0)  # type: ignore[attr-defined]


# -- audit lines -----------------------------------------------------------------------------------


def audit(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.name == "routilux.audit"]


def test_each_command_has_an_audit_line(
    keyed: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "routilux.audit")
    body = {
        **BODY,
        "start_paused": True,
        "entry_routine_id": "sink",
        "entry_params": {"password": "payload-secret"},
    }
    headers = {**WITH_KEY, "Idempotency-Key": "idempotency-secret"}
    path = "/api/jobs?token=query-secret"
    job_id = keyed.post(path, json=body, headers=headers).json()["job_id"]
    good(keyed.post(f"/api/jobs/{job_id}/resume", headers=WITH_KEY))
    good(keyed.get("/api/jobs", headers=WITH_KEY))
    keyed.post("/api/jobs", json=BODY, headers={"X-API-Key": READ})
    keyed.post("/api/jobs", json=BODY, headers={"X-API-Key": "wrong-secret-" + "k" * 9})
    assert keyed.post(path, json=body, headers=headers).json()["job_id"] == job_id
    lines = audit(caplog)
    assert len(lines) == 5
    made, resumed, read_only, unknown, again = lines
    assert made.startswith('POST createJob identity="api_key" status=201 ms=')
    assert made.endswith(" idempotency_key=true replayed=false")
    assert f'POST resumeJob job_id="{job_id}" identity="api_key"' in resumed
    assert resumed.endswith(" idempotency_key=false replayed=false")
    assert 'POST "/api/jobs" identity="read_only_api_key" status=403' in read_only
    assert 'POST "/api/jobs" identity=null status=401' in unknown
    assert again.startswith('POST createJob identity="api_key" status=201 ms=')
    assert again.endswith(" idempotency_key=true replayed=true")
    for secret in (KEY, READ, "secret"):
        assert secret not in "".join(lines)


def test_nobody_writes_lines_of_his_own_into_the_log(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "routilux.audit")
    client.post("/api/jobs/x%0APOST%20forged%1B%5B2J%E2%80%A8/pause")
    client.post("/nowhere%0Aforged" + "x" * 1000)
    client.request("DELETE", "/api/jobs/%0Aforged")
    lines = audit(caplog)
    assert len(lines) == 3
    for line in lines:
        assert line.isascii()
        assert line.isprintable()
        assert len(line) < 500
    assert r'job_id="x\nPOST forged\u001b[2J\u2028"' in lines[0]


def test_a_command_that_breaks_has_its_line_too(
    client: TestClient,
    runtime: StepRuntime,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    caplog.set_level(logging.INFO, "routilux.audit")
    monkeypatch.setattr(runtime, "exec", fail)
    problem(client.post("/api/jobs", json=BODY), 500)
    (line,) = audit(caplog)
    assert "status=500" in line
