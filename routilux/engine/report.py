"""What a job tells of itself: a snapshot to go on from, and a diagnosis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from routilux.engine.diagnosis import diagnose
from routilux.engine.inlet import Inlet
from routilux.engine.lane_times import refresh_all
from routilux.engine.restore import put_into
from routilux.engine.snapshot import snapshot
from routilux.status import ExecutionStatus

if TYPE_CHECKING:
    from routilux.engine.saved import SavedJob
    from routilux.job.diagnosis import Diagnosis
    from routilux.job.plain import Codec


class Report(Inlet):
    """The part of a job that tells what it is and does."""

    def diagnose(self) -> Diagnosis:
        """Why is nothing moving? See `routilux.job_state.JobState.diagnose`."""
        return diagnose(self)

    def snapshot(self, in_flight: str | None = None, codec: Codec | None = None) -> dict[str, Any]:
        """The paused job as JSON data. See `routilux.job_state.JobState.snapshot`."""
        return snapshot(self, in_flight, codec)

    def start_from(self, saved: SavedJob) -> None:
        """Begin, paused, where another job stopped."""
        with self.lock:
            if not self.ended:  # else the runtime was shut down meanwhile
                self.gate_closed = self.barred = True
                self.closed_at_ns = self.clock.time_ns()
                for slot in self.slots:
                    slot.refresh()
                put_into(self, saved)
                refresh_all(self)
                self.state.status = ExecutionStatus.PAUSED
        self.tell_start("restored")
        self.tell_notices()
