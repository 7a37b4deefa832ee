"""Reading what Python itself stores in a value, without running anybody's code.

A class may have properties, `__getattr__`, `__hash__`, a metaclass. Nothing here calls them: only
the slots and dicts behind them are read, through the descriptors that Python itself made.
"""

from __future__ import annotations

import sys
from datetime import date, datetime, time, timezone
from enum import Enum
from itertools import islice
from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any

_TRIES = 8  # how often a container is read that another thread is changing
_LONGEST_NAME = 200  # characters of a module, a class or a part of a key
_MOST_PARTS = 8  # of a tuple that is a key
_MAX_BITS = 1023  # of an integer that is a key

# Read from the class itself, past whatever a metaclass says.
_CLASS_NAME = type.__dict__["__qualname__"].__get__
_CLASS_MODULE = type.__dict__["__module__"].__get__
_CLASS_ORDER = type.__dict__["__mro__"].__get__
_CLASS_DICT = type.__dict__["__dict__"].__get__

# Exactly these: a class derived from one of them may have methods of its own.
_TIMES = (datetime, date, time)
_PLAIN = (str, int, float, bool)


def is_one_of(kind: type, kinds: tuple[type, ...]) -> bool:
    """Like `kind in kinds`, which would ask a metaclass whether two classes are equal."""
    return any(kind is one for one in kinds)


def clean_text(text: str) -> str:
    r"""`text` as every reader takes it: NUL and lone surrogates are written out, `\u0000`."""
    if "\0" in text:
        text = text.replace("\0", r"\u0000")
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text


def type_name(value: Any) -> str:
    """The module and name of the type of `value`, without asking the type."""
    kind = type(value)
    parts = (_CLASS_MODULE(kind), _CLASS_NAME(kind))
    return ".".join(
        clean_text(part[:_LONGEST_NAME]) if type(part) is str else "?" for part in parts
    )


def first_entries(container: Any, most: int) -> list[Any] | None:
    """The first `most` entries of a container of Python's own that others may be changing.

    None if they change it so fast that it cannot be read.
    """
    try:
        return list(islice(container, most))
    except RuntimeError:  # it changed its size under our hands
        return _try_again(container, most)


def _try_again(container: Any, most: int) -> list[Any] | None:
    for _ in range(_TRIES):
        try:
            return list(islice(container, most))
        except RuntimeError:
            continue
    return None


def _all_of(container: Any) -> list[Any]:
    return first_entries(container, len(container)) or []


def text_of(value: Any, kind: type, most: int) -> str | None:
    """A value that is written as a text: bytes, a time, a decimal, a UUID. None if it is none.

    Args:
        value: anything.
        kind: its type.
        most: how many bytes are read of it, at least.
    """
    if kind is bytes or kind is bytearray:
        return bytes(value[:most]).decode("utf-8", "backslashreplace")
    if is_one_of(kind, _TIMES):
        zone = None if kind is date else value.tzinfo
        return str(value.isoformat()) if _is_known_zone(zone) else None
    if kind is _imported("decimal", "Decimal"):
        return str(value)
    if kind is _imported("uuid", "UUID"):
        number = kind.__dict__["int"].__get__(value)
        return str(kind(int=number)) if type(number) is int else None
    return None


def _imported(module: str, name: str) -> object:
    """A class of the standard library; None as long as nobody has imported it: no value is one."""
    return getattr(sys.modules.get(module), name, None)


def _is_known_zone(zone: Any) -> bool:
    """Whether a time zone is of Python's own: another one's methods are a stranger's."""
    if zone is None or type(zone) is timezone:
        return True
    # Not imported: it is there if anybody has made such a zone.
    module = sys.modules.get("zoneinfo")
    return module is not None and type(zone) is module.ZoneInfo


def key_text(key: Any) -> str:
    """A key that is not exactly a `str`, as a text: numbers as JSON writes them."""
    kind = type(key)
    if kind is tuple:
        return "(" + ", ".join(_part_text(part) for part in key[:_MOST_PARTS]) + ")"
    if issubclass(kind, Enum):
        key = enum_value(key)
    return _part_text(key)


def _part_text(key: Any) -> str:
    kind = type(key)
    if kind is str:
        return str(key)
    if key is None:
        return "null"
    if kind is bool:
        return "true" if key else "false"
    if kind is float or (kind is int and key.bit_length() <= _MAX_BITS):
        return repr(key)
    text = text_of(key, kind, _LONGEST_NAME)
    return type_name(key) if text is None else text


def enum_value(member: Any) -> Any:
    """What a member of an enum stands for, if that is plain, or else its name, or None."""
    stored = _attributes(member, type(member))
    for name in ("_value_", "_name_"):
        if is_one_of(type(stored.get(name)), _PLAIN):
            return stored[name]
    return None


def dataclass_fields(value: Any, kind: type) -> list[tuple[str, Any]] | None:
    """The fields of a dataclass and what is stored for them, or None if it is none."""
    for part in _CLASS_ORDER(kind):
        declared = _class_entry(part, "__dataclass_fields__")
        if type(declared) is dict:
            names = [name for name in _all_of(declared) if type(name) is str]
            stored = _attributes(value, kind)
            return [(name, stored[name]) for name in names if name in stored]
    return None


def _class_entry(part: type, name: str) -> Any:
    # Not `get`: a key may be a text of a stranger's class, which has its own `__eq__`.
    entries = _CLASS_DICT(part)
    for key in _all_of(entries):
        if key is name:
            return entries[name]
    return None


def _attributes(value: Any, kind: type) -> dict[str, Any]:
    """The instance attributes of `value`: of its dict, and of the slots of its classes."""
    stored: dict[str, Any] = {}
    for part in _CLASS_ORDER(kind):
        entries = _CLASS_DICT(part)
        for key in _all_of(entries):
            if type(key) is not str:
                continue
            slot = entries[key]
            if type(slot) is MemberDescriptorType:
                _read_slot(value, key, slot, stored)
            elif key == "__dict__" and type(slot) is GetSetDescriptorType:
                _read_dict(value, slot, stored)
    return stored


def _read_slot(value: Any, name: str, slot: Any, stored: dict[str, Any]) -> None:
    try:
        stored.setdefault(name, slot.__get__(value))
    except (AttributeError, TypeError):  # nothing in it, or a slot of another class
        return


def _read_dict(value: Any, slot: Any, stored: dict[str, Any]) -> None:
    try:
        attributes = slot.__get__(value)
    except (AttributeError, TypeError):  # a descriptor of another class
        return
    entries = dict.items(attributes)
    for name, entry in _all_of(entries):
        if type(name) is str:
            stored.setdefault(name, entry)
