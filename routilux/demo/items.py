"""What travels through the census: one frozen value for each step's result."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that was read. `content` is left out of texts: it may be long."""

    path: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """A file that was parsed."""

    path: str
    lines: int
    tree: ast.Module = field(repr=False)


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """One function.

    Attributes:
        name: its name with those of the classes and functions around it: ``Reader.next.inner``.
        path: its file.
        line: where its ``def`` stands, from 1.
        lines: from there to its end.
        complexity: cyclomatic complexity, see `routilux.demo.measuring.complexity`.
    """

    name: str
    path: str
    line: int
    lines: int
    complexity: int


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What was measured in one file."""

    path: str
    lines: int
    classes: int
    functions: tuple[FunctionFacts, ...]


def path_of(item: object) -> str:
    """The file that an item of the census is about."""
    return item if isinstance(item, str) else str(getattr(item, "path", item))
