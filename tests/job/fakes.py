"""Doubles for what job data asks of the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from routilux.debugger.manager import BreakpointManager
from routilux.debugger.values import DebugState
from routilux.errors import JobFinished
from routilux.flow import Flow
from routilux.job.counts import JobCounts
from routilux.job.diagnosis import Diagnosis
from routilux.job.pause_points import PausePoint, make_pause_point
from routilux.job.results import Redelivery, ResumeResult
from routilux.job_state import JobState
from routilux.slot import Slot
from routilux.slot_metrics import SlotMetrics

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from routilux.job.plain import Codec

COUNTS = JobCounts(ready=1, timed=2, running=3, standing=4)


class FakeJob:
    """A live job that remembers what it was asked, and answers with fixed values."""

    def __init__(self, state: JobState, *, running: tuple[str, ...] = ()) -> None:
        self.state = state
        self.flow = Flow(state.flow_id)
        self.asked: list[tuple[Any, ...]] = []
        self.running = running
        self.answer = ResumeResult(True)
        self.known_slot = Slot("in")
        self.breakpoints = BreakpointManager()

    def wait(self, timeout: float | None) -> bool:
        self.asked.append(("wait", timeout))
        return timeout is None

    def pause(
        self,
        reason: str,
        checkpoint: Mapping[str, Any] | None,
        identity: str | None,
        request_id: str | None,
        wait: bool | float,
    ) -> PausePoint:
        self.asked.append(("pause", reason, checkpoint, identity, request_id, wait))
        return make_pause_point(
            self.state.created_at, reason, checkpoint, COUNTS, (), running=self.running
        )

    def resume(self, reason: str, identity: str | None, request_id: str | None) -> ResumeResult:
        self.asked.append(("resume", reason, identity, request_id))
        return self.answer

    def cancel(self, reason: str, identity: str | None, request_id: str | None) -> bool:
        self.asked.append(("cancel", reason, identity, request_id))
        return True

    def redeliver(
        self,
        ids: Collection[str] | None,
        new_job: bool,
        reason: str,
        identity: str | None,
        request_id: str | None,
    ) -> Redelivery:
        self.asked.append(("redeliver", ids, new_job, reason, identity, request_id))
        return Redelivery(1, self.state.job_id)

    def post(self, routine_id: str, slot_name: str, data: Any, timeout: float | None) -> str:
        self.asked.append(("post", routine_id, slot_name, data, timeout))
        return f"{routine_id}.{slot_name}#0"

    def close(self) -> bool:
        self.asked.append(("close",))
        return True

    def slot(self, routine_id: str, name: str) -> Slot:
        self.asked.append(("slot", routine_id, name))
        return self.known_slot

    def diagnose(self) -> Diagnosis:
        return Diagnosis(self.state.job_id, self.state.status.value, "idle")

    def snapshot(self, in_flight: str | None = None, codec: Codec | None = None) -> dict[str, Any]:
        return {"schema": 1, "in_flight": in_flight}

    def check_live(self) -> None:
        if self.state.status.finished:
            raise JobFinished(self.state.job_id, self.state.status.value)

    @property
    def breakpoint_manager(self) -> BreakpointManager:
        return self.breakpoints

    def wait_until_stopped(self, timeout: float | None) -> bool:
        self.asked.append(("wait_until_stopped", timeout))
        return True

    def debug_state(self) -> DebugState:
        return DebugState(self.state.job_id, self.state.status.value, "running")

    def debug_resume(
        self, item_id: str | None, reason: str, identity: str | None, request_id: str | None
    ) -> ResumeResult:
        self.asked.append(("debug_resume", item_id, reason, identity, request_id))
        return self.answer

    def debug_step(
        self, mode: str, reason: str, identity: str | None, request_id: str | None
    ) -> ResumeResult:
        self.asked.append(("debug_step", mode, reason, identity, request_id))
        return self.answer

    def debug_edit(self, data: Any, item_id: str | None, identity: str | None) -> str:
        self.asked.append(("debug_edit", data, item_id, identity))
        return item_id or "r.s#0"

    def debug_drop(self, item_id: str | None, identity: str | None) -> str:
        self.asked.append(("debug_drop", item_id, identity))
        return item_id or "r.s#0"

    def counts(self) -> JobCounts:
        return COUNTS

    def run_seconds(self) -> float:
        return 2.5


def started(flow_id: str = "f", *, running: tuple[str, ...] = ()) -> tuple[JobState, FakeJob]:
    """A job with a live job behind it."""
    job = JobState(flow_id)
    live = FakeJob(job, running=running)
    job.attach(live)
    return job, live


class Pair:
    """What JSON does not know."""

    def __init__(self, left: Any, right: Any) -> None:
        self.both = (left, right)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pair) and self.both == other.both

    __hash__ = None  # type: ignore[assignment]


class PairCodec:
    """Writes pairs as lists, and nothing else."""

    def encode(self, value: Any) -> Any:
        if not isinstance(value, Pair):
            raise TypeError(f"no pair: {value!r}")
        return list(value.both)

    def decode(self, data: Any) -> Pair:
        return Pair(*data)


def metrics(
    unconsumed: int = 0, *, held: int = 0, name: str = "in", length: int = 10
) -> SlotMetrics:
    """A reading of slot ``r.<name>`` with a watermark of 0.8."""
    return SlotMetrics(
        slot_name=name,
        routine_id="r",
        max_length=length,
        watermark_threshold=int(length * 0.8),
        size=unconsumed,
        unconsumed=unconsumed,
        held=held,
        offered=unconsumed + held,
        consumed=0,
        refused=0,
        refused_by={},
        returned_to_caller=0,
        retries=0,
        times_held=held,
        oldest_ns=None,
        waiting_producers=0,
    )
