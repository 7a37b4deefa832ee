from __future__ import annotations

import inspect
import json
from dataclasses import fields
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routilux.error_handler import ErrorHandler, ErrorStrategy
from routilux.flow.document import POLICIES
from routilux.flow.flow import ON_STALL
from routilux.flow.shape import DocumentError, Fault, check_shape, flow_schema, show_path
from routilux.settings import OVERFLOWS, SlotSettings

FULL: dict[str, Any] = {
    "flow_id": "census",
    "defaults": {
        "max_queue_length": 10,
        "watermark": 0.5,
        "overflow": "block",
        "max_enqueue_retries": 0,
        "enqueue_retry_delay": 0,
        "pause_enqueue_timeout": 1.5,
    },
    "on_stall": "wait",
    "execution_timeout": 60,
    "error_handler": {"strategy": "continue"},
    "entry": ["a.in"],
    "routines": {
        "a": {
            "class": "m:A",
            "config": {"anything": [1, {"goes": None}]},
            "slots": {"in": {"watermark": 1}},
            "concurrency": 2,
            "error_handler": {
                "strategy": "retry",
                "max_retries": 1,
                "retry_delay": 0.5,
                "retry_backoff": 1,
                "retryable_exceptions": ["OSError"],
                "is_critical": True,
            },
            "policy": {"type": "batch_size", "size": 3},
        },
        "b": {"class": "m:B", "policy": {"type": "time_interval", "seconds": 0.5}},
        "c": {"class": "m:C", "policy": {"type": "immediate"}},
        "d": {"class": "m:D", "policy": {"type": "all_slots_ready"}},
    },
    "connections": [{"from": "a.out", "to": "b.in", "map": {"x": "y"}, "copy": False}],
}


def told(data: Any) -> list[str]:
    return [str(fault) for fault in check_shape(data)]


def spoiled(path: str, value: Any) -> dict[str, Any]:
    """FULL with another value at a path; `...` takes the key away."""
    data: dict[str, Any] = json.loads(json.dumps(FULL))
    *steps, last = path.split("/")
    place: Any = data
    for step in steps:
        place = place[int(step) if isinstance(place, list) else step]
    key = int(last) if isinstance(place, list) else last
    if value is ...:
        del place[key]
    else:
        place[key] = value
    return data


WRONG = [
    ("routines", ..., "the flow: 'routines' is missing"),
    ("routines", [], "routines: must be a mapping, not a list"),
    ("routines/a", None, "routines.a: must be a mapping, not nothing"),
    ("routines/a/class", ..., "routines.a: 'class' is missing"),
    ("routines/a/class", "", "routines.a.class: must be a text that is not empty, not ''"),
    ("routines/a/clas", "m:A", "routines.a.clas: unknown key 'clas'. Did you mean 'class'?"),
    (
        "zzz",
        1,
        "zzz: unknown key 'zzz'. There is flow_id, defaults, on_stall, execution_timeout, "
        "error_handler, entry, routines, connections.",
    ),
    ("flow_id", 5, "flow_id: must be a text that is not empty, not 5"),
    ("on_stall", "never", "on_stall: must be one of fail, wait, not 'never'"),
    ("on_stall", ["fail"], "on_stall: must be one of fail, wait, not a list"),
    ("execution_timeout", 0, "execution_timeout: must be a number above 0, not 0"),
    ("execution_timeout", True, "execution_timeout: must be a number above 0, not true"),
    ("defaults/max_queue_length", 0, "must be a whole number above 0, not 0"),
    ("defaults/max_queue_length", 1.5, "must be a whole number above 0, not 1.5"),
    ("defaults/watermark", 1.1, "defaults.watermark: must be a number from 0 to 1, not 1.1"),
    ("defaults/watermark", "0.8", "must be a number from 0 to 1, not '0.8'"),
    ("defaults/overflow", "spill", "must be one of retry, block, reject, drop_oldest"),
    ("defaults/max_enqueue_retries", -1, "must be a whole number, 0 or more, not -1"),
    ("defaults/enqueue_retry_delay", -0.1, "must be a number, 0 or more, not -0.1"),
    ("error_handler", {}, "error_handler: 'strategy' is missing"),
    ("error_handler/strategy", "RETRY", "must be one of stop, continue, skip, retry, not 'RETRY'"),
    ("routines/a/error_handler/retry_backoff", 0.5, "must be a number, 1 or more, not 0.5"),
    ("routines/a/error_handler/is_critical", 1, "is_critical: must be true or false, not 1"),
    ("routines/a/error_handler/retryable_exceptions", "OSError", "must be a list, not 'OSError'"),
    ("routines/a/error_handler/retryable_exceptions/0", 3, "retryable_exceptions[0]: must be a"),
    ("routines/a/slots/in", [], "routines.a.slots.in: must be a mapping, not a list"),
    ("routines/a/slots/in/lenght", 3, "lenght: unknown key 'lenght'."),
    ("routines/a/concurrency", 0, "must be a whole number, 1 or more, not 0"),
    ("routines/a/policy", "immediate", "must be a mapping with a 'type', not 'immediate'"),
    ("routines/a/policy", {}, "'type' is missing: one of immediate, all_slots_ready, batch_size"),
    ("routines/a/policy/type", "custom", "policy.type: must be one of immediate, all_slots_ready"),
    ("routines/a/policy/type", ["x"], "time_interval, not a list"),
    ("routines/a/policy/size", ..., "routines.a.policy: 'size' is missing"),
    ("routines/a/policy/size", 0, "policy.size: must be a whole number, 1 or more, not 0"),
    ("routines/a/policy/seconds", 1, "seconds: unknown key 'seconds'. There is type, size."),
    ("routines/b/policy/seconds", 0, "policy.seconds: must be a number above 0, not 0"),
    ("routines/c/policy/size", 1, "routines.c.policy.size: unknown key 'size'. There is type."),
    ("entry", {}, "entry: must be a list, not a mapping"),
    ("entry", ["a"], "entry[0]: must be a text, not 'a'"),
    ("connections", {}, "connections: must be a list, not a mapping"),
    ("connections/0/from", ..., "connections[0]: 'from' is missing"),
    ("connections/0/to", 3, "connections[0].to: must be a text, not 3"),
    ("connections/0/map", ["x"], "connections[0].map: must be a mapping, not a list"),
    ("connections/0/map", {"x": 1}, "connections[0].map.x: must be a text, not 1"),
    ("connections/0/copy", "yes", "connections[0].copy: must be true or false, not 'yes'"),
    ("connections/0/form", "a.out", "form: unknown key 'form'. Did you mean 'from'?"),
]


def test_a_full_document_is_fine():
    assert told(FULL) == []
    jsonschema.validate(FULL, flow_schema())


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(flow_schema())


@pytest.mark.parametrize(("path", "value", "message"), WRONG)
def test_what_is_wrong_is_told_and_the_schema_agrees(path, value, message):
    data = spoiled(path, value)
    (text,) = told(data)
    assert message in text
    assert not jsonschema.Draft202012Validator(flow_schema()).is_valid(data)


def test_all_faults_are_found():
    data = {"routines": {"a": {"clas": 1}, "b": 3}, "flow_id": 1}
    assert len(told(data)) == 4


@pytest.mark.parametrize("data", [None, 3, "text", []])
def test_a_document_is_a_mapping(data):
    (text,) = told(data)
    assert text.startswith("the flow: must be a mapping, not ")


def test_keys_are_strings():
    assert told({"routines": {}, 3: 4}) == ["3: a key must be a string, not 3"]


def test_numbers_are_finite():
    for value in (float("inf"), float("nan")):
        assert "must be a number above 0" in told({"routines": {}, "execution_timeout": value})[0]


def test_a_long_value_is_shortened():
    (text,) = told({"routines": {}, "on_stall": "x" * 500})
    assert text.endswith("x...")
    assert len(text) < 120


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.5, -0.5, 1.5, "a.b", ""]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=4,
)
_paths = sorted({path for path, _, _ in WRONG})


@given(st.sampled_from(_paths), _json)
def test_schema_and_checker_agree_on_any_value_anywhere(path, value):
    data = spoiled(path, value)
    valid = jsonschema.Draft202012Validator(flow_schema()).is_valid(data)
    assert valid == (not check_shape(data)), told(data)


def test_the_schema_knows_what_the_code_knows():
    definitions = flow_schema()["$defs"]
    slot = definitions["slot"]["properties"]
    assert list(slot) == [field.name for field in fields(SlotSettings)]
    assert tuple(slot["overflow"]["enum"]) == OVERFLOWS
    handler = definitions["error_handler"]["properties"]
    assert sorted(handler) == sorted(inspect.signature(ErrorHandler).parameters)
    assert handler["strategy"]["enum"] == [strategy.value for strategy in ErrorStrategy]
    assert flow_schema()["properties"]["on_stall"]["enum"] == list(ON_STALL)
    kinds = [one["properties"]["type"]["const"] for one in definitions["policy"]["oneOf"]]
    assert kinds == list(POLICIES)


def test_paths_are_shown_as_people_write_them():
    assert show_path(()) == "the flow"
    assert show_path(("connections", 0, "from")) == "connections[0].from"
    assert show_path((3,)) == "[3]"


def test_a_document_error_tells_the_first_fault_and_how_many_more():
    one, two = Fault(("a",), "wrong"), Fault(("b", 1), "wrong too")
    assert str(DocumentError([one])) == "a: wrong"
    error = DocumentError([one, two])
    assert str(error) == "a: wrong (and 1 more)"
    assert error.faults == (one, two)
    assert isinstance(error, ValueError)
