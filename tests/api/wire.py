"""HTTP as it goes over the line: raw requests, and what comes back."""

from __future__ import annotations

import http.client
import json
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG_S = 30.0  # a test that waits longer hangs


@dataclass(frozen=True)
class Answer:
    """A response. `headers` have lower-case names."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def problem(self, status: int, *words: str) -> None:
        """Check that it is a problem with this status and these words in its detail."""
        assert self.status == status, self
        assert self.headers["content-type"] == "application/problem+json"
        assert self.json["status"] == status
        for word in words:
            assert word in self.json["detail"]


def ask(port: int, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    """Ask as any client does. A header's name has underscores for dashes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG_S)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        sent = {"Content-Type": "application/json", **sent}
    try:
        connection.request(method, path, None if body is None else json.dumps(body), sent)
        return answer_of(connection.getresponse())
    finally:
        connection.close()


def answer_of(response: http.client.HTTPResponse) -> Answer:
    """A response, read to its end."""
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, response.read())


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    """A bare connection."""
    with socket.create_connection(("127.0.0.1", port), LONG_S) as connection:
        yield connection


def read_answer(connection: socket.socket, method: str = "GET") -> Answer:
    """The answer that comes on a bare connection."""
    response = http.client.HTTPResponse(connection, method=method)
    try:
        response.begin()
        return answer_of(response)
    finally:
        response.close()


def read_until(connection: socket.socket, wanted: bytes, times: int = 1) -> bytes:
    """What comes on a bare connection until something has come so many times."""
    seen = b""
    while seen.count(wanted) < times:
        part = connection.recv(65_536)
        assert part, seen
        seen += part
    return seen


def head(line: str, *headers: str) -> bytes:
    """The head of a request."""
    return "\r\n".join([f"{line} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode()


def is_closed(connection: socket.socket) -> bool:
    """Wait until the other side has closed; False: something came instead."""
    try:
        return connection.recv(1) == b""
    except (ConnectionResetError, BrokenPipeError):
        return True


def trickle(connection: socket.socket, data: bytes, every_s: float) -> int:
    """Send byte by byte until something comes back or the connection is closed.

    Returns how many bytes went out.
    """
    for number, byte in enumerate(data):
        try:
            connection.sendall(bytes([byte]))
            connection.settimeout(every_s)
            connection.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            continue
        except (ConnectionResetError, BrokenPipeError):
            pass
        connection.settimeout(LONG_S)
        return number
    raise AssertionError("all of it was taken")
