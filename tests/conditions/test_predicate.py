"""Structured predicates: by example, and against a model that knows only Python."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routilux.conditions import ConditionError, ItemView, Verdict, compile_condition
from routilux.conditions.comparing import same

ITEM = {
    "size": 5,
    "ratio": 5.0,
    "ok": True,
    "name": "anna",
    "tags": ["a", 1, None, [2]],
    "user": {"id": 7, "a-b": {"c": 1}},
    "nothing": None,
}
META = {"slot": "in"}


def compare(path: str, op: str, value: Any) -> dict[str, Any]:
    return {"path": path, "op": op, "value": value}


def verdict(source: Any, data: Any = ITEM) -> Verdict:
    condition = compile_condition(source)
    assert condition is not None
    return condition.matches(ItemView(data, META))


@pytest.mark.parametrize(
    ("path", "op", "value", "matched"),
    [
        ("size", "eq", 5, True),
        ("data.size", "eq", 5.0, True),
        ("ratio", "eq", 5, True),
        ("size", "ne", 6, True),
        ("size", "lt", 5, False),
        ("size", "le", 5, True),
        ("size", "gt", 4.5, True),
        ("size", "ge", 6, False),
        ("name", "lt", "b", True),
        ("ok", "eq", True, True),
        ("nothing", "eq", None, True),
        ("size", "eq", None, False),
        ("size", "ne", None, True),
        ("user", "eq", {"id": 7, "a-b": {"c": 1.0}}, True),
        ("user", "eq", {"id": 7, "a-b": {"c": True}}, False),
        ("tags", "eq", ["a", 1, None, [2]], True),
        ("tags", "eq", ["a", True, None, [2]], False),
        ("size", "in", [4, 5], True),
        ("size", "in", ["5", True], False),
        ("ok", "in", [1, 2], False),
        ("name", "contains", "nn", True),
        ("tags", "contains", 1, True),
        ("tags", "contains", True, False),
        ("tags", "contains", [2], True),
        ("user", "contains", "id", True),
        ("name", "starts_with", "an", True),
        ("name", "ends_with", "x", False),
        ("size", "type", "number", True),
        ("ok", "type", "number", False),
        ("nothing", "type", "null", True),
        ("tags", "type", "array", True),
        ("user", "type", "object", True),
        ("name", "type", "string", True),
        ("ok", "type", "boolean", True),
        ("size", "exists", True, True),
        ("nothing", "exists", True, True),
        ("nowhere", "exists", True, False),
        ("nowhere.at.all", "exists", False, True),
        ("tags[3][0]", "eq", 2, True),
        ('data["user"]["a-b"].c', "eq", 1, True),
        ("meta.slot", "eq", "in", True),
    ],
)
def test_comparisons(path, op, value, matched):
    assert verdict(compare(path, op, value)) == Verdict(matched)


@pytest.mark.parametrize(
    ("source", "error"),
    [
        (compare("size", "eq", "5"), "size: 'eq' does not work on number and string"),
        (compare("ok", "eq", 1), "ok: 'eq' does not work on boolean and number"),
        (compare("ok", "lt", 1), "ok: 'lt' does not work on boolean and number"),
        (compare("tags", "gt", 1), "tags: 'gt' does not work on array and number"),
        (compare("size", "contains", 1), "size: 'contains' does not work on number and number"),
        (
            compare("size", "starts_with", "5"),
            "size: 'starts_with' does not work on number and string",
        ),
        (compare("nowhere", "eq", 1), "there is no nowhere in this item"),
        (compare("user.nowhere", "ne", 1), "there is no user.nowhere in this item"),
        (compare("tags[9]", "eq", 1), "there is no tags[9] in this item"),
        (compare("size.x", "eq", 1), "there is no size.x in this item"),
    ],
)
def test_what_does_not_compare_is_no_match_and_says_why(source, error):
    assert verdict(source) == Verdict(False, error)
    assert verdict({"not": source}) == Verdict(False, error)


TRUE, FALSE = compare("size", "eq", 5), compare("size", "eq", 6)
WRONG = compare("size", "eq", "5")


@pytest.mark.parametrize(
    ("source", "matched", "wrong"),
    [
        ({"all": [TRUE, TRUE]}, True, False),
        ({"all": [TRUE, FALSE]}, False, False),
        ({"any": [FALSE, TRUE]}, True, False),
        ({"any": [FALSE, FALSE]}, False, False),
        ({"not": FALSE}, True, False),
        ({"not": {"not": TRUE}}, True, False),
        ({"all": [{"any": [FALSE, TRUE]}, {"not": FALSE}]}, True, False),
        ({"any": [WRONG, TRUE]}, True, False),
        ({"all": [WRONG, FALSE]}, False, False),
        ({"any": [WRONG, FALSE]}, False, True),
        ({"all": [WRONG, TRUE]}, False, True),
    ],
)
def test_combinations(source, matched, wrong):
    told = verdict(source)
    assert told.matched is matched
    assert (told.error is not None) is wrong


@pytest.mark.parametrize(
    ("source", "place", "part"),
    [
        ({}, "path", "needs a path"),
        ({"path": "size"}, "op", "unknown operator"),
        ({"path": "size", "op": "eq"}, "value", "needs a value"),
        (compare("size", "equals", 1), "op", "use one of eq, ne"),
        (compare("a..b", "eq", 1), "path", "goes on with"),
        (compare("size", "in", 1), "value", "needs a list"),
        (compare("size", "lt", True), "value", "a number or a text"),
        (compare("size", "eq", float("nan")), "value", "not JSON data"),
        (compare("size", "eq", {"a": [(1,)]}), "value", "not JSON data"),
        (compare("size", "type", "int"), "value", "needs one of array"),
        ({"all": []}, "all", "at least one"),
        (
            {"all": [TRUE, {"any": [FALSE, {"not": compare("size", "eq", b"")}]}]},
            "all[1].any[1].not.value",
            "JSON",
        ),
        ({"all": [TRUE], "any": [TRUE]}, None, "nothing else"),
        (TRUE | {"extra": 1}, None, "unknown key 'extra'"),
        ({"any": [TRUE] * 33}, "any", "at most 32"),
        ({"any": [{"all": [TRUE] * 20}, {"all": [TRUE] * 20}]}, "any[1].all[12]", "at most 32"),
        ({"not": [TRUE]}, "not", "is an object"),
    ],
)
def test_a_wrong_predicate_is_refused_and_says_where(source, place, part):
    with pytest.raises(ConditionError) as caught:
        compile_condition(source)
    assert part in caught.value.message
    assert caught.value.place == place


def test_a_path_that_is_wrong_has_a_column():
    with pytest.raises(ConditionError) as caught:
        compile_condition(compare("data.size!", "eq", 1))
    assert (caught.value.place, caught.value.column) == ("path", 10)


def test_a_predicate_keeps_its_own_copy():
    source = compare("size", "in", [5])
    condition = compile_condition(source)
    source["value"].clear()
    assert condition is not None
    assert condition.matches(ItemView(ITEM, META)).matched


# --- against a model -----------------------------------------------------------------------

_scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from([0.0, 1.0, 0.5]),
    st.sampled_from(["", "a", "ab", "b"]),
)  # fmt: skip
_values = st.recursive(
    _scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    ),
    max_leaves=5,
)
_OPS = ("eq", "ne", "lt", "le", "gt", "ge", "contains", "starts_with", "ends_with", "in", "exists")


@st.composite
def _predicates(draw: Any, depth: int = 2) -> dict[str, Any]:
    kind = draw(
        st.sampled_from(["compare", "compare", "all", "any", "not"] if depth else ["compare"])
    )
    if kind == "not":
        return {"not": draw(_predicates(depth - 1))}
    if kind in ("all", "any"):
        return {kind: draw(st.lists(_predicates(depth - 1), min_size=1, max_size=3))}
    op = draw(st.sampled_from(_OPS))
    value = {
        "in": st.lists(_values, max_size=3),
        "exists": st.booleans(),
        "starts_with": st.sampled_from(["", "a", "b"]),
        "ends_with": st.sampled_from(["", "a", "b"]),
    }.get(
        op,
        st.one_of(st.integers(-3, 3), st.sampled_from(["a", "ab"])) if op[0] in "lg" else _values,
    )
    return compare(draw(st.sampled_from(["a", "data.a", "b", "a.b", "a[0]"])), op, draw(value))


WRONGLY = object()  # the model's word for "it cannot be told"


def _canonical(value: Any) -> str:
    """Equal for values that are equal as JSON: 1 and 1.0 are, 1 and true are not."""
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is list:
        return "[" + ",".join(map(_canonical, value)) + "]"
    if type(value) is dict:
        return "{" + ",".join(f"{key}:{_canonical(value[key])}" for key in sorted(value)) + "}"
    return json.dumps(value)


def _model_find(data: Any, path: str) -> Any:
    for step in path.removeprefix("data.").replace("[0]", ".0").split("."):
        if type(data) is dict and step in data:
            data = data[step]
        elif type(data) is list and step == "0" and data:
            data = data[0]
        else:
            return WRONGLY
    return data


def _family(value: Any) -> type:
    return float if type(value) is int else type(value)


def _model_compare(left: Any, op: str, right: Any) -> Any:
    equal = _canonical(left) == _canonical(right)
    alike = _family(left) is _family(right)
    if op in ("eq", "ne"):
        told = alike or left is None or right is None
        return (equal is (op == "eq")) if told else WRONGLY
    if op in ("lt", "le", "gt", "ge"):
        if not alike or _family(left) not in (float, str):
            return WRONGLY
        return {"lt": left < right, "le": left <= right, "gt": left > right, "ge": left >= right}[
            op
        ]
    if op == "in":
        return _canonical(left) in map(_canonical, right)
    if op == "contains" and type(left) is list:
        return _canonical(right) in map(_canonical, left)
    if type(right) is not str or type(left) not in ((str, dict) if op == "contains" else (str,)):
        return WRONGLY
    return {
        "contains": lambda: right in left,
        "starts_with": lambda: left[: len(right)] == right,
        "ends_with": lambda: (
            left[len(left) - len(right) :] == right if len(right) <= len(left) else False
        ),
    }[op]()


def _model(source: dict[str, Any], data: Any) -> Any:
    if "not" in source:
        told = _model(source["not"], data)
        return told if told is WRONGLY else not told
    for name, decisive in (("all", False), ("any", True)):
        if name in source:
            told = [_model(part, data) for part in source[name]]
            if decisive in [one for one in told if one is not WRONGLY]:
                return decisive
            return WRONGLY if WRONGLY in told else not decisive
    found = _model_find(data, source["path"])
    if source["op"] == "exists":
        return (found is not WRONGLY) is source["value"]
    return WRONGLY if found is WRONGLY else _model_compare(found, source["op"], source["value"])


@given(_predicates(), st.dictionaries(st.sampled_from("ab"), _values, max_size=2))
def test_predicates_say_what_the_model_says(source, data):
    told = verdict(source, data)
    expected = _model(source, data)
    assert told.matched is (expected is True)
    assert (told.error is not None) is (expected is WRONGLY)


@given(_values, _values)
def test_equality_is_that_of_json(left, right):
    assert same(left, right) is (_canonical(left) == _canonical(right))
    assert same(left, left)
