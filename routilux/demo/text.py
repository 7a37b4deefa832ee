"""The report and the readings as lines of plain text, for any terminal and any log."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from routilux.demo.layout import printable, table, wrapped
from routilux.demo.report import is_balanced

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from routilux.demo.items import FunctionFacts
    from routilux.demo.reading import Reading
    from routilux.demo.report import Report
    from routilux.slot_metrics import SlotMetrics

MOST_LETTERS = 20  # dead letters that are shown; --json has them all
CANCELLED = "cancelled"  # why a slot refuses items after an interruption: no failure of a file
SLOT_HEADS = ("slot", "length", "offered", "consumed", "unconsumed", "held", "refused", "retries")


def reading_line(reading: Reading) -> str:
    """One reading as one line."""
    slots = "  ".join(
        f"{slot.routine_id} {slot.unconsumed}/{slot.max_length}" for slot in reading.slots
    )
    narrow = f"  bottleneck {reading.bottleneck}" if reading.bottleneck else ""
    return (
        f"{reading.elapsed_s:6.1f} s  {reading.status}  files {reading.files}  "
        f"parsed {reading.parsed}  failed {reading.failed}  {slots}{narrow}"
    )


def report_lines(report: Report, width: int | None = None) -> Iterator[str]:
    """The report as lines; with `width`, of no more cells than that."""
    outcome = f"{report.status} after {report.elapsed_s:.1f} s"
    yield from wrapped(f"Census of {printable(report.root)}: {outcome}", width)
    if report.error:
        yield from wrapped(printable(report.error), width, indent=2)
    yield from wrapped(f"job {report.job_id}", width, indent=2)  # what a back end is asked for
    yield ""
    yield f"  files      {report.files:>9}"
    yield f"  parsed     {report.parsed:>9}"
    yield f"  failed     {report.failed:>9}"
    if report.unfinished:
        yield f"  unfinished {report.unfinished:>9}"
    yield f"  lines      {report.lines:>9}"
    yield f"  functions  {report.functions:>9}"
    yield f"  classes    {report.classes:>9}"
    yield from _functions("Largest functions", report.largest, report.root, width)
    yield from _functions("Most complex functions", report.most_complex, report.root, width)
    yield from _dead_letters(report, width)
    yield from _folders(report, width)
    yield ""
    yield from slot_lines(report.slots, width)
    yield ""
    yield from wrapped(verdict(report), width)


def verdict(report: Report) -> str:
    """Whether every file is accounted for, as one sentence."""
    if report.accounted_for:
        return f"All {report.files} files are accounted for."
    reasons = []
    if report.status != "completed":
        reasons.append(f"the job is {report.status}")
    if report.unfinished:
        reasons.append(f"{report.unfinished} files have come to no end")
    if report.folders_not_listed:
        reasons.append(f"{len(report.folders_not_listed)} folders could not be listed")
    if not all(is_balanced(slot) for slot in report.slots):
        reasons.append("a slot's sum does not hold")
    return f"Not every file is accounted for: {', '.join(reasons)}."


def slot_lines(slots: Sequence[SlotMetrics], width: int | None = None) -> Iterator[str]:
    """The figures of slots as a table, each with whether its sum holds."""
    rows = []
    for slot in slots:
        figures = (
            slot.max_length, slot.offered, slot.consumed, slot.unconsumed, slot.held, slot.refused,
            slot.retries,
        )  # fmt: skip
        sum_holds = "holds" if is_balanced(slot) else "DOES NOT HOLD"
        rows.append((f"{slot.routine_id}.{slot.slot_name}", *map(str, figures), sum_holds))
    yield "Slots: offered = consumed + unconsumed + held + refused"
    yield from table((*SLOT_HEADS, "sum"), rows, left=0, width=width)


def _functions(
    title: str, functions: Sequence[FunctionFacts], root: str, width: int | None
) -> Iterator[str]:
    if not functions:
        return
    rows = [
        (str(one.lines), str(one.complexity), one.name, f"{_below(root, one.path)}:{one.line}")
        for one in functions
    ]
    yield ""
    yield title
    yield from table(("lines", "complexity", "function", "where"), rows, left=2, width=width)


def _dead_letters(report: Report, width: int | None) -> Iterator[str]:
    letters = [letter for letter in report.dead_letters if letter.reason != CANCELLED]
    if letters:
        yield ""
        yield f"Dead letters ({len(letters)})"
    for letter in letters[:MOST_LETTERS]:
        where, error = _below(report.root, letter.path), printable(letter.error)
        what = f"{letter.routine_id}, {letter.reason}: {letter.error_type}: {error}"
        yield from wrapped(f"{where}: {what}", width, indent=2)
    if len(letters) > MOST_LETTERS:
        yield f"  and {len(letters) - MOST_LETTERS} more, see --json"
    if refused := len(report.dead_letters) - len(letters):
        yield ""
        text = f"{_counted(refused, 'item')} refused because the job was cancelled, see --json"
        yield from wrapped(text, width)


def _counted(count: int, noun: str) -> str:
    return f"1 {noun} was" if count == 1 else f"{count} {noun}s were"


def _folders(report: Report, width: int | None) -> Iterator[str]:
    folders = report.folders_not_listed
    if not folders:
        return
    yield ""
    yield f"Folders that could not be listed ({len(folders)})"
    for folder in folders[:MOST_LETTERS]:
        path = _below(report.root, folder["path"])
        yield from wrapped(f"{path}: {folder['error']}", width, indent=2)
    if len(folders) > MOST_LETTERS:
        yield f"  and {len(folders) - MOST_LETTERS} more, see --json"


def _below(root: str, path: str) -> str:
    """A path as it reads below the root."""
    prefix = os.path.join(root, "")
    return printable(path.removeprefix(prefix))
