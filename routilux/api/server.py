"""Serving the application on loopback, in the foreground or on a thread of its own."""

from __future__ import annotations

import logging
import socket
import threading
from typing import TYPE_CHECKING

import uvicorn

from routilux.api.guard import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from starlette.types import ASGIApp

HOST = "127.0.0.1"
PORT = 20555
BACKLOG = 128
STOP_S = 5.0  # requests that are under way at the end get so long

logger = logging.getLogger("routilux.api")


class Server:
    """An application on an address of its own. The address answers from the start on.

    Use it as a context manager to serve on a thread, or call `run` to serve on this one.

    Args:
        app: the application.
        host: ``127.0.0.1``, ``::1`` or ``localhost``.
        port: 0 means a free one.

    Attributes:
        url: where it answers.

    Raises:
        ValueError: `host` is not loopback.
        OSError: the address is taken.
    """

    def __init__(self, app: ASGIApp, host: str = HOST, port: int = PORT) -> None:
        if not is_loopback(host):
            raise ValueError(
                f"host must be 127.0.0.1, ::1 or localhost, not {host!r}: "
                "whoever reaches this address can steer the jobs"
            )
        address = HOST if host == "localhost" else host.strip("[]")
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._socket = socket.create_server((address, port), family=family, backlog=BACKLOG)
        self.host = address
        self.port = int(self._socket.getsockname()[1])
        shown = f"[{address}]" if family == socket.AF_INET6 else address
        self.url = f"http://{shown}:{self.port}"
        config = uvicorn.Config(
            app,
            access_log=False,
            lifespan="off",
            log_config=None,
            timeout_graceful_shutdown=int(STOP_S),
        )
        self._server = uvicorn.Server(config)
        self._thread: threading.Thread | None = None

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


def serve(
    app: ASGIApp,
    host: str = HOST,
    port: int = PORT,
    announce: Callable[[str], object] | None = None,
) -> None:
    """Serve an application on this thread until Ctrl-C. Blocks.

    Args:
        app: the application.
        host: a loopback address.
        port: 0 means a free one.
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
