"""Words for figures, ids and items."""

from __future__ import annotations

import pytest

from routilux.cli.remote.steering import _resumed_lines
from routilux.cli.remote.wording import data_words, hold_words, rate_words, seconds_words, short


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0.0 s"), (9.94, "9.9 s"), (12.4, "12 s"), (90, "1.5 min"), (1_460, "24 min"),
     (5_400, "1.5 h"), (200_000, "2.3 d"), (2_000_000, "23 d")],
)  # fmt: skip
def test_durations(seconds, words):
    assert seconds_words(seconds) == words


@pytest.mark.parametrize(
    ("rate", "words"), [(None, ""), (0.0, "0"), (0.25, "0.2"), (9.99, "10.0"), (1234.5, "1234")]
)
def test_rates(rate, words):
    assert rate_words(rate) == words


def test_ids_are_as_short_as_they_can_be_told_apart():
    ids = ["0123456789", "0123456700", "x"]
    assert short("abcdefghijk") == "abcdefgh"
    assert [short(each, ids) for each in ids] == ["012345678", "012345670", "x"]


def test_holds():
    assert hold_words("operator") == "the operator"
    assert hold_words("breakpoint:0123456789") == "breakpoint 01234567"
    assert hold_words("step") == "a step"
    assert hold_words("other\n") == r"other\n"


def test_data_are_on_one_line_without_control_characters():
    assert data_words({"data": {"a": "é\x9b\n"}}) == '{"a": "é\\x9b\\n"}'
    assert data_words({"data": "x" * 200}, 30) == '"' + "x" * 26 + "..."
    assert data_words({"data": [1], "truncated": True}) == "[1] (cut)"
    assert data_words({"data": None, "redacted": True}) == "(hidden from this key)"


def test_a_job_that_was_resumed_may_be_held_again():
    answer = {"job_id": "0123", "holds": [], "lifted": ["debugger"], "changed": True}
    session = {"holds": ["breakpoint:abc"], "hits": []}
    (line,) = _resumed_lines({**answer, "warnings": []}, session)
    assert line == "Job 0123: resumed, the debugger's hold lifted; held again by breakpoint abc"
