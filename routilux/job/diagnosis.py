"""The answer to "why is nothing moving?", as frozen values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RoutineDiagnosis:
    """What one routine of a job is doing.

    Attributes:
        routine_id: the routine.
        state: one or two words: busy, idle, waiting for room, retrying, ...
        detail: one line that says more: what it lacks, who paused it; may be "".
        slot: ``routine.slot`` that it waits for, or None.
        since: seconds that this has lasted, or None.
        unconsumed: items that wait in its slots.
        held: items held beside its slots.
    """

    routine_id: str
    state: str
    detail: str = ""
    slot: str | None = None
    since: float | None = None
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
        cycle: routine ids of a stall, everything waiting for everything; empty without one.
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
