"""The verbs of a job: they need the engine that runs it, and say so when there is none."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from routilux.debugger.job_breakpoints import JobBreakpoints
from routilux.debugger.session import DebugSession
from routilux.errors import JobFinished
from routilux.job.data import JobData
from routilux.job.letters import DeadLetters
from routilux.status import ExecutionStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from routilux.debugger.manager import BreakpointList
    from routilux.job.counts import JobCounts
    from routilux.job.diagnosis import Diagnosis
    from routilux.job.live import LiveJob
    from routilux.job.pause_points import PausePoint
    from routilux.job.plain import Codec
    from routilux.job.results import ResumeResult
    from routilux.job_state import JobState
    from routilux.slot import Slot


class JobVerbs(JobData):
    """What one can do with a job that was started.

    Every verb raises ``RuntimeError`` before the job is started, and `JobFinished` when it has
    ended and no engine has it any more (it was loaded from a file).
    """

    breakpoint_list: BreakpointList | None = None  # the manager's; it goes when the job does
    _live: LiveJob | None = None
    _run_seconds = 0.0

    def attach(self, live: LiveJob) -> None:
        """Give the job its engine (the engine calls it).

        Raises:
            RuntimeError: the job was started before.
        """
        with self._lock:
            if self._live is not None:
                raise RuntimeError(
                    f"Job '{self.job_id}' was started already: make a new JobState for another run"
                )
            self._live = live

    @property
    def live(self) -> LiveJob:
        """The job's engine.

        Raises:
            RuntimeError: the job was not started.
            JobFinished: the job has ended and was loaded from saved data.
        """
        if self._live is None:
            if self.status.finished:
                raise JobFinished(self.job_id, self.status.value)
            raise RuntimeError(
                f"Job '{self.job_id}' is not running: "
                "start it with Runtime.exec(flow, job_state=job)"
            )
        return self._live

    @property
    def is_started(self) -> bool:
        """Whether an engine has the job, or had it until its end."""
        return self._live is not None

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the job has ended. Returns False when `timeout` seconds passed first."""
        if self._live is None and self.status.finished:
            return True
        return self.live.wait(timeout)

    def pause(
        self,
        reason: str = "",
        checkpoint: Mapping[str, Any] | None = None,
        *,
        identity: str | None = None,
        request_id: str | None = None,
        wait: bool | float = False,
    ) -> PausePoint:
        """Close the job's gate: nothing starts, and nothing enters or leaves its slots.

        Args:
            reason: why, for people.
            checkpoint: JSON data to find again in the pause point.
            identity: who asks.
            request_id: the same id twice is one change, and gets the first answer.
            wait: True blocks until every activation has ended or stands still; a number, so many
                seconds at most. Called from the job's own logic, it does not wait for its caller.

        Returns:
            The pause point, also kept in `pause_points`; ``still`` says whether logic still runs.

        Raises:
            JobFinished: the job has ended.
            ValueError: `request_id` was used for another command; so with all commands.
        """
        return self.live.pause(reason, checkpoint, identity, request_id, wait)

    def resume(
        self, reason: str = "", *, identity: str | None = None, request_id: str | None = None
    ) -> ResumeResult:
        """Open the gate again: held items go in first, as room appears.

        Raises:
            JobFinished: the job has ended.
        """
        return self.live.resume(reason, identity, request_id)

    def step(
        self,
        mode: str = "over",
        *,
        reason: str = "",
        identity: str | None = None,
        request_id: str | None = None,
    ) -> ResumeResult:
        """Let the paused job go on for a little; it holds still again by itself.

        Args:
            mode: ``over``: one activation; ``into``: up to the next delivery; ``out``: until the
                activation in hand and those that it feeds have ended.
            reason, identity, request_id: as in `pause`.

        Raises:
            NotPaused: the job runs.
            JobFinished: the job has ended.
            ValueError: there is no such step.
        """
        return self.live.debug_step(mode, reason, identity, request_id)

    def cancel(
        self, reason: str = "", *, identity: str | None = None, request_id: str | None = None
    ) -> bool:
        """End the job; its slots keep what they hold. Returns False when it was cancelled before.

        Raises:
            JobFinished: the job has ended otherwise.
        """
        if self._live is None and self.status is ExecutionStatus.CANCELLED:
            return False
        return self.live.cancel(reason, identity, request_id)

    def post(self, routine_id: str, slot_name: str, data: Any, timeout: float | None = None) -> str:
        """Put an item into a slot from outside; blocks while the slot is full, as it says.

        Args:
            routine_id: the routine.
            slot_name: its slot.
            data: the item.
            timeout: seconds to wait at most; None: as long as the slot's settings say.

        Returns:
            The item's id.

        Raises:
            SlotQueueFullError: the item was refused.
            JobFinished: the job has ended.
        """
        return self.live.post(routine_id, slot_name, data, timeout)

    def close(self) -> bool:
        """Close the open input of ``keep_open=True``: the job ends when it has done its work.

        Returns False when the input was closed before, or the job has ended.
        """
        if self._live is None and self.status.finished:
            return False
        return self.live.close()

    def diagnose(self) -> Diagnosis:
        """Why is nothing moving? What each routine does and waits for, right now."""
        return self.live.diagnose()

    def snapshot(self, in_flight: str | None = None, codec: Codec | None = None) -> dict[str, Any]:
        """The paused job as JSON data, for ``Runtime.restore``.

        Args:
            in_flight: ``"rerun"`` saves the input of activations that stand still in ``emit``; the
                restored job runs these again from their start.
            codec: writes items and states that are not JSON data.

        Raises:
            JobNotStill: logic is on a stack; names the routines.
            CodecError: something is not JSON data; names the place.
        """
        return self.live.snapshot(in_flight, codec)

    @property
    def dead_letters(self) -> DeadLetters:
        """The job's dead letters: list, redeliver, discard. Looking needs no engine."""
        return DeadLetters(self.dead_letter_box, lambda: self.live)

    @cached_property
    def debug(self) -> DebugSession:
        """The job's debugger: what stands at breakpoints, edits, steps."""
        return DebugSession(self.job_id, job=cast("JobState", self))

    @property
    def breakpoints(self) -> JobBreakpoints:
        """The job's breakpoints: add, list, remove."""
        return JobBreakpoints(
            self.live.breakpoint_manager, cast("JobState", self), self.live.check_live
        )

    def slot(self, routine_id: str, name: str) -> Slot:
        """One of the job's own slots, also after its end.

        Raises:
            ValueError: there is no such routine or slot.
        """
        return self.live.slot(routine_id, name)

    def counts(self) -> JobCounts:
        """How much there is to do."""
        return self.live.counts()

    def run_seconds(self) -> float:
        """Seconds that the job has run, pauses left out; 0 before it is started."""
        return self._run_seconds if self._live is None else self._live.run_seconds()
