"""Servers as processes: waited for, stopped by their own id, and heard when they fail."""

from __future__ import annotations

import signal
import socket
import sys
from dataclasses import astuple
from typing import TYPE_CHECKING

import pytest

from tools.backends.ports import HOST, Ports, free_ports
from tools.backends.prometheus import lay_out
from tools.backends.server import Server, ServerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SERVE = """
import http.server, signal, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/ok" else 503)
        self.end_headers()

    def log_message(self, *_):
        pass

if "deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("serving", flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Makes servers that are not yet started; kills what is left."""
    made: list[Server] = []

    def make(*words: str, program: str = SERVE, path: str = "/ok") -> Server:
        port = free_ports().prometheus
        made.append(
            Server(
                name="little",
                command=[sys.executable, "-c", program, str(port), *words],
                health=f"http://{HOST}:{port}{path}",
                log=tmp_path / "little.log",
                folder=tmp_path,
            )
        )
        return made[-1]

    yield make
    for server in made:
        server.kill()


def test_it_is_healthy_inside_and_stopped_after(serve):
    with serve() as server:
        assert server.is_running
    assert not server.is_running
    assert server.process.returncode == -signal.SIGTERM
    assert server.log.read_text() == "serving\n"


def test_it_can_be_started_again_and_its_log_goes_on(serve):
    server = serve()
    for _ in range(2):
        with server:
            pass
    assert server.log.read_text() == "serving\n" * 2


def test_what_does_not_hear_is_killed(serve):
    with serve("deaf") as server:
        assert server.stop(timeout=0.1) == -signal.SIGKILL


def test_a_kill_is_a_kill(serve):
    with serve() as server:
        server.kill()
        assert server.process.returncode == -signal.SIGKILL


def test_what_was_never_started_needs_no_stop(serve):
    server = serve()
    assert not server.is_running
    assert server.stop() is None


def test_a_server_that_ends_at_once_is_not_waited_for(serve):
    with pytest.raises(ServerError, match=r"little ended with 3; the end of .*:\nthe reason$"):
        serve(program="import sys; print('the reason'); sys.exit(3)").__enter__()


def test_a_server_that_is_never_healthy_is_stopped(serve):
    server = serve(path="/never")
    server.start()
    with pytest.raises(ServerError, match=r"not healthy after 0.2 s"):
        server.wait_until_healthy(timeout=0.2)
    server.stop()
    assert not server.is_running


def test_free_ports_are_all_different_and_can_be_taken():
    ports = astuple(free_ports())
    assert len(set(ports)) == len(ports)
    for port in ports:
        with socket.socket() as taken:
            taken.bind((HOST, port))


def test_the_ports_that_people_know_are_all_different():
    ports = astuple(Ports())
    assert len(set(ports)) == len(ports)


def test_prometheus_runs_with_the_file_of_the_repository(tmp_path):
    config = lay_out(tmp_path, Ports())
    assert config.is_symlink()
    assert config.resolve().name == "prometheus.yaml"
    assert {each.name for each in (tmp_path / "targets").iterdir()} == {
        "collector.yaml",
        "prometheus.yaml",
        "jaeger.yaml",
    }
    assert lay_out(tmp_path, Ports()) == config, "and again in the same folder"
