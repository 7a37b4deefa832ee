"""A view of any Python value as JSON data, made without running anybody's code.

Items hold what programs put into them: objects whose methods may block, raise or lie, values that
contain themselves, dicts that another thread is changing. A view is for people and conditions
that look at them. It reads what Python itself stores and calls nothing of a stranger's: no
`__repr__`, no `__eq__`, no property, no metaclass. What cannot be read so is shown as a marker,
`{"$type": "module.Class"}`.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict, deque
from datetime import timedelta
from enum import Enum
from json.encoder import encode_basestring_ascii as json_text
from typing import TYPE_CHECKING, Any, NamedTuple

from routilux.secret_keys import REDACTED, is_secret_key
from routilux.stored import (
    clean_text,
    dataclass_fields,
    enum_value,
    first_entries,
    is_one_of,
    key_text,
    text_of,
    type_name,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LIMIT_BYTES = 64 * 1024  # what a condition looks at, and more than a person reads
MAX_DEPTH = 64  # as deep as JSON bodies may be

CUT_TEXT = "..."  # ends a text that was cut
CYCLE = "$cycle"  # {CYCLE: true} stands where a container would contain itself
TOO_DEEP = "$too_deep"  # {TOO_DEEP: true} stands where containers are nested too deeply
TYPE = "$type"  # {TYPE: "module.Class"} stands for what cannot be read without its own code

# Longer integers are markers: up to here, every reader of JSON knows at least their size.
MAX_INT_BITS = 1023
_SHORTEST_ENTRY = 3  # bytes: `0, `, so a container is never read further than what can fit
_LONGEST_NAME = 128  # bytes of a name in a list of names and values

# Exactly these: a class derived from one of them may have methods of its own.
_LISTS = (list, tuple, set, frozenset, deque)
_DICTS = (dict, OrderedDict, defaultdict, Counter)


class JsonView(NamedTuple):
    """A value as JSON data.

    Attributes:
        value: None, a bool, int, float or str, or a list or dict of such.
        truncated: whether something was left out because the value is too large or too deep.
        size_bytes: at least as long as `json.dumps` of it, and at most `limit_bytes`.
        entries: how many entries all its lists and dicts have.
        longest: how many the longest of them has.
    """

    value: Any
    truncated: bool
    size_bytes: int = 0
    entries: int = 0
    longest: int = 0


class _NoRoom:
    """What did not fit."""


_NO_ROOM = _NoRoom()


def json_view(value: Any, *, limit_bytes: int = LIMIT_BYTES, redact: bool = True) -> JsonView:
    """Look at `value` without calling anything of it.

    Texts are made valid Unicode without NUL, bytes are read as UTF-8 (what is not, is shown as
    `\\xff`), times are ISO 8601, durations are seconds, a number that JSON does not have is a text
    (`"NaN"`), an enum member is its value, and a dataclass is a dict of its fields.

    Args:
        value: anything.
        limit_bytes: how long `json.dumps` of the view may be. At the limit nothing more is read.
        redact: show `[redacted]` for the values of keys that look like those of secrets.
    """
    walk = _Walk(limit_bytes, redact)
    try:
        shown = walk.view(value)
    except RecursionError:  # called from deep inside a program
        return JsonView({TOO_DEEP: True}, True)
    return JsonView(
        None if shown is _NO_ROOM else shown,
        walk.cut,
        limit_bytes - walk.left,
        walk.entries,
        walk.longest,
    )


class _Walk:
    """One walk over a value: what room is left, and which containers it is in."""

    __slots__ = ("_inside", "_redact", "cut", "entries", "left", "longest")

    def __init__(self, limit_bytes: int, redact: bool) -> None:
        self.left = limit_bytes
        self._redact = redact
        self._inside: list[int] = []
        self.cut = False
        self.entries = 0
        self.longest = 0

    def view(self, value: Any) -> Any:
        """`value` as JSON data, or `_NO_ROOM`; the commonest kinds first."""
        # Compared by identity: a dict of types would ask a metaclass for its hash.
        kind = type(value)
        if kind is str:
            return self._text(value)
        if kind is int:
            return self._integer(value)
        if kind is bool or value is None:
            return self._take(value, 5)
        if kind is float:
            return self._float(value)
        if kind is dict:
            return self._container(value, self._dict)
        if kind is list:
            return self._container(value, self._list)
        return self._rare(value, kind)

    def _take(self, shown: Any, size: int) -> Any:
        """`shown`, if there is room for its `size` bytes."""
        left = self.left - size
        if left < 0:
            self.left = 0
            self.cut = True
            return _NO_ROOM
        self.left = left
        return shown

    def _text(self, value: str) -> Any:
        if len(value) < self.left:
            if not value.isascii() or "\0" in value:
                value = clean_text(value)
            size = len(json_text(value))
            if size <= self.left:
                self.left -= size
                return value
        return self._cut_text(value)

    def _cut_text(self, value: str) -> Any:
        """The beginning of a text that does not fit."""
        self.cut = True
        left, self.left = self.left, 0
        length = left - len(CUT_TEXT) - 2
        # A character takes one byte to twelve: a length that fits is found in a few halvings.
        while length > 0:
            shown = clean_text(value[:length]) + CUT_TEXT
            if len(json_text(shown)) <= left:
                return shown
            length //= 2
        return _NO_ROOM

    def _integer(self, value: int) -> Any:
        bits = value.bit_length()
        if bits > MAX_INT_BITS:
            return self._marker({TYPE: "builtins.int", "bits": bits})
        return self._take(value, bits * 31 // 100 + 2)  # a digit is 3.32 bits; and the sign

    def _float(self, value: float) -> Any:
        if value - value == 0.0:  # neither infinite nor not-a-number
            return self._take(value, len(repr(value)))
        if value != value:
            return self._text("NaN")
        return self._text("Infinity" if value > 0 else "-Infinity")

    def _marker(self, marker: dict[str, Any]) -> Any:
        size = sum(len(key) + 6 + len(json_text(str(entry))) for key, entry in marker.items())
        return self._take(marker, size)

    def _container(self, value: Any, read: Callable[[Any], Any]) -> Any:
        inside = self._inside
        if id(value) in inside:
            return self._marker({CYCLE: True})
        if len(inside) >= MAX_DEPTH:
            self.cut = True
            return self._marker({TOO_DEEP: True})
        if self._take(True, 2) is _NO_ROOM:
            return _NO_ROOM
        inside.append(id(value))
        shown = read(value)
        inside.pop()
        return shown

    def _count(self, entries: int) -> None:
        self.entries += entries
        if entries > self.longest:
            self.longest = entries

    def _read(self, container: Any) -> list[Any]:
        """The entries that may fit, and one more: that something was left out shall show."""
        entries = first_entries(container, self.left // _SHORTEST_ENTRY + 1)
        if entries is None:
            self.cut = True
            return []
        return entries

    def _list(self, value: Any) -> list[Any]:
        entries = self._read(value)
        if self._redact and len(entries) == 2 and _is_secret_pair(entries):
            entries = [entries[0], REDACTED]
        shown: list[Any] = []
        for entry in entries:
            if self._take(True, 2) is _NO_ROOM:
                break
            seen = self.view(entry)
            if seen is _NO_ROOM:
                break
            shown.append(seen)
        self._count(len(shown))
        return shown

    def _dict(self, value: dict[Any, Any]) -> dict[str, Any]:
        return self._entries(self._read(dict.items(value)))

    def _entries(self, entries: Iterable[tuple[Any, Any]]) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        redact = self._redact
        for key, entry in entries:
            key = key if type(key) is str else key_text(key)
            if len(key) > self.left:
                self._take(key, len(key))
                break
            if not key.isascii() or "\0" in key:
                key = clean_text(key)
            if key in shown:
                key = _free_key(key, shown)
            if self._take(True, len(json_text(key)) + 4) is _NO_ROOM:
                break
            seen = self.view(REDACTED if redact and is_secret_key(key) else entry)
            if seen is _NO_ROOM:
                break
            shown[key] = seen
        self._count(len(shown))
        return shown

    def _rare(self, value: Any, kind: type) -> Any:
        if is_one_of(kind, _LISTS):
            return self._container(value, self._list)
        if is_one_of(kind, _DICTS):
            return self._container(value, self._dict)
        if kind is timedelta:
            return self._float(value.total_seconds())
        text = text_of(value, kind, self.left + 1)
        if text is not None:
            return self._text(text)
        if issubclass(kind, Enum) and (plain := enum_value(value)) is not None:
            return self.view(plain)
        fields = dataclass_fields(value, kind)
        if fields is not None:
            return self._container(value, lambda _: self._entries(fields))
        return self._marker({TYPE: type_name(value)})


def _is_secret_pair(entries: list[Any]) -> bool:
    """Whether a list is a name and its value, as in a list of headers."""
    name = entries[0]
    if type(name) is bytes:
        name = name[:_LONGEST_NAME].decode("ascii", "replace")
    return type(name) is str and is_secret_key(name)


def _free_key(key: str, taken: dict[str, Any]) -> str:
    """A key for an entry whose own key looks like another's: 1 and "1", or two objects."""
    number = len(taken)
    while f"{key}~{number}" in taken:
        number += 1
    return f"{key}~{number}"
