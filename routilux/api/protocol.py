"""HTTP/1.1 with limits: uvicorn bounds the time between requests, but not that of one.

A connection that sends its head byte by byte, a body that nobody reads any more, and a reader that
stands still would each keep a connection for ever. Here each has a time limit. (The time of a body
that is being read is that of `routilux.api.bodies`.)
"""

from __future__ import annotations

import socket
import sys
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from routilux.api.connection import KEY
from routilux.api.problems import problem_response

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

# A client that is refused while it sends gets so long, and so much, to send the rest and read the
# answer: a connection that is closed on data that was not read loses the answer on its way.
LINGER_S = 2.0
LINGER_BYTES = 16 << 20
# A client that has vanished is asked after 30 s, and given up after 60.
KEEPALIVE = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 60_000}
HINTS = {
    431: "The headers are too large: send less than 16 KiB",
    501: "Transfer-Encoding must be chunked, or left out",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds for a head, seconds that a reader may stand still, and connections at a time."""

    head_s: float = 10.0
    write_s: float = 60.0
    connections: int = 512


class BoundedProtocol(H11Protocol):
    """One connection."""

    limits: ClassVar[Limits] = Limits()
    _deadline: asyncio.TimerHandle | None = None
    _late: Callable[[], None] | None = None
    _stall: asyncio.TimerHandle | None = None
    _lingered = 0

    # -- asyncio's side ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin: the first head has to come in time."""
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections:
            self._refuse(503, "Too many connections: close some, or ask again later")
            return
        _watch_for_loss(transport)
        self.app_state = {**self.app_state, KEY: transport}  # for its requests to find
        self._arm(self._head_is_late, self.limits.head_s)

    def data_received(self, data: bytes) -> None:
        """More came in; see what has to come next, and by when."""
        super().data_received(data)
        if self.transport.is_closing():
            return
        state = self.conn.their_state
        if state is h11.IDLE:
            self._arm(self._head_is_late, self.limits.head_s)
        elif state is h11.SEND_BODY and self.cycle.response_complete:
            self._lingered += len(data)
            if self._lingered > LINGER_BYTES:
                self.transport.abort()
        else:
            self._disarm()

    def on_response_complete(self) -> None:
        """The answer is out. A body that was refused meanwhile may still come for a moment."""
        self._disarm()
        self._lingered = 0
        super().on_response_complete()
        sends = self.conn.their_state is h11.SEND_BODY and self.cycle.response_complete
        if sends and not self.transport.is_closing():
            self._arm(self.transport.close, LINGER_S)

    def pause_writing(self) -> None:
        """The client reads too slowly: it has some time to go on."""
        super().pause_writing()
        self._stall = self.loop.call_later(self.limits.write_s, self.transport.abort)

    def resume_writing(self) -> None:
        """The client reads on."""
        super().resume_writing()
        self._end_stall()

    def connection_lost(self, exc: Exception | None) -> None:
        """The end: nothing is waited for any more."""
        self._disarm()
        super().connection_lost(exc)
        self._end_stall()

    # -- uvicorn's side ------------------------------------------------------------------------

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """What came is no HTTP, or more of it than is allowed."""
        status = getattr(sys.exception(), "error_status_hint", 400)
        if status not in HINTS:
            status = 400
        self._refuse(status, HINTS.get(status, "This is no HTTP/1.1 request as it should be"))

    def _unsupported_upgrade_warning(self) -> None:
        """There are no web sockets here; the request is answered as any other."""

    # -- limits --------------------------------------------------------------------------------

    def _arm(self, late: Callable[[], None], seconds: float) -> None:
        """Do something when so much time has passed; what is set already goes on."""
        if self._deadline is not None and self._late == late:
            return
        self._disarm()
        self._late = late
        self._deadline = self.loop.call_later(seconds, late)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _end_stall(self) -> None:
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None

    def _head_is_late(self) -> None:
        if self.conn.trailing_data[0]:
            limit = f"{self.limits.head_s:g} s"
            self._refuse(408, f"The headers were not complete after {limit}: send them in one go")
        else:
            self.transport.close()

    def _refuse(self, status: int, detail: str) -> None:
        """Answer in place of the application, and close the connection."""
        self._disarm()
        cycle = self.cycle
        if cycle is None or not cycle.response_started or cycle.response_complete:
            self.transport.write(_problem(status, detail))
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True  # the application has nobody to answer any more
            cycle.message_event.set()
        self.transport.close()


def bounded(limits: Limits) -> type[BoundedProtocol]:
    """A protocol with these limits."""
    return type("BoundedProtocol", (BoundedProtocol,), {"limits": limits})


def _watch_for_loss(transport: asyncio.Transport) -> None:
    """Let the system find out that the other side has vanished without a word."""
    connection = transport.get_extra_info("socket")
    if connection is None or connection.family not in (socket.AF_INET, socket.AF_INET6):
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in KEEPALIVE.items():
        option = getattr(socket, name, None)  # not every system has all of them
        if option is not None:
            connection.setsockopt(socket.IPPROTO_TCP, option, value)


def _problem(status: int, detail: str) -> bytes:
    """An error as it goes over the line."""
    answer = problem_response(status, detail, "", {"Connection": "close"})
    head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode()
    lines = b"".join(b"%s: %s\r\n" % header for header in answer.raw_headers)
    return head + lines + b"\r\n" + bytes(answer.body)
