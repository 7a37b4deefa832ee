"""Servers that are not there, silent, strange or unwilling: one line each, and its code."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from routilux.cli.errors import (
    DONE,
    FAILED,
    KEY_REFUSED,
    NOT_FOUND,
    STATE,
    UNREACHABLE,
    USAGE,
    CommandError,
)
from routilux.cli.remote.address import Server, find_server
from routilux.cli.remote.client import Client
from tests.cli.programs import call, finish, start
from tests.cli.served import KEY, READ, serving, small_store
from tests.monitoring.samples import make_runtime

pytestmark = pytest.mark.usefixtures("bare")


@contextmanager
def answering(status=200, body=b"{}", **headers):
    """A server that gives each request the same answer; yields its URL and what it was sent."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            seen.append((self.command, self.path, dict(self.headers), self.rfile.read(length)))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = answer  # noqa: N815 - so the library calls them

        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", seen
        server.shutdown()
        thread.join()


@contextmanager
def saying(words: bytes):
    """A server that takes one connection, says something that is no HTTP, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def say():
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(words)

        thread = threading.Thread(target=say, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


@pytest.mark.parametrize(
    "words",
    [["ps"], ["top"], ["status", "j"], ["pause", "last"], ["break", "list", "j"], ["restore", "F"]],
)
def test_no_server_is_one_line_and_code_3(words, tmp_path, capsys):
    (tmp_path / "F").write_text("{}")
    words = [str(tmp_path / "F") if word == "F" else word for word in words]
    url = f"http://127.0.0.1:{free_port()}"
    done = call(capsys, *words, "--url", url)
    assert (done.code, done.out) == (UNREACHABLE, "")
    assert done.error.startswith(f"no server at {url}, Connection refused: start one with")
    as_json = call(capsys, *words, "--url", url, "--json")
    assert as_json.document["error"]["exit_code"] == UNREACHABLE


def test_a_name_that_nobody_has(capsys):
    done = call(capsys, "ps", "--url", "http://no-such-host.invalid:1")
    assert done.code == UNREACHABLE
    assert done.error.startswith("no server at http://no-such-host.invalid:1, ")


def test_a_silent_server_is_not_waited_for_without_end():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Server("http", "127.0.0.1", listening.getsockname()[1])
        with Client(server, 0.05) as client:
            for ask in (client.get, client.post, client.delete):
                with pytest.raises(CommandError, match=r"no answer for 0\.05 s") as caught:
                    ask("jobs")
                assert caught.value.exit_code == UNREACHABLE


@pytest.mark.parametrize(
    ("words", "says"),
    [(b"", "it closed the connection"), (b"SSH-2.0\r\n", "it does not speak HTTP")],
)
def test_what_does_not_speak_http(words, says, capsys):
    with saying(words) as url:
        done = call(capsys, "ps", "--url", url)
    assert done.code == UNREACHABLE
    assert says in done.error


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b"<html>", "text/html"),
        (404, b"<html>", "text/html"),
        (404, b'{"detail": "no"}', "application/json"),
        (500, b"[]", "application/problem+json"),
        (200, b"[" * 100_000, "application/json"),
    ],
)
def test_a_server_of_another_kind(status, body, kind, capsys):
    with answering(status, body, Content_Type=kind) as (url, _):
        done = call(capsys, "ps", "--url", url)
    assert done.code == UNREACHABLE
    assert done.error == (
        f"what answers at {url} is no Routilux server: check --url and ROUTILUX_URL"
    )


def test_a_redirect_is_not_followed_and_takes_no_key_along(monkeypatch, capsys):
    monkeypatch.setenv("ROUTILUX_API_KEY", KEY)
    with answering() as (elsewhere, seen), answering(307, b"", Location=elsewhere) as (url, _):
        done = call(capsys, "ps", "--url", url)
    assert done.code == UNREACHABLE
    assert "sends on to another address" in done.error
    assert seen == []


def test_no_proxy_is_asked(monkeypatch, capsys):
    with answering() as (proxy, seen), serving(make_runtime()) as served:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy)
        assert call(capsys, "ps", "--url", served.url).code == DONE
    assert seen == []


def test_https_is_checked(capsys):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def refuse():
            connection, _ = listening.accept()
            with connection, pytest.raises(OSError):  # it has no certificate to show
                context.wrap_socket(connection, server_side=True)

        thread = threading.Thread(target=refuse)
        thread.start()
        done = call(capsys, "ps", "--url", f"https://127.0.0.1:{listening.getsockname()[1]}")
        thread.join()
    assert done.code == UNREACHABLE
    assert "no server at https://127.0.0.1" in done.error


def test_paths_and_headers(monkeypatch, capsys):
    page = {"jobs": [], "total": 0, "next_cursor": None}
    monkeypatch.setenv("ROUTILUX_API_KEY", KEY)
    with answering(200, json.dumps(page).encode()) as (url, seen):
        assert call(capsys, "ps", "--url", f"{url}/behind/").code == DONE
        with Client(find_server(url, None)) as client:
            client.post("jobs", "a/b c?#", "pause", body={"reason": "é"})
            client.delete("jobs", "..", ids=["x", "y&z"])
    (_, listed, headers, _), (_, paused, _, body), (method, deleted, _, _) = seen
    assert listed == "/behind/api/jobs?limit=200"
    assert headers["X-API-Key"] == KEY
    assert paused == "/api/jobs/a%2Fb%20c%3F%23/pause"
    assert json.loads(body) == {"reason": "é"}
    assert (method, deleted) == ("DELETE", "/api/jobs/..?ids=x&ids=y%26z")


def test_lists_are_read_to_their_end_over_one_connection():
    with serving(make_runtime()) as served:
        made = [served.start(keep_open=True).job_id for _ in range(5)]
        with Client(find_server(served.url, None)) as client:
            found = [job["job_id"] for job in client.pages("jobs", "jobs", limit=2)]
    assert sorted(found) == sorted(made)


def test_a_connection_that_was_closed_meanwhile_is_made_anew():
    with (
        serving(make_runtime(), keep_alive_timeout=1) as served,
        Client(find_server(served.url, None)) as client,
    ):
        assert client.get("jobs")["total"] == 0
        assert client._kept.sock.recv(1) == b""  # the server has had enough of it
        assert client.get("jobs")["total"] == 0


# -- what the server refuses -----------------------------------------------------------------------


def test_keys_and_what_they_are_good_for(monkeypatch, capsys, tmp_path):
    with serving(make_runtime(), api_key=KEY, read_only_api_key=READ) as served:
        monkeypatch.setenv("ROUTILUX_URL", served.url)
        job = served.start(keep_open=True)
        done = call(capsys, "ps")
        assert done.code == KEY_REFUSED
        assert done.error == (
            f"{served.url} asks for a key: set ROUTILUX_API_KEY, or ROUTILUX_KEY_FILE or --key-file"
        )
        monkeypatch.setenv("ROUTILUX_API_KEY", "planted-wrong-" + "k" * 20)
        done = call(capsys, "ps")
        assert done.code == KEY_REFUSED
        assert done.error.startswith(f"{served.url} does not know this key: check ROUTILUX_API_KEY")
        monkeypatch.setenv("ROUTILUX_API_KEY", READ)
        assert call(capsys, "ps").code == DONE
        done = call(capsys, "pause", "last")
        assert done.code == KEY_REFUSED
        assert "This key may only read" in done.error
        path = tmp_path / "key"
        path.write_text(KEY)
        path.chmod(0o600)
        done = call(capsys, "pause", "last", "--key-file", path)
        assert (done.code, job.status.value) == (DONE, "paused")


def test_a_key_is_in_no_output_of_a_failed_command(monkeypatch):
    monkeypatch.setenv("ROUTILUX_API_KEY", KEY)
    for url in (f"http://127.0.0.1:{free_port()}", "http://a.example"):
        done = finish(start("ps", ROUTILUX_URL=url, ROUTILUX_API_KEY=KEY, ROUTILUX_TRACEBACK="1"))
        assert done.code in (UNREACHABLE, USAGE)
        assert "planted" not in done.out + done.err


def test_a_job_that_is_not_known_or_not_known_any_more(served, capsys):
    done = call(capsys, "status", "none")
    assert (done.code, done.out) == (NOT_FOUND, "")
    assert "Job 'none' not found: `routilux ps --all` lists those there are" in done.error
    with serving(make_runtime_without_memory()) as forgetful:
        job = forgetful.start()
        forgetful.runtime.run_until_idle()
        done = call(capsys, "status", job.job_id, "--url", forgetful.url)
    assert done.code == NOT_FOUND
    assert job.job_id in done.error


def make_runtime_without_memory():
    runtime = make_runtime()
    runtime.jobs = small_store()
    return runtime


def test_a_state_that_forbids_it_is_code_6(served, capsys):
    job = served.start()
    job.cancel()
    for words in (["pause", "last"], ["resume", "last"], ["step", "last"], ["snapshot", "last"]):
        done = call(capsys, *words)
        assert done.code == STATE
        assert job.job_id in done.error


def test_a_server_that_stops_is_code_3(served, capsys):
    job = served.start(keep_open=True)
    served.server._tell()
    done = call(capsys, "pause", job.job_id)
    assert done.code == UNREACHABLE
    assert "about to stop" in done.error


def test_a_server_that_fails_is_code_1(capsys):
    problem = json.dumps({"detail": "Something went wrong\x1b[31m here", "status": 500}).encode()
    with answering(500, problem, Content_Type="application/problem+json") as (url, _):
        done = call(capsys, "ps", "--url", url)
    assert (done.code, done.error) == (FAILED, r"Something went wrong\x1b[31m here")


def test_a_body_that_is_too_large_is_told_as_such(tmp_path, capsys):
    path = tmp_path / "snapshot.json"
    path.write_text(json.dumps({"filler": "x" * 8_000_000}))
    with serving(make_runtime(), body_limit=4096) as served:
        done = call(capsys, "restore", path, "--url", served.url)
    assert done.code == USAGE
    assert "larger than 4096 bytes" in done.error
