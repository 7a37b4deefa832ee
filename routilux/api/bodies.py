"""Bodies: JSON, whole, in time and not too large, before any path sees them."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from routilux.api.guard import READING, header_values
from routilux.api.models.plain import DEEPEST, TOO_DEEP
from routilux.api.problems import ProblemError, problem_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_LIMIT = 1 << 20  # bytes; far more than any command needs
BODY_TIMEOUT_S = 30.0
# A text in JSON, also one that was cut off. It never tries a place twice: a body of quotes and
# backslashes costs no more than another one.
STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
BRACKETS = bytes.maketrans(b"{}", b"[]")
OTHER_BYTES = bytes(set(range(256)) - set(b"[]{}"))


class Gone(Exception):
    """The client went away before its body was complete."""


class Bodies:
    """ASGI middleware that reads a body, checks it, and hands it on in one piece.

    Args:
        app: what comes next.
        limit: bytes.
        timeout: seconds until it has to be complete.
    """

    def __init__(
        self, app: ASGIApp, limit: int = BODY_LIMIT, timeout: float = BODY_TIMEOUT_S
    ) -> None:
        self.app = app
        self._limit = limit
        self._timeout = timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request and pass it on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_told = _tells_of_body(scope)
        # Below HTTP/2 a body is always told of; with it, one may come without a word.
        is_read = is_told or scope["method"] not in READING
        try:
            body = await self._body(scope, receive, is_told=is_told) if is_read else b""
        except ProblemError as error:
            refused = problem_response(error.status, error.detail, scope["path"])
            await refused(scope, receive, send)
        except Gone:
            return
        else:
            await self.app(scope, _replay(body, receive) if is_read else receive, send)

    async def _body(self, scope: Scope, receive: Receive, *, is_told: bool) -> bytes:
        _check_length(scope, self._limit)
        if is_told:
            _check_kind(scope)
        try:
            async with asyncio.timeout(self._timeout):
                body = await self._read(receive)
        except TimeoutError:
            raise ProblemError(
                408, f"The body was not complete after {self._timeout:g} s: send it in one go"
            ) from None
        if body:
            _check_kind(scope)
        if b"\0" in body:  # as in UTF-16, which JSON readers take, too
            raise ProblemError(400, "The body could not be read: send one JSON object, as UTF-8")
        if is_too_deep(body):
            raise ProblemError(422, f"body: {TOO_DEEP}")
        return body

    async def _read(self, receive: Receive) -> bytes:
        parts = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Gone
            parts += message.get("body", b"")
            if len(parts) > self._limit:
                raise _too_large(self._limit)
            more = message.get("more_body", False)
        return bytes(parts)


def is_too_deep(body: bytes) -> bool:
    """Whether JSON text is nested deeper than `DEEPEST`. Cheap: it works on whole texts at once.

    What is no JSON may be called either: it will be refused anyway.
    """
    if body.count(b"[") + body.count(b"{") <= DEEPEST:
        return False
    left = STRING.sub(b"", body).translate(BRACKETS, OTHER_BYTES)
    for _ in range(DEEPEST):
        # Each round takes away the innermost level of all of it.
        flatter = left.replace(b"[]", b"")
        if len(flatter) == len(left):
            break
        left = flatter
    return b"[]" in left or left.count(b"[") > DEEPEST


def _tells_of_body(scope: Scope) -> bool:
    lengths = header_values(scope, b"content-length")
    return lengths not in ([], ["0"]) or bool(header_values(scope, b"transfer-encoding"))


def _check_length(scope: Scope, limit: int) -> None:
    """Refuse a body that is told to be too large, before it is read.

    Raises:
        ProblemError: 413, or 400 when its length cannot be known.
    """
    lengths = header_values(scope, b"content-length")
    if lengths and (len(lengths) > 1 or header_values(scope, b"transfer-encoding")):
        raise ProblemError(400, "The length of the body is told twice: send one Content-Length")
    if lengths and not (lengths[0].isascii() and lengths[0].isdecimal()):
        raise ProblemError(400, "Content-Length is no number")
    if lengths and int(lengths[0][:20]) > limit:
        raise _too_large(limit)


def _check_kind(scope: Scope) -> None:
    """Refuse what is not plain JSON.

    Raises:
        ProblemError: 415.
    """
    kinds = header_values(scope, b"content-type")
    if [kind.partition(";")[0].strip().lower() for kind in kinds] != ["application/json"]:
        raise ProblemError(
            415, "The body must be JSON: send it with Content-Type: application/json"
        )
    if header_values(scope, b"content-encoding") not in ([], ["identity"]):
        raise ProblemError(415, "The body must not be compressed: send it without Content-Encoding")


def _too_large(limit: int) -> ProblemError:
    return ProblemError(413, f"The body is larger than {limit} bytes: send less")


def _replay(body: bytes, receive: Receive) -> Receive:
    """What hands the body on, and then says what else comes: that the client has gone."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay
