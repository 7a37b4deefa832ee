"""How a running census is shown: a table on a terminal, else a line a second."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from routilux.cli.output import print_lines
from routilux.demo import reading_line
from routilux.demo.layout import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from routilux.demo import Reading
    from routilux.slot_metrics import SlotMetrics

BAR = 24  # cells, where there is room
LEAST_BAR = 4  # a shorter one tells less than the figures beside it
LEAST_NAME = 4  # cells of a name that can still be told from the others
STATE = len("waiting for room")  # the longest state that a step of the census is in for long
GAP = 2  # cells between two columns; 1 where room is short
TABLE_EVERY_S = 0.1  # what moves ten times a second looks alive
LINE_EVERY_S = 1.0
HEADS = ("slot", "", "in", "out", "held", "retries", "refused", "routine")


def show_line(reading: Reading) -> None:
    """Print one reading as a line."""
    print_lines([reading_line(reading)])


@contextmanager
def live_table(root: str) -> Iterator[Callable[[Reading], None]]:
    """A table that each reading is drawn into; it goes away at the end.

    Colours are left out where ``NO_COLOR`` is set.
    """
    console = Console()
    ascii_only = not (console.encoding or "").lower().startswith("utf")
    with Live(console=console, auto_refresh=False, transient=True) as live:

        def show(reading: Reading) -> None:
            drawn = draw(root, reading, width=console.width, ascii_only=ascii_only)
            live.update(drawn, refresh=True)

        yield show


def draw(root: str, reading: Reading, *, width: int = 80, ascii_only: bool = False) -> Group:
    """A reading as something that rich can print: a head, a row for each slot, the bottleneck.

    The figures are always there. Where `width` (cells) is short of room, the bar shrinks and then
    goes; then go the states of the routines, and the names are shortened last.
    """
    plain = bool(os.environ.get("NO_COLOR"))
    rows = [_words(slot, reading) for slot in reading.slots]
    cells = _Cells.fitting([HEADS, *rows], width)
    table = Table(
        box=None,
        header_style="" if plain else "bold",
        pad_edge=False,
        padding=(0, cells.gap, 0, 0),
    )
    table.add_column("slot", no_wrap=True, max_width=cells.name)
    if cells.bar:
        table.add_column("backlog", no_wrap=True)
    for name in HEADS[1:-1]:
        table.add_column(name, justify="right", no_wrap=True)
    if cells.has_state:
        table.add_column("routine", no_wrap=True)
    for slot, (name, *figures, state) in zip(reading.slots, rows, strict=True):
        is_narrow = slot.routine_id == reading.bottleneck
        bars = [bar(slot, cells.bar, ascii_only=ascii_only)] if cells.bar else []
        states = [state] if cells.has_state else []
        label = Text(name, style="yellow" if is_narrow else "", overflow="ellipsis")
        table.add_row(label, *bars, *figures, *states)
    return Group(*_head(root, reading, width), table, _foot(reading))


def _words(slot: SlotMetrics, reading: Reading) -> tuple[str, ...]:
    """The cells of a slot's row, without its bar."""
    figures = (slot.offered, slot.consumed, slot.held, slot.retries, slot.refused)
    return (
        f"{slot.routine_id}.{slot.slot_name}",
        f"{slot.unconsumed}/{slot.max_length}",
        *map(str, figures),
        reading.states.get(slot.routine_id or "", ""),
    )


def _head(root: str, reading: Reading, width: int) -> Iterator[Text]:
    place, room = printable(root), width - len("Census of ")
    if len(place) > room:  # its end tells more
        place = f"...{place[3 - room :]}"
    yield Text(f"Census of {place}")
    yield Text(
        f"{reading.status}, {reading.elapsed_s:.1f} s, files {reading.files}, "
        f"parsed {reading.parsed}, failed {reading.failed}"
    )


def _foot(reading: Reading) -> Text:
    return Text(f"bottleneck: {reading.bottleneck or 'none'}")


class _Cells(NamedTuple):
    """How many cells names, bars and gaps get, and whether there are states."""

    name: int
    bar: int
    gap: int
    has_state: bool

    @classmethod
    def fitting(cls, rows: Sequence[Sequence[str]], width: int) -> _Cells:
        """What fits into `width`."""
        name, *figures, state = (max(map(len, column)) for column in zip(*rows, strict=True))
        state, left = max(state, STATE), width - name - sum(figures)
        columns = len(figures) + 2  # besides the first: those of the bar and of the state
        if left >= BAR + state + GAP * columns:
            return cls(name, BAR, GAP, has_state=True)
        left -= columns - 2
        if left >= LEAST_BAR + state + 2:
            return cls(name, min(BAR, left - state - 2), 1, has_state=True)
        if left >= state + 1:
            return cls(name, 0, 1, has_state=True)
        return cls(max(LEAST_NAME, name + min(0, left)), 0, 1, has_state=False)


def bar(slot: SlotMetrics, cells: int = BAR, *, ascii_only: bool = False) -> Text:
    """A slot's backlog as a bar: yellow from its watermark on, red when it is full."""
    full, empty = ("#", ".") if ascii_only else ("█", "░")
    filled = min(cells, -(-slot.unconsumed * cells // slot.max_length))
    colour = "red" if slot.is_full else "yellow" if slot.is_near_full else "green"
    return Text(full * filled, style=colour) + Text(empty * (cells - filled), style="")
