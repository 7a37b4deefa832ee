from __future__ import annotations

from datetime import UTC, datetime
from queue import Queue

import pytest

from routilux.output_handlers import (
    CallbackOutputHandler,
    NullOutputHandler,
    OutputHandler,
    QueueOutputHandler,
)

NOW = datetime(2026, 1, 2, tzinfo=UTC)
OUTPUT = ("j", "r", "text", {"x": 1}, NOW)


def test_a_queue_gets_each_output_as_a_dict():
    handler = QueueOutputHandler()
    handler.handle(*OUTPUT)
    assert handler.queue.get_nowait() == {
        "job_id": "j",
        "routine_id": "r",
        "output_type": "text",
        "data": {"x": 1},
        "timestamp": "2026-01-02T00:00:00+00:00",
    }
    own = Queue(1)
    QueueOutputHandler(own).handle(*OUTPUT)
    assert own.qsize() == 1


def test_a_function_gets_each_output():
    got = []
    CallbackOutputHandler(lambda *output: got.append(output)).handle(*OUTPUT)
    assert got == [OUTPUT]
    with pytest.raises(TypeError, match="callback must be callable, not 3"):
        CallbackOutputHandler(3)


def test_null_takes_everything():
    assert NullOutputHandler().handle(*OUTPUT) is None


def test_a_handler_must_handle():
    with pytest.raises(TypeError):
        OutputHandler()
