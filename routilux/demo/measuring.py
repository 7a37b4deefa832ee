"""Measuring a parsed Python file: its functions, its classes, and how they branch."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeAlias

from routilux.demo.items import FileFacts, FunctionFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_BRANCHES = frozenset(
    {
        ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.match_case,
    }
)  # fmt: skip
_EMPTY = (ast.expr_context, ast.operator, ast.boolop, ast.unaryop, ast.Constant, ast.Name)


class _Scope:
    """A module, class or function while its nodes are counted."""

    __slots__ = ("branches", "name", "node")

    def __init__(self, node: ast.AST, name: str) -> None:
        self.node = node
        self.name = name
        self.branches = 1


def measure_tree(path: str, tree: ast.Module, lines: int) -> FileFacts:
    """The facts of one file.

    A function's complexity is the cyclomatic one: 1, and one more for each way to branch. That is
    each ``if``, ``elif``, ``for``, ``while``, ``except``, ``case`` and conditional expression, each
    further operand of ``and`` and ``or``, and each loop and condition of a comprehension. Functions
    and classes inside a function count for themselves, not for it.

    Args:
        path: the file's name, kept with each fact.
        tree: what it was parsed to.
        lines: how many lines it has.
    """
    scopes = _scopes(tree)
    functions = tuple(
        FunctionFacts(
            name=scope.name,
            path=path,
            line=scope.node.lineno,
            lines=(scope.node.end_lineno or scope.node.lineno) - scope.node.lineno + 1,
            complexity=scope.branches,
        )
        for scope in scopes
        if isinstance(scope.node, _FUNCTIONS)
    )
    classes = sum(isinstance(scope.node, ast.ClassDef) for scope in scopes)
    return FileFacts(path, lines, classes, functions)


def _scopes(tree: ast.Module) -> list[_Scope]:
    """Every scope of a file, its branches counted.

    Without recursion: a tree may be deeper than Python lets functions call one another.
    """
    scopes = [_Scope(tree, "")]
    nodes: list[tuple[ast.AST, _Scope]] = [(tree, scopes[0])]
    while nodes:
        node, scope = nodes.pop()
        for child in _children(node):
            if isinstance(child, (*_FUNCTIONS, ast.ClassDef)):
                name = f"{scope.name}.{child.name}" if scope.name else child.name
                inside = _Scope(child, name)
                scopes.append(inside)
                nodes.append((child, inside))
            else:
                scope.branches += _ways(child)
                nodes.append((child, scope))
    return scopes


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes right below a node, those left out that have nothing below and count nothing."""
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, list):
            yield from (one for one in value if isinstance(one, ast.AST))
        elif isinstance(value, ast.AST) and not isinstance(value, _EMPTY):
            yield value


def _ways(node: ast.AST) -> int:
    """How many ways to branch a node adds by itself."""
    kind = type(node)
    if kind in _BRANCHES:
        return 1
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    if isinstance(node, ast.comprehension):
        return 1 + len(node.ifs)
    return 0
