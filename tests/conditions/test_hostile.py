"""The hostile corpus: nothing escapes, nothing is called, the process lives, each in 100 ms."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from routilux.conditions import (
    ConditionError,
    ItemView,
    compile_condition,
    compile_expression,
    compile_template,
)
from routilux.json_view import json_view
from tests.conditions.hostile_conditions import CEL_CONDITIONS
from tests.conditions.hostile_items import (
    CALLS,
    SECRET,
    Hostile,
    HostileStr,
    hostile_values,
    sized_items,
)
from tests.conditions.hostile_predicates import PREDICATES
from tests.conditions.hostile_run import allowed, timed

VALUES = hostile_values()
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def reports():
    """What became of each hostile condition, in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.conditions.hostile_run"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    lines = ran.stdout.splitlines()
    sources = [*CEL_CONDITIONS, *PREDICATES]
    if ran.returncode != 0 or len(lines) != len(sources):
        pytest.fail(f"ended by condition {len(lines)}: {ran.returncode} {ran.stderr[-2_000:]}")
    return [json.loads(line) for line in lines]


def test_the_corpus_is_large():
    assert len(CEL_CONDITIONS) >= 300
    assert len(PREDICATES) + len(VALUES) >= 100


def test_the_items_are_as_large_as_conditions_look_at():
    for name, item in sized_items().items():
        assert not json_view(item).truncated, name


def test_the_process_lives_and_each_ends_in_time(reports):
    slow = [
        (number, name, seconds)
        for number, report in enumerate(reports)
        for name, seconds in [
            ("compile", report["compile"]),
            *((name, told[0]) for name, told in report["matches"].items()),
        ]
        if seconds > allowed()
    ]
    assert slow == []


def test_many_are_refused_when_they_are_made_and_many_answer(reports):
    refused = [report for report in reports if "refused" in report]
    answered = [
        told for report in reports for told in report["matches"].values() if told[2] is None
    ]
    assert len(refused) > 100
    assert len(answered) > 500


def test_no_message_holds_anything_of_an_item(reports):
    assert SECRET not in json.dumps(reports)
    messages = {told[2] for report in reports for told in report["matches"].values()}
    # The texts and numbers of the items, which the library's own messages show.
    assert not any("x" * 100 in str(message) or "text 1" in str(message) for message in messages)


@pytest.mark.parametrize("number", range(len(VALUES)))
def test_a_view_of_a_hostile_item_calls_nothing_and_is_json(number):
    value = VALUES[number]
    CALLS.clear()
    for wrapped in (value, [value], {"a": value, "password": value}):
        seconds, view = timed(lambda it=wrapped: json_view(it))
        assert seconds < allowed()
        text = json.dumps(view.value, allow_nan=False)
        assert len(text) <= view.size_bytes <= 64 * 1024
        assert len(json.dumps(view.value, ensure_ascii=False).encode()) <= 64 * 1024
        assert SECRET not in text
    assert CALLS == []


@pytest.mark.parametrize("number", range(len(VALUES)))
def test_every_kind_of_condition_answers_for_a_hostile_item(number):
    value = VALUES[number]
    CALLS.clear()
    conditions = [
        "n == 1",
        "data.n > 1 || data == data",
        "data.all(x, data.all(y, x == y))",
        "size(data) > 3 && meta.slot == 'in'",
        {"path": "data.n", "op": "eq", "value": 1},
        {"any": [{"path": "data", "op": "contains", "value": 1}, {"path": "n", "op": "exists"}]},
    ]
    for source in conditions:
        condition = compile_condition(source)
        for item in (value, {"n": value}, {"n": 1, "o": value, "password": SECRET}):
            verdict = condition.matches(ItemView(item, {"slot": "in", "made_by": value}))
            assert type(verdict.matched) is bool
            assert SECRET not in str(verdict.error)
    assert CALLS == []


@pytest.mark.parametrize("number", range(len(VALUES)))
def test_expressions_and_log_texts_survive_a_hostile_item(number):
    value = VALUES[number]
    CALLS.clear()
    view = ItemView({"a": value, "password": SECRET}, {"slot": "in"}, names={"state": value})
    template = compile_template("{data} {a} {password} {state} {data.a.b} {[a, a]} {size(a)}")
    filled = template.fill(view)
    assert len(filled) <= 1_000
    assert filled.isprintable()
    assert SECRET not in filled
    for text in ("data", "a", "[data, state]", "{'a': data.password}"):
        assert SECRET not in json.dumps(evaluated(text, view), allow_nan=False)
    assert CALLS == []


def evaluated(text, view):
    try:
        return compile_expression(text).evaluate(view)
    except ConditionError as error:
        return error.message


def test_the_recorders_record():
    CALLS.clear()
    with pytest.raises(RuntimeError):
        str(Hostile())
    with pytest.raises(RuntimeError):
        hash(HostileStr("x"))
    assert CALLS
