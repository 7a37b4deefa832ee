"""A job's data as one JSON document, and back. It does not know the items: a snapshot does."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from routilux.job.dead_letters import DeadLetter
from routilux.job.history import ExecutionRecord
from routilux.job.log import BoundedList
from routilux.job.plain import pack, unpack
from routilux.status import ExecutionStatus, RoutineStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from routilux.job.data import JobData
    from routilux.job.plain import Codec

SCHEMA = 1  # raised when an older reader would misread the document
TIMES = ("created_at", "updated_at", "started_at", "completed_at")
TEXTS = ("current_routine_id", "error", "error_type", "redelivery_of")
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


def pack_fields(fields: Mapping[str, Any], codec: Codec | None) -> dict[str, Any]:
    """What `copy_fields` gave as JSON data.

    Raises:
        CodecError: something is not JSON data and `codec` does not know it; names the place.
    """
    history = [record.serialize() for record in fields["execution_history"]]
    document = {**fields, "execution_history": history}
    for name in _PACKED:
        document[name] = pack(document[name], f"job '{fields['job_id']}': {name}", codec)
    letters = fields["dead_letters"]
    document["dead_letters"] = {
        **letters,
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
    try:
        return _read(job, document, codec)
    except KeyError as error:
        raise ValueError(f"saved job: {error} is missing") from error
    except (TypeError, AttributeError) as error:
        raise ValueError(f"saved job: a field has the wrong type: {error}") from error


def _read(job: JobData, document: Mapping[str, Any], codec: Codec | None) -> float:
    job.job_id = document["job_id"]
    job.flow_id = document["flow_id"]
    job.status = ExecutionStatus(document["status"])
    job.draining = document["draining"]
    for name in TIMES:
        setattr(job, name, _moment(document[name]))
    for name in TEXTS:
        setattr(job, name, document[name])
    _read_states(job, document, codec)
    job.shared_data = unpack(document["shared_data"], codec, "shared_data")
    job._memories = unpack(document["policy_memory"], codec, "policy_memory")
    job.commands.fill(unpack(document["commands"], codec, "commands"))
    _read_letters(job, document["dead_letters"], codec)
    logs = {name: unpack(document[name], codec, name) for name in LOGS}
    logs["execution_history"] = [
        ExecutionRecord.deserialize(record) for record in logs["execution_history"]
    ]
    for name, entries in logs.items():
        setattr(job, name, BoundedList(entries, let_go=document["let_go"][name]))
    return float(document["run_seconds"])


def _read_states(job: JobData, document: Mapping[str, Any], codec: Codec | None) -> None:
    own = unpack(document["own_status"], codec, "own_status")
    states = unpack(document["routine_states"], codec, "routine_states")
    for name, state in states.items():
        status = RoutineStatus(state.pop("status"))
        if name in document["routines_with_status"]:
            job._statuses[name] = status
        if name in own:
            state["status"] = own[name]
        job._data[name] = state


def _write_letter(letter: DeadLetter, codec: Codec | None) -> dict[str, Any]:
    where = f"dead letter {letter.id} of slot {letter.routine_id}.{letter.slot_name}"
    return {
        **{name: getattr(letter, name) for name in _LETTER_FIELDS},
        "data": pack(letter.data, where, codec),
        "emitted_at": letter.emitted_at.isoformat(),
        "at": letter.at.isoformat(),
    }


_LETTER_FIELDS = (
    "id",
    "item_id",
    "routine_id",
    "slot_name",
    "reason",
    "error",
    "error_type",
    "emitted_from",
    "attempt",
    "activation_id",
    "event",
)


def _read_letters(job: JobData, saved: Mapping[str, Any], codec: Codec | None) -> None:
    job.dead_letter_box.put_back(
        DeadLetter(
            **{name: letter[name] for name in _LETTER_FIELDS},
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
