"""Reading event streams: of an application in the same process, and over a socket."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any, Self

from tests.api.events.samples import Event, events

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message

LIMIT_S = 20.0  # a test that waits longer hangs


class Stream:
    """A request to an application on the running loop."""

    def __init__(self, app: ASGIApp, target: str, **headers: str) -> None:
        path, _, query = target.partition("?")
        self._scope = {
            "type": "http", "method": "GET", "path": path, "raw_path": path.encode(),
            "query_string": query.encode(), "root_path": "", "scheme": "http", "server": None,
            "headers": [
                (name.replace("_", "-").lower().encode(), value.encode())
                for name, value in headers.items()
            ],
        }  # fmt: skip
        self._app = app
        self._requests: asyncio.Queue[Message] = asyncio.Queue()
        self._sent: asyncio.Queue[Message] = asyncio.Queue()
        self._found: list[Event] = []

    async def __aenter__(self) -> Self:
        self._requests.put_nowait({"type": "http.request", "body": b"", "more_body": False})
        self._task = asyncio.ensure_future(
            self._app(self._scope, self._requests.get, self._sent.put)  # type: ignore[arg-type]
        )
        start = await self._next()
        self.status = start["status"]
        self.headers = {name.decode(): value.decode() for name, value in start["headers"]}
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.leave()

    async def _next(self) -> Any:
        return await asyncio.wait_for(self._sent.get(), LIMIT_S)

    async def body(self) -> bytes:
        """The next part of the body."""
        return bytes((await self._next())["body"])

    async def event(self) -> Event:
        """The next event."""
        while not self._found:
            self._found = events(await self.body())
        return self._found.pop(0)

    async def take(self, count: int) -> list[Event]:
        """The next `count` events."""
        return [await self.event() for _ in range(count)]

    async def rest(self) -> list[Event]:
        """All events until the stream ends by itself."""
        found, self._found = self._found, []
        more = True
        while more:
            message = await self._next()
            found += events(message["body"])
            more = message["more_body"]
        await self.ended()
        return found

    async def leave(self) -> None:
        """The reader goes away."""
        self._requests.put_nowait({"type": "http.disconnect"})
        await self.ended()

    async def ended(self) -> None:
        """Wait until the application has done with the request."""
        await asyncio.wait_for(self._task, LIMIT_S)


class SocketReader:
    """A request over a socket; it reads nothing before it is asked to."""

    def __init__(self, port: int, target: str, receive_buffer: int = 0, **headers: str) -> None:
        self._socket = socket.socket()
        if receive_buffer:  # before it is connected, or the system offers more
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.settimeout(LIMIT_S)
        self._socket.connect(("127.0.0.1", port))
        lines = [f"GET {target} HTTP/1.1", "Host: localhost"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self._file = self._socket.makefile("rb")
        self._text = b""

    def head(self) -> tuple[int, dict[str, str]]:
        """The status and headers."""
        status = int(self._file.readline().split()[1])
        headers = {}
        while line := self._file.readline().strip().decode():
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        return status, headers

    def chunk(self) -> bytes:
        """The next part of the body; nothing at its end."""
        size = int(self._file.readline(), 16)
        data = self._file.read(size)
        self._file.readline()
        return data

    def until(self, done: Callable[[list[Event]], bool]) -> list[Event]:
        """The events from here on until `done` says so of them, or the stream ends."""
        found: list[Event] = []
        while not done(found) and (data := self.chunk()):
            found += events(data)
        return found

    def rest(self) -> list[Event]:
        """All events until the stream ends."""
        return self.until(lambda _: False)

    def close(self) -> None:
        """Go away."""
        self._file.close()
        self._socket.close()
