"""The table of figures as text, and the whole run as JSON data."""

from __future__ import annotations

import dataclasses
import os
import platform
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from benchmarks.model import Figure, Outcome
    from benchmarks.stats import Spread

HEADER = ("figure", "must", "aim", "measured", "range", "default pool", "verdict")


def number(value: float | None, unit: str) -> str:
    """Return a value with three significant digits and its unit; empty for None."""
    if value is None:
        return ""
    text = f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"
    return f"{text}x" if unit == "x" else f"{text} {unit}"


def bound(figure: Figure, value: float | None) -> str:
    """Return a limit with its direction; empty for None."""
    sign = ">=" if figure.better == "higher" else "<="
    return "" if value is None else f"{sign} {number(value, figure.unit)}"


def row(outcome: Outcome) -> tuple[str, ...]:
    """Return the cells of a figure's row, as in HEADER."""
    figure, value = outcome.figure, outcome.value
    limits = (bound(figure, figure.must), bound(figure, figure.aim))
    if value is None:
        return (figure.name, *limits, "", "", "", f"error: {outcome.error}")
    span = f"{number(value.low, figure.unit)} .. {number(value.high, figure.unit)}"
    second = number(outcome.second.median, figure.unit) if outcome.second else ""
    return (figure.name, *limits, number(value.median, figure.unit), span, second, outcome.verdict)


def grid(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of cells as lines with aligned columns."""
    widths = [max(len(cells[column]) for cells in rows) for column in range(len(rows[0]))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        for cells in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def report(outcomes: Sequence[Outcome]) -> str:
    """Return the table of all outcomes."""
    return grid([HEADER, *(row(outcome) for outcome in outcomes)])


def listing(figures: Sequence[Figure]) -> str:
    """Return the names of figures, what they must reach, and how they are measured."""
    rows = [
        (figure.name, bound(figure, figure.must), bound(figure, figure.aim), figure.how)
        for figure in figures
    ]
    return grid([("figure", "must", "aim", "how it is measured"), *rows])


def document(outcomes: Sequence[Outcome], now: datetime, rounds: int, scale: float) -> Any:
    """Return the run as JSON data: the machine, the settings, and every figure."""
    return {
        "date": now.isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": platform.platform(),
        "cpus": os.cpu_count(),
        "rounds": rounds,
        "scale": scale,
        "figures": [entry(outcome) for outcome in outcomes],
    }


def entry(outcome: Outcome) -> dict[str, Any]:
    """Return one figure as JSON data."""
    figure = outcome.figure

    def spread(value: Spread | None) -> dict[str, float] | None:
        return dataclasses.asdict(value) if value else None

    return {
        "name": figure.name,
        "how": figure.how,
        "unit": figure.unit,
        "better": figure.better,
        "must": figure.must,
        "aim": figure.aim,
        "measured": spread(outcome.value),
        "default_pool": spread(outcome.second),
        "absolute": spread(outcome.absolute),
        "baseline": spread(outcome.baseline),
        "key": figure.key,
        "verdict": outcome.verdict,
        "error": outcome.error or None,
    }
