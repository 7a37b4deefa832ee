"""Collectors in trouble. Each is a context manager that gives what a program's variables need."""

from __future__ import annotations

import gzip
import queue
import socket
import struct
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import grpc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from tests.otel.receivers import GrpcReceiver, HttpReceiver, Receiver

HOST = "127.0.0.1"
LATE_S = 0.2  # of a slow collector, for each answer
GARBAGE = b"\x00\xffno protocol that anybody knows\r\n\r\n" * 50
# A header without a colon: its reader tells of it in a log of its own.
BROKEN_HEADER = b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\nno header\r\n\r\n"
RESET = struct.pack("ii", 1, 0)  # linger for 0 s: a close is a reset


@contextmanager
def absent() -> Iterator[str]:
    """Nothing listens; the port stays ours, so that nobody else will."""
    with socket.socket() as kept:
        kept.bind((HOST, 0))
        yield f"http://{HOST}:{kept.getsockname()[1]}"


@contextmanager
def silent() -> Iterator[str]:
    """Connections are accepted, nothing is ever read or answered."""
    with socket.create_server((HOST, 0)) as server:
        yield f"http://{HOST}:{server.getsockname()[1]}"


@contextmanager
def _each(meet: Callable[[socket.socket], None]) -> Iterator[str]:
    """Each connection is met so, and closed."""
    server = socket.create_server((HOST, 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:  # the end
                return
            with connection:
                try:
                    meet(connection)
                except OSError:
                    continue  # the other side was faster

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://{HOST}:{server.getsockname()[1]}"
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()


def refusing() -> AbstractContextManager[str]:
    """Each connection is reset at once."""
    return _each(lambda each: each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET))


def _answering(answer: bytes) -> AbstractContextManager[str]:
    def meet(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer)

    return _each(meet)


def garbage() -> AbstractContextManager[str]:
    """The answer is of no protocol."""
    return _answering(GARBAGE)


def broken() -> AbstractContextManager[str]:
    """The answer is one of HTTP, with a header that cannot be read."""
    return _answering(BROKEN_HEADER)


@contextmanager
def unavailable(refused: list[tuple[str, bytes]] | None = None) -> Iterator[str]:
    """HTTP: 503 to everything.

    Args:
        refused: gets path and body of each request.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            if refused is not None:
                refused.append((self.path, body))
            self.send_response(503)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Unavailable(grpc.GenericRpcHandler):  # type: ignore[misc] # it has no types
    """Every method is unavailable."""

    def service(self, handler_call_details: Any) -> Any:
        def refuse(request: bytes, context: Any) -> bytes:
            context.abort(grpc.StatusCode.UNAVAILABLE, "not now")
            return b""

        return grpc.unary_unary_rpc_method_handler(refuse)


@contextmanager
def unavailable_grpc() -> Iterator[str]:
    """gRPC: UNAVAILABLE to everything."""
    server = grpc.server(ThreadPoolExecutor(3), handlers=[_Unavailable()])
    port = server.add_insecure_port(f"{HOST}:0")
    server.start()
    try:
        yield f"http://{HOST}:{port}"
    finally:
        server.stop(None).wait()


class _Late(queue.Queue[Any]):
    """What came, each put in after a while: so long the sender waits for its answer."""

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        threading.Event().wait(LATE_S)
        super().put(item, block, timeout)


def slow(kind: type[HttpReceiver | GrpcReceiver]) -> Receiver:
    """A collector that takes everything, after a while."""
    receiver = kind()
    receiver.requests, receiver.traces, receiver.logs = _Late(), _Late(), _Late()
    return receiver
