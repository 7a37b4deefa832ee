"""The HTTP face of a command."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from routilux.cli.errors import CommandError
from routilux.cli.extras import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routilux import Runtime

HOST = "127.0.0.1"
PORT = 20555


@contextmanager
def http_face(runtime: Runtime | None, host: str = HOST, port: int = PORT) -> Iterator[str]:
    """Serve the jobs of a runtime (None: of the process) while it is entered.

    Yields:
        The URL where it answers.

    Raises:
        CommandError: the host is not loopback, the port is taken, or the extra is missing.
    """
    server = load("routilux.api.server", "api", "the HTTP face").Server
    create_app = load("routilux.api.main", "api", "the HTTP face").create_app
    try:
        made = server(create_app(runtime), host, port)
    except (ValueError, OverflowError) as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(
            f"cannot serve on {host} port {port}: {error.strerror or error}; choose another with "
            "--port, 0 takes a free one"
        ) from None
    with made:
        yield made.url
