"""Hostile predicates: malformed, huge, nested, and with values that are no JSON data."""

from __future__ import annotations

from typing import Any


def _nested(key: str, times: int) -> dict[str, Any]:
    predicate: dict[str, Any] = {"path": "n", "op": "eq", "value": 1}
    for _ in range(times):
        predicate = {key: predicate} if key == "not" else {key: [predicate, predicate]}
    return predicate


def _list_in(times: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(times):
        value = [value]
    return value


def _own() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


PREDICATES: list[Any] = [
    {},
    {"path": "n"},
    {"op": "eq", "value": 1},
    {"path": "n", "op": "eq"},
    {"path": "n", "op": "EQ", "value": 1},
    {"path": "n", "op": None, "value": 1},
    {"path": "n", "op": ["eq"], "value": 1},
    {"path": None, "op": "eq", "value": 1},
    {"path": 1, "op": "eq", "value": 1},
    {"path": "", "op": "eq", "value": 1},
    {"path": ".", "op": "eq", "value": 1},
    {"path": "data.", "op": "eq", "value": 1},
    {"path": "data..n", "op": "eq", "value": 1},
    {"path": "data.__class__.__mro__", "op": "exists"},
    {"path": "__class__", "op": "exists"},
    {"path": "data[-1]", "op": "exists"},
    {"path": "data[99999999999999]", "op": "exists"},
    {"path": "l[999999999]", "op": "exists"},
    {"path": 'data["\ud800"]', "op": "exists"},
    {"path": 'data["\\ud800"]', "op": "eq", "value": 1},
    {"path": 'data["\0"]', "op": "exists"},
    {"path": "\0", "op": "exists"},
    {"path": "data" + ".a" * 20_000, "op": "exists"},
    {"path": "data" + ".a" * 32, "op": "exists"},
    {"path": "x" * 20_000, "op": "exists"},
    {"path": 'data["' + "\\" * 999 + '"]', "op": "exists"},
    {"path": "n", "op": "eq", "value": float("nan")},
    {"path": "n", "op": "eq", "value": float("inf")},
    {"path": "n", "op": "eq", "value": 10**5_000},
    {"path": "n", "op": "lt", "value": 10**300},
    {"path": "s", "op": "eq", "value": "x" * 20_000},
    {"path": "s", "op": "contains", "value": "x" * 8_000 + "y"},
    {"path": "s", "op": "contains", "value": ["x"]},
    {"path": "s", "op": "contains", "value": None},
    {"path": "s", "op": "starts_with", "value": 1},
    {"path": "l", "op": "contains", "value": {"a": [1, {"b": None}]}},
    {"path": "l", "op": "contains", "value": True},
    {"path": "l", "op": "in", "value": [[1], [2], [3]]},
    {"path": "l", "op": "in", "value": "x"},
    {"path": "n", "op": "in", "value": list(range(20_000))},
    {"path": "n", "op": "in", "value": list(range(8_000))},
    {"path": "n", "op": "eq", "value": _list_in(1_000)},
    {"path": "n", "op": "eq", "value": _own()},
    {"path": "n", "op": "eq", "value": {1: 2}},
    {"path": "n", "op": "eq", "value": object()},
    {"path": "n", "op": "eq", "value": {"a": object}},
    {"path": "n", "op": "eq", "value": b"x"},
    {"path": "n", "op": "eq", "value": (1,)},
    {"path": "n", "op": "type", "value": "int"},
    {"path": "n", "op": "type", "value": []},
    {"path": "n", "op": "exists", "value": 1},
    {"path": "n", "op": "matches", "value": "(a+)+"},
    {"path": "n", "op": "eq", "value": 1, "extra": 1},
    {"path": "n", "op": "eq", "value": 1, "\ud800": 1},
    {1: 2},
    {None: None},
    {"all": []},
    {"any": []},
    {"not": []},
    {"not": None},
    {"all": {}},
    {"all": [None]},
    {"all": "abc"},
    {"all": [{"path": "n", "op": "exists"}], "any": []},
    {"all": [{"path": "n", "op": "exists"}] * 20_000},
    {"all": [{"path": "o", "op": "eq", "value": {"a": 1}}] * 32},
    {"any": [{"path": "l", "op": "contains", "value": -1}] * 32},
    {"any": [{"path": "l", "op": "contains", "value": [[[True]]]}] * 32},
    {"any": [{"path": "data", "op": "eq", "value": {"l": []}}] * 32},
    _nested("not", 10),
    _nested("not", 500),
    _nested("all", 4),
    _nested("all", 6),
    _nested("any", 12),
    [],
    1,
    b"n == 1",
    object(),
]
