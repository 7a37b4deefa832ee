"""Conditions in CEL: what they see, what they say, and what is refused when they are made."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from routilux.conditions import ConditionError, ItemView, Verdict, compile_condition
from routilux.conditions import cel as cel_module

ITEM = {"size": 5, "name": "anna", "tags": ["a", "b"], "user": {"id": 7}, "password": "hunter2"}
META = {"slot": "in", "attempt": 2, "emitted_at": "2026-01-02T03:04:05+00:00"}


def verdict(source: Any, data: Any = ITEM, **names: Any) -> Verdict:
    condition = compile_condition(source)
    assert condition is not None
    return condition.matches(ItemView(data, META, names=names))


def refusal(source: Any) -> ConditionError:
    with pytest.raises(ConditionError) as caught:
        compile_condition(source)
    assert str(caught.value) == caught.value.message
    return caught.value


@pytest.mark.parametrize("source", [None, "", " \n"])
def test_no_condition_is_none(source):
    assert compile_condition(source) is None


@pytest.mark.parametrize(
    "source",
    [
        "size > 3",
        "data.size > 3",
        "data['size'] == 5.0",
        "size > 3 && name.startsWith('an')",
        "'b' in tags && !('c' in tags)",
        "tags.exists(tag, tag == 'b')",
        "tags.map(tag, tag + tag) == ['aa', 'bb']",
        "has(user.id) && !has(user.name)",
        "user == {'id': 7}",
        "meta.slot == 'in' && meta.attempt > 1",
        "timestamp(meta.emitted_at) > timestamp('2026-01-01T00:00:00Z')",
        "timestamp(meta.emitted_at).getHours('Europe/Berlin') == 4",
        "name.matches('^a.*a$') && name.contains('nn') && size(name) == 4",
        "type(size) == int && string(size) == '5' && int('5') == size",
        "password == 'hunter2'",
        "size > 3 || nowhere > 3",
        "true // and a comment",
        "\n  size > 3\n",
        "'and or not True' != name",
        "data.size() == 5",
        "size % 2 == 1 ? true : false",
    ],
)
def test_conditions_that_match(source):
    assert verdict(source) == Verdict(True)


@pytest.mark.parametrize(
    "source", ["size > 5", "null", "1", "'true'", "size", "[true]", "data", "type(true)", "false"]
)
def test_only_exactly_true_matches(source):
    assert verdict(source) == Verdict(False)


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("nowhere > 3", "there is no nowhere in this item"),
        ("user.nowhere > 3", "there is no key 'nowhere' where it was looked for"),
        ("name > 3", "> does not work on string and int"),
        ("size.x", "a field was asked of a value that has none"),
        ("size / 0 > 1", "division by zero"),
        ("tags[7] == 'a'", "an index is not in the list"),
        ("9223372036854775807 + size > 1", "a number or time is out of range"),
        ("int(name) > 1", "a text could not be converted"),
        ("size && true", "&& needs true or false on both sides"),
        ("size ? true : false", "what stands before ? must be true or false"),
        ("size.all(x, true)", "all, exists, map and filter go over lists and maps only"),
        ("timestamp(name) > timestamp(0)", "a text could not be converted"),
        ("timestamp(0).getHours('No/Where') > 1", "the time zone is not known"),
        ("{name: 1, 'anna': 2}.size() > 0", "a map has the same key twice"),
        ("{tags: 1}.size() > 0", "a map has a key of a type that it cannot have"),
    ],
)
def test_what_cannot_be_told_does_not_match_and_says_why(source, error):
    assert verdict(source) == Verdict(False, error)


@pytest.mark.parametrize(
    "source",
    [
        "user[password] == 1",
        "int(password) > 1",
        "password > 1",
        "duration(password) > duration('1s')",
        "timestamp(password) > timestamp(0)",
        "password.x == 1",
        "{password: 1, password: 2}.size() > 0",
        "meta[password] == 1",
        "password ? true : false",
        "data.password + 1 == 2",
    ],
)
def test_an_error_holds_nothing_of_the_item(source):
    told = verdict(source)
    assert told.error is not None
    assert "hunter2" not in told.error


def test_keys_of_the_data_hide_neither_data_nor_meta():
    item = {"data": 1, "meta": 2, "size": 3}
    assert verdict("data.size == 3 && data.data == 1 && data.meta == 2", item).matched
    assert verdict("meta.slot == 'in'", item).matched


def test_names_of_the_caller_come_before_keys_of_the_data():
    assert verdict("state.count == 1 && size == 9", ITEM, state={"count": 1}, size=9).matched
    condition = compile_condition("data.size == 5 && meta.slot == 'in'")
    assert condition is not None
    assert condition.matches(ItemView(ITEM, META, names={"data": 9, "meta": 9})).matched


@pytest.mark.parametrize(
    ("data", "source"),
    [
        (5, "data == 5"),
        ("text", "data == 'text'"),
        (None, "data == null"),
        ([1, [2]], "data[1][0] == 2"),
        ((1, 2), "data == [1, 2]"),
        ({"a-b": 1, "in": 2}, "data['a-b'] == 1 && data['in'] == 2"),
        ({1: 2}, "data['1'] == 2"),
        (2**70, "data > 5 && data < 1.0e300"),
        ({"n": [2**64], "m": -(2**80)}, "data.n[0] > 5 && data.m < 0 && data.size() == 2"),
        (float("nan"), "data == 'NaN'"),
        (b"bytes", "data == 'bytes'"),
        ("a\0b", "data == 'a\\\\u0000b'"),
        ({"user": object()}, "user['$type'] == 'builtins.object'"),
    ],
)
def test_data_of_every_kind(data, source):
    assert verdict(source, data) == Verdict(True)


def test_an_item_that_is_too_large_does_not_match():
    told = verdict("data.size() > 0", ["x" * 70_000])
    assert not told.matched
    assert "64 KiB" in str(told.error)
    # What does not look at the data is not concerned.
    assert verdict("meta.slot == 'in'", ["x" * 70_000]).matched


def test_an_item_of_a_loop_over_a_loop_may_be_small_only():
    source = "data.exists(x, data.exists(y, x + y == 10))"
    assert verdict(source, list(range(50))).matched
    told = verdict(source, list(range(3_000)))
    assert told == Verdict(
        False, "it takes too many steps: 10,000 iterations are allowed"
    ) or "too large for this expression" in str(told.error)


@pytest.mark.parametrize(
    "source",
    [
        "data.lines.exists(line, line.name == 'n-9')",
        "data.lines.all(line, line.price > 0)",
        "data.lines.filter(line, line.price > 150).size() > 2",
        "data.lines.exists(line, line.name.matches('^n-[0-9]+$'))",
        "data.lines.exists(line, line.tags.exists(tag, tag == 'b'))",
        "data.lines[0].name.contains('n-') && data.lines.size() > 9",
        "'b' in data.lines[3].tags",
    ],
)
def test_ordinary_conditions_look_at_items_of_some_kilobytes(source):
    lines = [
        {"name": f"n-{number}", "price": number + 1, "tags": ["a", "b"]} for number in range(200)
    ]
    assert verdict(source, {"lines": lines}) == Verdict(True)


@pytest.mark.parametrize(
    ("source", "column", "part"),
    [
        ("size >", 7, "ends too early"),
        ("size > > 3", 8, "'>' cannot stand here"),
        ("size >\n > 3", 9, "'>' cannot stand here"),
        ("'\N{SNOWMAN}' == )", 8, "')' cannot stand here"),
        ("'\N{GRINNING FACE}' == )", 8, "')' cannot stand here"),
        ("size and name", 6, "'and' is spelled && in CEL"),
        ("size or name", 6, "'or' is spelled || in CEL"),
        ("not size", 1, "'not' is spelled ! in CEL"),
        ("x == True", 6, "'True' is spelled true in CEL"),
        ("x == False", 6, "'False' is spelled false in CEL"),
        ("'and' == x || x == None", 20, "'None' is spelled null in CEL"),
        ("r'\\' == x and y", 11, "'and' is spelled && in CEL"),
        ("true\0", 5, "cannot be in an expression"),
        ("'\ud800'", 2, "cannot be in an expression"),
        ("frob(size)", 5, "no function 'frob'"),
        ("name.matches(user)", 13, "pattern"),
        ("name.matches('(')", 14, "regular expression"),
        ("timestamp(0).getHours(name) > 1", 22, "time zone"),
        ("timestamp(0).getHours('/dev/zero') > 1", 22, "time zone"),
        ("google.protobuf.Timestamp{}", None, "message types"),
        ("a" * 1_025, None, "1024 bytes"),
        ("'" + "\N{SNOWMAN}" * 400 + "'", None, "1024 bytes"),
        ("(" * 100 + "1" + ")" * 100, None, "nested too deeply"),
        ("1" + " + 1" * 100, None, "nested too deeply"),
    ],
)
def test_a_wrong_condition_is_refused_and_says_where(source, column, part):
    error = refusal(source)
    assert part in error.message
    if column is not None:
        assert error.column == column


@pytest.mark.parametrize("source", [5, b"size > 3", ["size > 3"], True, object()])
def test_what_is_neither_text_nor_predicate_is_refused(source):
    assert "a text in CEL or a predicate" in refusal(source).message


def test_words_of_python_may_be_keys_after_a_dot():
    assert verdict("data.not == 1", {"not": 1}).matched


def test_without_the_library_a_text_names_the_extra_and_predicates_work(monkeypatch):
    monkeypatch.setattr(cel_module, "library", None)
    assert 'pip install "routilux[cel]"' in refusal("size > 3").message
    assert "predicate" in refusal("size > 3").message
    assert verdict({"path": "size", "op": "gt", "value": 3}).matched


def test_the_source_is_kept():
    condition = compile_condition("size > 3")
    assert condition is not None
    assert condition.source == "size > 3"


def test_a_condition_that_is_null_costs_no_reference_to_none():
    # The library gives one away for each null that it is asked for: the interpreter dies of it.
    condition = compile_condition("data.x")
    assert condition is not None
    before = sys.getrefcount(None)
    for _ in range(5_000):
        condition.matches(ItemView({"x": None}, {}))
    assert sys.getrefcount(None) > before - 500


def test_several_threads_use_one_condition_and_make_others():
    condition = compile_condition("size > 3 && data.tags.exists(tag, tag == 'b')")
    assert condition is not None
    ready = threading.Barrier(4)

    def work(number: int) -> list[bool]:
        ready.wait(10)
        told = []
        for step in range(200):
            told.append(condition.matches(ItemView(ITEM, META)).matched)
            if step % 20 == 0:
                told.append(verdict(f"size == 5 || size == {number}{step}").matched)
        return told

    with ThreadPoolExecutor(4) as pool:
        assert all(all(told) for told in pool.map(work, range(4)))


def test_a_broken_maker_of_metadata_is_no_match():
    def meta() -> dict[str, Any]:
        raise OSError("hunter2")

    condition = compile_condition("meta.slot == 'in'")
    assert condition is not None
    told = condition.matches(ItemView(ITEM, meta))
    assert told == Verdict(False, "it could not be evaluated: OSError")


def test_metadata_is_only_made_for_those_who_ask():
    asked = []

    def meta() -> dict[str, Any]:
        asked.append(1)
        return META

    view = ItemView(ITEM, meta)
    for source, times in (("size > 3", 0), ("meta.slot == 'in'", 1), ("meta.attempt == 2", 1)):
        condition = compile_condition(source)
        assert condition is not None
        assert condition.matches(view).matched
        assert len(asked) == times
