"""How a running census is shown: a table on a terminal, else a line a second."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from routilux.cli.output import print_lines
from routilux.demo import reading_line
from routilux.demo.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from routilux.demo import Reading
    from routilux.slot_metrics import SlotMetrics

BAR = 24  # cells
TABLE_EVERY_S = 0.1  # what moves ten times a second looks alive
LINE_EVERY_S = 1.0
FIGURES = ("in", "out", "held", "retries", "refused")


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
            live.update(draw(root, reading, ascii_only=ascii_only), refresh=True)

        yield show


def draw(root: str, reading: Reading, *, ascii_only: bool = False) -> Group:
    """A reading as something that rich can print: a head, a row for each slot, the bottleneck."""
    plain = bool(os.environ.get("NO_COLOR"))
    table = Table(box=None, header_style="" if plain else "bold", pad_edge=False)
    for name in ("slot", "backlog"):
        table.add_column(name, no_wrap=True)
    for name in ("", *FIGURES):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("routine", no_wrap=True)
    for slot in reading.slots:
        is_narrow = slot.routine_id == reading.bottleneck
        label = Text(f"{slot.routine_id}.{slot.slot_name}", style="yellow" if is_narrow else "")
        figures = (slot.offered, slot.consumed, slot.held, slot.retries, slot.refused)
        state = reading.states.get(slot.routine_id or "", "")
        room = Text(f"{slot.unconsumed}/{slot.max_length}")
        table.add_row(label, bar(slot, ascii_only=ascii_only), room, *map(str, figures), state)
    head = Text(
        f"Census of {printable(root)}: {reading.status}, {reading.elapsed_s:.1f} s, "
        f"files {reading.files}, parsed {reading.parsed}, failed {reading.failed}"
    )
    return Group(head, table, Text(f"bottleneck: {reading.bottleneck or 'none'}"))


def bar(slot: SlotMetrics, *, ascii_only: bool = False) -> Text:
    """A slot's backlog as a bar: yellow from its watermark on, red when it is full."""
    full, empty = ("#", ".") if ascii_only else ("█", "░")
    filled = min(BAR, -(-slot.unconsumed * BAR // slot.max_length))
    colour = "red" if slot.is_full else "yellow" if slot.is_near_full else "green"
    return Text(full * filled, style=colour) + Text(empty * (BAR - filled), style="")
