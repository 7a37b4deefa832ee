"""What a snapshot must be like to be restored: a table of its fields, and what has to agree.

Checked before anything is read of it, so that a file that was cut off or edited by hand is refused
with the place that is wrong, and never runs into an error, or loses an item, later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from routilux.engine.lane_times import BLOCK_REASONS
from routilux.engine.saved_hit_checks import BREAKPOINT, HIT, check_hits, hold
from routilux.ids import activation_id
from routilux.item_queue import REFUSALS
from routilux.job.checking import (
    anything,
    by_name,
    check_unique,
    count,
    each,
    fields,
    flag,
    maybe,
    moment,
    moment_ns,
    name,
    number,
    one_of,
    seconds,
    text,
    wrong,
)
from routilux.status import ExecutionStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LISTS = ("slots", "routines", "activations", "policy_alarms", "breakpoints", "hits")
"""Lists whose lengths are saved, too: an entry that is gone would else not be missed."""

RUN = fields(
    {
        "first": count,
        "emitted_from": text,
        "event": maybe(text),
        "activation": maybe(text),
        "attempt": number,
        "enqueued_ns": count,
        "consumed_ns": count,
        "passed": each(name),
        "emitted_ns": each(moment_ns),
        "data": each(anything),
    },
    later={"trace_context": maybe(text)},
)


def _run(value: Any, place: str) -> None:
    RUN(value, place)
    items, times = len(value["data"]), len(value["emitted_ns"])
    if not items or items != times:
        raise ValueError(f"{place}: {items} items with {times} times")
    if value["passed"] and items != 1:
        raise ValueError(
            f"{place}: {items} items have passed breakpoints, and they do so one by one"
        )


def _failed(value: Any, place: str) -> None:
    if not (isinstance(value, list) and len(value) == 2):
        raise wrong(place, "a pair of slot and number", value)
    name(value[0], f"{place}[0]")
    count(value[1], f"{place}[1]")


SLOT = fields(
    {
        "routine_id": name,
        "slot_name": name,
        "max_queue_length": number,
        "next_number": count,
        "offered": count,
        "consumed": count,
        "refused_by": by_name(count, one_of(REFUSALS)),
        "returned_to_caller": count,
        "retries": count,
        "times_held": count,
        "waiting_items": each(_run),
        "held_items": each(_run),
    }
)
ROUTINE = fields(
    {
        "id": name,
        "activations": count,
        "failures": count,
        "retries": count,
        "busy_ns": count,
        "blocked_ns": by_name(count, one_of(BLOCK_REASONS)),
        "to_start": flag,
        "news": flag,
        "declines": flag,
    }
)
INPUT = fields({"slot_name": name, "items": each(_run), "shown": maybe(each(fields({})))})
ACTIVATION = fields(
    {
        "routine_id": name,
        "number": number,
        "attempt": number,
        "due_ns": maybe(count),
        "rerun": flag,
        "caught": flag,
        "message": anything,
        "failed": each(_failed),
        "item_count": count,
        "inputs": each(INPUT),
    }
)
SNAPSHOT = fields(
    {
        "job_id": name,
        "flow_id": name,
        "taken_at": moment,
        "run_ns": count,
        "is_open": flag,
        "holds": by_name(text, hold),
        "time_limit": maybe(fields({"seconds": seconds, "due_ns": count})),
        "sizes": fields(dict.fromkeys(LISTS, count)),
        "slots": each(SLOT),
        "routines": each(ROUTINE),
        "activations": each(ACTIVATION),
        "policy_alarms": each(fields({"routine_id": name, "due_ns": count})),
        "breakpoints": each(BREAKPOINT),
        "hits": each(HIT),
        "stopped_for": maybe(text),
        "job": fields({"job_id": name, "flow_id": name, "status": name}),
    }
)


def check_snapshot(document: Mapping[str, Any]) -> None:
    """Make sure that a snapshot can be read, and that its parts agree. Its job is another's.

    Raises:
        ValueError: names the place.
    """
    SNAPSHOT(document, "snapshot: ")
    if not document["holds"]:
        raise ValueError("snapshot: holds is empty; a paused job has one")
    _check_lists(document)
    _check_job(document)
    for index, slot in enumerate(document["slots"]):
        _check_slot(slot, f"snapshot: slots[{index}]", _caught(document, slot))
    _check_ids(document)
    check_hits(document)


def _check_lists(document: Mapping[str, Any]) -> None:
    for list_name in LISTS:
        there, expected = len(document[list_name]), document["sizes"][list_name]
        if there != expected:
            raise ValueError(f"snapshot: {list_name} has {there} entries and not {expected}")


def _check_job(document: Mapping[str, Any]) -> None:
    job, paused = document["job"], ExecutionStatus.PAUSED.value
    expected = {"job_id": document["job_id"], "flow_id": document["flow_id"], "status": paused}
    for field, value in expected.items():
        if job[field] != value:
            raise wrong(f"snapshot: job.{field}", f"'{value}'", job[field])


def _caught(document: Mapping[str, Any], slot: Mapping[str, Any]) -> list[Any]:
    """What stopped activations have in hand of a slot."""
    return [
        run
        for activation in document["activations"]
        if activation["caught"] and activation["routine_id"] == slot["routine_id"]
        for given in activation["inputs"]
        if given["slot_name"] == slot["slot_name"]
        for run in given["items"]
    ]


def _check_slot(slot: Mapping[str, Any], place: str, caught: list[Any]) -> None:
    runs = [*slot["waiting_items"], *slot["held_items"], *caught]
    behind = max((run["first"] + len(run["data"]) for run in runs), default=0)
    if behind > slot["next_number"]:
        raise ValueError(f"{place}.next_number is below the numbers of its items")
    refused = sum(slot["refused_by"].values())
    if slot["returned_to_caller"] > refused:
        raise ValueError(f"{place}.returned_to_caller is more than were refused")
    if slot["offered"] != slot["consumed"] + refused + _items(runs):
        slot_name = f"{slot['routine_id']}.{slot['slot_name']}"
        raise ValueError(f"{place}: the counts of slot '{slot_name}' do not add up; was it edited?")


def _check_ids(document: Mapping[str, Any]) -> None:
    routines = {each["id"]: each["activations"] for each in document["routines"]}
    places = [(slot["routine_id"], slot["slot_name"]) for slot in document["slots"]]
    check_unique((each["id"] for each in document["routines"]), "snapshot: routines")
    check_unique(places, "snapshot: slots")
    check_unique(
        ((each["routine_id"], each["number"]) for each in document["activations"]),
        "snapshot: activations",
    )
    for list_name in ("slots", "activations", "policy_alarms"):
        for index, entry in enumerate(document[list_name]):
            if entry["routine_id"] not in routines:
                raise wrong(
                    f"snapshot: {list_name}[{index}].routine_id",
                    "one of its routines",
                    entry["routine_id"],
                )
    for index, activation in enumerate(document["activations"]):
        place = f"snapshot: activations[{index}]"
        if activation["number"] > routines[activation["routine_id"]]:
            raise ValueError(f"{place}.number is above those that its routine has given")
        own = {slot for routine, slot in places if routine == activation["routine_id"]}
        _check_activation(activation, own, place)


def _check_activation(activation: Mapping[str, Any], slots: set[str], place: str) -> None:
    inputs = activation["inputs"]
    check_unique((each["slot_name"] for each in inputs), f"{place}.inputs")
    for index, given in enumerate(inputs):
        if given["slot_name"] not in slots:
            raise wrong(
                f"{place}.inputs[{index}].slot_name", "a slot of its routine", given["slot_name"]
            )
        for at, shown in enumerate(given["shown"] or ()):
            _check_shown(shown, _items(given["items"]), f"{place}.inputs[{index}].shown[{at}]")
    there = sum(_items(given["items"]) for given in inputs)
    if there != activation["item_count"]:
        who = activation_id(activation["routine_id"], activation["number"])
        raise ValueError(
            f"{place}: activation {who} has {there} items and not {activation['item_count']}"
        )
    _check_failed(activation, place)


def _check_shown(shown: Mapping[str, Any], items: int, place: str) -> None:
    if "item" not in shown:
        fields({"data": anything})(shown, place)
        return
    count(shown["item"], f"{place}.item")
    if shown["item"] >= items:
        raise wrong(f"{place}.item", f"below {items}", shown["item"])


def _check_failed(activation: Mapping[str, Any], place: str) -> None:
    numbers = {
        (given["slot_name"], run["first"] + index)
        for given in activation["inputs"]
        for run in given["items"]
        for index in range(len(run["data"]))
    }
    for index, (slot_name, item) in enumerate(activation["failed"]):
        if (slot_name, item) not in numbers:
            raise wrong(f"{place}.failed[{index}]", "one of its items", [slot_name, item])


def _items(runs: Iterable[Mapping[str, Any]]) -> int:
    return sum(len(run["data"]) for run in runs)
