"""The ring: what stays, what goes, and that each event is encoded once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routilux.api.events.ids import event_id, new_epoch, read_id
from routilux.api.events.ring import Entry, Ring
from routilux.api.events.settings import StreamSettings
from routilux.api.models.event import ByeEvent
from tests.api.events.samples import events, hits

if TYPE_CHECKING:
    from pydantic import BaseModel


@given(
    size=st.integers(1, 9),
    count=st.integers(0, 30),
    position=st.integers(0, 30),
    limit=st.integers(1, 30),
)
def test_it_gives_the_oldest_that_are_newer_and_still_here(
    size: int, count: int, position: int, limit: int
) -> None:
    ring = Ring(size)
    for entry in hits(*range(1, count + 1)):
        ring.append(entry)
    kept = list(range(1, count + 1))[-size:]
    assert ring.last == count
    assert ring.floor == count - len(kept)
    found = [entry.number for entry in ring.after(position, limit)]
    assert found == [number for number in kept if number > position][:limit]


def test_an_event_is_encoded_once_for_all_of_equal_rights() -> None:
    asked: list[bool] = []

    def make(payloads: bool) -> BaseModel:
        asked.append(payloads)
        return ByeEvent(reason="stopping", detail=str(payloads))

    entry = Entry("bye", "j", "f", make)
    for payloads in (True, False, True, False):
        assert events(entry.encoded("e", payloads))[0].data["detail"] == str(payloads)
    assert asked == [True, False]


def test_ids_are_numbered_and_name_their_ring() -> None:
    ring = Ring(5)
    for entry in hits(1, 2, 3):
        ring.append(entry)
    ids = [events(each.encoded(ring.epoch, True))[0].id for each in ring.after(0, 9)]
    assert ids == [f"{ring.epoch}-{number}" for number in (1, 2, 3)]
    assert [read_id(each, ring.epoch) for each in ids] == [1, 2, 3]
    assert Ring(5).epoch != ring.epoch


@pytest.mark.parametrize(
    "text",
    [
        "", "-", "7", "abc-7", "{}-", "{}", "{}-x", "{}--1", "{}-1.5", "{}-\u0663",
        "{}-" + "9" * 19, "{}-1-2", "\0",
    ],
)  # fmt: skip
def test_what_is_no_id_of_this_ring(text: str) -> None:
    epoch = new_epoch()
    assert read_id(text.format(epoch), epoch) is None


@given(st.integers(0, 10**18 - 1))
def test_an_id_is_read_as_it_was_written(number: int) -> None:
    assert read_id(event_id("e", number), "e") == number


@pytest.mark.parametrize("name", ["max_streams", "ring_size", "keep_alive_s", "write_timeout_s"])
def test_limits_are_above_zero(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be above 0"):
        StreamSettings(**{name: 0})
