"""Reads which modules a Python file imports when it runs, without running it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A module: its dotted name, its file, and whether it is a package's `__init__`."""

    module: str
    path: Path
    is_package: bool


@dataclass(frozen=True, slots=True)
class Import:
    """One import: the dotted name of what is imported, and the line (from 1) that does it."""

    target: str
    line: int


def find_sources(root: Path, packages: Collection[str]) -> dict[str, SourceFile]:
    """Return every module of the `packages` that are folders in `root`, by dotted name.

    Raises FileNotFoundError if a package has no folder there.
    """
    found = {}
    for package in packages:
        if not (root / package).is_dir():
            raise FileNotFoundError(f"there is no package {package} in {root}")
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            is_package = parts[-1] == "__init__"
            module = ".".join(parts[:-1] if is_package else parts)
            found[module] = SourceFile(module, path, is_package)
    return found


def read_imports(source: SourceFile, known: Collection[str]) -> list[Import]:
    """Return the imports of `source`, those in functions included, in the order of their lines.

    `from a import b` counts as `a.b` if that is one of the `known` modules, else as `a`. What
    stands under `if TYPE_CHECKING:` is left out. Raises SyntaxError if the file does not parse.
    """
    tree = ast.parse(source.path.read_bytes(), filename=str(source.path))
    found = {
        Import(target, node.lineno)
        for node in _walk(tree)
        for target in _targets(node, source, known)
    }
    return sorted(found, key=lambda one: (one.line, one.target))


def _walk(tree: ast.AST) -> Iterator[ast.stmt | ast.expr]:
    """Yield every statement and expression that can run."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.stmt | ast.expr):
            yield child
        if isinstance(child, ast.If) and _is_type_checking(child.test):
            for other in child.orelse:
                yield other
                yield from _walk(other)
        else:
            yield from _walk(child)


def _is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _targets(
    node: ast.stmt | ast.expr, source: SourceFile, known: Collection[str]
) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = _base(node, source)
        for alias in node.names:
            full = f"{base}.{alias.name}"
            yield full if full in known else base
    elif isinstance(node, ast.Call):
        yield from _named_in_call(node)


def _base(node: ast.ImportFrom, source: SourceFile) -> str:
    """Return the absolute name behind `from`, dots resolved."""
    if not node.level:
        return node.module or ""
    parts = source.module.split(".")
    kept = parts[: len(parts) - node.level + source.is_package]
    return ".".join([*kept, node.module] if node.module else kept)


def _named_in_call(node: ast.Call) -> Iterator[str]:
    """Yield the module that `import_module("x")` or `__import__("x")` names, if written out."""
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    if name in {"import_module", "__import__"} and node.args:
        first = node.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value
