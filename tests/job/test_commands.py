from __future__ import annotations

import pytest

from routilux.job.commands import CommandLog


def test_the_same_request_gets_its_first_answer():
    log = CommandLog()
    assert log.replay("q1") is None
    log.remember("q1", {"changed": True})
    assert log.replay("q1") == {"changed": True}
    assert log.replay("q2") is None
    assert "q1" in log
    assert len(log) == 1


def test_an_answer_may_be_false():
    log = CommandLog()
    log.remember("q", False)
    assert log.replay("q") is False


def test_a_request_without_an_id_is_always_new():
    log = CommandLog()
    log.remember(None, "answer")
    assert log.replay(None) is None
    assert len(log) == 0


def test_an_id_belongs_to_one_command_where_the_commands_are_known():
    log = CommandLog()
    log.remember("q", "answer", "pause()")
    log.remember("unknown", "answer")
    assert log.replay("q", "pause()") == log.replay("q") == "answer"
    assert log.replay("unknown", "resume()") == "answer"
    with pytest.raises(ValueError, match=r"'q' was used for another command \(pause\(\)\)"):
        log.replay("q", "resume()")


def test_the_oldest_are_forgotten():
    log = CommandLog(limit=2)
    for name in ("a", "b", "c"):
        log.remember(name, name)
    assert [log.replay(name) for name in ("a", "b", "c")] == [None, "b", "c"]
    with pytest.raises(ValueError, match="limit must be 1 or more, not 0"):
        CommandLog(0)


def test_the_last_thousand_are_kept():
    assert CommandLog().limit == 1_000


def test_a_log_survives_as_a_list():
    log, other = CommandLog(), CommandLog()
    log.remember("a", 1, "pause()")
    log.remember("b", 2)
    other.fill(log.to_list())
    assert other.to_list() == log.to_list()
    assert other.replay("b") == 2
