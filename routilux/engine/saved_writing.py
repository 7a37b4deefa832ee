"""A saved job as plain JSON data. `saved_reading` reads it.

A run of items that were emitted together is written as one entry with two lists, ``data`` and
``emitted_ns``; ``first`` is the number of its first item in its slot. What is not JSON data goes
through the author's codec.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from routilux.clock import stamp
from routilux.engine.caught import Caught
from routilux.engine.saved import ACTIVATION_FIELDS, HIT_FIELDS, ROUTINE_FIELDS, SCHEMA, SLOT_FIELDS
from routilux.engine.saved_checks import LISTS
from routilux.ids import item_id
from routilux.job.document import pack_fields
from routilux.job.plain import pack
from routilux.segment import all_data, count_items

if TYPE_CHECKING:
    from routilux.engine.saved import SavedActivation, SavedHit, SavedInput, SavedJob, SavedSlot
    from routilux.job.plain import Codec
    from routilux.segment import Segment


def write_saved(saved: SavedJob, codec: Codec | None) -> dict[str, Any]:
    """A saved job as JSON data.

    Raises:
        CodecError: something is not JSON data and `codec` does not know it; names the place.
    """
    limit = saved.time_limit
    return {
        "schema": SCHEMA,
        "job_id": saved.job["job_id"],
        "flow_id": saved.job["flow_id"],
        "taken_at": stamp(saved.taken_ns).isoformat(),
        "at_least_once": saved.at_least_once,
        "run_ns": saved.run_ns,
        "is_open": saved.is_open,
        "holds": dict(saved.holds),
        "time_limit": None if limit is None else {"seconds": limit[0], "due_ns": limit[1]},
        "sizes": {name: len(getattr(saved, name)) for name in LISTS},
        "slots": [_write_slot(each, codec) for each in saved.slots],
        "routines": [
            {name: getattr(each, name) for name in ROUTINE_FIELDS} for each in saved.routines
        ],
        "activations": [_write_activation(each, codec) for each in saved.activations],
        "policy_alarms": [
            {"routine_id": name, "due_ns": due_ns} for name, due_ns in saved.policy_alarms
        ],
        "breakpoints": [each.to_dict() for each in saved.breakpoints],
        "hits": [_write_hit(each, codec) for each in saved.hits],
        "stopped_for": saved.stopped_for,
        "job": pack_fields(saved.job, codec),
    }


def _write_hit(hit: SavedHit, codec: Codec | None) -> dict[str, Any]:
    return {
        **{name: getattr(hit, name) for name in HIT_FIELDS},
        "items": [*map(list, hit.items)],
        "raw": pack(hit.raw, f"{hit.id}: what was emitted", codec),
    }


def _write_slot(slot: SavedSlot, codec: Codec | None) -> dict[str, Any]:
    place = (slot.routine_id, slot.slot_name)
    return {
        **{name: getattr(slot, name) for name in SLOT_FIELDS},
        "unconsumed": slot.unconsumed,
        "held": slot.held_count,
        "waiting_items": [_write_run(each, place, codec) for each in slot.waiting],
        "held_items": [_write_run(each, place, codec) for each in slot.held],
    }


def _write_run(segment: Segment, place: tuple[str, str], codec: Codec | None) -> dict[str, Any]:
    origin, where = segment.origin, f"slot '{'.'.join(place)}', item "
    return {
        "first": segment.base + segment.start,
        "emitted_from": origin.routine_id,
        "event": origin.event,
        "activation": origin.activation_id,
        "trace_context": origin.context,
        "attempt": segment.attempt,
        "enqueued_ns": segment.enqueued_ns,
        "consumed_ns": segment.consumed_ns,
        "passed": sorted(segment.passed) if isinstance(segment, Caught) else [],
        "emitted_ns": list(segment.stamps[segment.start : segment.stop]),
        "data": [
            pack(item, where + item_id(*place, number), codec)
            for number, item in zip(segment.numbers(), segment.items(), strict=True)
        ],
    }


def _write_activation(activation: SavedActivation, codec: Codec | None) -> dict[str, Any]:
    where = f"activation {activation.id}"
    return {
        **{name: getattr(activation, name) for name in ACTIVATION_FIELDS},
        "message": pack(activation.message, f"{where}: policy_message", codec),
        "item_count": sum(count_items(each.segments) for each in activation.inputs),
        "failed": [list(each) for each in activation.failed],
        "inputs": [
            {
                "slot_name": each.slot_name,
                "items": [
                    _write_run(run, (activation.routine_id, each.slot_name), codec)
                    for run in each.segments
                ],
                "shown": _write_shown(each, f"{where}: what its policy gave it", codec),
            }
            for each in activation.inputs
        ],
    }


def _write_shown(given: SavedInput, where: str, codec: Codec | None) -> list[Any] | None:
    """Data that is one of the items is told by its place among them: it stays the same object."""
    if given.shown is None:
        return None
    places = {id(item): index for index, item in enumerate(all_data(given.segments))}
    return [
        {"item": places[id(data)]} if id(data) in places else {"data": pack(data, where, codec)}
        for data in given.shown
    ]
