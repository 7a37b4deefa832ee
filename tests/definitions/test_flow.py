from __future__ import annotations

import math
from typing import ClassVar

import pytest

from routilux.error_handler import ErrorHandler
from routilux.flow import Flow
from routilux.settings import SlotSettings
from tests.definitions.samples import Counter, Reader


@pytest.fixture
def flow() -> Flow:
    flow = Flow("census")
    flow.add_routine(Reader(), "reader")
    flow.add_routine(Counter(), "counter")
    return flow


def test_a_flow_has_an_id():
    assert Flow("census").flow_id == "census"
    assert len(Flow().flow_id) == 36
    assert Flow().flow_id != Flow().flow_id
    assert repr(Flow("census")) == "<Flow 'census': 0 routines>"


def test_a_bad_id_is_refused():
    with pytest.raises(TypeError, match="flow_id must be a string, not 5"):
        Flow(5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="leave it out for a random one"):
        Flow("")


def test_only_given_defaults_are_kept():
    flow = Flow()
    assert flow.slot_defaults == {}
    assert flow.default_slot_max_queue_length == 1000
    assert flow.default_slot_watermark == 0.8
    assert flow.default_slot_overflow == "retry"


def test_defaults_can_be_given_and_changed():
    flow = Flow(
        default_slot_max_queue_length=5,
        default_slot_watermark=0.5,
        default_slot_overflow="block",
        default_slot_max_enqueue_retries=1,
        default_slot_enqueue_retry_delay=0.2,
        default_slot_pause_enqueue_timeout=1.0,
    )
    assert flow.slot_defaults == {
        "max_queue_length": 5,
        "watermark": 0.5,
        "overflow": "block",
        "max_enqueue_retries": 1,
        "enqueue_retry_delay": 0.2,
        "pause_enqueue_timeout": 1.0,
    }
    before = flow.version
    flow.default_slot_max_queue_length = 6
    flow.default_slot_watermark = 0.6
    flow.default_slot_overflow = "reject"
    assert flow.version == before + 3
    assert flow.default_slot_max_queue_length == 6
    assert flow.default_slot_watermark == 0.6
    assert flow.default_slot_overflow == "reject"
    with pytest.raises(ValueError, match="max_queue_length must be a whole number above 0"):
        flow.default_slot_max_queue_length = 0
    assert flow.default_slot_max_queue_length == 6


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"default_slot_max_queue_length": 0}, "max_queue_length must be a whole number above 0"),
        ({"default_slot_watermark": 1.5}, "watermark must be a number from 0 to 1"),
        ({"default_slot_overflow": "spill"}, "overflow must be one of retry"),
        ({"on_stall": "panic"}, "on_stall must be one of fail, wait, not 'panic'"),
        ({"execution_timeout": 0}, "execution_timeout must be a number of seconds above 0, not 0"),
        ({"execution_timeout": math.inf}, "execution_timeout must be"),
        ({"execution_timeout": "5"}, "execution_timeout must be"),
    ],
)
def test_bad_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Flow(**settings)


def test_other_settings():
    handler = ErrorHandler("skip")
    flow = Flow(on_stall="wait", error_handler=handler, execution_timeout=3)
    assert (flow.on_stall, flow.error_handler, flow.execution_timeout) == ("wait", handler, 3.0)
    assert flow.set_error_handler(None) is flow
    assert flow.error_handler is None
    with pytest.raises(TypeError, match="error_handler must be an ErrorHandler, not 'stop'"):
        flow.set_error_handler("stop")  # type: ignore[arg-type]


def test_a_slot_goes_before_its_routine_and_that_before_the_flow(flow):
    flow.default_slot_max_queue_length = 7
    flow.default_slot_overflow = "block"
    slot = flow.routines["counter"].slots["files"]
    assert flow.slot_settings(slot) == SlotSettings(max_queue_length=50, overflow="block")

    class Own(Counter):
        slot_defaults: ClassVar = {"overflow": "reject", "max_queue_length": 8}

    own = Own()
    flow.add_routine(own)
    assert flow.slot_settings(own.slots["files"]).overflow == "reject"
    assert flow.slot_settings(own.slots["files"]).max_queue_length == 50


def test_routines_get_ids(flow):
    assert flow.add_routine(Counter()) == "Counter"
    assert flow.add_routine(Counter()) == "Counter_2"
    assert flow.add_routine(Counter()) == "Counter_3"
    assert list(flow.routines) == ["reader", "counter", "Counter", "Counter_2", "Counter_3"]
    assert flow.routines["Counter_2"].routine_id == "Counter_2"


def test_add_routine_refuses(flow):
    with pytest.raises(TypeError, match="takes a Routine object, not <class"):
        flow.add_routine(Counter)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="id must be a string, not 5"):
        flow.add_routine(Counter(), 5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="id must not be empty"):
        flow.add_routine(Counter(), "")
    with pytest.raises(ValueError, match="Routine id 'reader' already exists in flow 'census'"):
        flow.add_routine(Counter(), "reader")
    with pytest.raises(ValueError, match="is in a flow already, as 'reader': make a new object"):
        Flow().add_routine(flow.routines["reader"])


def test_connect_connects(flow):
    connection = flow.connect("reader", "file", "counter", "files", {"path": "name"}, copy=True)
    assert flow.connections == [connection]
    assert connection.source_event is flow.routines["reader"].events["file"]
    assert connection.target_slot is flow.routines["counter"].slots["files"]
    assert (connection.param_mapping, connection.copy) == ({"path": "name"}, True)


def test_connecting_twice_is_connecting_once(flow):
    first = flow.connect("reader", "file", "counter", "files")
    assert flow.connect("reader", "file", "counter", "files", {}) is first
    assert flow.connections == [first]
    with pytest.raises(
        ValueError, match=r"'reader\.file' is connected to 'counter\.files' already"
    ):
        flow.connect("reader", "file", "counter", "files", copy=True)


def test_loops_are_legal(flow):
    flow.connect("counter", "counted", "counter", "files")
    assert len(flow.connections) == 1


@pytest.mark.parametrize(
    ("ends", "message"),
    [
        (("x", "file", "counter", "files"), "Routine 'x' not found in flow 'census', which has r"),
        (("reader", "x", "counter", "files"), "Event 'x' not found in routine 'reader', .* file$"),
        (("reader", "file", "x", "files"), "Routine 'x' not found .* reader, counter$"),
        (("reader", "file", "counter", "x"), "Slot 'x' not found in routine 'counter', .* files$"),
        (("reader", "file", "reader", "x"), "Slot 'x' not found in routine 'reader', .* has none$"),
    ],
)
def test_connect_names_the_missing_part(flow, ends, message):
    with pytest.raises(ValueError, match=message):
        flow.connect(*ends)


def test_every_change_of_the_graph_raises_the_version(flow):
    before = flow.version
    flow.connect("reader", "file", "counter", "files")
    flow.connect("reader", "file", "counter", "files")
    flow.add_routine(Counter())
    assert flow.version == before + 2


def test_looking_things_up(flow):
    assert flow.get_routine("reader") is flow.routines["reader"]
    assert flow.get_event("reader", "file").name == "file"
    assert flow.get_slot("counter", "files").name == "files"
    with pytest.raises(ValueError, match="Routine 'x' not found"):
        flow.get_routine("x")


def test_entries_are_marked(flow):
    flow.mark_entry("counter", "files")
    assert flow.entry_slots == {("counter", "files")}
    with pytest.raises(ValueError, match="Slot 'x' not found in routine 'counter'"):
        flow.mark_entry("counter", "x")
