"""What the debugger's part of a snapshot must be like: breakpoints, and what stands at them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from routilux.debugger.breakpoint import KINDS
from routilux.engine.gate import OPERATOR
from routilux.engine.hits import STEP
from routilux.job.checking import (
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
    wrong,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

BREAKPOINT = fields({"breakpoint_id": name, "job_id": name, "type": name})
"""Where it belongs; what else it must be, it says itself when it is made."""


def hold(value: Any, place: str) -> None:
    """The name of something that holds a job."""
    name(value, place)
    if value not in (OPERATOR, STEP) and not value.startswith("breakpoint:"):
        raise wrong(place, f"'{OPERATOR}', '{STEP}' or a breakpoint", value)


def _item(value: Any, place: str) -> None:
    if not (isinstance(value, list) and len(value) == 3):
        raise wrong(place, "a routine, a slot and a number", value)
    name(value[0], f"{place}[0]")
    name(value[1], f"{place}[1]")
    count(value[2], f"{place}[2]")


def _id(value: Any, place: str) -> None:
    name(value, place)
    if not value.rpartition("-")[2].isdecimal():
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
    for index, hit in enumerate(hits):
        _check_hit(hit, held, stopped, f"snapshot: hits[{index}]")
        for breakpoint_id in hit["breakpoint_ids"] if hit["pauses"] else ():
            if f"breakpoint:{breakpoint_id}" not in document["holds"]:
                raise ValueError(
                    f"snapshot: hits[{index}]: holds lacks 'breakpoint:{breakpoint_id}'"
                )


def _held(document: Mapping[str, Any]) -> set[tuple[str, str, int]]:
    """Every item that is held."""
    return {
        (slot["routine_id"], slot["slot_name"], run["first"] + index)
        for slot in document["slots"]
        for run in slot["held_items"]
        for index in range(len(run["data"]))
    }


def _stopped(document: Mapping[str, Any]) -> set[tuple[str, int]]:
    """Every activation that was stopped before its logic."""
    return {(e["routine_id"], e["number"]) for e in document["activations"] if e["caught"]}


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
