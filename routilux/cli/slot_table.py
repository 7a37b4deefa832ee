"""A table of slots with a bar for each, in as many cells as a terminal has."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

BAR = 24  # cells, where there is room
LEAST_BAR = 4  # a shorter one tells less than the figures beside it
LEAST_NAME = 4  # cells of a name that can still be told from the others
GAP = 2  # cells between two columns; 1 where room is short


@dataclass(frozen=True, slots=True)
class SlotRow:
    """One slot in a table.

    Attributes:
        name: ``routine.slot``.
        level, limit: items that wait in it, and that may.
        figures: the cells behind the bar.
        state: what is told last, in words.
        is_near, is_full: whether it is at its watermark, or has no room.
        is_narrow: whether the other routines wait for the one behind it.
    """

    name: str
    level: int
    limit: int
    figures: tuple[str, ...]
    state: str
    is_near: bool = False
    is_full: bool = False
    is_narrow: bool = False

    @property
    def cells(self) -> tuple[str, ...]:
        """The texts of the row, without its bar."""
        return (self.name, *self.figures, self.state)


def slot_table(
    heads: Sequence[str],
    rows: Sequence[SlotRow],
    *,
    width: int,
    ascii_only: bool = False,
    least_state: int = 0,
) -> Table:
    """A table of `rows`. The figures are always there.

    Where `width` (cells) is short of room, the bar shrinks and then goes; then go the states, and
    the names are shortened last.

    Args:
        heads: of the names, the figures and the states.
        rows: the slots.
        width: what there is.
        ascii_only: draw bars of ``#`` and ``.``.
        least_state: cells that are kept for the states, so that columns do not jump about.
    """
    cells = Cells.fitting([tuple(heads), *(row.cells for row in rows)], width, least_state)
    table = Table(
        box=None,
        header_style="" if os.environ.get("NO_COLOR") else "bold",
        pad_edge=False,
        padding=(0, cells.gap, 0, 0),
    )
    table.add_column(heads[0], no_wrap=True, max_width=cells.name)
    if cells.bar:
        table.add_column("backlog", no_wrap=True)
    for name in heads[1:-1]:
        table.add_column(name, justify="right", no_wrap=True)
    if cells.has_state:
        table.add_column(heads[-1], no_wrap=True)
    for row in rows:
        bars = [bar(row, cells.bar, ascii_only=ascii_only)] if cells.bar else []
        states = [Text(row.state)] if cells.has_state else []
        label = Text(row.name, style="yellow" if row.is_narrow else "", overflow="ellipsis")
        table.add_row(label, *bars, *map(Text, row.figures), *states)
    return table


class Cells(NamedTuple):
    """How many cells names, bars and gaps get, and whether there are states."""

    name: int
    bar: int
    gap: int
    has_state: bool

    @classmethod
    def fitting(cls, rows: Sequence[Sequence[str]], width: int, least_state: int) -> Cells:
        """What fits into `width`."""
        name, *figures, state = (max(map(len, column)) for column in zip(*rows, strict=True))
        state, left = max(state, least_state), width - name - sum(figures)
        columns = len(figures) + 2  # besides the first: those of the bar and of the state
        if left >= BAR + state + GAP * columns:
            return cls(name, BAR, GAP, has_state=True)
        left -= columns - 2
        if left >= LEAST_BAR + state + 2:
            return cls(name, min(BAR, left - state - 2), 1, has_state=True)
        if left >= state + 1:
            return cls(name, 0, 1, has_state=True)
        return cls(max(LEAST_NAME, name + min(0, left)), 0, 1, has_state=False)


def bar(row: SlotRow, cells: int = BAR, *, ascii_only: bool = False) -> Text:
    """A slot's backlog as a bar: yellow from its watermark on, red when it is full."""
    full, empty = ("#", ".") if ascii_only else ("█", "░")
    filled = min(cells, -(-row.level * cells // row.limit))
    colour = "red" if row.is_full else "yellow" if row.is_near else "green"
    return Text(full * filled, style=colour) + Text(empty * (cells - filled), style="")


def is_ascii_only(console: Console) -> bool:
    """Whether a terminal cannot be trusted with the signs of bars."""
    return not (console.encoding or "").lower().startswith("utf")
