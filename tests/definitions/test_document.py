from __future__ import annotations

import json
from typing import Any

import pytest

from routilux.activation_policies import custom_policy, time_interval_policy
from routilux.error_handler import ErrorHandler
from routilux.flow import Flow
from routilux.flow.shape import DocumentError
from routilux.routine import Routine
from tests.definitions.samples import HERE, Counter, Dotted, Join, Own, Picky, Reader, decide

ALLOW = [f"{HERE}.*"]

DOCUMENT: dict[str, Any] = {
    "flow_id": "census",
    "defaults": {"max_queue_length": 20, "overflow": "block"},
    "on_stall": "wait",
    "execution_timeout": 60.0,
    "error_handler": {
        "strategy": "retry",
        "max_retries": 1,
        "retry_delay": 0.5,
        "retry_backoff": 1.0,
        "is_critical": True,
        "retryable_exceptions": ["OSError", "KeyError"],
    },
    "entry": ["join.left"],
    "routines": {
        "reader": {"class": f"{HERE}:Reader", "config": {"root": "/data", "config": [1]}},
        "counter": {
            "class": f"{HERE}:Counter",
            "slots": {"files": {"max_queue_length": 5, "watermark": 0.5}},
            "concurrency": 3,
            "policy": {"type": "batch_size", "size": 5},
        },
        "join": {
            "class": f"{HERE}:Join",
            "error_handler": {
                "strategy": "skip",
                "max_retries": 3,
                "retry_delay": 1.0,
                "retry_backoff": 2.0,
                "is_critical": False,
            },
        },
    },
    "connections": [
        {
            "from": "reader.file",
            "to": "counter.files",
            "map": {"path": "name"},
            "copy": True,
        },
        {"from": "counter.counted", "to": "join.right"},
    ],
}


def faults(data: dict[str, Any], allow: list[str] | None = None) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        Flow.from_dict(data, allow=ALLOW if allow is None else allow)
    return [str(fault) for fault in caught.value.faults]


def with_routine(**spec: Any) -> dict[str, Any]:
    return {"routines": {"counter": {"class": f"{HERE}:Counter", **spec}}}


def test_a_document_becomes_a_flow():
    flow = Flow.from_dict(DOCUMENT, allow=ALLOW)
    assert (flow.flow_id, flow.on_stall, flow.execution_timeout) == ("census", "wait", 60.0)
    assert flow.slot_defaults == {"max_queue_length": 20, "overflow": "block"}
    assert flow.error_handler is not None
    assert flow.error_handler.retryable_exceptions == (OSError, KeyError)
    assert flow.error_handler.is_critical is True
    assert [type(routine) for routine in flow.routines.values()] == [Reader, Counter, Join]
    assert flow.routines["reader"].get_config("root") == "/data"
    counter = flow.routines["counter"]
    assert counter.concurrency == 3
    assert counter.slots["files"].explicit == {"max_queue_length": 5, "watermark": 0.5}
    assert counter.slots["files"].max_queue_length == 5
    assert counter.get_activation_policy_info()["config"] == {"size": 5}
    assert flow.entry_slots == {("join", "left")}
    first, second = flow.connections
    assert (first.param_mapping, first.copy) == ({"path": "name"}, True)
    assert (second.source_event.name, second.target_slot.name) == ("counted", "right")


def test_a_flow_becomes_its_document_again():
    flow = Flow.from_dict(DOCUMENT, allow=ALLOW)
    assert flow.to_dict() == DOCUMENT
    assert json.loads(json.dumps(flow.to_dict())) == DOCUMENT


def test_a_small_flow_has_a_small_document():
    flow = Flow("small")
    flow.add_routine(Reader(), "reader")
    assert flow.to_dict() == {
        "flow_id": "small",
        "routines": {"reader": {"class": f"{HERE}:Reader"}},
        "connections": [],
    }
    again = Flow.from_dict(flow.to_dict(), allow=ALLOW)
    assert again.to_dict() == flow.to_dict()
    assert Flow.from_dict({"routines": {}}).flow_id


def test_each_policy_can_be_written_and_read():
    for policy in (
        {"type": "immediate"},
        {"type": "all_slots_ready"},
        {"type": "batch_size", "size": 2},
        {"type": "time_interval", "seconds": 1.5},
    ):
        data = with_routine(policy=policy)
        written = Flow.from_dict(data, allow=ALLOW).to_dict()
        assert written["routines"]["counter"]["policy"] == policy


def test_names_with_dots_find_their_ends():
    flow = Flow("dots")
    flow.add_routine(Dotted(), "a")
    flow.add_routine(Dotted(), "a.in")
    flow.connect("a", "out.put", "a.in", "in.put")
    again = Flow.from_dict(flow.to_dict(), allow=ALLOW)
    (connection,) = again.connections
    assert connection.source_event.routine is again.routines["a"]
    assert connection.target_slot.routine is again.routines["a.in"]


def test_a_subclass_makes_its_own_kind():
    class Special(Flow):
        pass

    assert type(Special.from_dict({"routines": {}})) is Special


def test_the_allow_list_is_the_callers():
    assert faults(with_routine(), []) == [
        f"routines.counter.class: '{HERE}:Counter' is not allowed: whoever loads the flow must "
        f"list it, as '{HERE}:Counter' or '{HERE}.*'"
    ]
    with pytest.raises(DocumentError, match="unknown key 'allow'"):
        Flow.from_dict({"routines": {}, "allow": ["os.*"]})
    with pytest.raises(ValueError, match=r"allow has '\*'"):
        Flow.from_dict({"routines": {}}, allow=["*"])


def test_shape_goes_first():
    assert faults({"routines": {"a": {"class": "x:Y", "concurrency": 0}}}) == [
        "routines.a.concurrency: must be a whole number, 1 or more, not 0"
    ]


def test_a_slot_must_be_there():
    assert faults(with_routine(slots={"file": {"watermark": 1}})) == [
        "routines.counter.slots.file: the class has no slot 'file'. Did you mean 'files'?"
    ]


def test_config_is_json():
    (text,) = faults(with_routine(config={"x": {1, 2}}))
    assert text.startswith("routines.counter.config: config 'x' must be JSON data")


def test_an_exception_must_be_built_in():
    handler = {"strategy": "retry", "retryable_exceptions": ["OSError", "os", "KeyboardInterrupt"]}
    assert faults({**with_routine(error_handler=handler), "error_handler": handler}) == [
        f"{where}retryable_exceptions[{n}]: '{name}' is no built-in exception; others can only be "
        "set in Python"
        for where in ("error_handler.", "routines.counter.error_handler.")
        for n, name in ((1, "os"), (2, "KeyboardInterrupt"))
    ]


def test_an_empty_routine_id_is_refused():
    data = {"routines": {"": {"class": f"{HERE}:Counter"}}}
    assert faults(data) == ["routines.: A routine id must not be empty"]


@pytest.mark.parametrize(
    ("connection", "messages"),
    [
        (
            {"from": "conter.counted", "to": "counter.files"},
            ["connections[0].from: no routine 'conter'. Did you mean 'counter'?"],
        ),
        (
            {"from": "counter", "to": "..."},
            [
                "connections[0].from: 'counter' must be a routine's id, a dot, and a name",
                "connections[0].to: no routine '..'. There is counter.",
            ],
        ),
        (
            {"from": "counter.", "to": "counter.files"},
            ["connections[0].from: no routine 'counter'. D"],
        ),
        (
            {"from": "counter.x", "to": "counter.y"},
            [
                "connections[0].from: Event 'x' not found in routine 'counter', which has counted, "
                "skipped",
                "connections[0].to: Slot 'y' not found in routine 'counter', which has files",
            ],
        ),
    ],
)
def test_both_ends_of_a_connection_must_be_there(connection, messages):
    found = faults({**with_routine(), "connections": [connection]})
    assert len(found) == len(messages)
    for text, message in zip(found, messages, strict=True):
        assert text.startswith(message)


def test_a_connection_is_checked_as_a_whole():
    ends = {"from": "counter.counted", "to": "counter.files"}
    data = {**with_routine(), "connections": [ends, {**ends, "copy": True}]}
    assert faults(data) == [
        "connections[1]: 'counter.counted' is connected to 'counter.files' already, with another "
        "mapping or copy"
    ]


def test_entries_must_be_there():
    assert faults({**with_routine(), "entry": ["counter.file", "x.y"]}) == [
        "entry[0]: Slot 'file' not found in routine 'counter', which has files",
        "entry[1]: no routine 'x'. There is counter.",
    ]


def test_a_broken_routine_is_told_once():
    data = {
        "routines": {"a": {"class": "os:path"}, "counter": {"class": f"{HERE}:Counter"}},
        "connections": [{"from": "a.x", "to": "counter.files"}, {"from": "counter.x", "to": "a.y"}],
        "entry": ["a.z"],
    }
    assert [text.partition(":")[0] for text in faults(data)] == [
        "routines.a.class",
        "connections[1].from",
    ]


def test_the_error_is_a_value_error_with_all_faults():
    data = with_routine(slots={"x": {}, "y": {}})
    with pytest.raises(ValueError, match=r"slots.x: the class has no slot 'x'.* \(and 1 more\)"):
        Flow.from_dict(data, allow=ALLOW)


def written(routine: Routine) -> dict[str, Any]:
    flow = Flow("w")
    flow.add_routine(routine, "r")
    spec: dict[str, Any] = flow.to_dict()["routines"]["r"]
    return spec


def test_what_the_class_says_itself_is_not_written():
    assert written(Own()) == {"class": f"{HERE}:Own"}
    assert "policy" not in written(Join())


def test_what_cannot_be_written_is_refused():
    class Local(Routine):
        pass

    extra = Counter()
    extra.define_slot("more")
    own_policy = Counter().set_activation_policy(decide)
    custom = Counter().set_activation_policy(custom_policy(decide))
    exotic = Counter().set_error_handler(
        ErrorHandler("retry", retryable_exceptions=[json.JSONDecodeError])
    )
    for routine, message in (
        (Local(), "its class .*Local has no import path of its own"),
        (Picky(3), r"Picky\(\) cannot be made without arguments"),
        (extra, "it has slots or events that its class does not define"),
        (own_policy, "The policy of routine 'r' cannot be written: set it in its class"),
        (custom, "The policy of routine 'r' cannot be written"),
        (exotic, "The error handler of routine 'r' .*: JSONDecodeError is no built-in exception"),
    ):
        with pytest.raises(ValueError, match=message):
            written(routine)


def test_a_policy_taken_away_cannot_be_written():
    with pytest.raises(ValueError, match="The policy of routine 'r' cannot be written"):
        written(Join().set_activation_policy(None))
    assert written(Join().set_activation_policy(time_interval_policy(2)))["policy"] == {
        "type": "time_interval",
        "seconds": 2.0,
    }


def test_a_flow_of_functions_cannot_be_written():
    flow = Flow("f")
    flow.source(list)
    with pytest.raises(ValueError, match="routine 'list' cannot be written: it was made of a func"):
        flow.to_dict()
