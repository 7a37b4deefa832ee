"""The response of an event stream."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.responses import Response

from routilux.api.connection import limit_send_buffer, transport_of
from routilux.api.events.hub import StreamRefused
from routilux.api.problems import problem_response

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from routilux.api.events.hub import EventHub
    from routilux.api.events.pump import Pump
    from routilux.api.events.reader import Reader
    from routilux.api.events.views import View
    from routilux.job_state import JobState

MEDIA_TYPE = "text/event-stream"
RETRY_AFTER_S = 5
SEND_BUFFER = 64 * 1024  # bytes in the system, as many as in the connection
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # nobody may hold events back


class EventStream(Response):
    """Sends events until the reader goes away, its job has ended, or the server stops.

    Args:
        hub: where events come from.
        view: what is shown.
        job: the job of a stream of one.
        last_id: the id of the last event that the reader has.

    Attributes:
        view, last_id: as given.
    """

    media_type = MEDIA_TYPE

    def __init__(
        self,
        hub: EventHub,
        view: View,
        job: JobState | None = None,
        last_id: str | None = None,
    ) -> None:
        super().__init__(headers=HEADERS, media_type=MEDIA_TYPE)
        del self.headers["content-length"]
        self._hub = hub
        self._job = job
        self.view = view
        self.last_id = last_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream; 503 when there are too many streams, or the server stops."""
        gone = asyncio.ensure_future(_until_gone(receive))
        try:
            reader, pump = self._open(scope, gone)
        except StreamRefused as error:
            gone.cancel()
            later = {"Retry-After": str(RETRY_AFTER_S)}
            await problem_response(503, str(error), scope["path"], later)(scope, receive, send)
            return
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await _first_of(asyncio.ensure_future(_write(reader, pump, send)), gone)
        finally:
            self._hub.close_stream(reader, pump)

    def _open(self, scope: Scope, gone: asyncio.Future[None]) -> tuple[Reader, Pump]:
        transport = transport_of(scope)
        drop = gone.cancel if transport is None else transport.abort
        opened = self._hub.open(self.view, drop, self._job, self.last_id)
        if transport is not None:
            limit_send_buffer(transport, SEND_BUFFER)
        return opened


async def _write(reader: Reader, pump: Pump, send: Send) -> None:
    while not reader.over:
        data = await pump.next(reader)
        reader.busy_since = pump.loop.time()
        await send({"type": "http.response.body", "body": data, "more_body": not reader.over})
        reader.wrote_at, reader.busy_since = pump.loop.time(), None


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _first_of(*tasks: asyncio.Future[None]) -> None:
    """Wait for one of these and cancel the rest; raises what any has raised."""
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for each in ended:
        if isinstance(each, Exception):
            raise each
