"""The gate of a job: pause and resume.

While it is closed no activation starts and nothing enters or leaves a slot. What running logic
emits is held beside the slots, up to their length; beyond that its ``emit`` stands still. The gate
is closed as long as the job has a hold; each hold has a name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from routilux.activation import NOBODY, activation_here
from routilux.clock import stamp
from routilux.engine.job_routine import JobRoutine
from routilux.engine.lane_times import refresh_all
from routilux.engine.notices import Notices, logger
from routilux.job.commands import command_text
from routilux.job.counts import JobCounts
from routilux.job.pause_points import make_pause_point, queue_warnings
from routilux.job.results import ResumeResult
from routilux.parcel import Parcel
from routilux.status import ExecutionStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from routilux.engine.host import Host
    from routilux.engine.plan import FlowPlan
    from routilux.flow import Flow
    from routilux.job.pause_points import PausePoint
    from routilux.job_state import JobState

OPERATOR = "operator"
WARNINGS_LOGGED = 3  # in the log line; the answer to `resume` has them all


class Gate(Notices):
    """The part of a job that pauses and resumes."""

    def __init__(self, state: JobState, flow: Flow, plan: FlowPlan, host: Host) -> None:
        super().__init__(state, flow, plan, host)
        self.holds: dict[str, str] = {}
        self.resumes = 0  # how often the gate was opened again
        self.closed_at_ns = 0  # when it was closed last
        self._still_waiters: list[tuple[Parcel, int]] = []
        self._stop_waiters: list[Parcel] = []

    def pause(
        self,
        reason: str = "",
        checkpoint: Mapping[str, Any] | None = None,
        identity: str | None = None,
        request_id: str | None = None,
        wait: bool | float = False,
    ) -> PausePoint:
        """Close the gate. See `routilux.job_state.JobState.pause`."""
        command = command_text("pause", reason=reason, checkpoint=checkpoint, identity=identity)
        with self.lock:
            known: PausePoint | None = self.state.commands.replay(request_id, command)
            if known is not None:
                return known
            self.check_live()
            # In a step the gate is open, whatever holds the job: to pause it then is a change.
            changed = OPERATOR not in self.holds or not self.gate_closed
            if changed:
                self.add_hold(OPERATOR, reason, identity)
            point = self._point(reason, checkpoint, identity, request_id)
            if changed:
                self.state.pause_points.append(point)
            self.state.commands.remember(request_id, point, command)
        self.tell_notices()
        if wait is not False:
            self.wait_until_still(None if wait is True else float(wait))
            with self.lock:
                # What logic emitted on its way to standing still is held by now.
                since = point["timestamp"]
                point.update(self._point(reason, checkpoint, identity, request_id))
                point["timestamp"] = since
        return point

    def resume(
        self, reason: str = "", identity: str | None = None, request_id: str | None = None
    ) -> ResumeResult:
        """Lift the operator's hold. See `routilux.job_state.JobState.resume`."""
        command = command_text("resume", reason=reason, identity=identity)
        with self.lock:
            known = self.state.commands.replay(request_id, command)
            if known is not None:
                return ResumeResult.from_dict(known)
            self.check_live()
            changed = self.holds.pop(OPERATOR, None) is not None
            warnings = queue_warnings([slot.read_metrics() for slot in self.slots])
            if changed and not self.holds and self.gate_closed:
                self.open_gate(reason, identity)
            result = self._resume_result(changed, warnings)
            self.state.commands.remember(request_id, result.to_dict(), command)
            if changed and warnings:
                line = "Resuming job %s with %d queue warning(s): %s"
                first = "; ".join(warnings[:WARNINGS_LOGGED])
                told = (line, self.state.job_id, len(warnings), first)
                self.queue_line(logger.warning, told)
        self.tell_notices()
        return result

    def counts(self) -> JobCounts:
        """How much there is to do."""
        with self.lock:
            return self._counts()

    def wait_until_still(self, timeout: float | None) -> bool:
        """Block until every activation but the caller's own has ended or stands still."""
        caller = activation_here()
        own = int(caller is not NOBODY and getattr(caller, "job", None) is self)
        parcel = Parcel()
        with self.lock:
            if self._is_still(own):
                return True
            self._still_waiters.append((parcel, own))
        self.clock.wait(parcel.signal, timeout)
        with self.lock:
            self._still_waiters = [entry for entry in self._still_waiters if entry[0] is not parcel]
            return self._is_still(own)

    def wait_until_stopped(self, timeout: float | None) -> bool:
        """Block until the job is paused, or something stands at a breakpoint, or it has ended."""
        caller = activation_here()
        if caller is not NOBODY and getattr(caller, "job", None) is self:
            raise RuntimeError(
                f"Waiting in logic of job '{self.state.job_id}' until it stops would never return: "
                "wait outside of the job's logic"
            )
        parcel = Parcel()
        with self.lock:
            if self._is_stopped():
                return not self.ended
            self._stop_waiters.append(parcel)
        self.clock.wait(parcel.signal, timeout)
        with self.lock:
            if parcel in self._stop_waiters:
                self._stop_waiters.remove(parcel)
            return self._is_stopped() and not self.ended

    # -- under the lock ---------------------------------------------------------------------------

    def _is_stopped(self) -> bool:
        debugger = self.debugger
        stands = debugger is not None and debugger.step is None and bool(debugger.hits)
        return self.ended or self.gate_closed or stands

    def became_stopped(self) -> None:
        """The gate was closed, something stands at a breakpoint, or the job has ended."""
        for parcel in self._stop_waiters:
            parcel.wake()
        self._stop_waiters.clear()

    def all_holds(self) -> tuple[str, ...]:
        """What holds the job, and what holds single items."""
        items = self.debugger.item_holds() if self.debugger is not None else ()
        return (*self.holds, *items)

    def _resume_result(self, changed: bool, warnings: Sequence[str]) -> ResumeResult:
        holds = self.all_holds()
        return ResumeResult(changed, "paused" if holds else "resumed", holds, tuple(warnings))

    def add_hold(self, name: str, reason: str, identity: str | None = None) -> None:
        """Hold the job; the first hold closes the gate, and so does one in a step."""
        self.holds[name] = reason
        if self.gate_closed or self.ended:
            return
        self.gate_closed = self.barred = True
        self.closed_at_ns = self.clock.time_ns()
        if self.debugger is not None:
            self.debugger.end_step()
        self.stop_clock()
        self.state.status = ExecutionStatus.PAUSED
        self.state.touch()
        self._unqueue()
        for slot in self.slots:
            slot.refresh()
            slot.hold_waiting()
        for slot in self.slots:
            for outlet in slot.outlets:
                outlet.pull_held()
        refresh_all(self)
        self.tell_gate("job_paused", reason, identity)
        self.became_stopped()

    def _unqueue(self) -> None:
        """Routines that wait for a worker are asked again at resume; activations in line go on."""
        going_on = []
        for work in self.ready:
            if isinstance(work, JobRoutine):
                work.queued = False
            else:
                going_on.append(work)
        self.ready.clear()
        self.ready.extend(going_on)

    def open_gate(self, reason: str, identity: str | None) -> None:
        """Let the job go on. What a breakpoint stops on its way in closes the gate again."""
        self.gate_closed = self.barred = False
        self.resumes += 1
        self.state.status = ExecutionStatus.RUNNING
        self.state.touch()
        self.start_clock()
        self.tell_gate("job_resumed", reason, identity, self.clock.time_ns() - self.closed_at_ns)
        for slot in self.slots:
            slot.refresh()
        for slot in self.slots:
            if self.gate_closed:
                return
            slot.reopen()
        for node in self.routines.values():
            node.gated_by = None
            node.consider()
        self._wake_all()
        for slot in self.slots:
            for outlet in slot.outlets:
                outlet.reset_limit()
        refresh_all(self)
        self.settle()

    def drop_holds(self) -> None:
        """The job has ended: nothing is held back any more."""
        self.holds.clear()
        self.gate_closed = False
        if self.debugger is not None:
            self.debugger.give_up()
        for slot in self.slots:
            slot.stops = 0
            slot.watch = None
            slot.refresh()
        self._wake_all()
        for parcel, _ in self._still_waiters:
            parcel.wake()
        self.became_stopped()

    def _wake_all(self) -> None:
        """Whoever waits looks at the gate again."""
        for delivery in list(self.standers):
            if delivery.legs:
                delivery.wake()
            else:  # it stood at the gate
                delivery.go_on()
        for slot in self.slots:
            for leg in slot.legs:
                leg.parcel.wake()

    def became_still(self) -> None:
        """An activation has ended or stands: tell those who wait for stillness."""
        for parcel, own in self._still_waiters:
            if self._is_still(own):
                parcel.wake()

    def _is_still(self, own: int) -> bool:
        return self.ended or self.active - self.standing <= own

    def add_pause_point(self, reason: str) -> None:
        """Record that the job was paused by itself, with the state of its queues."""
        self.state.pause_points.append(self._point(reason, None, None, None))

    def _counts(self) -> JobCounts:
        return JobCounts(
            ready=sum(node.queued for node in self.routines.values()),
            timed=self.timed,
            running=self.active - self.standing,
            standing=self.standing,
            unconsumed=sum(slot.queue.unconsumed for slot in self.slots),
            held=sum(slot.queue.held for slot in self.slots),
            waiting=sum(len(leg.segment) for slot in self.slots for leg in slot.legs),
        )

    def _point(
        self,
        reason: str,
        checkpoint: Mapping[str, Any] | None,
        identity: str | None,
        request_id: str | None,
    ) -> PausePoint:
        return make_pause_point(
            stamp(self.clock.time_ns()),
            reason,
            checkpoint,
            self._counts(),
            [slot.read_metrics() for slot in self.slots],
            running=self.names(standing=False),
            standing=self.names(standing=True),
            identity=identity,
            request_id=request_id,
        )
