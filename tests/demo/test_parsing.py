"""Parsing beside other threads that parse."""

from __future__ import annotations

import ast
import gc
import threading
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from routilux.demo import pipeline
from routilux.demo.items import SourceFile
from routilux.demo.pipeline import TRIES, parse_file

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG = SourceFile("long.py", b"x = [\n" + b"    (lambda a: a + 1),\n" * 500 + b"]\n")


@contextmanager
def disturbed(times: int) -> Iterator[list[str]]:
    """Another thread parses in the midst of what this one parses, so many times.

    Python runs what looks for garbage while it builds a tree, and that may let others run.
    """
    done: list[str] = []

    def parse_elsewhere(phase: str, _info: Any) -> None:
        if phase == "stop" and len(done) < times and threading.current_thread() is here:
            done.append("parsed")
            other = threading.Thread(target=ast.parse, args=("1",))
            other.start()
            other.join()

    here = threading.current_thread()
    before = gc.get_threshold()
    gc.callbacks.append(parse_elsewhere)
    gc.set_threshold(50)
    try:
        yield done
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(parse_elsewhere)


def test_another_thread_that_parses_makes_no_file_wrong() -> None:
    with disturbed(times=1) as done:
        parsed = parse_file(LONG)
    assert done
    assert parsed.lines == 502
    assert ast.dump(parsed.tree) == ast.dump(ast.parse(LONG.content))


def test_what_is_wrong_each_time_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def fail(*_arguments: object, **_options: object) -> None:
        tries.append(1)
        raise SystemError("AST constructor recursion depth mismatch")

    monkeypatch.setattr(pipeline, "ast", SimpleNamespace(parse=fail))
    with pytest.raises(SystemError, match="mismatch"):
        parse_file(LONG)
    assert len(tries) == TRIES
