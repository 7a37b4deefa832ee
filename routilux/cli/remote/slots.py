"""The slots of a job as a table of lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console

from routilux.cli.output import page_width
from routilux.cli.slot_table import SlotRow, is_ascii_only, slot_table
from routilux.demo.layout import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import RenderableType

WIDE = 120  # cells of a line that nobody looks at on a terminal
HEADS = ("slot", "waiting", "")


def slot_lines(slots: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A line for each slot of ``queues/status``, with a head; coloured on a terminal."""
    if not slots:
        return
    console = plain_console()
    rows = [_row(slot) for slot in slots]
    ascii_only = is_ascii_only(console)
    yield from drawn(console, slot_table(HEADS, rows, width=console.width, ascii_only=ascii_only))


def plain_console() -> Console:
    """A console for what is printed once."""
    return Console(width=page_width() or WIDE)


def drawn(console: Console, what: RenderableType) -> Iterator[str]:
    """What rich makes of something, line by line."""
    with console.capture() as capture:
        console.print(what)
    for line in capture.get().splitlines():
        yield line.rstrip()


def _row(slot: Mapping[str, Any]) -> SlotRow:
    level, limit = slot["unconsumed_count"], slot["max_length"]
    state = "full" if slot["is_full"] else "nearly full" if slot["is_near_full"] else ""
    return SlotRow(
        printable(f"{slot['routine_id']}.{slot['slot_name']}"),
        level,
        limit,
        (f"{level}/{limit}",),
        state,
        is_near=slot["is_near_full"],
        is_full=slot["is_full"],
    )
