"""A job's data as one JSON document, and back. It does not know the items: a snapshot does."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from routilux.job.checking import (
    anything,
    by_name,
    check_unique,
    count,
    each,
    fields,
    flag,
    matching,
    maybe,
    moment,
    number,
    one_of,
    seconds,
    text,
)
from routilux.job.dead_letters import REASONS, DeadLetter
from routilux.job.history import ExecutionRecord
from routilux.job.log import BoundedList
from routilux.job.plain import pack, unpack
from routilux.status import ExecutionStatus, RoutineStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from routilux.job.checking import Check
    from routilux.job.data import JobData
    from routilux.job.plain import Codec

SCHEMA = 1  # raised when an older reader would misread the document
PLACE = "saved job: "
TIMES = ("created_at", "updated_at", "started_at", "completed_at")
TEXTS = ("current_routine_id", "error", "error_type", "redelivery_of", "traceparent")
LATER = ("traceparent",)  # documents may be older than these fields
LOGS = ("pause_points", "execution_history", "shared_log", "warnings")
_PACKED = (
    "routine_states",
    "own_status",
    "shared_data",
    "policy_memory",
    "commands",
    *LOGS,
)  # what programs put data of their own into


def write_document(job: JobData, run_seconds: float, codec: Codec | None) -> dict[str, Any]:
    """All fields of `job` as JSON data.

    Raises:
        CodecError: something is not JSON data and `codec` does not know it; names the place.
    """
    return pack_fields(copy_fields(job, run_seconds), codec)


def copy_fields(job: JobData, run_seconds: float) -> dict[str, Any]:
    """All fields of `job` as they are now, for `pack_fields`. Calls nothing that a user wrote."""
    data = dict(job._data)
    box = job.dead_letter_box
    return {
        "schema": SCHEMA,
        "job_id": job.job_id,
        "flow_id": job.flow_id,
        "status": job.status.value,
        "draining": job.draining,
        "run_seconds": run_seconds,
        **{name: _iso(getattr(job, name)) for name in TIMES},
        **{name: getattr(job, name) for name in TEXTS},
        "routine_states": {name: dict(state) for name, state in job.routine_states.items()},
        # In a routine's state "status" is the routine's own; a value that logic keeps under that
        # name, and which routines have a status at all, are told here.
        "own_status": {name: each["status"] for name, each in data.items() if "status" in each},
        "routines_with_status": list(job._statuses),
        "shared_data": dict(job.shared_data),
        "policy_memory": {name: dict(memory) for name, memory in dict(job._memories).items()},
        "commands": job.commands.to_list(),
        "dead_letters": {
            "next_number": box.next_number,
            "let_go": box.let_go,
            "letters": box.list(),
        },
        "let_go": {name: getattr(job, name).let_go for name in LOGS},
        **{name: list(getattr(job, name)) for name in LOGS},
    }


def pack_fields(values: Mapping[str, Any], codec: Codec | None) -> dict[str, Any]:
    """What `copy_fields` gave as JSON data.

    Raises:
        CodecError: something is not JSON data and `codec` does not know it; names the place.
    """
    history = [record.serialize() for record in values["execution_history"]]
    document = {**values, "execution_history": history}
    for name in _PACKED:
        document[name] = pack(document[name], f"job '{values['job_id']}': {name}", codec)
    letters = values["dead_letters"]
    document["dead_letters"] = {
        **letters,
        "kept": len(letters["letters"]),
        "letters": [_write_letter(letter, codec) for letter in letters["letters"]],
    }
    return document


def read_document(job: JobData, document: Mapping[str, Any], codec: Codec | None) -> float:
    """Fill `job`, which is new, with what `write_document` wrote. Returns its run seconds.

    Raises:
        ValueError: the document is not one of ours, or a field is wrong; names the field.
        CodecError: it needs a codec.
    """
    schema = document.get("schema")
    if schema != SCHEMA:
        raise ValueError(
            f"saved job: schema {schema!r} is not known, only {SCHEMA}; "
            "read it with the version of Routilux that wrote it"
        )
    given = _unpacked(document, codec)
    DOCUMENT(given, PLACE)
    _check_letters(given["dead_letters"])
    return _read(job, given, codec)


def _unpacked(document: Mapping[str, Any], codec: Codec | None) -> dict[str, Any]:
    """The document with what programs put data into as it was; not checked yet."""
    fields(dict.fromkeys(_PACKED, anything))(document, PLACE)
    later = dict.fromkeys(LATER)
    return {
        **later,
        **document,
        **{name: unpack(document[name], codec, PLACE + name) for name in _PACKED},
    }


def _read(job: JobData, given: Mapping[str, Any], codec: Codec | None) -> float:
    job.job_id = given["job_id"]
    job.flow_id = given["flow_id"]
    job.status = ExecutionStatus(given["status"])
    job.draining = given["draining"]
    for name in TIMES:
        setattr(job, name, _moment(given[name]))
    for name in TEXTS:
        setattr(job, name, given[name])
    _read_states(job, given)
    job.shared_data = given["shared_data"]
    job._memories = given["policy_memory"]
    job.commands.fill(given["commands"])
    _read_letters(job, given["dead_letters"], codec)
    logs = {name: given[name] for name in LOGS}
    logs["execution_history"] = [
        ExecutionRecord.deserialize(record) for record in logs["execution_history"]
    ]
    for name, entries in logs.items():
        setattr(job, name, BoundedList(entries, let_go=given["let_go"][name]))
    return float(given["run_seconds"])


def _read_states(job: JobData, given: Mapping[str, Any]) -> None:
    for name, state in given["routine_states"].items():
        status = RoutineStatus(state.pop("status"))
        if name in given["routines_with_status"]:
            job._statuses[name] = status
        if name in given["own_status"]:
            state["status"] = given["own_status"][name]
        job._data[name] = state


def _write_letter(letter: DeadLetter, codec: Codec | None) -> dict[str, Any]:
    where = f"dead letter {letter.id} of slot {letter.routine_id}.{letter.slot_name}"
    return {
        **{name: getattr(letter, name) for name in LETTER_FIELDS},
        "trace_context": letter.trace_context,
        "data": pack(letter.data, where, codec),
        "emitted_at": letter.emitted_at.isoformat(),
        "at": letter.at.isoformat(),
    }


LETTER_FIELDS: dict[str, Check] = {
    "id": matching("a letter's id, as dl-1", r"dl-[1-9][0-9]{0,17}"),
    "item_id": matching("an item's id, as r.in#0", r"(?s).*#[0-9]{1,18}"),
    "routine_id": text,
    "slot_name": text,
    "reason": one_of(REASONS),
    "error": text,
    "error_type": text,
    "emitted_from": text,
    "attempt": number,
    "activation_id": maybe(text),
    "event": maybe(text),
}
LETTER = fields(
    {**LETTER_FIELDS, "data": anything, "emitted_at": moment, "at": moment},
    later={"trace_context": maybe(text)},
)
A_DICT = fields({})
RECORD = fields({"routine_id": text, "event_name": text, "data": A_DICT, "timestamp": moment})
COMMAND = fields({"request_id": text, "command": maybe(text), "answer": anything})
DOCUMENT = fields(
    {
        "job_id": text,
        "flow_id": text,
        "status": one_of([status.value for status in ExecutionStatus]),
        "draining": flag,
        "run_seconds": seconds,
        "created_at": moment,
        "updated_at": moment,
        "started_at": maybe(moment),
        "completed_at": maybe(moment),
        **dict.fromkeys(TEXTS, maybe(text)),
        "routine_states": by_name(
            fields({"status": one_of([status.value for status in RoutineStatus])})
        ),
        "own_status": by_name(anything),
        "routines_with_status": each(text),
        "shared_data": by_name(anything),
        "policy_memory": by_name(A_DICT),
        "commands": each(COMMAND),
        "dead_letters": fields(
            {"next_number": number, "let_go": count, "kept": count, "letters": each(LETTER)}
        ),
        "let_go": fields(dict.fromkeys(LOGS, count)),
        "pause_points": each(A_DICT),
        "execution_history": each(RECORD),
        "shared_log": each(A_DICT),
        "warnings": each(text),
    }
)
"""What each field must be, once programs' own data is unpacked."""


def _check_letters(saved: Mapping[str, Any]) -> None:
    place, letters = f"{PLACE}dead_letters", saved["letters"]
    if len(letters) != saved["kept"]:
        raise ValueError(f"{place} has {len(letters)} letters and not {saved['kept']}")
    check_unique((letter["id"] for letter in letters), f"{place}.letters")
    if any(int(letter["id"][3:]) >= saved["next_number"] for letter in letters):
        raise ValueError(f"{place}.next_number is not above the numbers of its letters")


def _read_letters(job: JobData, saved: Mapping[str, Any], codec: Codec | None) -> None:
    job.dead_letter_box.put_back(
        DeadLetter(
            **{name: letter[name] for name in LETTER_FIELDS},
            trace_context=letter.get("trace_context"),
            data=unpack(letter["data"], codec, f"dead letter {letter['id']}"),
            emitted_at=datetime.fromisoformat(letter["emitted_at"]),
            at=datetime.fromisoformat(letter["at"]),
        )
        for letter in saved["letters"]
    )
    job.dead_letter_box.resume_at(saved["next_number"], saved["let_go"])


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
