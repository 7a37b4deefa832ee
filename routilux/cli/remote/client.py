"""Asking the server. What goes wrong is a `CommandError` with one line and a code of its own.

The standard library's client asks no proxy, follows no redirect and keeps no cookies, which is
just what a key needs that must go nowhere else.
"""

from __future__ import annotations

import json
from contextlib import closing, nullcontext, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection, RemoteDisconnected
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlencode

from routilux.cli.errors import (
    FAILED,
    KEY_REFUSED,
    NOT_FOUND,
    STATE,
    UNREACHABLE,
    USAGE,
    CommandError,
)
from routilux.cli.remote.address import KEY, KEY_FILE, URL
from routilux.demo.layout import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    from routilux.cli.remote.address import Server

TIMEOUT_S = 10.0  # for a server that answers at all, each answer takes far less
PAGE = 200  # the most that a page may have
PROBLEM = "application/problem+json"
# Exit codes by status; other ones from 400 on mean that the question was wrong.
CODES = {
    401: KEY_REFUSED,
    403: KEY_REFUSED,
    404: NOT_FOUND,
    409: STATE,
    410: NOT_FOUND,
    423: STATE,
    429: STATE,
    503: UNREACHABLE,
}


class AnswerError(CommandError):
    """The server has answered with an error.

    Attributes:
        status: the HTTP status.
        problem: the answer's members; `detail` and others.
    """

    def __init__(self, message: str, status: int, problem: Mapping[str, Any]) -> None:
        code = FAILED if status >= 500 else USAGE
        super().__init__(message, CODES.get(status, code))
        self.status = status
        self.problem = problem


class _Answer(NamedTuple):
    status: int
    kind: str
    body: bytes


class Client:
    """Asks one server. Not for several threads at once.

    Args:
        server: where it is.
        timeout_s: seconds that it may be silent.
    """

    def __init__(self, server: Server, timeout_s: float = TIMEOUT_S) -> None:
        self.server = server
        self._timeout_s = timeout_s
        self._kept: HTTPConnection | None = None

    def get(self, *path: str, **query: object) -> Any:
        """Ask for a document. `path` are the parts after ``/api``; what is None is left out.

        Raises:
            CommandError: as `call`.
        """
        return self.call("GET", path, query=query)

    def post(self, *path: str, body: Mapping[str, Any] | None = None, waits_s: float = 0) -> Any:
        """Give a command; the answer may come `waits_s` seconds later than others.

        Raises:
            CommandError: as `call`.
        """
        return self.call("POST", path, body=body if body is not None else {}, waits_s=waits_s)

    def delete(self, *path: str, **query: object) -> Any:
        """Delete something.

        Raises:
            CommandError: as `call`.
        """
        return self.call("DELETE", path, query=query)

    def pages(self, member: str, *path: str, **query: object) -> Iterator[Any]:
        """The entries of a list, page after page.

        Raises:
            CommandError: as `call`.
        """
        cursor = None
        while True:
            page = self.get(*path, **{"limit": PAGE, **query, "cursor": cursor})
            yield from page[member]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def call(
        self,
        method: str,
        path: tuple[str, ...],
        *,
        query: Mapping[str, object] | None = None,
        body: Mapping[str, Any] | None = None,
        waits_s: float = 0,
    ) -> Any:
        """One request and the document that it is answered with. Blocks.

        Raises:
            AnswerError: the answer is an error.
            CommandError: there is no answer, or none that a Routilux server gives.
        """
        document = _document(self._good(method, path, query, body, waits_s))
        if document is None:
            raise self._stranger()
        return document

    def text(
        self, method: str, *path: str, body: Mapping[str, Any] | None = None, waits_s: float = 0
    ) -> str:
        """One request and its answer as it is, for what may be nested too deeply to be read.

        Raises:
            CommandError: as `call`.
        """
        return self._good(method, path, None, body, waits_s).decode(errors="backslashreplace")

    def _good(
        self,
        method: str,
        path: tuple[str, ...],
        query: Mapping[str, object] | None,
        body: Mapping[str, Any] | None,
        waits_s: float,
    ) -> bytes:
        answer = self._ask(method, self._target(path, query or {}), body, waits_s)
        if answer.status >= 300:
            raise self._error(answer)
        return answer.body

    def close(self) -> None:
        """Let the connection go."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # -- one request -------------------------------------------------------------------------------

    def _target(self, path: tuple[str, ...], query: Mapping[str, object]) -> str:
        given = {name: value for name, value in query.items() if value is not None}
        parts = "/".join(quote(part, safe="") for part in path)
        asked = f"?{urlencode(given, doseq=True)}" if given else ""
        return f"{self.server.prefix}/api/{parts}{asked}"

    def _ask(
        self, method: str, target: str, body: Mapping[str, Any] | None, waits_s: float
    ) -> _Answer:
        sent = None if body is None else json.dumps(body).encode()
        timeout_s = self._timeout_s + waits_s
        try:
            # A command that a dead connection has swallowed must not be sent again.
            if method != "GET" or waits_s:
                with closing(self._connect(timeout_s)) as connection:
                    return self._exchange(connection, method, target, sent)
            if self._kept is not None:
                with suppress(RemoteDisconnected, ConnectionError):  # it was idle for too long
                    return self._exchange(self._kept, method, target, sent)
            self.close()
            self._kept = self._connect(timeout_s)
            return self._exchange(self._kept, method, target, sent)
        except TimeoutError:
            self.close()
            raise self._unreachable(f"no answer for {timeout_s:g} s") from None
        except (OSError, HTTPException, ValueError) as error:
            self.close()
            raise self._unreachable(_reason(error)) from None

    def _connect(self, timeout_s: float) -> HTTPConnection:
        kind = HTTPSConnection if self.server.scheme == "https" else HTTPConnection
        return kind(self.server.host, self.server.port, timeout=timeout_s)

    def _exchange(
        self, connection: HTTPConnection, method: str, target: str, body: bytes | None
    ) -> _Answer:
        headers = {"Accept": "application/json", "User-Agent": "routilux"}
        if self.server.key is not None:
            headers["X-API-Key"] = self.server.key
        if body is not None:
            headers["Content-Type"] = "application/json"
        # A body that is too large may be answered before it is sent: the answer says so.
        with suppress(BrokenPipeError, ConnectionResetError) if body else nullcontext():
            connection.request(method, target, body, headers)
        response = connection.getresponse()
        kind = (response.getheader("Content-Type") or "").partition(";")[0].strip().lower()
        return _Answer(response.status, kind, response.read())

    # -- what goes wrong ---------------------------------------------------------------------------

    def _unreachable(self, why: str) -> CommandError:
        return CommandError(
            f"no server at {self.server.url}, {why}: start one with `routilux serve`, or say "
            f"where it is with --url or {URL}",
            UNREACHABLE,
        )

    def _stranger(self) -> CommandError:
        return CommandError(
            f"what answers at {self.server.url} is no Routilux server: check --url and {URL}",
            UNREACHABLE,
        )

    def _error(self, answer: _Answer) -> CommandError:
        if answer.status < 400:
            return CommandError(
                f"{self.server.url} sends on to another address, where no key is sent: name that "
                f"one with --url or {URL}",
                UNREACHABLE,
            )
        problem = _document(answer.body) if answer.kind == PROBLEM else None
        if not isinstance(problem, dict) or not isinstance(problem.get("detail"), str):
            return self._stranger()
        message = printable(problem["detail"])
        if answer.status == 401:
            message = self._no_key()
        return AnswerError(message, answer.status, problem)

    def _no_key(self) -> str:
        if self.server.key is None:
            return f"{self.server.url} asks for a key: set {KEY}, or {KEY_FILE} or --key-file"
        return f"{self.server.url} does not know this key: check {KEY}, {KEY_FILE} or --key-file"


def _document(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _reason(error: Exception) -> str:
    """Why there was no answer, in a few words."""
    if isinstance(error, RemoteDisconnected):
        return "it closed the connection"
    if isinstance(error, HTTPException):
        return "it does not speak HTTP"
    told = getattr(error, "verify_message", None) or getattr(error, "strerror", None) or error
    return printable(str(told))
