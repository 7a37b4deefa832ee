"""The connection of a request, where its server lets us reach it."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import asyncio

    from starlette.types import Scope

KEY = "transport"  # in the state of a request; `routilux.api.protocol` puts it there


def transport_of(scope: Scope) -> asyncio.Transport | None:
    """The connection of a request; None behind another server than our own."""
    return cast("asyncio.Transport | None", scope.get("state", {}).get(KEY))


def limit_send_buffer(transport: asyncio.Transport, size: int) -> None:
    """Let the system keep about `size` bytes at most for a peer that takes nothing."""
    found = transport.get_extra_info("socket")
    if found is not None:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)
