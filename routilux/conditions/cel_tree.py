"""The syntax tree of a CEL expression, read from how the library serializes it.

Serialized, an expression is a `google.protobuf.Any` with a `cel.expr.ParsedExpr` in it, macros
expanded: `all`, `exists`, `map`, `filter` are loops there. Only the fields that are used here are
read; the numbers are those of CEL's published `syntax.proto`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

Constant: TypeAlias = bool | int | float | str | bytes | None


@dataclass(frozen=True, slots=True)
class Node:
    """One node; `number` finds its place in the text."""

    number: int


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A number, a text, a boolean or null."""

    value: Constant


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A name that stands alone."""

    name: str


@dataclass(frozen=True, slots=True)
class Select(Node):
    """`operand.field`, or `has(operand.field)`."""

    operand: Node
    field: str


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function or an operator; a method's own value is the first argument."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Elements(Node):
    """`[a, b]` or `{a: b}`, the latter with keys and values in turn."""

    elements: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Message(Node):
    """`Type{field: value}`."""

    name: str


@dataclass(frozen=True, slots=True)
class Loop(Node):
    """An expanded macro: `step` is evaluated for each entry of `over`, then `result`."""

    variable: str
    over: Node
    accumulator: str
    start: Node
    condition: Node
    step: Node
    result: Node


@dataclass(frozen=True, slots=True)
class Tree:
    """An expression: its root, and the offset of each node in the text, in characters."""

    root: Node
    offsets: dict[int, int]


_Field: TypeAlias = int | bytes


def read_tree(serialized: bytes) -> Tree:
    """Read what `Expression.serialize` wrote.

    Raises:
        ValueError: it is of a shape that is not known here.
    """
    try:
        parsed = _Fields(_Fields(serialized).data(2))
        return Tree(_read_node(parsed.data(2)), _read_offsets(parsed.data(3)))
    except (LookupError, struct.error) as error:
        raise ValueError("the library wrote a tree of an unknown shape") from error


class _Fields:
    """The fields of one message, by number."""

    def __init__(self, message: bytes) -> None:
        self._fields: dict[int, list[_Field]] = {}
        for number, field in _read_fields(message):
            self._fields.setdefault(number, []).append(field)

    def numbers(self) -> set[int]:
        return set(self._fields)

    def integer(self, number: int) -> int:
        field = self._fields.get(number, [0])[-1]
        if not isinstance(field, int):
            raise ValueError(f"field {number} is no number")
        return field

    def data(self, number: int) -> bytes:
        fields = self.all_data(number)
        return fields[-1] if fields else b""

    def all_data(self, number: int) -> list[bytes]:
        fields = self._fields.get(number, [])
        return [field for field in fields if isinstance(field, bytes)]

    def text(self, number: int) -> str:
        return self.data(number).decode()


def _read_fields(message: bytes) -> Iterator[tuple[int, _Field]]:
    at = 0
    while at < len(message):
        tag, at = _read_varint(message, at)
        kind = tag & 7
        if kind == 0:
            value, at = _read_varint(message, at)
            yield tag >> 3, value
            continue
        if kind == 2:
            size, at = _read_varint(message, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise ValueError(f"wire type {kind} is not known")
        if at + size > len(message):
            raise ValueError("the message ends early")
        yield tag >> 3, message[at : at + size]
        at += size


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 127) << shift
        at += 1
        if byte < 128:
            return value, at
        shift += 7


def _read_offsets(source_info: bytes) -> dict[int, int]:
    entries = map(_Fields, _Fields(source_info).all_data(4))
    return {entry.integer(1): entry.integer(2) for entry in entries}


def _read_node(message: bytes) -> Node:
    fields = _Fields(message)
    number = fields.integer(2)
    for field, read in _READERS.items():
        if field in fields.numbers():
            return read(number, _Fields(fields.data(field)))
    raise ValueError("a node of an unknown kind")


def _read_literal(number: int, fields: _Fields) -> Node:
    kinds = fields.numbers()
    value: Constant = None
    if 2 in kinds:
        value = bool(fields.integer(2))
    elif 3 in kinds:
        value = fields.integer(3)
        value -= (value >> 63) << 64  # a negative number is written as its complement
    elif 4 in kinds:
        value = fields.integer(4)
    elif 5 in kinds:
        value = float(struct.unpack("<d", fields.data(5))[0])
    elif 6 in kinds:
        value = fields.text(6)
    elif 7 in kinds:
        value = fields.data(7)
    return Literal(number, value)


def _read_name(number: int, fields: _Fields) -> Node:
    return Name(number, fields.text(1).removeprefix("."))


def _read_select(number: int, fields: _Fields) -> Node:
    return Select(number, _read_node(fields.data(1)), fields.text(2))


def _read_call(number: int, fields: _Fields) -> Node:
    arguments = fields.all_data(1) + fields.all_data(3)
    return Call(number, fields.text(2), tuple(map(_read_node, arguments)))


def _read_list(number: int, fields: _Fields) -> Node:
    return Elements(number, tuple(map(_read_node, fields.all_data(1))))


def _read_map(number: int, fields: _Fields) -> Node:
    if fields.data(1):
        return Message(number, fields.text(1))
    elements: list[Node] = []
    for entry in map(_Fields, fields.all_data(2)):
        elements += (_read_node(entry.data(3)), _read_node(entry.data(4)))
    return Elements(number, tuple(elements))


def _read_loop(number: int, fields: _Fields) -> Node:
    over, start, condition, step, result = (
        _read_node(fields.data(field)) for field in (2, 4, 5, 6, 7)
    )
    return Loop(number, fields.text(1), over, fields.text(3), start, condition, step, result)


_READERS = {
    3: _read_literal,
    4: _read_name,
    5: _read_select,
    6: _read_call,
    7: _read_list,
    8: _read_map,
    9: _read_loop,
}
