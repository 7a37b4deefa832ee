"""Servers as processes: waited for, stopped by their own id, and heard when they fail."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import astuple, replace
from typing import TYPE_CHECKING

import psutil
import pytest

from tools.backends.lock import FolderInUseError, hold
from tools.backends.places import ROOT
from tools.backends.ports import HOST, Ports, free_ports, taken
from tools.backends.prometheus import lay_out
from tools.backends.server import Server, ServerError
from tools.backends.stack import run_until_stopped

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


def test_what_an_earlier_start_printed_is_not_told(serve):
    server = serve(program="import sys; print('the reason'); sys.exit(3)")
    server.log.write_text("long ago\n")
    with pytest.raises(ServerError, match=r"ended with 3; the end of .*:\nthe reason$"):
        server.__enter__()


def test_where_something_answers_already_nothing_is_started(serve):
    with serve() as first:
        second = serve()
        second.health = first.health
        with pytest.raises(ServerError, match=r"not started: something answers at http"):
            second.__enter__()
    assert second.process is None


def test_the_answer_of_another_one_is_not_believed(serve):
    with serve() as other:
        dead = serve(program="raise SystemExit(3)")
        dead.start()
        dead.process.wait()
        dead.health = other.health
        with pytest.raises(ServerError, match=r"little ended with 3"):
            dead.wait_until_healthy()


ORPHANED = """
import os, signal, sys
from pathlib import Path
from tools.backends.server import Server

folder = Path(sys.argv[1])
command = [sys.executable, "-c", "import time; print('ready', flush=True); time.sleep(60)"]
server = Server("sleeper", command, "http://127.0.0.1:9/", folder / "log", folder)
server.start()
while "ready" not in server.log.read_text():
    pass
print(server.process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it outlives its parent")
def test_it_ends_with_a_parent_that_is_killed(tmp_path):
    parent = subprocess.run(
        [sys.executable, "-c", ORPHANED, tmp_path],
        cwd=ROOT, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert (parent.returncode, parent.stderr) == (-signal.SIGKILL, "")
    child = int(parent.stdout)
    end = time.monotonic() + 10
    while psutil.pid_exists(child) and psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Something else that listens."""
    with socket.create_server((HOST, 0)) as made:
        yield made


def test_a_taken_port_is_named_with_its_server(listener):
    port = listener.getsockname()[1]
    free = free_ports()
    assert taken(free) == {}
    assert taken(replace(free, jaeger_query=port)) == {"jaeger": [port]}
    assert taken(replace(free, collector_grpc=port, prometheus=port)) == {
        "collector": [port],
        "prometheus": [port],
    }
    assert taken(replace(free, jaeger_agent_binary=port)) == {}, "this one is for UDP"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((HOST, free.jaeger_agent_binary))
        assert taken(free) == {"jaeger": [free.jaeger_agent_binary]}


def test_connections_that_have_ended_keep_no_port(listener):
    port = listener.getsockname()[1]
    with socket.create_connection((HOST, port)) as ours:
        listener.accept()[0].close()  # it ends first: this end of the connection lingers
        assert ours.recv(1) == b""
    listener.close()
    assert taken(replace(free_ports(), prometheus=port)) == {}


def test_a_stack_whose_port_is_taken_is_one_line(listener, tmp_path, capsys):
    port = listener.getsockname()[1]
    assert run_until_stopped(tmp_path, replace(free_ports(), collector_http=port)) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"Not started: these ports are taken: collector {port}. Stop what is ")
    assert err.endswith(" -m tools.backends.stack --free-ports --folder DIR`.\n")
    assert err.count("\n") == 1
    assert [each.name for each in tmp_path.iterdir()] == ["lock"], "nothing was laid out"


def test_a_stack_whose_folder_is_in_use_is_one_line(tmp_path, capsys):
    with hold(tmp_path):
        assert run_until_stopped(tmp_path, free_ports()) == 1
    _, err = capsys.readouterr()
    assert err.startswith(f"Not started: process {os.getpid()} uses {tmp_path}. Stop what is ")
    assert err.count("\n") == 1


def test_a_folder_is_free_again_after(tmp_path):
    for _ in range(2):
        with hold(tmp_path), pytest.raises(FolderInUseError), hold(tmp_path):
            pass


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
