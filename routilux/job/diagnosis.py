"""The answer to "why is nothing moving?", as frozen values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

BUSY = "busy"  # its logic runs
READY = "ready"  # it waits for a worker
WAITING_FOR_ROOM = "waiting for room"  # it stands in `emit`, or is not started: an output is full
RETRYING = "retrying"  # a back-off runs
WAITING_FOR_POLICY = "waiting for its policy"  # it has items, and its policy declines
HELD = "held at a breakpoint"  # its next activation, or an item on its way to it, stands there
PAUSED = "paused"  # the job is, and its logic does not run
IDLE = "idle"  # it has nothing to do
DONE = "done"  # a source that has run, or any routine of a job that has ended
STATES = (BUSY, READY, WAITING_FOR_ROOM, RETRYING, WAITING_FOR_POLICY, HELD, PAUSED, IDLE, DONE)


@dataclass(frozen=True, slots=True)
class RoutineDiagnosis:
    """What one routine of a job is doing.

    Attributes:
        routine_id: the routine.
        state: one of `STATES`.
        detail: one line that says more: what it lacks, who paused it, what stands at which
            breakpoint; may be "".
        slot: ``routine.slot`` that it waits for, or that a breakpoint keeps closed, or None.
        since: seconds that this has lasted, or None.
        until: seconds of the job's time until a retry, or None.
        unconsumed: items that wait in its slots.
        held: items held beside its slots.
    """

    routine_id: str
    state: str
    detail: str = ""
    slot: str | None = None
    since: float | None = None
    until: float | None = None
    unconsumed: int = 0
    held: int = 0


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a job is doing.

    Attributes:
        job_id, status: the job.
        summary: one line for a person.
        routines: each routine, in the order of the flow.
        bottleneck: the routine that the others wait for, or None.
        chain: routine ids from the bottleneck back to a source.
        cycle: the chain of waits of a stall, in which everything waits for everything, as
            ``routine`` and ``routine.slot`` names in turn; empty without one.
    """

    job_id: str
    status: str
    summary: str
    routines: tuple[RoutineDiagnosis, ...] = ()
    bottleneck: str | None = None
    chain: tuple[str, ...] = ()
    cycle: tuple[str, ...] = ()

    @property
    def stalled(self) -> bool:
        """Whether everything waits for everything."""
        return bool(self.cycle)

    def to_dict(self) -> dict[str, Any]:
        """The diagnosis as JSON data."""
        document = asdict(self)
        for name in ("chain", "cycle", "routines"):
            document[name] = list(document[name])
        return {**document, "stalled": self.stalled}
