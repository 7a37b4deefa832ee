"""Bodies that are too large, too slow, too deep or no JSON."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routilux.api.bodies import Bodies, is_too_deep
from routilux.api.models.plain import DEEPEST

if TYPE_CHECKING:
    from collections.abc import Iterable

JSON = (b"content-type", b"application/json")
CHUNKED = (b"transfer-encoding", b"chunked")
LIMIT = 1_000


class Exchange:
    """One request through `Bodies`, part by part.

    Attributes:
        seen: the body that the application got; None: it was not asked.
        status, detail: of the answer.
        parts_read: how many parts were taken.
    """

    def __init__(
        self,
        parts: Iterable[bytes | None],
        *headers: tuple[bytes, bytes],
        method: str = "POST",
        timeout: float = 30.0,
    ) -> None:
        self.seen: bytes | None = None
        self.status = 0
        self.detail = ""
        self.parts_read = 0
        self._parts = iter(parts)
        scope = {"type": "http", "method": method, "path": "/x", "headers": list(headers)}
        asyncio.run(Bodies(self._app, LIMIT, timeout)(scope, self._receive, self._send))

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        self.seen = message["body"]
        assert not message["more_body"]
        self.after = (await receive())["type"]

    async def _receive(self) -> Any:
        for part in self._parts:
            self.parts_read += 1
            if part is None:  # nothing comes, for ever
                await asyncio.Event().wait()
            return {"type": "http.request", "body": part, "more_body": True}
        if self.parts_read >= 0:
            self.parts_read = -1
            return {"type": "http.request", "body": b"", "more_body": False}
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            assert dict(message["headers"])[b"content-type"] == b"application/problem+json"
        else:
            self.detail = json.loads(message["body"])["detail"]


def test_a_body_is_handed_on_in_one_piece_and_then_what_comes() -> None:
    done = Exchange([b'{"a"', b": ", b"1}"], JSON, CHUNKED)
    assert (done.seen, done.after, done.status) == (b'{"a": 1}', "http.disconnect", 0)


def test_a_body_up_to_the_limit() -> None:
    assert Exchange([b" " * LIMIT], JSON, CHUNKED).seen == b" " * LIMIT
    assert Exchange([b" " * LIMIT], JSON, (b"content-length", b"1000")).seen is not None


def test_a_body_that_is_told_to_be_too_large_is_not_read() -> None:
    for length in (b"1001", b"9" * 1_000):
        done = Exchange([b"x"], JSON, (b"content-length", length))
        assert (done.status, done.parts_read, done.seen) == (413, 0, None)
        assert "larger than 1000 bytes" in done.detail


def test_a_body_without_an_end_is_not_read_to_its_end() -> None:
    done = Exchange(itertools.repeat(b"x" * 300), JSON, CHUNKED)
    assert (done.status, done.parts_read, done.seen) == (413, 4, None)


def test_a_body_that_is_not_told_of_has_the_same_limits() -> None:
    assert Exchange(itertools.repeat(b"x" * 300), JSON).status == 413
    assert Exchange([b"{}"]).status == 415
    assert Exchange([b"{}"], JSON).seen == b"{}"
    assert Exchange([]).seen == b""


@pytest.mark.parametrize("parts", [[None], [b'{"a": ', None], [b"", b"", None]])
def test_a_body_that_does_not_come_in_time(parts: list[bytes | None]) -> None:
    done = Exchange(parts, JSON, CHUNKED, timeout=0.05)
    assert (done.status, done.seen) == (408, None)
    assert "not complete after 0.05 s" in done.detail


def test_whoever_goes_away_gets_no_answer() -> None:
    async def gone() -> Any:
        return {"type": "http.disconnect"}

    async def never(*_: Any) -> None:
        raise AssertionError

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [JSON, CHUNKED]}
    asyncio.run(Bodies(never)(scope, gone, never))


@pytest.mark.parametrize(
    ("headers", "status", "says"),
    [
        ([JSON, CHUNKED, (b"content-length", b"2")], 400, "told twice"),
        ([JSON, (b"content-length", b"2"), (b"content-length", b"2")], 400, "told twice"),
        ([JSON, (b"content-length", b"+2")], 400, "no number"),
        ([JSON, (b"content-length", "٢".encode().decode("latin-1").encode("latin-1"))], 400, "no"),
        ([JSON, JSON, CHUNKED], 415, "must be JSON"),
        ([CHUNKED], 415, "must be JSON"),
        ([(b"content-type", b"text/plain"), CHUNKED], 415, "must be JSON"),
        ([(b"content-type", b"application/jsonx"), CHUNKED], 415, "must be JSON"),
        ([JSON, CHUNKED, (b"content-encoding", b"gzip")], 415, "must not be compressed"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
def test_what_cannot_be_a_body(
    headers: list[tuple[bytes, bytes]], status: int, says: str, method: str
) -> None:
    done = Exchange([b"{}"], *headers, method=method)
    assert (done.status, done.parts_read, done.seen) == (status, 0, None)
    assert says in done.detail


def test_other_encodings_are_no_json_here() -> None:
    done = Exchange(['{"a": 1}'.encode("utf-16-le")], JSON, CHUNKED)
    assert (done.status, done.seen) == (400, None)
    assert "as UTF-8" in done.detail


# -- depth -----------------------------------------------------------------------------------------


def depth_of(value: Any) -> int:
    inside = value.values() if isinstance(value, dict) else value
    return 1 + max(map(depth_of, inside), default=0) if isinstance(value, (dict, list)) else 0


def nested(depth: int, kind: str = "list") -> Any:
    value: Any = {} if kind == "dict" else []
    for level in range(depth - 1):
        value = {"k": value, "]}\\": "[{"} if (kind == "dict") ^ (level % 3 == 0) else [value, "]"]
    return value


@pytest.mark.parametrize("kind", ["list", "dict"])
@pytest.mark.parametrize("depth", [1, DEEPEST - 1, DEEPEST, DEEPEST + 1, 2 * DEEPEST, 300])
def test_the_depth_of_a_body(depth: int, kind: str) -> None:
    value = nested(depth, kind)
    assert depth_of(value) == depth
    assert is_too_deep(json.dumps(value).encode()) == (depth > DEEPEST)
    wide = json.dumps([value, *([[]] * 500), value]).encode()
    assert is_too_deep(wide) == (depth + 1 > DEEPEST)


TEXTS = st.text('[]{}"\\\u00e9a', max_size=20)
DATA = st.recursive(
    TEXTS | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=30,
)


@given(DATA, st.integers(0, DEEPEST + 20), st.booleans())
def test_the_depth_of_any_json(value: Any, more: int, ascii_only: bool) -> None:
    for _ in range(more):
        value = [value]
    # Many brackets beside it, so that it cannot be let through by their number.
    text = json.dumps([value, ["[" * 200]], ensure_ascii=ascii_only).encode()
    assert is_too_deep(text) == (depth_of(value) + 1 > DEEPEST)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * (1 << 20),
        b"[]" * (1 << 19),
        b'"' * (1 << 20),
        b"[" * 100 + b'"' + b'\\"' * (1 << 19),
        b"[" * 100 + b'"' + b'\\"' * (1 << 19) + b"\\",
        b'{"":' * (1 << 18),
        b"[]{}" * 30 + b"\\" * (1 << 20),
        b"[" * 60 + b"[],".join([b""] * 300_000) + b"]" * 60,
    ],
    ids=range(8),
)
def test_no_body_keeps_the_server_busy(body: bytes) -> None:
    began = time.process_time()
    is_too_deep(body)
    assert time.process_time() - began < 1.0
