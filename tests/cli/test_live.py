"""The live table in terminals of any width."""

from __future__ import annotations

import pytest
from rich.console import Console

from routilux.cli.live import draw
from routilux.cli.slot_table import BAR
from routilux.demo import Reading
from routilux.slot_metrics import SlotMetrics

NAMES = ("walk", "read", "parse", "measure", "report")
FIGURES = ["10/16", "18112", "17775", "3", "1234", "67"]


def slot(routine_id: str) -> SlotMetrics:
    figures = dict.fromkeys(SlotMetrics.__dataclass_fields__, 0)
    figures |= {"offered": 18112, "consumed": 17775, "held": 3, "retries": 1234, "refused": 67}
    figures |= {"unconsumed": 10, "max_length": 16, "watermark_threshold": 12}
    named = {"routine_id": routine_id, "slot_name": "items", "refused_by": {}}
    return SlotMetrics(**{**figures, **named})


def drawn(width: int) -> list[str]:
    states = dict.fromkeys(NAMES, "waiting for room")
    reading = Reading("running", 2.5, 18112, 17775, 2, tuple(map(slot, NAMES)), states, "parse")
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(draw("/a/folder/" * 10 + "end", reading, width=width))
    return [line.rstrip() for line in capture.get().splitlines()]


@pytest.mark.parametrize("width", [45, 50, 60, 70, 80, 90, 120, 200])
def test_the_figures_are_whole_in_every_width(width):
    lines = drawn(width)
    rows = [line for line in lines if "10/16" in line]
    assert len(rows) == len(NAMES)
    for row in rows:
        words = row.split()
        start = words.index("10/16")
        assert words[start : start + len(FIGURES)] == FIGURES
    assert max(map(len, lines)) <= width
    assert lines[0].endswith("/end")


def bars(width: int) -> int:
    return drawn(width)[3].count("█") + drawn(width)[3].count("░")


def test_the_bar_shrinks_then_goes_and_names_are_shortened_last():
    assert bars(120) == BAR
    assert 4 <= bars(82) < BAR
    assert bars(70) == 0
    assert "waiting for room" in drawn(72)[3]
    assert "waiting" not in drawn(60)[3]
    assert "measure.items" in "\n".join(drawn(54))
    assert "mea" in "\n".join(drawn(46))
    assert "measure.items" not in "\n".join(drawn(46))
