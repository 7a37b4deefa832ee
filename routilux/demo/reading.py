"""How far a running census is, as one frozen value for those who show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from routilux.demo.pipeline import found_by, parsed_by
from routilux.demo.report import failed_in, slots_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from routilux.job_state import JobState
    from routilux.slot_metrics import SlotMetrics


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at a running census.

    Attributes:
        status: the job's.
        elapsed_s: seconds that it has run, pauses left out.
        files, parsed, failed: files so far.
        slots: the figures of every slot, in the order of the flow.
        states: what each routine does, in the words of ``job.diagnose()``.
        bottleneck: the routine that the others wait for, or None.
    """

    status: str
    elapsed_s: float
    files: int
    parsed: int
    failed: int
    slots: tuple[SlotMetrics, ...]
    states: Mapping[str, str]
    bottleneck: str | None


def read(job: JobState) -> Reading:
    """Look at a job of the census: at one slot after another, not at all of them at once."""
    slots, diagnosis = slots_of(job), job.diagnose()
    return Reading(
        status=job.status.value,
        elapsed_s=job.run_seconds(),
        files=found_by(job),
        parsed=parsed_by(job),
        failed=failed_in(job, slots),
        slots=slots,
        states={one.routine_id: one.state for one in diagnosis.routines},
        bottleneck=diagnosis.bottleneck,
    )
