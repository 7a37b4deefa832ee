"""Serving the application, in the foreground or on a thread of its own."""

from __future__ import annotations

import logging
import socket
import threading
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette

from routilux.api.context import Context
from routilux.api.protocol import Limits, bounded
from routilux.api.settings import ApiSettings, read_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from starlette.types import ASGIApp

BACKLOG = 128
STOP_S = 5.0  # requests that are under way at the end get so long

logger = logging.getLogger("routilux.api")


class Server:
    """An application on an address of its own. The address answers from the start on.

    Use it as a context manager to serve on a thread, or call `run` to serve on this one.

    Args:
        app: the application, with its settings if it is one of `routilux.api.main.create_app`.
        host: a name or address of this machine; None means the settings'.
        port: 0 means a free one; None means the settings'.

    Attributes:
        url: where it answers.

    Raises:
        ValueError: others can reach `host`, and the settings have no key.
        OSError: the address is taken, or is none of this machine.
    """

    def __init__(self, app: ASGIApp, host: str | None = None, port: int | None = None) -> None:
        self._context = _context_of(app)
        settings = self._context.settings if self._context is not None else read_settings()
        host = settings.host if host is None else host
        settings.check_address(host)
        address = "127.0.0.1" if host == "localhost" else host.strip("[]")
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        place = (address, settings.port if port is None else port)
        self._socket = socket.create_server(place, family=family, backlog=BACKLOG)
        self.host = address
        self.port = int(self._socket.getsockname()[1])
        shown = f"[{address}]" if family == socket.AF_INET6 else address
        self.url = f"http://{shown}:{self.port}"
        self._server = _Uvicorn(_config(app, settings), self._tell)
        self._thread: threading.Thread | None = None

    def _tell(self) -> None:
        """Tell event streams to end, or they would be waited for."""
        if self._context is not None:
            self._context.life.stop()

    def run(self) -> None:
        """Serve until `stop` is called or, on the main thread, Ctrl-C is pressed. Blocks.

        Raises:
            KeyboardInterrupt: Ctrl-C, after the requests under way were answered.
        """
        try:
            self._server.run([self._socket])
        finally:
            self._socket.close()

    def start(self) -> None:
        """Serve on a thread of its own, which ends with the process."""
        self._thread = threading.Thread(target=self.run, name="routilux-api", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Serve no more. Blocks until the requests under way are answered, or 5 s."""
        self._tell()
        self._server.should_exit = True
        if self._thread is None:
            self._socket.close()
        else:
            self._thread.join(STOP_S + 1)

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class _Uvicorn(uvicorn.Server):
    """Says that it stops before it waits for connections, whatever has made it stop."""

    def __init__(self, config: uvicorn.Config, tell: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell = tell

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop."""
        self._tell()
        await super().shutdown(sockets)


def _config(app: ASGIApp, settings: ApiSettings) -> uvicorn.Config:
    limits = Limits(settings.head_timeout, settings.write_timeout, settings.connections)
    return uvicorn.Config(
        app,
        http=bounded(limits),
        ws="none",
        access_log=False,
        lifespan="off",
        log_config=None,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=settings.keep_alive_timeout,
        timeout_graceful_shutdown=int(STOP_S),
    )


def _context_of(app: ASGIApp) -> Context | None:
    found = getattr(app.state, "context", None) if isinstance(app, Starlette) else None
    return found if isinstance(found, Context) else None


def serve(
    app: ASGIApp,
    host: str | None = None,
    port: int | None = None,
    announce: Callable[[str], object] | None = None,
) -> None:
    """Serve an application on this thread until Ctrl-C. Blocks.

    Args:
        app: the application.
        host, port: as `Server`.
        announce: called with the URL once it answers; None logs it.

    Raises:
        ValueError, OSError: as `Server`.
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    server = Server(app, host, port)
    if announce is None:
        logger.info("The HTTP face answers at %s", server.url)
    else:
        announce(server.url)
    server.run()
