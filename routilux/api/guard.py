"""Who may ask: programs on this machine, and no page that another site has put into a browser."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from routilux.api.problems import problem_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_LIMIT = 1 << 20  # bytes; far more than any command needs
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own loopback."""
    name = host.strip("[]")
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class Guard:
    """ASGI middleware that refuses what does not come from here, or is too large.

    A connection is known by its own address; a request that came through no socket (from a test
    client in the same process) is let through.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request and pass it on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refused = _check(scope)
        if refused is None:
            await self._within_limit(scope, receive, send)
        else:
            await problem_response(*refused, scope["path"])(scope, receive, send)

    async def _within_limit(self, scope: Scope, receive: Receive, send: Send) -> None:
        read = 0

        async def count() -> Message:
            """The next part of the body; of one that is too long, the news that it broke off."""
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            return {"type": "http.disconnect"} if read > BODY_LIMIT else message

        async def answer(message: Message) -> None:
            if read <= BODY_LIMIT:
                await send(message)

        await self.app(scope, count, answer)
        if read > BODY_LIMIT:
            await problem_response(*_too_large(), scope["path"])(scope, receive, send)


def _check(scope: Scope) -> tuple[int, str] | None:
    """The status and detail with which a request is refused, or None."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    address = (scope.get("server") or ("", None))[0]
    if _is_address(address):
        if not is_loopback(address):
            return 403, "Only programs on the same machine may ask: connect to 127.0.0.1"
        if not is_loopback(_host_of(headers.get("host", ""))):
            return 403, "The Host header must be localhost, 127.0.0.1 or [::1]"
    if scope["method"] in _READING:
        return None
    return _check_change(headers)


def _check_change(headers: dict[str, str]) -> tuple[int, str] | None:
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != headers.get("host"):
        return 403, "A page of another site may not change anything here"
    length = headers.get("content-length", "0")
    if length.isdecimal() and int(length) > BODY_LIMIT:
        return _too_large()
    has_body = length != "0" or "transfer-encoding" in headers
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if has_body and kind != "application/json":
        return 415, "The body must be JSON: send it with Content-Type: application/json"
    return None


def _too_large() -> tuple[int, str]:
    return 413, f"The body is larger than {BODY_LIMIT} bytes: send less"


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _host_of(header: str) -> str:
    """The name in a Host header, without its port."""
    return urlsplit(f"//{header}").hostname or ""
