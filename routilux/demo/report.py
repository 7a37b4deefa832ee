"""What a census has found, as one frozen value, and whether every file is accounted for."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from routilux.demo.items import FunctionFacts, path_of
from routilux.demo.pipeline import REPORT, WALK, found_by, parsed_by
from routilux.status import ExecutionStatus

if TYPE_CHECKING:
    from routilux.job.dead_letters import DeadLetter
    from routilux.job_state import JobState
    from routilux.slot_metrics import SlotMetrics


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that became a dead letter: its name, the step, the reason, and the error."""

    path: str
    routine_id: str
    reason: str
    error_type: str
    error: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a census has found.

    Attributes:
        root: the folder.
        status: the job's: ``completed``, or ``cancelled`` when it was interrupted.
        error: why the job failed, or None.
        files: found by the walk.
        parsed: parsed, measured and added up.
        failed: became dead letters, each for an error of its own.
        unfinished: found, and not come to an end when the job was interrupted.
        lines, functions, classes: totals of the parsed files.
        largest: the ten functions with the most lines.
        most_complex: the ten functions with the highest cyclomatic complexity.
        dead_letters: the failed files, and items refused at an interruption. A job keeps the newest
            10,000.
        folders_not_listed: folders that the walk could not look into, each ``{path, error}``.
        slots: the figures of every slot, in the order of the flow.
        elapsed_s: seconds that the job ran, pauses left out.
    """

    job_id: str
    root: str
    status: str
    error: str | None
    files: int
    parsed: int
    failed: int
    lines: int
    functions: int
    classes: int
    largest: tuple[FunctionFacts, ...]
    most_complex: tuple[FunctionFacts, ...]
    dead_letters: tuple[Failure, ...]
    folders_not_listed: tuple[dict[str, str], ...]
    slots: tuple[SlotMetrics, ...]
    elapsed_s: float

    @property
    def unfinished(self) -> int:
        """Files that were found and have come to no end."""
        return self.files - self.parsed - self.failed

    @property
    def accounted_for(self) -> bool:
        """Whether every file is either parsed or a dead letter, and every slot's sum holds."""
        return (
            self.status == ExecutionStatus.COMPLETED.value
            and not self.unfinished
            and not self.folders_not_listed
            and all(is_balanced(slot) for slot in self.slots)
        )

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON data."""
        document = asdict(self)
        document["slots"] = [slot_dict(slot) for slot in self.slots]
        document["unfinished"] = self.unfinished
        document["accounted_for"] = self.accounted_for
        return document


def is_balanced(slot: SlotMetrics) -> bool:
    """Whether a slot's sum holds: offered = consumed + unconsumed + held + refused."""
    return slot.offered == slot.consumed + slot.unconsumed + slot.held + slot.refused


def slot_dict(slot: SlotMetrics) -> dict[str, Any]:
    """The figures of a slot as JSON data, under the names of `Slot.get_queue_metrics` and ours."""
    return {
        **slot.queue_metrics(),
        "offered": slot.offered,
        "consumed": slot.consumed,
        "held": slot.held,
        "refused": slot.refused,
        "retries": slot.retries,
        "balanced": is_balanced(slot),
    }


def slots_of(job: JobState) -> tuple[SlotMetrics, ...]:
    """The figures of every slot of a job, in the order of its flow."""
    routines = job.live.flow.routines
    return tuple(
        job.slot(routine_id, name).metrics()
        for routine_id, routine in routines.items()
        for name in routine.slots
    )


def failed_in(job: JobState, slots: tuple[SlotMetrics, ...]) -> int:
    """Files of a job that failed, those included whose dead letters were let go.

    What slots refused is a dead letter, too (at an interruption), but no file that failed.
    """
    refused = sum(slot.refused - slot.returned_to_caller for slot in slots)
    return job.dead_letter_box.total - refused


def make_report(job: JobState, root: str) -> Report:
    """The report of a job of the census, ended or not."""
    slots = slots_of(job)
    walk, tally = job.routine_data(WALK), job.routine_data(REPORT)
    return Report(
        job_id=job.job_id,
        root=root,
        status=job.status.value,
        error=job.error,
        files=found_by(job),
        parsed=parsed_by(job),
        failed=failed_in(job, slots),
        lines=int(tally.get("lines", 0)),
        functions=int(tally.get("functions", 0)),
        classes=int(tally.get("classes", 0)),
        largest=tuple(FunctionFacts(**one) for one in tally.get("largest", ())),
        most_complex=tuple(FunctionFacts(**one) for one in tally.get("most_complex", ())),
        dead_letters=tuple(_failure(letter) for letter in job.dead_letters.list()),
        folders_not_listed=tuple(dict(one) for one in walk.get("errors", ())),
        slots=slots,
        elapsed_s=round(job.run_seconds(), 3),
    )


def _failure(letter: DeadLetter) -> Failure:
    return Failure(
        path=path_of(letter.data),
        routine_id=letter.routine_id,
        reason=letter.reason,
        error_type=letter.error_type,
        error=letter.error,
    )
