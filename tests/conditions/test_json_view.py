"""Views of values as JSON data; what hostile values do is in `test_hostile`."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import json
import math
import sys
import threading
import uuid
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routilux.json_view import CUT_TEXT, MAX_DEPTH, json_view
from routilux.secret_keys import REDACTED, is_secret_key
from routilux.stored import first_entries

SECRET = "hunter2-5e1f"


class Colour(enum.Enum):
    RED = "red"
    MIXED = ("red", "blue")


class Level(enum.IntEnum):
    HIGH = 3


@dataclasses.dataclass
class Order:
    number: int
    lines: list[Any]
    password: str = SECRET


@dataclasses.dataclass(slots=True)
class SlottedOrder:
    number: int
    password: str = SECRET


@dataclasses.dataclass(frozen=True)
class Base:
    first: int = 1


@dataclasses.dataclass(frozen=True)
class Derived(Base):
    second: int = 2


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        0,
        -1,
        2**70,
        1.5,
        "",
        "text",
        "ä\N{SNOWMAN}",
        [],
        {},
        [1, [2, {"a": None}]],
    ],
)
def test_json_data_is_seen_as_it_is(value):
    view = json_view(value)
    assert view.value == value
    assert type(view.value) is type(value)
    assert not view.truncated


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ((1, 2), [1, 2]),
        ({3}, [3]),
        (frozenset([3]), [3]),
        (collections.deque([1, 2]), [1, 2]),
        (collections.OrderedDict(a=1), {"a": 1}),
        (collections.defaultdict(list, a=[1]), {"a": [1]}),
        (collections.Counter("aab"), {"a": 2, "b": 1}),
        (b"text", "text"),
        (b"\xff", "\\xff"),
        (bytearray(b"ab"), "ab"),
        (math.nan, "NaN"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        ("a\0b", "a\\u0000b"),
        ("\ud800", "\\ud800"),
        (datetime.datetime(2026, 1, 2, 3, 4, tzinfo=datetime.UTC), "2026-01-02T03:04:00+00:00"),
        (datetime.datetime(2026, 1, 2, tzinfo=ZoneInfo("UTC")), "2026-01-02T00:00:00+00:00"),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (datetime.time(3, 4), "03:04:00"),
        (datetime.timedelta(minutes=1), 60.0),
        (decimal.Decimal("1.50"), "1.50"),
        (uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (Colour.RED, "red"),
        (Colour.MIXED, "MIXED"),
        (Level.HIGH, 3),
        (Base(), {"first": 1}),
        (Derived(), {"first": 1, "second": 2}),
        (object(), {"$type": "builtins.object"}),
        (Order, {"$type": "builtins.type"}),
        (10**400, {"$type": "builtins.int", "bits": 1329}),
    ],
)
def test_other_values_are_shown_as_json_data(value, shown):
    view = json_view(value)
    assert view.value == shown
    assert not view.truncated


def test_keys_become_texts():
    value = {1: "a", 1.5: "b", None: "c", False: "d", b"e": "e", (1, "f"): "f", Colour.RED: "g"}
    expected = {
        "1": "a",
        "1.5": "b",
        "null": "c",
        "false": "d",
        "e": "e",
        "(1, f)": "f",
        "red": "g",
    }
    assert json_view(value).value == expected


def test_no_entry_hides_another_whose_key_reads_the_same():
    shown = json_view({1: "a", "1": "b", b"1": "c"}).value
    assert shown["1"] == "a"
    assert sorted(shown.values()) == ["a", "b", "c"]


def test_the_view_is_a_copy():
    value = {"a": [1]}
    shown = json_view(value).value
    value["a"].append(2)
    assert shown == {"a": [1]}


def test_what_contains_itself_is_marked():
    value: dict[str, Any] = {"n": 1}
    value["self"] = value
    value["list"] = [value]
    view = json_view(value)
    assert view.value == {"n": 1, "self": {"$cycle": True}, "list": [{"$cycle": True}]}
    assert not view.truncated


def test_the_same_value_twice_is_no_cycle():
    part = [1]
    assert json_view([part, part]).value == [[1], [1]]


@pytest.mark.parametrize("levels", [MAX_DEPTH, MAX_DEPTH + 1, 200_000])
def test_nesting_is_shown_up_to_a_depth(levels):
    value: Any = "inner"
    for _ in range(levels):
        value = [value]
    view = json_view(value)
    assert view.truncated is (levels > MAX_DEPTH)
    assert ("inner" in json.dumps(view.value)) is (levels <= MAX_DEPTH)


def test_a_call_from_deep_inside_a_program_is_answered():
    value: Any = "inner"
    for _ in range(60):
        value = [value]

    def deeper(left: int) -> Any:
        return deeper(left - 1) if left else json_view(value)

    depth = 0
    frame = sys._getframe()
    while frame is not None:
        depth, frame = depth + 1, frame.f_back
    views = [deeper(sys.getrecursionlimit() - depth - room) for room in (400, 100, 50, 20)]
    assert [view.truncated for view in views] == [False, True, True, True]


@pytest.mark.parametrize("limit", [0, 1, 4, 20, 100, 1_000])
@pytest.mark.parametrize(
    "value",
    [
        "x" * 5_000,
        "\N{SNOWMAN}" * 5_000,
        '"' * 5_000,
        list(range(5_000)),
        {"k" * 2_000: 1},
    ],
)
def test_a_view_ends_at_the_limit_and_says_so(value, limit):
    view = json_view(value, limit_bytes=limit)
    assert len(json.dumps(view.value)) <= max(limit, len("null"))
    assert view.truncated


@pytest.mark.parametrize(("limit", "fits"), [(5, False), (40, True)])
def test_a_marker_needs_room_too(limit, fits):
    view = json_view(object(), limit_bytes=limit)
    assert view.value == ({"$type": "builtins.object"} if fits else None)
    assert view.truncated is not fits


def test_a_text_that_does_not_fit_is_cut():
    view = json_view({"a": "x" * 500, "b": 1}, limit_bytes=100)
    assert view.value["a"].startswith("xxx")
    assert view.value["a"].endswith(CUT_TEXT)
    assert "b" not in view.value
    assert view.truncated


def test_20_000_entries_are_too_many():
    view = json_view({str(number): number for number in range(20_000)})
    assert view.truncated
    assert 1_000 < len(view.value) < 20_000
    assert view.value["7"] == 7


def test_a_view_tells_how_large_it_is():
    view = json_view({"a": [1, 2, {"b": "text"}]})
    assert view.entries == 5
    assert len(json.dumps(view.value)) <= view.size_bytes <= 2 * len(json.dumps(view.value))


@pytest.mark.parametrize("order", [Order(7, [1]), SlottedOrder(7)])
def test_secrets_are_redacted(order):
    value = {
        "db_password": SECRET,
        "headers": {"Authorization": SECRET, "X-API-Key": [SECRET]},
        "pairs": [("Cookie", SECRET), [b"authorization", SECRET.encode()]],
        "order": order,
        b"token": SECRET,
        "max_tokens": 5,
    }
    shown = json_view(value)
    text = json.dumps(shown.value)
    assert SECRET not in text
    assert shown.value["db_password"] == REDACTED
    assert shown.value["order"]["number"] == 7
    assert shown.value["max_tokens"] == 5
    assert SECRET in json.dumps(json_view(value, redact=False).value)


def test_a_dict_that_another_thread_changes_is_seen():
    shared: dict[int, int] = {}
    done = threading.Event()

    def change() -> None:
        number = 0
        while not done.is_set():
            shared[number % 500] = number
            shared.pop((number * 7) % 500, None)
            number += 1

    thread = threading.Thread(target=change)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    thread.start()
    try:
        for _ in range(300):
            view = json_view({"shared": shared, "list": [shared]})
            assert set(view.value) == {"shared", "list"}
            json.dumps(view.value)
    finally:
        done.set()
        thread.join()
        sys.setswitchinterval(interval)


class Changing:
    """A container that changes its size while it is read, so many times."""

    def __init__(self, times: int) -> None:
        self.times = times

    def __iter__(self) -> Any:
        yield 1
        self.times -= 1
        if self.times >= 0:
            raise RuntimeError("dictionary changed size during iteration")


@pytest.mark.parametrize(("times", "read"), [(0, [1]), (1, [1]), (5, [1]), (1_000, None)])
def test_a_container_that_changes_is_read_again(times, read):
    assert first_entries(Changing(times), 5) == read


def test_a_container_that_cannot_be_read_is_left_out_and_that_shows(monkeypatch):
    monkeypatch.setattr("routilux.json_view.first_entries", lambda _container, _most: None)
    view = json_view({"a": 1})
    assert view.value == {}
    assert view.truncated


def test_a_slot_without_a_value_is_left_out():
    order = SlottedOrder.__new__(SlottedOrder)
    order.number = 7
    assert json_view(order).value == {"number": 7}


# --- whatever the data -------------------------------------------------------------------

_any_text = st.text(st.characters(), max_size=20)
_secret_names = st.sampled_from(["password", "db_password", "apiKey", "X-Auth-Token", "cookie"])
_leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    _any_text,
    st.binary(max_size=20),
    st.datetimes(),
    st.sampled_from([Colour.RED, Colour.MIXED, Level.HIGH, object(), Base(), 10**500]),
)
_data = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=6),
        st.dictionaries(st.one_of(_any_text, st.integers(), st.binary()), inner, max_size=6),
        st.tuples(inner, inner),
        st.dictionaries(_secret_names, st.just(SECRET), max_size=2),
        st.builds(lambda name, value: {name: {"inner": [SECRET, value]}}, _secret_names, inner),
    ),
    max_leaves=30,
)


@given(_data, st.sampled_from([0, 50, 300, 2_000, 64 * 1024]))
def test_every_view_is_json_within_the_limit_and_without_secrets(value, limit):
    view = json_view(value, limit_bytes=limit)
    text = json.dumps(view.value, allow_nan=False)
    assert len(text) <= max(limit, len("null"))
    assert len(json.dumps(view.value, ensure_ascii=False).encode()) <= max(limit, len("null"))
    assert SECRET not in text
    assert "\\u0000" not in text.replace("\\\\u0000", "")


@given(_data)
def test_a_view_of_a_view_is_the_same(value):
    view = json_view(value)
    again = json_view(view.value)
    assert again.value == view.value
    assert again.truncated is view.truncated


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_every_name_is_judged(name):
    assert type(is_secret_key(name)) is bool
    assert is_secret_key(f"db_{name}_password")
