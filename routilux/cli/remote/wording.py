"""How what a server answers is told in words, lines and tables."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from routilux.cli.output import page_width
from routilux.demo.layout import printable, table, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LIVE = ("pending", "running", "paused")  # the states of a job that has not ended
SHORT = 8  # letters of a random id that are shown: of 100 jobs, hardly ever two begin alike
DATA = 100  # letters of an item's data on a line, where the line has no width
LEAST_DATA = 20
CUT = "..."
UNITS = ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min"))  # seconds of each
BREAKPOINT = "breakpoint:"  # so the names begin of holds that a breakpoint is
HOLDS = {"operator": "the operator", "step": "a step"}
HIDDEN = "(hidden from this key)"


def short(name: str, among: Sequence[str] = ()) -> str:
    """The beginning of an id, long enough to tell it from those `among` which it is shown."""
    length = SHORT
    others = [each for each in among if each != name]
    while length < len(name) and any(each.startswith(name[:length]) for each in others):
        length += 1
    return name[:length]


def seconds_words(seconds: float) -> str:
    """A duration, such as ``0.4 s``, ``12 s``, ``3.0 min``, ``2.5 h``."""
    for size, unit in UNITS:
        if seconds >= size:
            count = seconds / size
            return f"{count:.0f} {unit}" if count >= 10 else f"{count:.1f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"


def ago(stamp: str | None) -> str:
    """How long ago a moment was; "" without one."""
    if stamp is None:
        return ""
    seconds = (datetime.now(UTC) - datetime.fromisoformat(stamp)).total_seconds()
    return f"{seconds_words(max(0.0, seconds))} ago"


def rate_words(rate: float | None) -> str:
    """Items a second; "" when it was not measured."""
    if rate is None:
        return ""
    return f"{rate:.0f}" if rate >= 10 or rate == 0 else f"{rate:.1f}"


def data_words(payload: Mapping[str, Any], room: int = DATA) -> str:
    """The data of an item on one line of at most `room` letters."""
    if payload.get("redacted"):
        return HIDDEN
    text = printable(json.dumps(payload.get("data"), ensure_ascii=False))
    room = max(LEAST_DATA, room)
    if len(text) > room:
        return text[: room - len(CUT)] + CUT
    return f"{text} (cut)" if payload.get("truncated") else text


def hold_words(hold: str) -> str:
    """What holds a job or an item, for a person."""
    if hold.startswith(BREAKPOINT):
        return f"breakpoint {short(hold.removeprefix(BREAKPOINT))}"
    return HOLDS.get(hold) or printable(hold)


def list_words(names: Sequence[str]) -> str:
    """Names with commas, each once."""
    return ", ".join(dict.fromkeys(names))


def count_words(count: int, what: str) -> str:
    """``1 item``, ``2 items``."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def paragraph(text: str, *, indent: int = 0) -> Iterator[str]:
    """A sentence on as many lines as the terminal makes of it; elsewhere on one."""
    yield from wrapped(printable(text), page_width(), indent=indent)


def rows(heads: Sequence[str], cells: Sequence[Sequence[str]], *, left: int = 0) -> Iterator[str]:
    """A table that fits the terminal, see `routilux.demo.layout.table`."""
    if cells:
        yield from table(heads, cells, left=left, width=page_width())


def room_for_data(before: int) -> int:
    """How much of an item's data fits behind so many letters of a line."""
    width = page_width()
    return DATA if width is None else width - before


def standing_lines(session: Mapping[str, Any]) -> Iterator[str]:
    """What stands at breakpoints, with the items in hand."""
    for hit in session["hits"]:
        place = hit["routine_id"] if hit["name"] is None else f"{hit['routine_id']}.{hit['name']}"
        by = list_words([f"breakpoint {short(each)}" for each in hit["breakpoint_ids"]])
        only = "" if hit["pauses"] else ", only the item is held"
        is_step = hit["kind"] == "step"
        what = f"{place}, where a step has ended" if is_step else f"{hit['kind']} {place}"
        yield from paragraph(f"stands at {what}{f' ({by})' if by else ''}{only}", indent=2)
        for item in hit["items"]:
            yield item_line(item)


def item_line(item: Mapping[str, Any]) -> str:
    """An item in hand: its id, where it comes from, its data."""
    source = item["emitted_from"]
    source += f".{item['event']}" if item["event"] else ""
    head = printable(f"    item {item['item_id']} from {source}: ")
    return head + data_words(item, room_for_data(len(head)))
