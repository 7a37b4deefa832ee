"""What every part of a job shares: its lock, its counts, and its own time.

`Job` is put together from layers, each a file: this core, `notices` (telling), `gate` (pause and
resume), `inlet` (items from outside), `job` (start, scheduling, end).
"""

from __future__ import annotations

import contextvars
from abc import ABC, abstractmethod
from collections import deque
from typing import TYPE_CHECKING, Any

from routilux.barging_lock import BargingLock
from routilux.clock import NANOSECONDS
from routilux.engine.alarms import TimeIsUp
from routilux.errors import JobFinished

if TYPE_CHECKING:
    from collections.abc import Callable

    from routilux.engine.debugger import Debugger
    from routilux.engine.delivery import Delivery
    from routilux.engine.host import Host
    from routilux.engine.job_routine import JobRoutine
    from routilux.engine.job_slot import JobSlot
    from routilux.engine.plan import FlowPlan
    from routilux.engine.pool import Ticket
    from routilux.engine.timer import Alarm
    from routilux.flow import Flow
    from routilux.job_state import JobState
    from routilux.status import ExecutionStatus


class JobAlarm:
    """A call in the job's own time, which stands still while the job is paused."""

    __slots__ = ("alarm", "callback", "due_ns", "keeps_alive")

    def __init__(self, due_ns: int, callback: Callable[[], None], *, keeps_alive: bool) -> None:
        self.due_ns = due_ns
        self.callback = callback
        self.keeps_alive = keeps_alive
        self.alarm: Alarm | None = None


class JobCore(ABC):
    """Fields, clock and alarms of a job. See `routilux.engine.job.Job`."""

    def __init__(self, state: JobState, flow: Flow, plan: FlowPlan, host: Host) -> None:
        self.lock = BargingLock()
        self.state = state
        self.flow = flow
        self.plan = plan
        self.host = host
        self.pool = host.pool
        self.timer = host.timer
        self.clock = host.clock
        self.hooks = host.hooks
        self.context = contextvars.copy_context()
        self.routines: dict[str, JobRoutine] = {}
        self.slots: tuple[JobSlot, ...] = ()
        self.ready: deque[JobRoutine | Ticket] = deque()
        self.in_line = False
        self.active = 0
        self.standing = 0
        self.timed = 0
        self.open = False
        self.closing = False  # its runtime was shut down
        self.ended = False
        self.gate_closed = False
        self.barred = False  # no activation starts: the gate is closed, or it has ended, or a step
        self.debugger: Debugger | None = None
        self.drain_from = 0
        self.drain_failures: dict[str, int] = {}  # of each routine when it was last asked
        # Ordered, not sets: who came first is woken first, and a seed repeats a run.
        self.standers: dict[Delivery, None] = {}
        self.alarms: dict[JobAlarm, None] = {}
        self._run_before_ns = 0  # run time up to the last start of the clock
        self._running_since_ns: int | None = None

    @abstractmethod
    def settle(self) -> None:
        """Decide what it means if nothing runs now. Under the lock."""

    @abstractmethod
    def end(
        self, status: ExecutionStatus, error: str | None = None, error_type: str | None = None
    ) -> None:
        """End the job for good. Under the lock."""

    @abstractmethod
    def tell_notices(self) -> None:
        """Tell what has happened. Without the lock."""

    def check_live(self) -> None:
        """Raise `JobFinished` when the job has ended."""
        if self.ended:
            raise JobFinished(self.state.job_id, self.state.status.value)

    # -- the job's own time ------------------------------------------------------------------------

    def run_ns(self) -> int:
        """Nanoseconds that the job has run, pauses left out."""
        if self._running_since_ns is None:
            return self._run_before_ns
        return self._run_before_ns + self.clock.monotonic_ns() - self._running_since_ns

    def run_seconds(self) -> float:
        """Seconds that the job has run, pauses left out."""
        return self.run_ns() / NANOSECONDS

    def start_clock(self) -> None:
        """Let the job's time go on, and its alarms with it. Under the lock."""
        if self._running_since_ns is None:
            self._running_since_ns = self.clock.monotonic_ns()
            for alarm in self.alarms:
                self._set(alarm)

    def set_run_time(self, run_ns: int) -> None:
        """Say how long the job has run elsewhere, before its clock starts here."""
        self._run_before_ns = run_ns

    def stop_clock(self) -> None:
        """Hold the job's time, and its alarms with it. Under the lock."""
        if self._running_since_ns is not None:
            self._run_before_ns = self.run_ns()
            self._running_since_ns = None
            for alarm in self.alarms:
                if alarm.alarm is not None:
                    alarm.alarm.cancel()
                    alarm.alarm = None

    def call_later(
        self, delay_ns: int, callback: Callable[[], None], *, keeps_alive: bool = True
    ) -> JobAlarm:
        """Call `callback` under the lock after so much of the job's time. Under the lock.

        An alarm that `keeps_alive` counts in `timed`: the job does not end before it.
        """
        alarm = JobAlarm(self.run_ns() + delay_ns, callback, keeps_alive=keeps_alive)
        self.alarms[alarm] = None
        self.timed += keeps_alive
        if self._running_since_ns is not None:
            self._set(alarm)
        return alarm

    def _set(self, alarm: JobAlarm) -> None:
        due = self.clock.monotonic_ns() + alarm.due_ns - self.run_ns()
        alarm.alarm = self.timer.schedule(due, lambda: self._ring(alarm))

    def _ring(self, alarm: JobAlarm) -> None:
        with self.lock:
            if self.ended or alarm not in self.alarms:
                return
            if self.run_ns() < alarm.due_ns:  # paused in between, or resumed since
                if self._running_since_ns is not None:
                    self._set(alarm)
                return
            del self.alarms[alarm]
            alarm.alarm = None  # which points back
            self.timed -= alarm.keeps_alive
            alarm.callback()
            self.settle()
        self.tell_notices()

    def limit_time(self, seconds: float, left_ns: int | None = None) -> None:
        """Fail the job when it has run so long; `left_ns`: what is left of it. Under the lock."""
        delay_ns = int(seconds * NANOSECONDS) if left_ns is None else left_ns
        self.call_later(delay_ns, TimeIsUp(self, seconds), keeps_alive=False)

    def __repr__(self) -> str:
        return f"<Job '{self.state.job_id}' {self.state.status.value}>"

    def names(self, *, standing: bool) -> list[str]:
        """Routines with an activation that stands still, or with one that runs."""
        still = [each.activation.routine_id for each in self.standers if each.counted]
        if standing:
            return sorted(set(still))
        return sorted(
            node.id for node in self.routines.values() if node.lanes > still.count(node.id)
        )

    def describe_counts(self) -> dict[str, Any]:
        """The counts that decide, for people who debug the engine."""
        return {
            name: getattr(self, name)
            for name in ("active", "standing", "timed", "open", "ended", "gate_closed", "in_line")
        }
