"""JobState: one run of a flow, as programs hold it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from routilux.clock import SYSTEM_CLOCK
from routilux.job.document import read_document, write_document
from routilux.job.history import ExecutionRecord
from routilux.job.verbs import JobVerbs
from routilux.status import ExecutionStatus

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from routilux.clock import Clock
    from routilux.job.plain import Codec

__all__ = ["ExecutionRecord", "JobState"]

OWNER_ONLY = 0o600  # a saved job has the program's data in it


class JobState(JobVerbs):
    """One run of a flow: its data, its history, and the verbs that steer it.

    ``Runtime.exec`` makes one and returns at once, or takes one that was made before, with shared
    data for example. The data can be used without a runtime; the verbs (``wait``, ``pause``,
    ``resume``, ``cancel``, ``post``, ``close``, ``diagnose``, ``snapshot``, ``slot``) need one.

    Args:
        flow_id: the flow that it is for.
        job_id: the job's id; None makes a random one.
        clock: where time stamps come from.

    Attributes:
        status: an `ExecutionStatus`; the engine sets it.
        pause_points: what is known of each pause, as dicts.
        current_routine_id: the routine whose logic was called last.
        routine_states: status and data by routine; a copy.
        execution_history: `ExecutionRecord` entries.
        created_at, updated_at, started_at, completed_at: aware UTC, or None.
        error, error_type: why it failed, and the error's type; or None.
        shared_data: what all routines of the job see.
        shared_log: the job's log, as dicts.
        output_handler: who gets `send_output`.
        warnings: what a person should know about how it went.
        dead_letter_count: items that could not be accepted or processed.
        redelivery_of: the job whose dead letters this one delivers again, or None.
        traceparent: the W3C trace context of whoever started it, or None; hooks may go on from it.
        draining: whether policies are being asked for the last time.
        saved_snapshot: the snapshot that came with loaded data, for ``Runtime.restore``; or None.

    Histories and logs keep the newest 1,000 entries; their ``let_go`` counts the others.
    """

    saved_snapshot: dict[str, Any] | None = None

    def document(self, codec: Codec | None = None) -> dict[str, Any]:
        """The job's data as JSON data, without the items in its slots.

        Raises:
            CodecError: something is not JSON data and `codec` does not know it; names the place.
        """
        return write_document(self, self.run_seconds(), codec)

    def serialize(self, in_flight: str | None = None, codec: Codec | None = None) -> dict[str, Any]:
        """The job as JSON data; of a paused job, with its ``snapshot``.

        Args:
            in_flight: see `snapshot`.
            codec: writes what is not JSON data.

        Raises:
            JobNotStill: the job is paused, and logic is still on a stack.
            CodecError: something is not JSON data; names the place.
        """
        document = self.document(codec)
        if self._live is not None and self.status is ExecutionStatus.PAUSED:
            document["snapshot"] = self.snapshot(in_flight, codec)
        elif self.saved_snapshot is not None:
            document["snapshot"] = self.saved_snapshot
        return document

    @classmethod
    def deserialize(
        cls, data: Mapping[str, Any], codec: Codec | None = None, *, clock: Clock = SYSTEM_CLOCK
    ) -> JobState:
        """A job from what `serialize` wrote. It does not run; ``Runtime.restore`` does that.

        Raises:
            ValueError: the data is not a saved job, or a field is wrong.
            CodecError: the data needs a codec.
        """
        job = cls(job_id="", clock=clock)
        job._run_seconds = read_document(job, data, codec)
        job.saved_snapshot = data.get("snapshot")
        return job

    def save(
        self, path: str | Path, in_flight: str | None = None, codec: Codec | None = None
    ) -> None:
        """Write `serialize` to a file as JSON: all of it or nothing. Blocks for the disk.

        Raises:
            CodecError, JobNotStill: see `serialize`.
            OSError: the file cannot be written.
        """
        text = json.dumps(self.serialize(in_flight, codec), indent=2, allow_nan=False)
        write_whole(path, text)

    @classmethod
    def load(cls, path: str | Path, codec: Codec | None = None) -> JobState:
        """A job from a file that `save` wrote. It does not run.

        Raises:
            OSError: the file cannot be read.
            ValueError: it is not a saved job; names the file.
        """
        try:
            with open(path, encoding="utf-8") as file:
                data = json.load(file)
        except ValueError as error:
            raise ValueError(f"{path} is not a saved job: {error}") from error
        if not isinstance(data, dict):
            raise ValueError(f"{path} is not a saved job: it holds no object")
        return cls.deserialize(data, codec)

    def __repr__(self) -> str:
        return f"<JobState '{self.job_id}' of flow '{self.flow_id}': {self.status.value}>"


def write_whole(path: str | Path, text: str) -> None:
    """Write a file that only its owner can read: all of it or nothing. Blocks for the disk.

    It is written beside its place first, so that a reader finds the old one or the new.

    Raises:
        OSError: the file cannot be written.
    """
    folder, name = os.path.split(path)
    beside = os.path.join(folder, f".{name}.{os.urandom(8).hex()}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:  # whatever it was: no half file stays behind
        os.unlink(beside)
        raise
