"""Reading a saved job. Nothing is imported by a name that is read, and nothing is run."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from routilux.clock import stamp_ns
from routilux.debugger.breakpoint import Breakpoint
from routilux.engine.caught import Caught
from routilux.engine.saved import (
    ACTIVATION_FIELDS,
    HIT_FIELDS,
    ROUTINE_FIELDS,
    SCHEMA,
    SLOT_FIELDS,
    SavedActivation,
    SavedHit,
    SavedInput,
    SavedJob,
    SavedRoutine,
    SavedSlot,
)
from routilux.engine.saved_checks import check_snapshot
from routilux.job.plain import unpack
from routilux.segment import Origin, Segment, all_data

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from routilux.job.plain import Codec


def read_saved(document: Mapping[str, Any], codec: Codec | None) -> SavedJob:
    """The saved job that `write_saved` wrote.

    Raises:
        ValueError: the document is not one of ours, or a field is wrong; names the place.
        CodecError: it needs a codec.
    """
    schema = document.get("schema")
    if schema != SCHEMA:
        raise ValueError(
            f"snapshot: schema {schema!r} is not known, only {SCHEMA}; "
            "read it with the version of Routilux that wrote it"
        )
    check_snapshot(document)
    return _Reader(codec).job(document)


class _Reader:
    """Reads with one codec."""

    def __init__(self, codec: Codec | None) -> None:
        self._codec = codec

    def job(self, document: Mapping[str, Any]) -> SavedJob:
        limit = document["time_limit"]
        return SavedJob(
            taken_ns=stamp_ns(datetime.fromisoformat(document["taken_at"])),
            job=document["job"],
            run_ns=document["run_ns"],
            is_open=document["is_open"],
            holds=dict(document["holds"]),
            time_limit=None if limit is None else (limit["seconds"], limit["due_ns"]),
            slots=[self._slot(each) for each in document["slots"]],
            routines=[
                SavedRoutine(**{name: each[name] for name in ROUTINE_FIELDS})
                for each in document["routines"]
            ],
            activations=[self._activation(each) for each in document["activations"]],
            policy_alarms=[
                (each["routine_id"], each["due_ns"]) for each in document["policy_alarms"]
            ],
            breakpoints=[self._breakpoint(each) for each in document["breakpoints"]],
            hits=[self._hit(each) for each in document["hits"]],
            stopped_for=document["stopped_for"],
        )

    @staticmethod
    def _breakpoint(entry: Mapping[str, Any]) -> Breakpoint:
        try:
            return Breakpoint.from_dict(entry)
        except (ValueError, TypeError) as error:
            raise ValueError(f"breakpoint '{entry.get('breakpoint_id')}': {error}") from error

    def _hit(self, entry: Mapping[str, Any]) -> SavedHit:
        hit = SavedHit(**{name: entry[name] for name in HIT_FIELDS})
        hit.items = [(routine, slot, number) for routine, slot, number in entry["items"]]
        hit.raw = unpack(entry["raw"], self._codec, hit.id)
        return hit

    def _slot(self, entry: Mapping[str, Any]) -> SavedSlot:
        where = f"slot '{entry['routine_id']}.{entry['slot_name']}'"
        return SavedSlot(
            **{name: entry[name] for name in SLOT_FIELDS},
            waiting=self._runs(entry["waiting_items"], where),
            held=self._runs(entry["held_items"], where),
        )

    def _activation(self, entry: Mapping[str, Any]) -> SavedActivation:
        activation = SavedActivation(**{name: entry[name] for name in ACTIVATION_FIELDS})
        where = f"activation {activation.id}"
        activation.message = unpack(entry["message"], self._codec, where)
        activation.failed = [(name, number) for name, number in entry["failed"]]
        activation.inputs = [self._input(each, where) for each in entry["inputs"]]
        return activation

    def _input(self, entry: Mapping[str, Any], where: str) -> SavedInput:
        given = SavedInput(entry["slot_name"], self._runs(entry["items"], where))
        if entry["shown"] is not None:
            items = all_data(given.segments)
            given.shown = [
                items[each["item"]] if "item" in each else unpack(each["data"], self._codec, where)
                for each in entry["shown"]
            ]
        return given

    def _runs(self, entries: Sequence[Mapping[str, Any]], where: str) -> list[Segment]:
        return [self._run(each, where) for each in entries]

    def _run(self, entry: Mapping[str, Any], where: str) -> Segment:
        data = [unpack(item, self._codec, where) for item in entry["data"]]
        stamps = list(entry["emitted_ns"])
        context = entry.get("trace_context")
        origin = Origin(entry["emitted_from"], entry["event"], entry["activation"], context)
        segment = Segment(data, stamps, origin)
        segment.base = entry["first"]
        segment.attempt = entry["attempt"]
        segment.enqueued_ns = entry["enqueued_ns"]
        segment.consumed_ns = entry["consumed_ns"]
        if not entry["passed"]:
            return segment
        caught = Caught(segment)
        caught.passed = set(entry["passed"])
        return caught
