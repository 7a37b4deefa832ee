"""The connection of a request, where its server lets us reach it."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.http.auto import AutoHTTPProtocol

if TYPE_CHECKING:
    import asyncio

    from starlette.types import Scope

KEY = "transport"
MS = 1000


class ReachableProtocol(AutoHTTPProtocol):  # type: ignore[valid-type, misc] # chosen at run time
    """uvicorn's protocol, which lets requests find their connection in their state."""

    app_state: dict[str, Any]

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Remember the connection for its requests."""
        self.app_state = {**self.app_state, KEY: transport}
        super().connection_made(transport)


def transport_of(scope: Scope) -> asyncio.Transport | None:
    """The connection of a request; None behind a server that has no `ReachableProtocol`."""
    return cast("asyncio.Transport | None", scope.get("state", {}).get(KEY))


def limit_buffers(transport: asyncio.Transport, size: int, timeout_s: float) -> None:
    """Keep little for a peer that takes nothing.

    Args:
        transport: the connection.
        size: bytes that the system keeps for it at most, about.
        timeout_s: after so many seconds without an acknowledgement the system gives it up, where
            it can be told so (Linux): it notices a peer that is gone without a word.
    """
    found = transport.get_extra_info("socket")
    if found is None:
        return
    found.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is not None and found.family in (socket.AF_INET, socket.AF_INET6):
        found.setsockopt(socket.IPPROTO_TCP, option, round(timeout_s * MS))
