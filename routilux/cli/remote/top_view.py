"""What ``routilux top`` shows of one reading."""

from __future__ import annotations

import os
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.console import Group
from rich.text import Text

from routilux.cli.remote.wording import (
    LIVE,
    count_words,
    hold_words,
    list_words,
    rate_words,
    seconds_words,
    short,
    standing_lines,
)
from routilux.cli.slot_table import SlotRow, slot_table
from routilux.demo.layout import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import RenderableType

    from routilux.cli.remote.client import Client

HEADS = ("slot", "waiting", "in/s", "out/s", "full in", "routine")
STATE = len("waiting for room")  # the longest state that a routine is in for long
KEYS = "p pause  r resume  s step over  i step into  o step out  q quit"
OTHER_LINES = 10  # of the terminal, beside those of the slots
LEAST_SLOTS = 3
STANDING = 3  # lines about what stands at breakpoints
NEAR = 0.8  # of a slot's length; the diagnosis does not tell the watermark


class Reading(NamedTuple):
    """A job as it stands: the answers of the server."""

    job: Mapping[str, Any]
    diagnosis: Mapping[str, Any]
    session: Mapping[str, Any]

    @property
    def has_ended(self) -> bool:
        """Whether it changes no more."""
        return self.job["status"] not in LIVE


def take(client: Client, job_id: str, window_s: float) -> Reading:
    """Read a job; the server watches it for `window_s` seconds to tell its rates. Blocks.

    Raises:
        CommandError: as `client`.
    """
    diagnosis = client.get(
        "jobs", job_id, "diagnosis", window=window_s
    )  # far shorter than a time-out
    session = client.get("jobs", job_id, "debug", "session")
    return Reading(client.get("jobs", job_id), diagnosis, session)


def draw(
    reading: Reading,
    *,
    width: int,
    height: int | None = None,
    note: str = "",
    keys: bool = False,
    ascii_only: bool = False,
) -> Group:
    """A reading as something that rich can print.

    Args:
        reading: what to show.
        width, height: cells and lines of the terminal; without a height all slots are shown.
        note: what came of the last key.
        keys: whether to tell what keys do.
        ascii_only: draw bars of ``#`` and ``.``.
    """
    rows = [_row(slot, reading.diagnosis) for slot in reading.diagnosis["slots"]]
    shown = rows if height is None else _fullest(rows, max(LEAST_SLOTS, height - OTHER_LINES))
    parts: list[RenderableType] = [_line(_head(reading)), Text(_state(reading))]
    if shown:
        table = slot_table(HEADS, shown, width=width, ascii_only=ascii_only, least_state=STATE)
        parts.append(table)
    if len(shown) < len(rows):
        parts.append(_line(f"and {count_words(len(rows) - len(shown), 'slot')} that are emptier"))
    parts += map(_line, _standing(reading))
    if keys:
        dim = "" if os.environ.get("NO_COLOR") else "dim"
        parts += [_line(note), Text(KEYS, style=dim, no_wrap=True, overflow="ellipsis")]
    return Group(*parts)


def _line(text: str) -> Text:
    return Text(text, no_wrap=True, overflow="ellipsis")


def _head(reading: Reading) -> str:
    job = reading.job
    letters = job["dead_letter_count"]
    dead = f", {count_words(letters, 'dead letter')}" if letters else ""
    held = f", {job['counts']['held']} held" if job["counts"]["held"] else ""
    return printable(
        f"Job {short(job['job_id'])} of flow '{job['flow_id']}': {job['status']}, "
        f"{seconds_words(job['run_seconds'])}{held}{dead}"
    )


def _state(reading: Reading) -> str:
    """Why it is as it is, in words."""
    holds = reading.session["holds"]
    if reading.job["status"] == "paused" and holds:
        return f"held by {list_words([hold_words(each) for each in holds])}"
    if reading.job["error"]:
        return printable(f"error: {reading.job['error']}")
    return printable(reading.diagnosis["summary"])


def _standing(reading: Reading) -> Iterator[str]:
    yield from islice(standing_lines(reading.session), STANDING)
    more = len(reading.session["hits"]) - 1
    if more > 0 and reading.session["hits"][0]["items"]:
        yield f"  {more} more stand, `routilux status` shows them"


def _row(slot: Mapping[str, Any], diagnosis: Mapping[str, Any]) -> SlotRow:
    level, limit, routine_id = slot["unconsumed"], slot["limit"], slot["routine_id"]
    until = slot["seconds_until_full"]
    states = {each["routine_id"]: each["state"] for each in diagnosis["routines"]}
    return SlotRow(
        printable(f"{routine_id}.{slot['slot_name']}"),
        level,
        limit,
        (
            f"{level}/{limit}",
            rate_words(slot["offered_per_second"]),
            rate_words(slot["consumed_per_second"]),
            "full" if until == 0 else "" if until is None else seconds_words(until),
        ),
        states.get(routine_id, ""),
        is_near=level >= NEAR * limit,
        is_full=level >= limit,
        is_narrow=routine_id == diagnosis["bottleneck"],
    )


def _fullest(rows: Sequence[SlotRow], count: int) -> list[SlotRow]:
    """The fullest slots, in the order of the flow."""
    order = sorted(range(len(rows)), key=lambda at: rows[at].level / rows[at].limit, reverse=True)
    return [rows[index] for index in sorted(order[:count])]
