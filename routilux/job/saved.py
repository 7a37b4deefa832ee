"""A job's data as plain JSON data, and back."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from routilux.job.data import as_status
from routilux.job.history import ExecutionRecord
from routilux.job.log import LOG_LIMIT, BoundedList
from routilux.job.plain import Codec, pack, unpack
from routilux.status import ExecutionStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from routilux.job.data import JobData

LOGS = ("pause_points", "execution_history", "shared_log")
TEXTS = ("current_routine_id", "error", "error_type", "redelivery_of")
TIMES = ("created_at", "updated_at", "started_at", "completed_at")


def pack_job(job: JobData, codec: Codec | None = None) -> dict[str, Any]:
    """The data of `job` as JSON data; times as ISO texts. Nothing of what only runs is in it.

    Raises:
        CodecError: something is not JSON data and `codec` does not know it; names the place.
    """
    who = f"job {job.job_id}"
    history = [record.serialize() for record in job.get_execution_history()]
    packed: dict[str, Any] = {
        "job_id": job.job_id,
        "flow_id": job.flow_id,
        "status": job.status.value,
        "pause_points": pack(_entries(job, "pause_points"), f"{who}: pause_points", codec),
        "routine_states": pack(job.routine_states, f"{who}: routine_states", codec),
        "execution_history": pack(history, f"{who}: execution_history", codec),
        "shared_data": pack(job.shared_data, f"{who}: shared_data", codec),
        "shared_log": pack(_entries(job, "shared_log"), f"{who}: shared_log", codec),
        "policy_memory": pack(job._policy_memory, f"{who}: policy_memory", codec),
        "warnings": list(job.warnings),
        "let_go": {name: log.let_go for name, log in dict(job._logs).items()},
    }
    packed.update({name: getattr(job, name) for name in TEXTS})
    packed.update({name: _text(getattr(job, name)) for name in TIMES})
    packed.update(_routine_statuses(job, who, codec))
    return packed


def unpack_job(job: JobData, data: Mapping[str, Any], codec: Codec | None = None) -> None:
    """Fill a new `job` with what `pack_job` gave.

    Raises:
        ValueError: a field is missing or unreadable; names the field.
        CodecError: a codec wrote it, and none is given.
    """
    try:
        job.status = ExecutionStatus(data["status"])
        for name in TEXTS:
            setattr(job, name, data.get(name))
        for name in TIMES:
            setattr(job, name, _time(data[name]))
        _unpack_routines(job, data, codec)
        _unpack_logs(job, data, codec)
        job.shared_data = unpack(data["shared_data"], codec, "shared_data")
        job._policy_memory = unpack(data.get("policy_memory", {}), codec, "policy_memory")
        job.warnings = list(data.get("warnings", ()))
    except KeyError as missing:
        raise ValueError(f"This is no saved job: field {missing} is missing") from None


def _entries(job: JobData, name: str) -> list[Any]:
    return list(job._logs.get(name, ()))


def _routine_statuses(job: JobData, who: str, codec: Codec | None) -> dict[str, Any]:
    """The statuses, and what routines themselves keep under the word ``status``.

    In ``routine_states`` the two are merged, as programs read them.
    """
    own = {
        routine_id: data["status"]
        for routine_id, data in list(job._routine_data.items())
        if "status" in data
    }
    statuses = {
        routine_id: str.__str__(status) for routine_id, status in dict(job._statuses).items()
    }
    return {
        "routine_status": statuses,
        "routine_own_status": pack(own, f"{who}: routine_states", codec),
    }


def _unpack_routines(job: JobData, data: Mapping[str, Any], codec: Codec | None) -> None:
    states = unpack(data["routine_states"], codec, "routine_states")
    own = unpack(data.get("routine_own_status", {}), codec, "routine_states")
    statuses = data.get("routine_status")
    if statuses is None:  # written by a program of its own, in the old shape
        for routine_id, state in states.items():
            job.update_routine_state(routine_id, state)
        job.updated_at = datetime.fromisoformat(data["updated_at"])
        return
    for routine_id, state in states.items():
        state.pop("status", None)
        if routine_id in own:
            state["status"] = own[routine_id]
        job._routine_data[routine_id] = state
    job._statuses = {routine_id: as_status(text) for routine_id, text in statuses.items()}


def _unpack_logs(job: JobData, data: Mapping[str, Any], codec: Codec | None) -> None:
    gone = data.get("let_go", {})
    for name in LOGS:
        entries = unpack(data[name], codec, name)
        if name == "execution_history":
            entries = [ExecutionRecord.deserialize(entry) for entry in entries]
        if entries or gone.get(name):
            job._logs[name] = BoundedList(entries, LOG_LIMIT, gone.get(name, 0))


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
