"""Hostile conditions and hostile items: what an attacker, or a bad day, would give to a job."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import types
from typing import Any

SECRET = "hunter2-5e1f"  # planted in every item; it may be in no error text

# --- conditions --------------------------------------------------------------------------

_NAMES = (
    "__class__ __dict__ __globals__ __builtins__ __import__ __subclasses__ __mro__ __init__ "
    "__getattribute__ __reduce_ex__ __code__ func_globals gi_frame f_back tb_frame cr_frame"
)
DUNDERS = _NAMES.split()

# Names in these: see `SIZED`.
NESTED = [
    "data.all(x, data.all(y, x == y))",
    "l.all(x, l.all(y, x == y || true))",
    "l.all(x, l.all(y, l.all(z, true)))",
    "l.all(x, l.all(y, l.all(z, l.all(u, l.all(v, true)))))",
    "l.exists(x, l.exists(y, l.exists(z, false)))",
    "l.map(x, l.map(y, l.map(z, x))).size() > 0",
    "l.filter(x, l.filter(y, y == x).size() > 1).size() > 0",
    "l.exists_one(x, l.exists_one(y, x == y))",
    "l.all(x, d.all(k, k != x))",
    "d.all(k, d.all(m, d[k] == d[m] || true))",
    "l.all(x, l == l)",
    "l.all(x, data == data)",
    "l.all(x, d == d)",
    "l.all(x, [l, l, l, l] == [l, l, l, l])",
    "l.all(x, !(x in l) || true)",
    "l.exists(x, -1 in l)",
    "l.exists(x, s in l)",
    "l.exists(x, {'a': 1} in l)",
    "l.all(x, s.contains('zz') || true)",
    "l.all(x, s.matches('(a|b)*c') || true)",
    "l.all(x, s.matches('(x+x+)+y') || true)",
    "l.all(x, s + s != s)",
    "l.all(x, (l + l).size() > 0)",
    "l.all(x, (s + s).size() > 0)",
    "l.all(x, size(s) > 0)",
    "l.all(x, int(s) > 0 || true)",
    "l.all(x, double(s) > 0.0 || true)",
    "l.all(x, duration(s) > duration('1s') || true)",
    "l.all(x, timestamp(s) > timestamp('2020-01-01T00:00:00Z') || true)",
    "l.all(x, string(bytes(s)) == s)",
    "l.map(x, l)[0].size() > 0",
    "l.map(x, s).size() > 0",
    "l.map(x, l).map(y, y.map(z, z)).size() > 0",
    "l.map(x, [x, x]).map(x, x.map(y, [y, y])).size() > 0",
    "l.map(x, x).map(x, x).map(x, x).map(x, x).map(x, x).size() > 0",
    "l.map(x, {'a': x}).all(x, x == {'a': 1})",
    "l.map(x, l) == l.map(x, l)",
    "d.map(k, d[k]).map(v, v).size() > 0",
    "d.map(k, d).size() > 0",
    "data.all(k, data.all(m, data[k] == data[m] || true))",
    "[1, 2, 3].map(a, [1, 2, 3].map(b, [1, 2, 3].map(c, l))).size() > 0",
    "l.all(x, o == o)",
    "o == o && o == o && o == o",
    "l.filter(x, true) == l.filter(x, true)",
    "l.filter(x, l.exists(y, y == x)).map(x, s).all(x, x == s)",
]

REGEXES = [
    "(a+)+$",
    "(x+x+)+y",
    "(a|a)*b",
    "(a*)*b",
    "(.*)*x",
    "(.*){1,100}x",
    "(.{1,30}){1,30}z",
    ".*.*.*.*.*.*.*.*z",
    "(a?){500}a{500}",
    "((a{30}){30})",
    "((a{30}){30}){30}",
    "((a{100}){100}){100}",
    "a{1000}",
    "a{1001}",
    "a{99999999999}",
    "[a-z]{1,1000}z",
    ".{1000}z",
    "(?s).*a.{900}b",
    "(a|b)*a(a|b){20}$",
    "(a|b)*a(a|b){500}$",
    "(ab|a|b|aa|bb)*c",
    "\\\\pL{100}",
    "\\\\pL{1,1000}z",
    "(\\\\pL|\\\\pN){1,300}z",
    "[\\\\pL\\\\pN\\\\pS]{200}",
    "(?i)[\\\\pL]{50}k",
    "[^a]{900}b",
    "\\\\D{900}\\\\d",
    "\\\\W{500}|\\\\S{500}",
    "[[:^alpha:]]{900}x",
    "(?i)k{500}s{500}",
    "(x{200}|y{200}|z{200}){1,4}$",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
    "((((((((((x?){2}){2}){2}){2}){2}){2}){2}){2}){2})y",
    "(" * 60 + "x" + ")" * 60,
    "x" * 300,
    "x|" * 200 + "y",
    "(x|" * 60 + "y" + ")" * 60,
    "(",
    ")",
    "[",
    "a{2,1}",
    "*",
    "(?P<n>x)(?P<n>y)",
    "(?=x)",
    "\\\\1",
    "\\\\Q((((",
    "\\\\C{500}",
    "\\u0000",
]

# Each doubles what came before it, or makes it larger in another way.
GROWING = [
    f"[{name}]" + f".map(a, {twice})" * times + ".size() > 0"
    for name in ("s", "l", "'x'", "[1]", "d")
    for twice in ("a + a", "[a, a]", "{'a': a, 'b': a}")
    for times in (2, 6, 12, 25)
] + [
    "+".join(["s"] * 25) + " == s",
    "(" * 10 + "s" + " + s)" * 10 + " == s",
    "l + l + l + l + l + l + l + l == l",
    "[l, [l, [l, [l, l + l] + l] + l] + l].size() > 0",
    "{'a': data, 'b': data, 'c': {'d': data}} == {'a': data}",
    "string(s + s) + string(s + s) == ''",
    "bytes(s) + bytes(s) + bytes(s) + bytes(s) == b''",
    "l.map(x, s + s).map(x, x + x).map(x, x + x).size() > 0",
    "l.map(x, l + l).map(x, x + x).map(x, x + x).size() > 0",
]

DEEP = [
    opening * times + middle + closing * times
    for opening, middle, closing in (
        ("(", "true", ")"),
        ("[", "1", "]"),
        ("{1:", "1", "}"),
        ("!", "true", ""),
        ("-", "1", ""),
        ("!(", "true", ")"),
        ("size(", "s", ")"),
        ("dyn(", "true", ")"),
        ("true ? ", "true", " : false"),
        ("false ? true : ", "true", ""),
        ("l.all(x, ", "true", ")"),
        ("[", "", ""),
        ("(", "", ""),
        ("{", "", ""),
        ("", "data", ".a"),
        ("", "data", "[0]"),
        ("", "data", ".a()"),
        ("", "1", " + 1"),
        ("", "true", " && true"),
        ("", "false", " || false"),
        ("", "1", " == 1"),
        ("", "1", "}"),
        ("", "s", ".size()"),
    )
    for times in (20, 60, 1_000)
]

LONG = [
    " || ".join(f"n == {number}" for number in range(20_000)),
    " && ".join(f"n != {number}" for number in range(90)),
    "n in [" + ", ".join(map(str, range(20_000))) + "]",
    "n in [" + ", ".join(map(str, range(200))) + "]",
    "'" + "x" * 20_000 + "' == s",
    "x" * 20_000,
    "x" * 1_024,
    "\N{SNOWMAN}" * 342,
    " " * 1_020 + "true",
    " " * 20_000 + "true",
    "//" + "x" * 1_000,
    "true //" + "x" * 1_000,
    "\n" * 1_000 + "true",
    "{" + ", ".join(f"'{number}': 1" for number in range(100)) + "}.size() > 0",
    "[[],[],[],[],[]]" * 20,
]

STRANGE_TEXT = [
    "\0",
    "true\0",
    "data\0.x == 1",
    "'\0' == s",
    "\ud800",
    "'\ud800' == s",
    "s == '\udfff\ud800'",
    "'\\u0000' == s",
    "'\\ud800' == s",
    "'\\U00110000' == s",
    "'\\x' == s",
    "b'\\xff' == b''",
    "string(b'\\xff') == s",
    "\ufeff true",
    "\u202e true",
    "tr\u200bue",
    "\uff53 == 1",
    "\u0455 == 1",  # a Cyrillic letter that looks like s
    "'''''' == s",
    "'''",
    "r'",
    "r'\\",
    "'\\",
    '"',
    "`",
    "`data`",
    "data.`p`",
    "$data",
    "%s %s %s",
    "{data}",
    "${data}",
    "#{data}",
    "; import os",
    "\\",
    "\x1b[2J",
    "\r\n",
    "/* */ true",
    "true // \ud83d",
]

PYTHON = [
    *(f"data.{name}" for name in DUNDERS),
    *(f"{name}" for name in DUNDERS[:6]),
    *(f"data['{name}']" for name in DUNDERS[:6]),
    "().__class__.__bases__[0].__subclasses__()",
    "data.__class__.__mro__[1].__subclasses__().all(x, true)",
    "__import__('os').system('true')",
    "open('/etc/passwd').read()",
    "eval('1')",
    "exec('1')",
    "compile('1', '', 'eval')",
    "getattr(data, '__class__')",
    "globals()",
    "lambda: 1",
    "lambda x: x",
    "[x for x in l]",
    "{x for x in l}",
    "data if data else data",
    "data is None",
    "data and data",
    "data or data",
    "not data",
    "True",
    "False",
    "None",
    "x := 1",
    "data = 1",
    "del data",
    "import os",
    "yield data",
    "await data",
    "print(data)",
    "f'{data}'",
    "data.format(data)",
    "'{0.__class__}'.format(data)",
    "'%s' % data",
    "data ** data",
    "9 ** 9 ** 9",
    "1 << 99",
    "data // 2",
    "data[::2]",
    "data[1:]",
    "*data",
    "**data",
    "@data",
]

NUMBERS = [
    "9223372036854775807 + 1 > 0",
    "-9223372036854775808 - 1 < 0",
    "9223372036854775808 > 0",
    "18446744073709551615u + 1u > 0u",
    "18446744073709551616u > 0u",
    "-9223372036854775808 / -1 > 0",
    "-9223372036854775808 % -1 > 0",
    "9223372036854775807 * 9223372036854775807 > 0",
    "1 / 0 > 0",
    "1 % 0 > 0",
    "1.0 / 0.0 > 0.0",
    "0.0 / 0.0 == 0.0 / 0.0",
    "1e400 > 0.0",
    "1e308 * 1e308 > 0.0",
    "int(1e308) > 0",
    "int('9' + '9' + '9999999999999999999') > 0",
    "uint(-1) > 0u",
    "int('0x7fffffffffffffff') > 0",
    "double('nan') == 1.0",
    "double('inf') > 1.0",
    "string(1e308) == ''",
    "n / 0 == n",
    "n % 0 == n",
    "n * n * n * n > 0",
    "-n - n - n < 0",
    "1" * 1_000,
    "1." + "0" * 1_000,
    "0x" + "f" * 500,
    "l[99999999999]",
    "l[-1]",
    "l[9223372036854775807]",
    "l[n]",
    "s[0]",
    "d[0]",
    "d[null]",
    "d[l]",
    "{l: 1}",
    "{1: 1, 1: 2}",
    "{1: 1, 1.0: 2}",
    "{true: 1, 1: 2}",
]

TIMES = [
    "timestamp('9999-12-31T23:59:59Z') + duration('1h') > timestamp('2020-01-01T00:00:00Z')",
    "timestamp('0001-01-01T00:00:00Z') - duration('1h') > timestamp('2020-01-01T00:00:00Z')",
    "timestamp('2020-13-45T99:99:99Z') > timestamp('2020-01-01T00:00:00Z')",
    "timestamp('0000-00-00T00:00:00Z') == timestamp(0)",
    "timestamp(9223372036854775807) == timestamp(0)",
    "timestamp(-9223372036854775808) == timestamp(0)",
    "timestamp(s) == timestamp(s)",
    "timestamp(n) == timestamp(n)",
    "duration('9999999999999999h') > duration('1s')",
    "duration('-9999999999999999h') < duration('1s')",
    "duration('1h1h1h1h1h1h1h') > duration('1s')",
    "duration('1e99s') > duration('1s')",
    "duration(s) > duration('1s')",
    "duration('87660000h') + duration('87660000h') > duration('1s')",
    "-duration('87660000h') - duration('87660000h') < duration('1s')",
    "timestamp(0).getFullYear('Nowhere/Never') > 0",
    "timestamp(0).getFullYear('/etc/passwd') > 0",
    "timestamp(0).getHours('/dev/stdin') > 0",
    "timestamp(0).getHours('/dev/zero') > 0",
    "timestamp(0).getHours('file:/dev/zero') > 0",
    "timestamp(0).getHours('../../../../dev/zero') > 0",
    "timestamp(0).getHours('Europe/../../../dev/zero') > 0",
    "timestamp(0).getHours('./x') > 0",
    "timestamp(0).getHours('') > 0",
    "timestamp(0).getHours(s) > 0",
    "timestamp(0).getHours(d.k) > 0",
    "timestamp(0).getHours('+99:99') > 0",
    "timestamp(0).getMilliseconds('Europe/Berlin') > 0",
    "s.getHours('UTC') > 0",
    "getHours(timestamp(0), 'UTC') == 0",
]

TYPES = [
    "google.protobuf.Timestamp{seconds: 1} == 1",
    "google.protobuf.Any{type_url: 'x', value: b'x'} == 1",
    "google.protobuf.Struct{fields: {'a': 1}} == 1",
    "google.protobuf.ListValue{values: l} == 1",
    "Foo{a: 1}",
    "google.protobuf.FileDescriptorSet",
    "google.protobuf.NullValue.NULL_VALUE == 1",
    "type(type(type(data))) == type",
    "type(data) == map",
    "google == 1",
    ".google.protobuf.Timestamp",
    "cel.bind(a, s + s, a + a) == s",
    "cel.block([1], @index0)",
    "@result",
    "__result__",
    "l.map(x, __result__)",
    "l.map(x, @result)",
    "l.all(@result, true)",
    "l.all(__result__, __result__)",
    "l.all(data, data.all(data, data == data))",
    "l.all(meta, meta == 1)",
    "l.map(l, l).map(l, l).all(l, l == l)",
    "has(data)",
    "has(data.p.q.r)",
    "has(has(data.a))",
    "data.?a",
    "data[?0]",
    "optional.of(1)",
    "math.greatest(1, 2)",
    "'a'.charAt(0)",
    "'a'.replace('a', 'b')",
    "'%s'.format([data])",
    "strings.quote(s)",
    "sets.contains(l, l)",
    "base64.encode(b'x')",
    "lists.range(1000000000).size() > 0",
    "size()",
    "matches()",
    "all(x, true)",
    "l.all(x)",
    "l.all(1, true)",
    "l.all(x.y, true)",
    "l.map(x, y, z, u)",
    "_+_(1, 2)",
    "@in(1, l)",
    "'a'.matches('a', 'b')",
    "s.contains(s)",
    "s.contains(t)",
    "t.contains(s)",
    "s.startsWith(s) && s.endsWith(s)",
    "p == p",
    "d[p]",
    "data[p]",
    "int(p) > 0",
    "duration(p) > duration('1s')",
    "timestamp(p) > timestamp(0)",
    "p > 1",
    "p.x",
    "p()",
    "p.matches(p)",
    "{p: 1}[s]",
    "{p: 1, p: 2} == d",
    "[p][9]",
    "bool(p)",
    "meta[p]",
    "l[p]",
]

CEL_CONDITIONS: list[str] = [
    *NESTED,
    *(f"s.matches('{pattern}')" for pattern in REGEXES),
    *GROWING,
    *DEEP,
    *LONG,
    *STRANGE_TEXT,
    *PYTHON,
    *NUMBERS,
    *TIMES,
    *TYPES,
]


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


# --- items -------------------------------------------------------------------------------

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
