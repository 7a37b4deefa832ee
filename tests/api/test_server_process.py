"""``routilux serve`` as a process of its own, asked over sockets."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from routilux import Runtime, flowfile
from routilux.cli.errors import DONE, FAILED, USAGE
from routilux.flow_registry import FlowRegistry
from routilux.stores import JobStore
from tests.api.steps import HERE
from tests.api.wire import ask, connected, head, is_closed, read_answer, trickle
from tests.cli.programs import STARTED, Done, finish, start

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

KEY, READ = "planted-control-" + "k" * 20, "planted-read-" + "k" * 20
COUNT = 1_000
SUMS = f"""\
routines:
  numbers:
    class: "{HERE}:Numbers"
  adder:
    class: "{HERE}:Adder"
connections:
  - from: numbers.number
    to: adder.numbers
defaults: {{max_queue_length: {COUNT}, overflow: block}}
"""
GATED = f"""\
routines:
  gated:
    class: "{HERE}:Gated"
    config: {{pipe: "PIPE"}}
"""


@dataclass
class Served:
    """A server process."""

    process: subprocess.Popen[str]
    port: int
    document: dict[str, Any]
    pipe: Path

    def create(self, flow_id: str, **body: Any) -> str:
        """Start a job; returns its id."""
        answer = ask(self.port, "POST", "/api/jobs", {"flow_id": flow_id, **body})
        assert answer.status == 201, answer
        job_id: str = answer.json["job_id"]
        return job_id

    def create_gated(self) -> str:
        """Start a job whose logic runs until `release`, and wait until it does."""
        job_id = self.create("gated")
        while not ask(self.port, "GET", f"/api/jobs/{job_id}").json["counts"]["running"]:
            pass
        return job_id

    def signal(self, number: int) -> None:
        """Send a signal, and wait until the server is not ready any more."""
        self.process.send_signal(number)
        while ask(self.port, "GET", "/api/health/ready").status != 503:
            assert self.process.poll() is None

    def release(self) -> None:
        """Let gated routines go on; blocks until one waits."""
        self.pipe.write_bytes(b"go on")


@pytest.fixture(autouse=True)
def no_process_is_left() -> Iterator[None]:
    """No process outlives its test."""
    yield
    while STARTED:
        process = STARTED.pop()
        process.kill()
        process.communicate()


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    """The folder of the flows ``sums`` and ``gated``."""
    folder = tmp_path / "flows"
    folder.mkdir()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (folder / "sums.yaml").write_text(SUMS)
    (folder / "gated.yaml").write_text(GATED.replace("PIPE", str(pipe)))
    return folder


@pytest.fixture
def serve(flows: Path, tmp_path: Path) -> Callable[..., Served]:
    """Starts servers, with settings without their prefix."""

    def serve(*words: str, **settings: object) -> Served:
        given = {f"ROUTILUX_{name.upper()}": str(value) for name, value in settings.items()}
        allow = ("--flows", str(flows), "--allow", f"{HERE}:*")
        process = start("serve", "--json", "--port", 0, *allow, *words, **given)
        assert process.stdout is not None
        text = ""
        while not text.endswith("}\n"):
            line = process.stdout.readline()
            assert line, finish(process)
            text += line
        document = json.loads(text)
        port = int(document["address"].rpartition(":")[2])
        return Served(process, port, document, tmp_path / "pipe")

    return serve


# -- who may ask -----------------------------------------------------------------------------------


def test_keys_and_what_they_are_good_for(serve: Callable[..., Served]) -> None:
    port = serve(api_key=KEY, read_only_api_key=READ).port
    for path in ("/api/jobs", "/docs", "/openapi.json", "/metrics"):
        none, wrong = ask(port, "GET", path), ask(port, "GET", path, X_API_Key=KEY + "x")
        none.problem(401, "X-API-Key: KEY")
        assert none.headers["www-authenticate"].startswith("Bearer")
        assert (none.status, none.body) == (wrong.status, wrong.body)
    for path in ("/api/health/live", "/api/health/ready"):
        assert ask(port, "GET", path).status == 200
    assert ask(port, "GET", "/api/jobs", X_API_Key=READ).status == 200
    assert ask(port, "GET", "/api/jobs", Authorization=f"Bearer {READ}").status == 200
    body = {"flow_id": "sums", "entry_params": {"count": 1}}
    ask(port, "POST", "/api/jobs", body, X_API_Key=READ).problem(403, "may only read")
    ask(port, "POST", "/api/jobs", body).problem(401)
    assert ask(port, "POST", "/api/jobs", body, X_API_Key=KEY).status == 201


def test_names_of_the_server_and_foreign_pages(serve: Callable[..., Served]) -> None:
    port = serve(allowed_hosts="jobs.example").port
    for host in ("localhost", "127.0.0.1:1", "[::1]", "jobs.example:8080"):
        assert ask(port, "GET", "/api/jobs", Host=host).status == 200
    for host in ("rebound.example", "jobs.example.evil", "0.0.0.0", "localhost@evil"):
        ask(port, "GET", "/api/jobs", Host=host).problem(403, "Host header")
        ask(port, "GET", "/api/health/live", Host=host).problem(403, "Host header")
    body = {"flow_id": "sums"}
    for foreign in ({"Origin": "https://evil.example"}, {"Sec_Fetch_Site": "cross-site"}):
        ask(port, "POST", "/api/jobs", body, **foreign).problem(403, "another site")
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    ask(port, "POST", "/api/jobs", body, **form).problem(415, "application/json")
    assert ask(port, "GET", "/api/jobs").json["total"] == 0


def test_an_address_that_others_reach_needs_a_key(serve: Callable[..., Served]) -> None:
    for words in (("--host", "0.0.0.0"), ("--host", "::")):
        done = finish(start("serve", *words, "--port", 0))
        assert (done.code, done.out) == (USAGE, "")
        assert "run `routilux key new`" in done.error
    served = serve("--host", "0.0.0.0", api_key=KEY)
    assert served.document["address"].startswith("http://0.0.0.0:")
    ask(served.port, "GET", "/api/jobs").problem(401)
    assert ask(served.port, "GET", "/api/jobs", X_API_Key=KEY).status == 200


def test_a_wrong_setting_is_one_line(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("ops everything planted-key-in-a-file\n")
    keys.chmod(0o600)
    for settings, says in (
        ({"ROUTILUX_PORT": "many"}, "ROUTILUX_PORT: "),
        ({"ROUTILUX_API_KEY": "planted"}, "ROUTILUX_API_KEY: a key is 16"),
        ({"ROUTILUX_API_KEYS_FILE": str(keys)}, f"{keys}:1: the second word is the scope"),
        ({"ROUTILUX_SNAPSHOT_FOLDER": str(keys)}, "snapshots cannot be saved in"),
    ):
        done = finish(start("serve", **settings))
        assert (done.code, done.out) == (USAGE, "")
        assert says in done.error
        assert "planted" not in done.err


# -- limits ----------------------------------------------------------------------------------------


def test_bodies_over_the_limit_with_and_without_a_length(serve: Callable[..., Served]) -> None:
    port = serve(body_limit=4096).port
    kind = "Content-Type: application/json"
    with connected(port) as connection:
        connection.sendall(head("POST /api/jobs", kind, "Content-Length: 1073741824"))
        read_answer(connection, "POST").problem(413, "larger than 4096 bytes")
        assert is_closed(connection)
    with connected(port) as connection:
        connection.sendall(head("POST /api/jobs", kind, "Transfer-Encoding: chunked"))
        connection.sendall(b"1000\r\n" + b" " * 4096 + b"\r\n1\r\n ")  # and no end
        read_answer(connection, "POST").problem(413, "larger than 4096 bytes")
    deep = {"flow_id": "sums", "entry_params": json.loads('{"a":' + "[" * 70 + "]" * 70 + "}")}
    ask(port, "POST", "/api/jobs", deep).problem(422, "deeper than 64")
    gzip = {"Content_Encoding": "gzip"}
    ask(port, "POST", "/api/jobs", {}, **gzip).problem(415, "not be compressed")
    assert ask(port, "GET", "/api/jobs").json["total"] == 0


def test_slow_heads_slow_bodies_and_silence(serve: Callable[..., Served]) -> None:
    port = serve(head_timeout=0.3, body_timeout=0.3).port
    with connected(port) as slow, connected(port) as silent:
        sent = head("GET /api/jobs", "X-Filler: " + "x" * 5_000)
        assert trickle(slow, sent, 0.02) < len(sent)
        read_answer(slow).problem(408, "headers were not complete")
        assert is_closed(slow)
        assert is_closed(silent)
    with connected(port) as slow:
        slow.sendall(
            head("POST /api/jobs", "Content-Type: application/json", "Content-Length: 100") + b"{"
        )
        read_answer(slow, "POST").problem(408, "body was not complete")


def test_half_open_connections_take_no_place(serve: Callable[..., Served]) -> None:
    port = serve(connections=8, head_timeout=0.3, keep_alive_timeout=1).port
    half_open = []
    for _ in range(30):  # each says half of a request, closes its half, or nothing more
        connection = socket.create_connection(("127.0.0.1", port))
        half_open.append(connection)
        connection.sendall(b"GET /api/health/live HT")
        connection.shutdown(socket.SHUT_WR)
    while ask(port, "GET", "/api/health/live").status != 200:
        pass
    for connection in half_open:
        connection.close()


# -- the end ---------------------------------------------------------------------------------------


def ended(served: Served) -> Done:
    """How the process has ended; its log lines are all as they should be."""
    done = finish(served.process)
    assert "Traceback" not in done.err
    return done


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_under_load_loses_nothing(
    number: int, serve: Callable[..., Served], flows: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "snapshots"
    served = serve(snapshot_folder=folder, stop_timeout=30)
    assert served.document["snapshots"] == 0
    ids = [served.create("sums", entry_params={"count": COUNT}) for _ in range(3)]
    gated = served.create_gated()
    served.signal(number)
    # The gated routine still runs: the server waits for it, and goes on to answer.
    assert ask(served.port, "GET", "/api/health/live").status == 200
    ask(served.port, "POST", "/api/jobs", {"flow_id": "sums"}).problem(503, "about to stop")
    ask(served.port, "POST", f"/api/jobs/{ids[0]}/resume").problem(503, "about to stop")
    assert ask(served.port, "GET", f"/api/jobs/{gated}").json["status"] == "paused"
    served.release()
    done = ended(served)
    assert done.code == DONE
    assert sorted(path.stem for path in folder.iterdir()) == sorted([*ids, gated])
    assert done.err.count(" is saved in ") == 4
    flow = flowfile.load(str(flows / "sums.yaml"), allow=[f"{HERE}:*"])
    with Runtime(flows=FlowRegistry(), jobs=JobStore()) as runtime:
        saved = [json.loads((folder / f"{job_id}.json").read_text()) for job_id in ids]
        jobs = [runtime.restore(each, flow, start_paused=True) for each in saved]
        done_before = sum(job.routine_data("adder").get("count", 0) for job in jobs)
        for job in jobs:
            job.resume()
        for job in jobs:
            assert job.wait(40)
            assert job.status.value == "completed"
            state = job.routine_data("adder")
            assert (state["count"], state["sum"]) == (COUNT, COUNT * (COUNT - 1) // 2)
    assert done_before < 3 * COUNT  # it was stopped in the middle
    again = serve(snapshot_folder=folder)
    assert again.document["snapshots"] == 4


def test_a_job_that_cannot_be_saved_is_named_and_the_others_are_saved(
    serve: Callable[..., Served], tmp_path: Path
) -> None:
    folder = tmp_path / "snapshots"
    served = serve(snapshot_folder=folder, stop_timeout=0.3)
    gated = served.create_gated()
    saved = served.create("sums", start_paused=True, entry_params={"count": 3})
    served.process.send_signal(signal.SIGTERM)
    done = ended(served)
    assert done.code == FAILED
    assert [path.stem for path in folder.iterdir()] == [saved]
    (line,) = [line for line in done.err.splitlines() if " ERROR " in line]
    assert f"Job {gated} of flow 'gated' could not be saved and is lost: " in line
    assert "gated" in line.partition("lost: ")[2]


def test_without_a_folder_running_work_is_waited_for(serve: Callable[..., Served]) -> None:
    served = serve(stop_timeout=30)
    served.create_gated()
    served.signal(signal.SIGTERM)
    served.release()
    done = ended(served)
    assert done.code == DONE
    assert "cancelled" not in done.err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once(
    number: int, serve: Callable[..., Served], tmp_path: Path
) -> None:
    folder = tmp_path / "snapshots"
    served = serve(snapshot_folder=folder, stop_timeout=600)
    served.create_gated()
    served.signal(signal.SIGTERM)
    began = time.monotonic()
    served.process.send_signal(number)
    assert ended(served).code == 128 + number
    assert time.monotonic() - began < 2
    assert list(folder.iterdir()) == []


# -- secrets ---------------------------------------------------------------------------------------


def test_a_key_appears_nowhere(serve: Callable[..., Served]) -> None:
    served = serve(api_key=KEY, read_only_api_key=READ)
    port, told = served.port, b""
    wrong = "planted-wrong-" + "k" * 20
    for sent in (KEY, READ, wrong):
        for header in ({"X_API_Key": sent}, {"Authorization": f"Bearer {sent}"}):
            for method, path in (
                ("GET", "/api/nowhere"), ("GET", "/api/jobs/none"), ("POST", "/api/jobs"),
                ("DELETE", "/api/jobs"), ("GET", "/openapi.json"), ("FROB", "/api/jobs"),
            ):  # fmt: skip
                answer = ask(
                    port, method, path, {"flow_id": 1} if method == "POST" else None, **header
                )
                told += answer.body + repr(answer.headers).encode()
    with connected(port) as connection:
        connection.sendall(head("GET /", f"X-API-Key: {KEY}", "X: " + "x" * 40_000)[:-4])
        told += read_answer(connection).body
    command = Path(f"/proc/{served.process.pid}/cmdline").read_bytes()
    served.process.send_signal(signal.SIGTERM)
    done = ended(served)
    assert done.code == DONE
    assert " INFO routilux.audit: POST " in done.err
    for text in (
        told,
        command,
        done.err.encode(),
        done.out.encode(),
        repr(served.document).encode(),
    ):
        assert b"planted" not in text
