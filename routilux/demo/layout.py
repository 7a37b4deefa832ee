"""Lines of plain text that keep within a width."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

GAPS = (2, 1)  # spaces between two columns: the wider where there is room for it
Row = list[str]


def printable(text: str) -> str:
    """`text` with everything escaped that a terminal would not show as it stands."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def wrapped(text: str, width: int | None, *, indent: int = 0) -> Iterator[str]:
    """`text` on as many lines as it needs, all but the first two cells further in.

    Words stay whole, for a path that is in pieces cannot be copied. `width` None: one line.
    """
    first = " " * indent
    if width is None or indent + len(text) <= width:
        yield first + text
        return
    yield from textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=f"{first}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, left: int, width: int | None = None
) -> Iterator[str]:
    """Rows in aligned columns; the column `left` and the last one begin at the left.

    Where the columns do not fit into `width`, each row is a sentence instead: "head cell, ...".
    """
    cells = [list(heads), *([printable(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for gap in GAPS:
        if width is None or 2 + sum(widths) + gap * (len(widths) - 1) <= width:
            yield from _aligned(cells, widths, left, gap)
            return
    for row in cells[1:]:
        sentence = ", ".join(f"{head} {cell}" for head, cell in zip(heads, row, strict=True))
        yield from wrapped(sentence, width, indent=2)


def _aligned(cells: Sequence[Row], widths: Sequence[int], left: int, gap: int) -> Iterator[str]:
    last = len(widths) - 1
    for row in cells:
        aligned = (
            cell.ljust(width) if index in (left, last) else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield f"  {(' ' * gap).join(aligned)}".rstrip()
