"""The data of a job: what its programs and the engine write, and anyone may read.

It works without an engine. The short lock keeps compound changes whole; it is a leaf, as those of
the bounded lists are.
"""

from __future__ import annotations

import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any

from routilux.clock import SYSTEM_CLOCK, stamp
from routilux.ids import new_id
from routilux.job.commands import CommandLog
from routilux.job.dead_letters import DeadLetterBox
from routilux.job.history import ExecutionRecord
from routilux.job.log import BoundedList
from routilux.status import ExecutionStatus, RoutineStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from routilux.clock import Clock
    from routilux.job.pause_points import PausePoint
    from routilux.output_handlers import OutputHandler


class JobData:
    """Fields and data methods of `routilux.job_state.JobState`, which describes them."""

    def __init__(
        self, flow_id: str = "", job_id: str | None = None, *, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self.job_id = new_id() if job_id is None else job_id
        self.flow_id = flow_id
        self.status = ExecutionStatus.PENDING
        self.current_routine_id: str | None = None
        self.created_at: datetime = stamp(clock.time_ns())
        self.updated_at = self.created_at
        self.started_at: datetime | None = None
        self.completed_at: datetime | None = None
        self.error: str | None = None
        self.error_type: str | None = None
        self.redelivery_of: str | None = None
        self.traceparent: str | None = None
        self.draining = False
        self.shared_data: dict[str, Any] = {}
        self.output_handler: OutputHandler | None = None
        self._clock = clock
        self._lock = threading.Lock()
        self._statuses: dict[str, RoutineStatus] = {}
        self._data: dict[str, dict[str, Any]] = {}
        self._memories: dict[str, dict[str, Any]] = {}

    # -- logs that many jobs never write into: made when somebody asks ----------------------------

    @cached_property
    def pause_points(self) -> BoundedList[PausePoint]:
        """What is known of each pause."""
        return BoundedList()

    @cached_property
    def execution_history(self) -> BoundedList[ExecutionRecord]:
        """What happened in the job's routines."""
        return BoundedList()

    @cached_property
    def shared_log(self) -> BoundedList[dict[str, Any]]:
        """The job's log."""
        return BoundedList()

    @cached_property
    def warnings(self) -> BoundedList[str]:
        """What a person should know about how it went."""
        return BoundedList()

    @cached_property
    def dead_letter_box(self) -> DeadLetterBox:
        """Items that could not be accepted or processed."""
        return DeadLetterBox(clock=self._clock)

    @cached_property
    def commands(self) -> CommandLog:
        """The answers to the job's last commands."""
        return CommandLog()

    def touch(self) -> None:
        """Set `updated_at` to now."""
        self.updated_at = stamp(self._clock.time_ns())

    # -- shared data -------------------------------------------------------------------------------

    def update_shared_data(self, key: str, value: Any) -> None:
        """Set one value that all routines of the job see."""
        with self._lock:
            self.shared_data[key] = value
        self.touch()

    def get_shared_data(self, key: str, default: Any = None) -> Any:
        """One value that all routines of the job see."""
        return self.shared_data.get(key, default)

    # -- routines ----------------------------------------------------------------------------------

    def routine_data(self, routine_id: str) -> dict[str, Any]:
        """What the routine's logic keeps in this job: the live dict behind ``self.state``."""
        return self._data.setdefault(routine_id, {})

    def routine_status(self, routine_id: str) -> RoutineStatus:
        """The routine's state in this job; ``pending`` before anything happened."""
        return self._statuses.get(routine_id, RoutineStatus.PENDING)

    def set_routine_status(self, routine_id: str, status: RoutineStatus) -> None:
        """Set the routine's state (the engine does, after each activation)."""
        self._statuses[routine_id] = status

    def update_routine_state(self, routine_id: str, state: Mapping[str, Any]) -> None:
        """Set the routine's ``status``, if `state` has one, and its data for all other keys.

        Raises:
            ValueError: ``status`` is not a `RoutineStatus`.
        """
        data = dict(state)
        if "status" in data:
            self.set_routine_status(routine_id, _status(data.pop("status")))
        with self._lock:
            self.routine_data(routine_id).update(data)
        self.touch()

    def get_routine_state(self, routine_id: str) -> dict[str, Any] | None:
        """The routine's data and its ``status`` in one dict, or None before anything happened."""
        data = self._data.get(routine_id)
        if data is None and routine_id not in self._statuses:
            return None
        with self._lock:
            return {**(data or {}), "status": self.routine_status(routine_id).value}

    @property
    def routine_states(self) -> dict[str, dict[str, Any]]:
        """`get_routine_state` of every routine of which something is known; a copy."""
        known = list(dict.fromkeys([*self._statuses, *self._data]))
        return {name: state for name in known if (state := self.get_routine_state(name))}

    def policy_memory(self, routine_id: str) -> dict[str, Any]:
        """What the routine's activation policy remembers in this job (JSON data): a live dict."""
        return self._memories.setdefault(routine_id, {})

    # -- logs --------------------------------------------------------------------------------------

    def record_execution(self, routine_id: str, event_name: str, data: Mapping[str, Any]) -> None:
        """Add an entry to the execution history."""
        self.touch()
        record = ExecutionRecord(routine_id, event_name, dict(data), self.updated_at)
        self.execution_history.append(record)

    def get_execution_history(self, routine_id: str | None = None) -> list[ExecutionRecord]:
        """The execution history, or the part of one routine; the oldest first."""
        records = list(self.execution_history)
        return [entry for entry in records if routine_id in (None, entry.routine_id)]

    def append_to_shared_log(self, entry: Mapping[str, Any]) -> None:
        """Add a dict to the job's log, with a ``timestamp`` (ISO, UTC) unless it has one.

        Raises:
            ValueError: `entry` is not a dict.
        """
        if not isinstance(entry, dict):
            raise ValueError(f"A log entry must be a dict, not {entry!r}")
        self.touch()
        self.shared_log.append({"timestamp": self.updated_at.isoformat(), **entry})

    def get_shared_log(
        self,
        filter: Callable[[dict[str, Any]], bool] | None = None,  # noqa: A002 - known by it
    ) -> list[dict[str, Any]]:
        """The job's log, or the entries for which `filter` is true; the oldest first."""
        entries = list(self.shared_log)
        return entries if filter is None else [entry for entry in entries if filter(entry)]

    # -- output ------------------------------------------------------------------------------------

    def set_output_handler(self, handler: OutputHandler | None) -> None:
        """Set who gets what routines send with `send_output`; None: nobody."""
        self.output_handler = handler

    def send_output(
        self, routine_id: str, output_type: str, data: Mapping[str, Any] | None = None
    ) -> None:
        """Give something to the job's output handler, on this thread; it may block and raise.

        Args:
            routine_id: who sends it.
            output_type: what it is, in the program's own words.
            data: the output.
        """
        handler = self.output_handler
        if handler is not None:
            now = stamp(self._clock.time_ns())
            handler.handle(self.job_id, routine_id, output_type, dict(data or {}), now)

    @property
    def dead_letter_count(self) -> int:
        """Dead letters of the job, those that the bound pushed out left aside."""
        # The engine asks at the end of each job: most jobs never had a box.
        return len(self.dead_letter_box) if "dead_letter_box" in self.__dict__ else 0


def _status(value: object) -> RoutineStatus:
    try:
        return RoutineStatus(value)
    except ValueError:
        known = ", ".join(status.value for status in RoutineStatus)
        raise ValueError(f"A routine's status must be one of {known}, not {value!r}") from None
