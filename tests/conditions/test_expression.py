"""What a person asks about an item, and what a tracepoint logs of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from routilux.conditions import (
    ConditionError,
    ItemView,
    compile_condition,
    compile_expression,
    compile_template,
)
from routilux.conditions import cel as cel_module
from routilux.conditions.template import MAX_FILLED

if TYPE_CHECKING:
    from collections.abc import Callable


SECRET = "hunter2"
ITEM = {
    "size": 5,
    "name": "an\nna",
    "tags": ["a", None],
    "user": {"id": 2**70, "token": SECRET},
    "password": SECRET,
}


def item(data: Any = ITEM, **names: Any) -> ItemView:
    return ItemView(data, {"slot": "in", "api_key": SECRET}, names=names)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("size", 5),
        (" data.size ", 5),
        ("data['size']", 5),
        ('data["size"]', 5),
        ("tags[1]", None),
        ("data.tags", ["a", None]),
        ("user.id", 2**70),
        ("meta.slot", "in"),
        ("size + 1", 6),
        ("size > 3 ? 'big' : 'small'", "big"),
        ("[null, {'a': null, true: 1u}, 1.5, b'x']", [None, {"a": None, "true": 1}, 1.5, "x"]),
        ("type(size)", "INT"),
        ("timestamp('2026-01-02T03:04:05Z')", "2026-01-02T03:04:05+00:00"),
        ("duration('90s')", 90.0),
        ("tags.map(tag, [tag])", [["a"], [None]]),
        ("1.0 / 0.0", "Infinity"),
        ("null", None),
    ],
)
def test_expressions_have_values(text, value):
    expression = compile_expression(text)
    assert expression.source == text
    assert expression.evaluate(item()) == value


@pytest.mark.parametrize(
    "text",
    [
        "password",
        "data.password",
        "user.token",
        "user",
        "data",
        "[data, user.token + '']",
        "meta.api_key",
        "meta",
        "token",
        "state",
    ],
)
def test_no_expression_shows_a_secret(text):
    view = item(token=SECRET, state={"secret": SECRET})
    shown = json.dumps(compile_expression(text).evaluate(view))
    assert SECRET not in shown
    assert "[redacted]" in shown


def test_conditions_may_ask_for_a_secret_on_the_same_view():
    view = item()
    assert compile_expression("password").evaluate(view) == "[redacted]"
    condition = compile_condition(f"password == '{SECRET}'")
    assert condition is not None
    assert condition.matches(view).matched


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("nowhere", "there is no nowhere in this item"),
        ("data.tags[7]", "there is no data.tags[7] in this item"),
        ("size / 0", "division by zero"),
        ("nowhere + 1", "there is no nowhere in this item"),
        ("[size / 0]", "division by zero"),
    ],
)
def test_an_expression_without_a_value_says_why(text, part):
    with pytest.raises(ConditionError) as caught:
        compile_expression(text).evaluate(item())
    assert caught.value.message == part


def test_an_item_that_is_too_large_has_no_value():
    for text in ("data", "data.size() + 1"):
        with pytest.raises(ConditionError, match="too large"):
            compile_expression(text).evaluate(item(["x" * 70_000]))


def test_a_result_that_is_too_large_has_no_value():
    rows = [[0] * 30 for _ in range(30)]
    with pytest.raises(ConditionError, match="more than 10000 values"):
        compile_expression("data.map(x, data)").evaluate(item(rows))


@pytest.mark.parametrize(
    ("text", "column"), [("", 1), (" ", 1), ("size +", 7), ("a and b", 3), ("a\0", 2), (None, 1)]
)
def test_a_wrong_expression_is_refused(text, column):
    with pytest.raises(ConditionError) as caught:
        compile_expression(text)
    assert caught.value.column == column


def test_plain_paths_need_no_library(monkeypatch):
    monkeypatch.setattr(cel_module, "library", None)
    assert compile_expression("data.tags[0]").evaluate(item()) == "a"
    assert compile_template("{size} of {user.id}").fill(item()) == f"5 of {2**70}"
    with pytest.raises(ConditionError, match=r"routilux\[cel\]"):
        compile_expression("size + 1")


# --- texts of tracepoints ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("", ""),
        ("plain", "plain"),
        ("size is {data.size}, {size + 1}", "size is 5, 6"),
        ("{{size}} {size}}}", "{size} 5}"),
        ("{name}", "an\\nna"),
        ("{tags}", '["a", null]'),
        ("{tags[1]} {size > 3}", "null true"),
        ("{ {'a': size}.a } and {'}'}", "5 and }"),
        ("{password} {user.token}", "[redacted] [redacted]"),
        ("{nowhere}!", "{nowhere: there is no nowhere in this item}!"),
        ("{size / 0}", "{size / 0: division by zero}"),
        ("line\nend", "line\\nend"),
        ("{1.5} {null}", "1.5 null"),
    ],
)
def test_texts_are_filled(text, filled):
    assert compile_template(text).fill(item()) == filled


def test_a_filled_text_is_short():
    view = item({"long": "x" * 20_000, "list": list(range(5_000))})
    for text in ("{long}", "{list}", "{long}{long}" * 8, "y" * 900 + "{long}"):
        filled = compile_template(text).fill(view)
        assert 500 < len(filled) <= MAX_FILLED
        assert filled.endswith("...")


def test_a_broken_maker_of_metadata_is_shown_by_its_name():
    def meta() -> dict[str, Any]:
        raise OSError(SECRET)

    assert compile_template("{meta.slot}!").fill(ItemView(ITEM, meta)) == "{meta.slot: OSError}!"


@pytest.mark.parametrize(
    ("text", "column", "part"),
    [
        ("{", 1, "not closed"),
        ("a {size", 3, "not closed"),
        ("a } b", 3, "no { before"),
        ("{}", 2, "an expression"),
        ("a {size +} b", 10, "ends too early"),
        ("a {x and y}", 6, "'and' is spelled &&"),
        ("{'}'", 1, "not closed"),
        ("{'}", 2, "cannot stand here"),
        ("x" * 1_025, None, "1024 bytes"),
        ("{a}" * 17, None, "at most 16"),
        ("a\ud800", 2, "cannot be in"),
    ],
)
def test_a_wrong_text_is_refused_and_says_where(text, column, part):
    with pytest.raises(ConditionError) as caught:
        compile_template(text)
    assert part in caught.value.message
    assert caught.value.column == column


@example("{\na}")  # the reason shows the expression, whose line end must not end the line
@given(st.text(st.sampled_from("{}{}'\"ab .+[]\\\n\0"), max_size=30))
def test_every_text_is_filled_or_refused(text):
    template = made(compile_template, text)
    assert template is None or template.fill(item()).isprintable()


def made(compiler: Callable[[str], Any], text: str) -> Any:
    """What the compiler makes of a text, or None if it says where the text is wrong."""
    try:
        return compiler(text)
    except ConditionError as error:
        refused = error
    refused.message.encode()
    if refused.column is not None and not 1 <= refused.column <= len(text) + 1:
        pytest.fail(f"column {refused.column} of {text!r}")
    return None


_WORDS = "data size name ( ) [ ] { } . , : ? ! - + * / % < > == != && || 'a' 1 2.0 x all( map("
_PIECES = _WORDS.split()


@given(st.lists(st.sampled_from(_PIECES), max_size=25).map(" ".join))
def test_every_condition_answers_or_is_refused(text):
    condition = made(compile_condition, text)
    assert condition is None or type(condition.matches(item()).matched) is bool


@given(st.text(max_size=40))
def test_every_text_is_a_condition_or_refused(text):
    condition = made(compile_condition, text)
    assert condition is None or type(condition.matches(item()).matched) is bool
