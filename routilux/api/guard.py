"""Who may ask, and for what: looked at before any path sees a request.

From the outside to the inside: `HostGuard` refuses what a browser was tricked into sending here,
then cross-origin answers are given if any are configured, then `Guard` asks for a key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from routilux.api.caller import Caller
from routilux.api.hosts import address_of, host_of, is_loopback
from routilux.api.problems import problem_response

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp, Receive, Scope, Send

    from routilux.api.keyring import Keyring
    from routilux.api.life import Life

READING = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN_PATHS = frozenset({"/api/health/live", "/api/health/ready"})  # orchestrators have no key
NO_KEY = (
    "This needs a key that is known here: send it as 'X-API-Key: KEY' or as "
    "'Authorization: Bearer KEY'"
)
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="routilux"'}
STRANGER = Caller(may_change=False, sees_payloads=False)
"""Somebody without a key, where keys are asked for."""


def header_values(scope: Scope, name: bytes) -> list[str]:
    """All values of a header, as often as it was sent."""
    return [value.decode("latin-1").strip() for key, value in scope["headers"] if key == name]


class HostGuard:
    """ASGI middleware that refuses names that this server does not have.

    A page whose name was made to point to this machine (DNS rebinding) would be of the same origin
    for the browser; the ``Host`` header gives it away. A connection is known by its own address; a
    request that came through no internet socket (a test client's, a Unix socket) is let through.

    Args:
        app: what comes next.
        allowed: names beside those of loopback and the address of the connection.
        has_keys: whether keys are asked for; without any, only loopback may be asked.
    """

    def __init__(self, app: ASGIApp, allowed: Sequence[str], *, has_keys: bool) -> None:
        self.app = app
        self._allowed = frozenset(allowed)
        self._has_keys = has_keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request and pass it on."""
        refused = self._check(scope) if scope["type"] == "http" else None
        if refused is None:
            await self.app(scope, receive, send)
        else:
            await problem_response(403, refused, scope["path"])(scope, receive, send)

    def _check(self, scope: Scope) -> str | None:
        address = (scope.get("server") or ("", None))[0]
        if address_of(address) is None:
            return None
        if not self._has_keys and not is_loopback(address):
            return "Only programs on the same machine may ask: connect to 127.0.0.1"
        names = header_values(scope, b"host")
        host = host_of(names[0]) if len(names) == 1 else ""
        if is_loopback(host) or host in self._allowed:
            return None
        if host and address_of(host) == address_of(address):
            return None
        return (
            "The Host header must be localhost, 127.0.0.1 or [::1]; other names of this server "
            "have to be in ROUTILUX_ALLOWED_HOSTS"
        )


class Guard:
    """ASGI middleware that finds out who asks, and refuses what he may not.

    Who asks is ``request.state.caller``, a `Caller`.

    Args:
        app: what comes next.
        keyring: the keys; with none, no key is asked for.
        life: refuses commands once the server is about to stop.
        origins: origins whose pages may change something here.
        payloads: whether payloads are shown to anybody.
    """

    def __init__(
        self,
        app: ASGIApp,
        keyring: Keyring,
        life: Life,
        *,
        origins: Sequence[str] = (),
        payloads: bool = True,
    ) -> None:
        self.app = app
        self._keyring = keyring
        self._life = life
        self._origins = frozenset(origins)
        self._payloads = payloads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request and pass it on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        caller = self._caller(scope)
        if caller is None:
            refused = problem_response(401, NO_KEY, scope["path"], CHALLENGE)
            await refused(scope, receive, send)
            return
        scope.setdefault("state", {})["caller"] = caller
        if scope["method"] in READING:
            await self.app(scope, receive, send)
            return
        reason = self._forbidden(scope, caller)
        if reason is not None:
            await problem_response(403, reason, scope["path"])(scope, receive, send)
        elif self._life.begin_command():
            try:
                await self.app(scope, receive, send)
            finally:
                self._life.end_command()
        else:
            detail = "The server is about to stop: send the command again when it is back"
            await problem_response(503, detail, scope["path"])(scope, receive, send)

    def _caller(self, scope: Scope) -> Caller | None:
        """Who asks; None: a key is asked for, and none that is known was sent."""
        if not self._keyring:
            return Caller(sees_payloads=self._payloads)
        sent = set(_sent_keys(scope))
        key = self._keyring.find(next(iter(sent)) if len(sent) == 1 else b"")
        if key is not None:
            return Caller(key.name, key.may_change, key.sees_payloads and self._payloads)
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        is_open = path in OPEN_PATHS and scope["method"] in READING
        return STRANGER if is_open else None

    def _forbidden(self, scope: Scope, caller: Caller) -> str | None:
        if not caller.may_change:
            return "This key may only read: send a key with the scope 'control'"
        if self._is_foreign_page(scope):
            return "A page of another site may not change anything here"
        return None

    def _is_foreign_page(self, scope: Scope) -> bool:
        """Whether a browser sends this for a page that was not loaded from here."""
        origins = [value.lower() for value in header_values(scope, b"origin")]
        if origins and all(origin in self._origins for origin in origins):
            return False
        hosts = [value.lower() for value in header_values(scope, b"host")]
        if any(_place(origin) not in hosts for origin in origins):
            return True
        return header_values(scope, b"sec-fetch-site") not in ([], ["same-origin"], ["none"])


def _place(origin: str) -> str | None:
    """Host and port of an origin; None: it has none, such as ``null``."""
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None


def _sent_keys(scope: Scope) -> list[bytes]:
    """The keys in a request: there should be one."""
    keys = []
    for name, value in scope["headers"]:
        if name == b"x-api-key":
            keys.append(value.strip())
        elif name == b"authorization":
            kind, _, key = value.strip().partition(b" ")
            # Of another kind it is no key, and two keys of which one is right are none either.
            keys.append(key.strip() if kind.lower() == b"bearer" else b"")
    return keys
