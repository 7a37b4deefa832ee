"""What the debugger's part of a snapshot must be like: breakpoints, and what stands at them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from routilux.debugger.breakpoint import KINDS
from routilux.engine.gate import OPERATOR
from routilux.engine.hits import BREAKPOINTS, STEP
from routilux.job.checking import (
    anything,
    check_unique,
    count,
    each,
    fields,
    flag,
    maybe,
    moment_ns,
    name,
    number,
    one_of,
    text,
    wrong,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

BREAKPOINT = fields(
    {
        "breakpoint_id": name,
        "job_id": name,
        "type": name,
        "enabled": flag,
        "one_shot": flag,
        "last_error": maybe(text),
    }
)
"""Where it belongs, and flags; what else it must be, it says itself when it is made."""
HIT_DIGITS = 18  # of the number in the id of a hit; nobody counts further


def hold(value: Any, place: str) -> None:
    """The name of something that holds a job."""
    name(value, place)
    if value not in (OPERATOR, STEP) and not value.startswith(BREAKPOINTS):
        raise wrong(place, f"'{OPERATOR}', '{STEP}' or a breakpoint", value)


def _item(value: Any, place: str) -> None:
    if not (isinstance(value, list) and len(value) == 3):
        raise wrong(place, "a routine, a slot and a number", value)
    name(value[0], f"{place}[0]")
    name(value[1], f"{place}[1]")
    count(value[2], f"{place}[2]")


def _id(value: Any, place: str) -> None:
    name(value, place)
    digits = value.rpartition("-")[2]
    if not (digits.isdecimal() and len(digits) <= HIT_DIGITS):
        raise wrong(place, "the id of a hit", value)


HIT = fields(
    {
        "id": _id,
        "kind": one_of([*KINDS, STEP]),
        "breakpoint_ids": each(name),
        "pauses": flag,
        "routine_id": name,
        "name": maybe(name),
        "at_ns": moment_ns,
        "items": each(_item),
        "activation": maybe(number),
        "raw": anything,
    }
)


def check_hits(document: Mapping[str, Any]) -> None:
    """Make sure that what stands at breakpoints is there.

    Raises:
        ValueError: names the place.
    """
    breakpoints, hits = document["breakpoints"], document["hits"]
    check_unique((entry["id"] for entry in hits), "snapshot: hits")
    check_unique((entry["breakpoint_id"] for entry in breakpoints), "snapshot: breakpoints")
    for index, entry in enumerate(breakpoints):
        if entry["job_id"] != document["job_id"]:
            place = f"snapshot: breakpoints[{index}].job_id"
            raise wrong(place, f"'{document['job_id']}'", entry["job_id"])
    held, stopped = _held(document), _stopped(document)
    known = {entry["id"] for entry in document["routines"]}
    for index, hit in enumerate(hits):
        place = f"snapshot: hits[{index}]"
        if hit["routine_id"] not in known:
            raise wrong(f"{place}.routine_id", "a routine of the job", hit["routine_id"])
        _check_hit(hit, held, stopped, place)
        stopped.discard((hit["routine_id"], hit["activation"]))  # one activation is one hit's
    _check_holds(document)


def _check_holds(document: Mapping[str, Any]) -> None:
    """The breakpoints that hold the job are those whose hits pause it: else nobody could resume."""
    needed: dict[str, int] = {}
    for index, hit in enumerate(document["hits"]):
        if hit["pauses"]:
            needed |= {f"{BREAKPOINTS}{each}": index for each in hit["breakpoint_ids"]}
    for hold, index in needed.items():
        if hold not in document["holds"]:
            raise ValueError(f"snapshot: hits[{index}]: holds lacks '{hold}'")
    for hold in document["holds"]:
        if hold.startswith(BREAKPOINTS) and hold not in needed:
            raise ValueError(f"snapshot: holds: no hit pauses the job for '{hold}'")


def _held(document: Mapping[str, Any]) -> set[tuple[str, str, int]]:
    """Every item that is held."""
    return {
        (slot["routine_id"], slot["slot_name"], run["first"] + index)
        for slot in document["slots"]
        for run in slot["held_items"]
        for index in range(len(run["data"]))
    }


def _stopped(document: Mapping[str, Any]) -> set[tuple[str, int]]:
    """Every activation that was stopped before its logic; one that has begun never was."""
    return {
        (entry["routine_id"], entry["number"])
        for entry in document["activations"]
        if entry["caught"] and entry["due_ns"] is None
    }


def _check_hit(
    hit: Mapping[str, Any],
    held: set[tuple[str, str, int]],
    stopped: set[tuple[str, int]],
    place: str,
) -> None:
    for item in hit["items"]:
        if tuple(item) not in held:
            raise wrong(f"{place}.items", "items that are held", item)
    if hit["activation"] is not None and (hit["routine_id"], hit["activation"]) not in stopped:
        raise wrong(f"{place}.activation", "one that was stopped", hit["activation"])
