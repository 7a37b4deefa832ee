"""Hostile items: what programs put into slots, and what an attacker would."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import types
from typing import Any

SECRET = "hunter2-5e1f"  # planted in every item; it may be in no error text

CALLS: list[str] = []  # what was called of the classes below: nothing may be


def _recording(name: str) -> Any:
    def method(*_args: Any, **_kwargs: Any) -> Any:
        CALLS.append(name)
        raise RuntimeError(SECRET)

    return method


_METHODS = (
    "__repr__ __str__ __bytes__ __format__ __eq__ __ne__ __lt__ __hash__ __bool__ __len__ "
    "__iter__ __next__ __contains__ __getitem__ __index__ __int__ __float__ __dir__ "
    "__getattr__ __getattribute__ __call__ __reduce__ __reduce_ex__ __sizeof__ __copy__ "
    "__deepcopy__ __instancecheck__ __subclasscheck__ __class_getitem__ __get__ __fspath__ "
    "__enter__ __await__ __aiter__ __missing__ keys items values get tzinfo isoformat utcoffset"
)
METHODS = _METHODS.split()


def hostile_class(*bases: type) -> type:
    """A class whose every method records that it was called."""
    methods = {name: _recording(name) for name in METHODS}
    return type("Hostile", bases, methods | {"__class__": property(_recording("__class__"))})


class HostileMeta(type):
    """A class of classes that asks to be called, too."""

    __hash__ = __eq__ = __getattribute__ = __instancecheck__ = _recording("meta")
    __subclasscheck__ = __repr__ = __call__ = _recording("meta")
    __name__ = __module__ = property(_recording("meta name"))


Hostile = hostile_class()
HostileStr, HostileInt, HostileFloat = map(hostile_class, (str, int, float))
HostileDict, HostileList, HostileTuple = map(hostile_class, (dict, list, tuple))
HostileBytes, HostileSet = map(hostile_class, (bytes, set))
HostileZone = hostile_class(datetime.tzinfo)
HostileError = hostile_class(Exception)


class HostileKey:
    """A key with the hash of another key, and an `__eq__` that records."""

    def __init__(self) -> None:
        self.ready = True

    def __hash__(self) -> int:
        return hash("n")

    def __eq__(self, other: object) -> bool:
        CALLS.append("key ==")
        return False


class Slots:
    """An object that keeps a secret in a slot."""

    __slots__ = ("password",)

    def __init__(self) -> None:
        self.password = SECRET


@dataclasses.dataclass
class Record:
    """A dataclass, with a property that records."""

    n: int = 1
    password: str = SECRET

    @property
    def loud(self) -> str:
        """Never to be called."""
        CALLS.append("property")
        return SECRET


class Kind(enum.Enum):
    """An enum of which a value is no JSON data."""

    PLAIN = 1
    ODD = object()


def _loops() -> list[Any]:
    own_list: list[Any] = []
    own_list.append(own_list)
    own_dict: dict[str, Any] = {}
    own_dict["self"] = own_dict
    own_dict["list"] = [own_dict, own_list]
    wide: list[Any] = []
    wide.extend([wide] * 1_000)
    left: list[Any] = []
    right: list[Any] = [left]
    left.append(right)
    return [own_list, own_dict, wide, left]


def _deep(times: int, inner: Any = None) -> list[Any]:
    as_list: Any = inner
    as_dict: Any = inner
    for _ in range(times):
        as_list, as_dict = [as_list], {"a": as_dict}
    return [as_list, as_dict]


def hostile_values() -> list[Any]:
    """New hostile items, each time."""
    meta_class = type.__call__(HostileMeta, "Made", (), {})
    return [
        Hostile(),
        Hostile,
        HostileMeta,
        meta_class,
        object.__new__(meta_class),
        HostileStr("x"),
        HostileInt(5),
        HostileFloat(5.0),
        dict.__new__(HostileDict),
        list.__new__(HostileList),
        tuple.__new__(HostileTuple, (1, 2)),
        bytes.__new__(HostileBytes, b"x"),
        set.__new__(HostileSet),
        object.__new__(Slots),
        Slots(),
        Record(),
        dataclasses.replace(Record(), n=Hostile()),
        Kind.PLAIN,
        Kind.ODD,
        Kind,
        HostileError.__new__(HostileError),
        ValueError(SECRET),
        datetime.datetime(2020, 1, 1, tzinfo=HostileZone()),
        datetime.datetime.max.replace(tzinfo=datetime.UTC),
        datetime.timedelta.max,
        decimal.Decimal("1e999999"),
        decimal.Decimal("sNaN"),
        {HostileStr.__base__("n"): Hostile(), "x": [Hostile()]},
        {HostileKey(): 1},
        {(1, "a", HostileKey()): 1},
        {Kind.ODD: 1, Kind.PLAIN: 2, "1": 3},
        {1: "a", "1": "b", 1.5: "c", None: "d", False: "e", b"1": "f"},
        {("n",): 1, frozenset(["n"]): 2, Slots: 3},
        collections.OrderedDict(n=Hostile()),
        collections.defaultdict(_recording("default"), n=1),
        collections.Counter("abc"),
        collections.deque([Hostile()]),
        collections.UserDict(n=1),
        collections.ChainMap({"n": 1}),
        types.MappingProxyType({"n": Hostile()}),
        types.SimpleNamespace(n=Hostile()),
        *_loops(),
        *_deep(63),
        *_deep(64),
        *_deep(65),
        *_deep(100_000),
        *_deep(50, Hostile()),
        "x" * 1_000_000,
        "\N{SNOWMAN}" * 30_000,
        "\0" * 20_000,
        "\ud800" * 20_000,
        "a\0b",
        "\ud800\udc00",
        '"' * 40_000,
        b"\xff" * 1_000_000,
        bytearray(b"\0\xff"),
        memoryview(b"x" * 100),
        10**5_000,
        -(10**300),
        2**63,
        2**64,
        -(2**63) - 1,
        2**1_023,
        float("nan"),
        float("inf"),
        float("-inf"),
        -0.0,
        complex(1, 2),
        list(range(20_000)),
        list(range(1_000_000)),
        {str(number): number for number in range(20_000)},
        {number: {} for number in range(20_000)},
        [[] for _ in range(20_000)],
        [{"a": [{}]} for _ in range(20_000)],
        ["x" * 100] * 20_000,
        {"x" * 100_000: 1},
        {"\ud800": 1, "\0": 2, "\\ud800": 3},
        {"": 1, " ": 2, "a.b": 3, "__class__": 4, "data": 5, "meta": 6, "true": 7, "in": 8},
        set(range(20_000)),
        frozenset(["n"]),
        range(10**9),
        (number for number in range(10)),
        iter([1]),
        print,
        lambda: CALLS.append("lambda"),
        types,
        type,
        object(),
        NotImplemented,
        ...,
    ]


# The largest items that conditions look at, each large in another way; all have the same names.
def _sized(**parts: Any) -> dict[str, Any]:
    empty = {"l": [1], "s": "x", "t": "x", "d": {"k": 1}, "n": 1, "o": [], "p": SECRET}
    return empty | parts


def sized_items() -> dict[str, dict[str, Any]]:
    """Items with the names that the conditions above use, by what is large in them."""
    return {
        "small": _sized(),
        "numbers": _sized(l=list(range(8_000)), n=10**9),
        "zeros": _sized(l=[0] * 15_500),
        "true": _sized(l=[True] * 8_500),
        "texts": _sized(l=[f"text {number}" for number in range(4_000)]),
        "maps": _sized(l=[{"a": number} for number in range(4_000)]),
        "lists": _sized(l=[[number, [number]] for number in range(3_000)]),
        "empty lists": _sized(l=[[] for _ in range(15_000)]),
        "keys": _sized(d={str(number): number for number in range(4_000)}),
        "text": _sized(s="x" * 60_000),
        "two letters": _sized(s="abbabaab" * 7_500),
        "text and part": _sized(s="x" * 40_000, t="x" * 20_000 + "y"),
        "text and numbers": _sized(s="x" * 30_000, l=list(range(5_000))),
        "digits": _sized(s="1" * 60_000, l=[1] * 100),
        "snow": _sized(s="\N{SNOWMAN}" * 10_000),
        "tree": _sized(o=_tree(5)),
        "hundred": _sized(l=list(range(100)), s="x" * 100, d=dict.fromkeys("abc", 1)),
        "thousand": _sized(l=list(range(1_000)), s="x" * 1_000, d=dict.fromkeys("abc", 1)),
    }


def _tree(depth: int) -> Any:
    return {str(number): _tree(depth - 1) for number in range(5)} if depth else 1
