"""Idempotency keys: the same request twice is one change, and gets the first answer.

`IdempotentRoute` does it for every POST of a router. It looks before the path runs and keeps the
answer after it, so no path has to know. What is kept:

- for each job the answers to its last 1,000 requests with a key, as long as the job is known;
- for the application the last 1,000 of those that are of no job yet, as starting one.

Only an answer that is no error is kept: an error has changed nothing, and a slot that was full may
have room when the request comes again. So is no answer that is longer than 64 KiB; the commands
that have such answers and change something are remembered by the job itself, under the same key.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple
from weakref import WeakKeyDictionary

from fastapi import Depends, Header, Request, Response
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect

from routilux.api.caller import caller_of
from routilux.api.problems import ProblemError, problems
from routilux.job.commands import CommandLog, command_text

if TYPE_CHECKING:
    from routilux.job_state import JobState
    from routilux.stores import JobStore

LONGEST_KEY = 200  # characters; a UUID has 36
LONGEST_KEPT = 64 * 1024  # bytes of an answer; a thousand of them are kept for a job
REPLAYED = (b"idempotent-replayed", b"true")  # the header of an answer that is given once more

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=LONGEST_KEY,
        description="A key of your own for this request: sent again, it changes nothing more.",
    ),
]
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def reused() -> ProblemError:
    """The error of a key that was used for another request. It does not repeat the key."""
    return ProblemError(
        422, "This Idempotency-Key was used for another request: give each its own key"
    )


class KeyReused(Exception):
    """The key of a request was used for another one."""


class _Kept(NamedTuple):
    """An answer as it was sent."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def response(self) -> Response:
        response = Response(self.body, self.status)
        response.raw_headers = [*self.headers, REPLAYED]
        return response


class _UnderWay(NamedTuple):
    """A request that is being carried out; `done` is set when it has been, however it went."""

    command: str
    done: Future[None]


class Answers:
    """The answers of an application to requests with a key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._created = CommandLog()
        self._by_job: WeakKeyDictionary[JobState, CommandLog] = WeakKeyDictionary()
        self._under_way: dict[tuple[int, str], _UnderWay] = {}

    def log_for(self, job: JobState | None) -> CommandLog:
        """The answers of one job, or those that are of none."""
        if job is None:
            return self._created
        with self._lock:
            return self._by_job.setdefault(job, CommandLog())

    async def once(
        self, log: CommandLog, key: str, command: str, answer: Callable[[], Awaitable[Response]]
    ) -> Response:
        """The answer that is known, or a new one. Of equal requests at one time one is carried out.

        Args:
            log: where answers are kept.
            key: whose request, and its key.
            command: the request as a text.
            answer: carries the request out.

        Raises:
            KeyReused: the key was used for another request.
        """
        mine = _UnderWay(command, Future())
        mine.done.set_running_or_notify_cancel()  # whoever waits for it cannot cancel it
        place = (id(log), key)
        while (first := self._known(log, key, mine, place)) is not mine:
            if isinstance(first, _Kept):
                return first.response()
            await asyncio.wrap_future(first.done)
        try:
            response = await answer()
            if response.status_code < 400 and len(response.body) <= LONGEST_KEPT:
                kept = _Kept(response.status_code, response.raw_headers, bytes(response.body))
                log.remember(key, kept, command)
            return response
        finally:
            with self._lock:
                del self._under_way[place]
            mine.done.set_result(None)

    def _known(
        self, log: CommandLog, key: str, mine: _UnderWay, place: tuple[int, str]
    ) -> _Kept | _UnderWay:
        """What there is already, or else `mine`, which is then under way."""
        with self._lock:
            try:
                kept: _Kept | None = log.replay(key, mine.command)
            except ValueError as error:
                raise KeyReused from error
            if kept is not None:
                return kept
            first = self._under_way.setdefault(place, mine)
        if first.command != mine.command:
            raise KeyReused
        return first


def _documented(key: IdempotencyKey = None) -> None:
    """Checks a key and documents it."""


class IdempotentRoute(APIRoute):
    """A route whose POST requests may have an ``Idempotency-Key``.

    Use it as the ``route_class`` of a router. A path whose engine verb knows request ids takes the
    key as a parameter, too: then the job remembers the command also in its snapshots.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        if "POST" in (options.get("methods") or ()):
            known = options.get("dependencies") or ()
            options["dependencies"] = [*known, Depends(_documented)]
            options["responses"] = {**problems(422), **(options.get("responses") or {})}
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Handler:
        """The handler of the path, or for POST one that carries each request out once."""
        handle = super().get_route_handler()
        if "POST" not in (self.methods or ()):
            return handle

        async def handle_once(request: Request) -> Response:
            key = request.headers.get("Idempotency-Key", "")
            log = _log_for(request) if 1 <= len(key) <= LONGEST_KEY else None
            command = await _command(request) if log is not None else None
            if log is None or command is None:
                return await handle(request)
            caller = caller_of(request)
            # What one may see another may not: a key is one caller's own.
            owned = json.dumps([caller.identity, caller.sees_payloads, key])
            answers: Answers = request.app.state.context.answers
            try:
                return await answers.once(log, owned, command, lambda: handle(request))
            except KeyReused as error:
                raise reused() from error

        return handle_once


def _log_for(request: Request) -> CommandLog | None:
    """Where the answer is kept; None for a job that there is not."""
    context = request.app.state.context
    answers: Answers = context.answers
    if "job_id" not in request.path_params:
        return answers.log_for(None)
    jobs: JobStore = context.jobs
    job = jobs.get(request.path_params["job_id"])
    return answers.log_for(job) if job is not None else None


async def _command(request: Request) -> str | None:
    """The request as a short text; None for a body that is no good, as the path will say."""
    try:
        body = await request.json() if await request.body() else None
        text = command_text(request.url.path, query=request.url.query, body=body)
    except (ClientDisconnect, ValueError, RecursionError):
        return None
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
