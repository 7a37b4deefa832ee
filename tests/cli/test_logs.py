"""The log of a server: which error it was and where, and not what logic has written in it."""

from __future__ import annotations

import logging

import pytest

from routilux import ErrorHandler
from routilux.cli.logs import LEFT_OUT, ServerFormatter
from routilux.testing import StepRuntime
from tests.engine.parts import line, made, source

TEXT = "planted text"


def failing(items):
    raise ValueError(TEXT)


@pytest.fixture
def records(caplog):
    """What a job logs whose logic fails, is tried again, and gives up an item."""
    again = made(failing, errors=ErrorHandler("retry", max_retries=1, retry_delay=0.1))
    with caplog.at_level(logging.DEBUG, "routilux"), StepRuntime() as runtime:
        assert runtime.exec(line(source([1]), again)).wait()
    return [each for each in caplog.records if each.name == "routilux.job"]


def test_the_texts_of_errors_are_left_out_and_their_place_stays(records):
    hidden = ServerFormatter(error_texts=False)
    text = "\n".join(hidden.format(each) for each in records)
    assert "planted" not in text
    assert f"ValueError ({LEFT_OUT})" in text
    assert "in failing" in text
    assert "test_logs.py" in text


def test_they_are_there_when_asked_for_and_for_other_handlers(records):
    hidden, shown = ServerFormatter(error_texts=False), ServerFormatter(error_texts=True)
    for each in records:
        hidden.format(each)
    text = "\n".join(shown.format(each) for each in records)
    assert "ValueError: planted text" in text
    assert any(each.exc_info for each in records)


def test_other_lines_are_as_they_are():
    record = logging.LogRecord("routilux.x", logging.INFO, "f.py", 1, "hello %s", ("you",), None)
    assert ServerFormatter(error_texts=False).format(record).endswith("INFO routilux.x: hello you")
