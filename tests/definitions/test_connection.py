from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routilux.connection import Connection
from routilux.event import Event
from routilux.slot import Slot


def make(mapping: Any = None, copy: bool = False) -> Connection:
    return Connection(Event("out"), Slot("in"), mapping, copy)


def test_a_connection_connects_both_ends_and_takes_them_apart():
    connection = make()
    assert connection.source_event.connected_slots == [connection.target_slot]
    assert connection.target_slot.connected_events == [connection.source_event]
    connection.disconnect()
    connection.disconnect()
    assert connection.source_event.connected_slots == []
    assert connection.target_slot.connected_events == []


@pytest.mark.parametrize("mapping", [None, {}])
def test_data_passes_as_it_is_without_mapping_and_copy(mapping):
    connection = make(mapping)
    assert connection.transform is None
    assert connection.param_mapping == {}


def test_the_mapping_renames_keys_and_leaves_the_others():
    rename = make({"a": "b"}).transform
    data = {"a": 1, "c": 3}
    assert rename(data) == {"b": 1, "c": 3}
    assert data == {"a": 1, "c": 3}


def test_a_renamed_key_goes_before_one_that_has_the_name():
    rename = make({"a": "b"}).transform
    assert rename({"a": 1, "b": 2}) == {"b": 1}
    assert rename({"b": 2, "a": 1}) == {"b": 1}


def test_keys_can_be_swapped():
    assert make({"a": "b", "b": "a"}).transform({"a": 1, "b": 2}) == {"a": 2, "b": 1}


def test_the_mapping_leaves_data_that_is_no_dict():
    data = ["a"]
    assert make({"a": "b"}).transform(data) is data


@pytest.mark.parametrize("mapping", [None, {"a": "b"}])
def test_copy_gives_a_shallow_copy(mapping):
    transform = make(mapping, copy=True).transform
    inner: list[int] = []
    for data in ({"x": inner}, [inner]):
        copied = transform(data)
        assert copied == data
        assert copied is not data
    assert transform({"x": inner})["x"] is inner


@given(st.dictionaries(st.text(max_size=3), st.integers()))
def test_renaming_keeps_every_value_whose_name_is_not_taken(data):
    renamed = make({"a": "z" * 9}).transform(data)
    assert sorted(renamed.values()) == sorted(data.values())
    assert ("a" in renamed) is False


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        (5, "param_mapping must map names to names, not 5"),
        (["ab", "c"], "must map names to names, not"),
        ({"a": 1}, "must map names to names, and 1 is none"),
        ({2: "b"}, "must map names to names, and 2 is none"),
    ],
)
def test_a_mapping_that_is_none_is_refused(mapping, message):
    with pytest.raises(TypeError, match=message):
        make(mapping)


def test_two_keys_cannot_get_the_same_name():
    with pytest.raises(ValueError, match="gives the name 'x' to more than one key"):
        make({"a": "x", "b": "x"})


def test_a_refused_connection_connects_nothing():
    event, slot = Event("out"), Slot("in")
    with pytest.raises(TypeError):
        Connection(event, slot, 5)  # type: ignore[arg-type]
    assert event.connected_slots == []


def test_repr_names_both_ends():
    assert repr(make()).startswith("<Connection <Event -.out> -> ")
