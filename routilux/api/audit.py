"""An audit line for each command: who did what, to what, and what came of it.

No payload is in it and no key: only what the path names, and the name of the key.
"""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING, Any

from routilux.api.guard import READING
from routilux.api.idempotency import REPLAYED

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST = 200  # characters of a name that somebody else has chosen

logger = logging.getLogger("routilux.audit")


class Audit:
    """ASGI middleware that writes the line when the answer is complete, or has failed."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, and tell of it."""
        if scope["type"] != "http" or scope["method"] in READING:
            await self.app(scope, receive, send)
            return
        began = time.monotonic()
        status: int | None = None
        replayed = False

        async def answer(message: Message) -> None:
            nonlocal status, replayed
            if message["type"] == "http.response.start":
                status = message["status"]
                replayed = REPLAYED in message["headers"]
            await send(message)

        try:
            await self.app(scope, receive, answer)
        except BaseException:  # also of a request that was cancelled
            status = 500 if status is None else status
            raise
        finally:
            logger.info("%s", _line(scope, status, time.monotonic() - began, replayed=replayed))


def _line(scope: Scope, status: int | None, seconds: float, *, replayed: bool) -> str:
    caller = scope.get("state", {}).get("caller")
    facts: dict[str, Any] = {
        **scope.get("path_params", {}),
        "identity": caller.identity if caller is not None else None,
        "status": status,
        "ms": round(seconds * 1000, 1),
        "idempotency_key": any(name == b"idempotency-key" for name, _ in scope["headers"]),
        "replayed": replayed,  # the first answer once more: nothing was carried out
    }
    told = " ".join(f"{name}={_shown(value)}" for name, value in facts.items())
    return f"{scope['method'] if scope['method'].isalpha() else '?'} {_operation(scope)} {told}"


def _operation(scope: Scope) -> str:
    """The id of the operation, as the documentation has it; of no operation, the path."""
    known = getattr(scope.get("route"), "operation_id", None)
    return known if isinstance(known, str) else _shown(scope["path"])


def _shown(value: object) -> str:
    """A value as JSON in ASCII: nothing in it can begin a new line or steer a terminal."""
    return json.dumps(value[:LONGEST] if isinstance(value, str) else value)
