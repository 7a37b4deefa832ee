"""Reads the code blocks of a Markdown page.

A comment on the line above a fence says what a block is, where that is not plain:

- `<!-- file: NAME -->`: the block is a file of that name, which the code beside it reads;
- `<!-- fragment -->`: Python that parses but does not run by itself;
- `<!-- prints -->`: what the Python block before it prints.

Every other block of `python` runs as printed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_BLOCK = re.compile(
    r"""(?:^<!--\s*(?P<note>[^\n]*?)\s*-->\n\n?)?   # the comment, if there is one
        ^```(?P<language>\w*)[^\n]*\n               # the opening fence
        (?P<text>.*?)
        ^```[ \t]*$                                 # the closing fence
    """,
    re.MULTILINE | re.DOTALL | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: the language and text as printed, its note, and its first line (from 1)."""

    language: str
    text: str
    note: str
    line: int

    @property
    def runs(self) -> bool:
        """Whether this is Python that runs as printed."""
        return self.language == "python" and self.note != "fragment"

    @property
    def file_name(self) -> str | None:
        """The name of the file that this block is, or None."""
        return self.note.removeprefix("file:").strip() if self.note.startswith("file:") else None


def read_blocks(page: str) -> list[Block]:
    """Return the fenced blocks of `page`, a Markdown text, from top to bottom."""
    return [
        Block(
            found["language"],
            found["text"],
            found["note"] or "",
            page.count("\n", 0, found.start("text")) + 1,
        )
        for found in _BLOCK.finditer(page)
    ]


def expected_output(blocks: Sequence[Block], block: Block) -> str | None:
    """Return what `block` is said to print by the block right after it, or None."""
    following = blocks[blocks.index(block) + 1 :]
    return following[0].text if following and following[0].note == "prints" else None


def commands(blocks: Sequence[Block]) -> list[str]:
    """Return the command lines of the `console` and `bash` blocks, without prompt and comment."""
    shown = []
    for block in blocks:
        if block.language in {"console", "bash", "sh"}:
            lines = block.text.splitlines()
            if block.language == "console":
                lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
            shown += [line.partition(" #")[0].strip() for line in lines]
    return [line for line in shown if line and not line.startswith("#")]
