"""How a running census is shown: a table on a terminal, else a line a second."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from routilux.cli.output import print_lines
from routilux.cli.slot_table import SlotRow, is_ascii_only, slot_table
from routilux.demo import reading_line
from routilux.demo.layout import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from routilux.demo import Reading
    from routilux.slot_metrics import SlotMetrics

STATE = len("waiting for room")  # the longest state that a step of the census is in for long
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
    ascii_only = is_ascii_only(console)
    with Live(console=console, auto_refresh=False, transient=True) as live:

        def show(reading: Reading) -> None:
            drawn = draw(root, reading, width=console.width, ascii_only=ascii_only)
            live.update(drawn, refresh=True)

        yield show


def draw(root: str, reading: Reading, *, width: int = 80, ascii_only: bool = False) -> Group:
    """A reading as something that rich can print: a head, a row for each slot, the bottleneck."""
    rows = [_row(slot, reading) for slot in reading.slots]
    table = slot_table(HEADS, rows, width=width, ascii_only=ascii_only, least_state=STATE)
    return Group(*_head(root, reading, width), table, _foot(reading))


def _row(slot: SlotMetrics, reading: Reading) -> SlotRow:
    figures = (slot.offered, slot.consumed, slot.held, slot.retries, slot.refused)
    return SlotRow(
        f"{slot.routine_id}.{slot.slot_name}",
        slot.unconsumed,
        slot.max_length,
        (f"{slot.unconsumed}/{slot.max_length}", *map(str, figures)),
        reading.states.get(slot.routine_id or "", ""),
        is_near=slot.is_near_full,
        is_full=slot.is_full,
        is_narrow=slot.routine_id == reading.bottleneck,
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
