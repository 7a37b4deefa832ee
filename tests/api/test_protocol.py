"""Limits of a connection, over real sockets."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from routilux.api import protocol
from routilux.api.main import create_app
from routilux.api.server import Server
from routilux.api.settings import ApiSettings
from tests.api.wire import LONG_S, ask, connected, head, is_closed, read_answer, read_until, trickle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routilux.testing import StepRuntime

CHUNKED = ("Content-Type: application/json", "Transfer-Encoding: chunked")
CHUNK = b"10000\r\n" + b" " * 0x10000 + b"\r\n"


@contextmanager
def serving(runtime: StepRuntime, **given: Any) -> Iterator[int]:
    """The port of a server with these settings."""
    with Server(create_app(runtime, settings=ApiSettings(port=0, **given))) as server:
        yield server.port


def test_a_head_that_trickles_in_is_cut_off(runtime: StepRuntime) -> None:
    with serving(runtime, head_timeout=0.3) as port, connected(port) as connection:
        slow = head("GET /api/jobs", "X-Filler: " + "x" * 10_000)
        assert trickle(connection, slow, 0.02) < len(slow)
        read_answer(connection).problem(408, "not complete after 0.3 s")
        assert is_closed(connection)


def test_whoever_says_nothing_is_cut_off(runtime: StepRuntime) -> None:
    with serving(runtime, head_timeout=0.2) as port, connected(port) as connection:
        assert is_closed(connection)


def test_each_request_of_a_connection_has_its_own_time(runtime: StepRuntime) -> None:
    with serving(runtime, head_timeout=0.3) as port, connected(port) as connection:
        for _ in range(3):
            connection.sendall(head("GET /api/health/live"))
            assert read_answer(connection).status == 200
        connection.sendall(b"GET /api/hea")
        read_answer(connection).problem(408)
        assert is_closed(connection)


def test_requests_one_behind_the_other_are_all_answered(runtime: StepRuntime) -> None:
    with serving(runtime, head_timeout=0.5) as port, connected(port) as connection:
        half = head("GET /api/health/live")
        connection.sendall(half * 3 + half[:10])
        read_until(connection, b'{"status":"live"}', 3)
        connection.sendall(half[10:])
        assert read_answer(connection).status == 200


def test_a_connection_that_is_idle_is_closed(runtime: StepRuntime) -> None:
    with serving(runtime, keep_alive_timeout=1) as port, connected(port) as connection:
        connection.sendall(head("GET /api/health/live"))
        assert read_answer(connection).status == 200
        assert is_closed(connection)


def test_a_body_that_trickles_in_is_cut_off(runtime: StepRuntime) -> None:
    with serving(runtime, body_timeout=0.3) as port, connected(port) as connection:
        start = head("POST /api/jobs", "Content-Type: application/json", "Content-Length: 5000")
        connection.sendall(start)
        assert trickle(connection, b" " * 5000, 0.02) < 5000
        read_answer(connection).problem(408, "not complete after 0.3 s")


def test_an_answer_that_refuses_a_body_can_be_read_while_it_is_sent(
    runtime: StepRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "LINGER_S", 0.3)
    with serving(runtime) as port, connected(port) as connection:
        connection.sendall(head("POST /api/jobs", *CHUNKED))
        for _ in range(20):  # more than is read, and less than is taken
            connection.sendall(CHUNK)
        read_answer(connection, "POST").problem(413, "send less")
        connection.sendall(b"0\r\n\r\n")
        connection.sendall(head("GET /api/health/live"))
        assert read_answer(connection).status == 200


def test_a_body_without_an_end_is_cut_off(
    runtime: StepRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "LINGER_BYTES", 1 << 20)
    with serving(runtime) as port, connected(port) as connection:
        connection.sendall(head("POST /api/jobs", *CHUNKED))
        with pytest.raises(OSError, match=r"reset|Broken pipe"):
            connection.sendall(CHUNK * 2_000)
        assert ask(port, "GET", "/api/jobs").json["total"] == 0


def test_a_body_that_stops_after_it_was_refused_is_cut_off(
    runtime: StepRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "LINGER_S", 0.2)
    with serving(runtime) as port, connected(port) as connection:
        connection.sendall(head("POST /api/jobs", "Content-Length: 2000000"))
        read_answer(connection, "POST").problem(413)
        assert is_closed(connection)


@pytest.mark.parametrize(
    ("sent", "status", "says"),
    [
        (b"hello\r\n\r\n", 400, "no HTTP/1.1 request"),
        (head("GET /", "Content-Length: x"), 400, "no HTTP/1.1 request"),
        (head("GET /", "Content-Length: 1", "Content-Length: 2"), 400, "no HTTP/1.1 request"),
        (head("GET /", "Host: other.example"), 400, "no HTTP/1.1 request"),
        (b"GET / HTTP/1.1\r\n\r\n", 400, "no HTTP/1.1 request"),
        (head("GET /", "Transfer-Encoding: gzip"), 501, "must be chunked"),
        (head("GET /", "X: " + "x" * 40_000)[:-4], 431, "less than 16 KiB"),
        (head("POST /", *CHUNKED) + b"zz\r\n", 400, "no HTTP/1.1 request"),
    ],
)
def test_what_is_no_http_is_told_as_a_problem(
    sent: bytes, status: int, says: str, runtime: StepRuntime
) -> None:
    with serving(runtime) as port, connected(port) as connection:
        connection.sendall(sent)
        read_answer(connection).problem(status, says)
        assert is_closed(connection)


def test_there_are_no_web_sockets(runtime: StepRuntime) -> None:
    with serving(runtime) as port:
        upgrade = {"Upgrade": "websocket", "Connection": "upgrade"}
        ask(port, "GET", "/api/nothing", **upgrade).problem(404)


def test_only_so_many_connections(runtime: StepRuntime) -> None:
    with serving(runtime, connections=8) as port:
        with connected(port) as first:
            first.sendall(head("GET /api/health/live"))
            assert read_answer(first).status == 200
            others = [connected(port) for _ in range(7)]
            opened = [other.__enter__() for other in others]
            with connected(port) as refused:
                read_answer(refused).problem(503, "Too many connections")
                assert is_closed(refused)
            first.sendall(head("GET /api/health/live"))
            assert read_answer(first).status == 200
        for other, connection in zip(others, opened, strict=True):
            connection.close()
            other.__exit__(None, None, None)
        while ask(port, "GET", "/api/health/live").status != 200:
            pass  # the server has not noticed yet that they are gone


def test_a_reader_that_stands_still_is_let_go() -> None:
    begun, ended = threading.Event(), threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        begun.set()
        gone = asyncio.create_task(receive())
        while not gone.done():
            await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})
        ended.set()

    server = Server(app, port=0)
    server._server.config.http = protocol.bounded(protocol.Limits(write_s=0.2))
    with server, connected(server.port) as connection:
        connection.sendall(head("GET /"))
        assert begun.wait(LONG_S)
        assert ended.wait(LONG_S)


def test_a_stream_is_told_before_it_is_waited_for(runtime: StepRuntime) -> None:
    app = create_app(runtime, settings=ApiSettings(port=0))
    begun = threading.Event()

    async def stream(scope: Any, receive: Any, send: Any) -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        app.state.context.on_stop(lambda: loop.call_soon_threadsafe(stop.set))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello ", "more_body": True})
        begun.set()
        await stop.wait()
        await send({"type": "http.response.body", "body": b"bye"})

    app.mount("/stream", stream)
    with Server(app) as server, connected(server.port) as connection:
        connection.sendall(head("GET /stream/"))
        assert begun.wait(LONG_S)
        server.stop()
        assert read_answer(connection).body == b"hello bye"
