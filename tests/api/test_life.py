"""The life of a server."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from routilux.api.life import Life

if TYPE_CHECKING:
    import pytest


def test_whoever_listens_is_told_once() -> None:
    life, told = Life(), []
    life.on_stop(lambda: told.append("one"))
    forget = life.on_stop(lambda: told.append("two"))
    life.on_stop(lambda: told.append("three"))
    forget()
    assert not life.stopping
    life.stop()
    life.stop()
    assert life.stopping
    assert told == ["one", "three"]


def test_whoever_comes_later_is_told_at_once() -> None:
    life, told = Life(), []
    life.stop()
    life.on_stop(lambda: told.append("late"))()
    assert told == ["late"]


def test_one_that_cannot_be_told_does_not_keep_it_from_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    life, told = Life(), []

    def fail() -> None:
        raise RuntimeError("gone")

    life.on_stop(fail)
    life.on_stop(lambda: told.append("second"))
    life.stop()
    assert told == ["second"]
    assert "could not be told" in caplog.text


def test_commands_are_waited_for_and_no_more_begin() -> None:
    life = Life()
    assert life.begin_command()
    life.stop()
    assert not life.begin_command()
    assert not life.wait_for_commands(0)
    waits = threading.Thread(target=life.end_command)
    waits.start()
    assert life.wait_for_commands(20)
    waits.join()
