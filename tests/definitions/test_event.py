from __future__ import annotations

from routilux.event import Event
from routilux.routine import Routine
from routilux.slot import Slot


def test_an_event_knows_its_name_routine_and_values():
    routine = Routine()
    event = Event("out", routine, ("x", "y"))
    assert (event.name, event.routine, event.output_params) == ("out", routine, ["x", "y"])
    assert Event("bare").output_params == []


def test_connect_is_two_sided_and_idempotent_from_both_ends():
    event, slot = Event("out"), Slot("in")
    for _ in range(2):
        event.connect(slot)
        slot.connect(event)
    assert event.connected_slots == [slot]
    assert slot.connected_events == [event]


def test_disconnect_is_two_sided_and_idempotent_from_both_ends():
    event, slot, other = Event("out"), Slot("in"), Slot("other")
    event.connect(slot)
    event.connect(other)
    for _ in range(2):
        slot.disconnect(event)
        event.disconnect(slot)
    assert event.connected_slots == [other]
    assert slot.connected_events == []
    assert other.connected_events == [event]


def test_repr_names_the_routine():
    routine = Routine()
    routine._id = "reader"
    assert repr(Event("out", routine)) == "<Event reader.out>"
    assert repr(Event("out")) == "<Event -.out>"
