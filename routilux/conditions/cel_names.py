"""Which parts of an item an expression looks at, so that only these are handed to the library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from routilux.conditions.cel_tree import (
    Call,
    Elements,
    Literal,
    Loop,
    Name,
    Node,
    Select,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

# What is looked at of a value: of a dict these keys only, or all of it.
Parts: TypeAlias = dict[str, "Parts"] | None


def find_names(root: Node) -> dict[str, Parts]:
    """The names of the item in an expression, and what it looks at of each."""
    names: dict[str, Parts] = {}
    _find(root, frozenset(), names)
    return names


def find_words(node: Node) -> Iterator[str]:
    """All names, fields and texts that are written in an expression: messages may show these."""
    if isinstance(node, Name):
        yield node.name
    elif isinstance(node, Select):
        yield node.field
    elif isinstance(node, Literal) and isinstance(node.value, str):
        yield node.value
    for child in _children(node):
        yield from find_words(child)


def find_patterns(node: Node) -> Iterator[Literal]:
    """The patterns that are given to `matches`."""
    if isinstance(node, Call) and node.function == "matches":
        pattern = node.arguments[-1]
        if isinstance(pattern, Literal):
            yield pattern
    for child in _children(node):
        yield from find_patterns(child)


def pick(value: Any, parts: Parts) -> Any:
    """The parts of `value` that are looked at."""
    if parts is None or type(value) is not dict:
        return value
    return {key: pick(value[key], inner) for key, inner in parts.items() if key in value}


def _find(node: Node, bound: frozenset[str], names: dict[str, Parts]) -> None:
    keys: list[str] = []
    inner = node
    while (step := _step(inner)) is not None:
        inner, key = step
        keys.insert(0, key)
    if isinstance(inner, Name):
        if inner.name not in bound:
            _add(names, [inner.name, *keys])
        return
    if isinstance(inner, Loop):
        _find(inner.over, bound, names)
        _find(inner.start, bound, names)
        bound = bound | {inner.variable, inner.accumulator}
        for child in (inner.condition, inner.step, inner.result):
            _find(child, bound, names)
        return
    for child in _children(inner):
        _find(child, bound, names)


def _step(node: Node) -> tuple[Node, str] | None:
    """`value.key` or `value["key"]`."""
    if isinstance(node, Select):
        return node.operand, node.field
    if isinstance(node, Call) and node.function == "_[_]":
        value, key = node.arguments
        if isinstance(key, Literal) and isinstance(key.value, str):
            return value, key.value
    return None


def _add(names: dict[str, Parts], keys: list[str]) -> None:
    parts: Parts = names
    for key in keys[:-1]:
        if parts is None:
            return
        parts = parts.setdefault(key, {})
    if parts is not None:
        parts[keys[-1]] = None


def _children(node: Node) -> tuple[Node, ...]:
    if isinstance(node, Select):
        return (node.operand,)
    if isinstance(node, Call):
        return node.arguments
    if isinstance(node, Elements):
        return node.elements
    if isinstance(node, Loop):
        return (node.over, node.start, node.condition, node.step, node.result)
    return ()
