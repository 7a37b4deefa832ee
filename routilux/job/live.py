"""What a job's state asks of the engine that runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from routilux.debugger.manager import BreakpointManager
    from routilux.debugger.values import DebugState
    from routilux.flow import Flow
    from routilux.job.counts import JobCounts
    from routilux.job.diagnosis import Diagnosis
    from routilux.job.pause_points import PausePoint
    from routilux.job.plain import Codec
    from routilux.job.results import Redelivery, ResumeResult
    from routilux.slot import Slot


class LiveJob(Protocol):
    """A job that was started; it stays bound to its state after its end.

    The engine writes ``status``, ``started_at``, ``completed_at``, ``error`` and the like into the
    `JobState` itself; here is only what the state cannot do alone. The methods are those of
    `routilux.job_state.JobState` and are described there.
    """

    @property
    def flow(self) -> Flow:
        """The flow that it runs."""

    def wait(self, timeout: float | None) -> bool:
        """Block until the job has ended."""

    def pause(
        self,
        reason: str,
        checkpoint: Mapping[str, Any] | None,
        identity: str | None,
        request_id: str | None,
        wait: bool | float,
    ) -> PausePoint:
        """Close the gate."""

    def resume(self, reason: str, identity: str | None, request_id: str | None) -> ResumeResult:
        """Open the gate."""

    def cancel(self, reason: str, identity: str | None, request_id: str | None) -> bool:
        """End the job."""

    def redeliver(
        self,
        ids: Collection[str] | None,
        new_job: bool,
        reason: str,
        identity: str | None,
        request_id: str | None,
    ) -> Redelivery:
        """Offer dead letters again, which it takes out of the state's `dead_letter_box`."""

    def post(self, routine_id: str, slot_name: str, data: Any, timeout: float | None) -> str:
        """Put an item in from outside."""

    def close(self) -> bool:
        """Close the open input. False: it was closed."""

    def slot(self, routine_id: str, name: str) -> Slot:
        """One of the job's slots."""

    def diagnose(self) -> Diagnosis:
        """What the job is doing."""

    def snapshot(self, in_flight: str | None = None, codec: Codec | None = None) -> dict[str, Any]:
        """The whole job as JSON data."""

    def check_live(self) -> None:
        """Raise `JobFinished` when the job has ended."""

    @property
    def breakpoint_manager(self) -> BreakpointManager:
        """Who keeps the breakpoints that it stops at."""

    def wait_until_stopped(self, timeout: float | None) -> bool:
        """Block until the job is paused, or something stands at a breakpoint, or it has ended."""

    def debug_state(self) -> DebugState:
        """The job as its debugger sees it."""

    def debug_resume(
        self, item_id: str | None, reason: str, identity: str | None, request_id: str | None
    ) -> ResumeResult:
        """Lift the debugger's holds, or that of one item."""

    def debug_step(
        self, mode: str, reason: str, identity: str | None, request_id: str | None
    ) -> ResumeResult:
        """Go on for a little."""

    def debug_edit(self, data: Any, item_id: str | None, identity: str | None) -> str:
        """Give an item in hand other data."""

    def debug_drop(self, item_id: str | None, identity: str | None) -> str:
        """Make an item in hand a dead letter."""

    def counts(self) -> JobCounts:
        """How much there is to do."""

    def run_seconds(self) -> float:
        """Seconds that the job has run, pauses left out."""
