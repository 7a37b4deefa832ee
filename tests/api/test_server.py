"""Serving on loopback."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from routilux.api.main import create_app
from routilux.api.server import Server, serve

if TYPE_CHECKING:
    from routilux.testing import StepRuntime


def fetch(url: str, **headers: str) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_it_answers_on_a_thread_until_it_is_stopped(host: str, runtime: StepRuntime) -> None:
    with Server(create_app(runtime), host, 0) as server:
        assert server.url == f"http://127.0.0.1:{server.port}"
        assert fetch(f"{server.url}/api/health/live") == (200, {"status": "live"})
        assert fetch(f"{server.url}/api/flows/x")[0] == 404
        status, body = fetch(f"{server.url}/api/health/live", Host="rebound.example")
        assert (status, body["title"]) == (403, "Forbidden")
    with pytest.raises(urllib.error.URLError):
        fetch(f"{server.url}/api/health/live")


def test_it_refuses_other_addresses(runtime: StepRuntime) -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.org"):
        with pytest.raises(ValueError, match="can steer the jobs"):
            Server(create_app(runtime), host, 0)


def test_an_address_that_is_taken(runtime: StepRuntime) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        Server(create_app(runtime), port=taken.getsockname()[1])


def test_a_server_that_was_never_started_gives_its_address_back(runtime: StepRuntime) -> None:
    server = Server(create_app(runtime), port=0)
    server.stop()
    with socket.create_server(("127.0.0.1", server.port)) as again:
        assert again.getsockname()[1] == server.port


def test_serve_announces_its_address(
    runtime: StepRuntime, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[str] = []
    monkeypatch.setattr(Server, "run", lambda self: served.append(self.url) or self.stop())
    announced: list[str] = []
    serve(create_app(runtime), port=0, announce=announced.append)
    assert announced == served
    with caplog.at_level("INFO", "routilux.api"):
        serve(create_app(runtime), port=0)
    assert served[1] in caplog.text


def run(*command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-u", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )


def test_ctrl_c_ends_it_cleanly() -> None:
    program = (
        "from routilux.api.main import app\n"
        "from routilux.api.server import serve\n"
        "try:\n    serve(app, port=0, announce=print)\n"
        "except KeyboardInterrupt:\n    print('ended')\n"
    )
    with run("-c", program) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert fetch(f"{url}/api/health/ready")[0] == 200
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=30)
    assert (process.returncode, out, error) == (0, "ended\n", "")


def test_uvicorn_serves_the_app_of_the_process() -> None:
    with run("-m", "uvicorn", "routilux.api.main:app", "--port", "0") as process:
        assert process.stderr is not None
        url = next(word for line in process.stderr for word in line.split() if "http://" in word)
        status, flows = fetch(f"{url}/api/flows")
        process.terminate()
        process.communicate(timeout=30)
    assert (status, flows) == (200, {"flows": [], "total": 0, "next_cursor": None})
