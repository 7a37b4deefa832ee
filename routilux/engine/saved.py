"""What is saved of a job, as values: taken from a job, written, read, and put into another job.

Times are counts of nanoseconds; `due_ns` is in the job's own time, of which `run_ns` have passed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from routilux.ids import activation_id
from routilux.segment import count_items

if TYPE_CHECKING:
    from collections.abc import Mapping

    from routilux.debugger.breakpoint import Breakpoint
    from routilux.segment import Segment

SCHEMA = 3  # raised when an older reader would misread the document
SLOT_FIELDS = (
    "routine_id",
    "slot_name",
    "max_queue_length",
    "next_number",
    "offered",
    "consumed",
    "refused_by",
    "returned_to_caller",
    "retries",
    "times_held",
)
ROUTINE_FIELDS = (
    "id",
    "activations",
    "failures",
    "retries",
    "busy_ns",
    "blocked_ns",
    "to_start",
    "news",
    "declines",
)
ACTIVATION_FIELDS = ("routine_id", "number", "attempt", "due_ns", "rerun", "caught")
HIT_FIELDS = (
    "id",
    "kind",
    "breakpoint_ids",
    "pauses",
    "routine_id",
    "name",
    "at_ns",
    "items",
    "activation",
)
# Fields that are JSON data as they are, and are written under their own names.


@dataclass(slots=True)
class SavedSlot:
    """A slot: its items and all of its counts (in items; `retries` in waits).

    Attributes:
        max_queue_length: how long it was; the flow that goes on decides how long it is.
        next_number: the number that the next item gets.
        waiting, held: the items, in order.
    """

    routine_id: str
    slot_name: str
    max_queue_length: int
    next_number: int
    offered: int
    consumed: int
    refused_by: dict[str, int]
    returned_to_caller: int
    retries: int
    times_held: int
    waiting: list[Segment] = field(default_factory=list)
    held: list[Segment] = field(default_factory=list)

    @property
    def name(self) -> str:
        """``routine.slot``, as people write it."""
        return f"{self.routine_id}.{self.slot_name}"

    @property
    def unconsumed(self) -> int:
        """Items that wait."""
        return count_items(self.waiting)

    @property
    def held_count(self) -> int:
        """Items that are held."""
        return count_items(self.held)


@dataclass(slots=True)
class SavedInput:
    """What an activation took from one slot; `shown` if its policy showed logic something else."""

    slot_name: str
    segments: list[Segment]
    shown: list[Any] | None = None


@dataclass(slots=True)
class SavedActivation:
    """An activation that has to run (again).

    Attributes:
        attempt: 1, and one more for each retry.
        due_ns: when its back-off is over; None: it runs as soon as the job does.
        rerun: it had begun, and begins anew: what it had emitted is emitted again.
        caught: a breakpoint stopped it before its logic: its items are not consumed yet.
        failed: items that are dead letters already: (slot's name, number).
    """

    routine_id: str
    number: int
    attempt: int
    due_ns: int | None
    rerun: bool
    caught: bool = False
    message: Any = None
    failed: list[tuple[str, int]] = field(default_factory=list)
    inputs: list[SavedInput] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The activation's id within its job."""
        return activation_id(self.routine_id, self.number)


@dataclass(slots=True)
class SavedHit:
    """Something that stands at breakpoints.

    Attributes:
        items: where its items are: (routine, slot's name, number).
        activation: the number of the activation that would run, of kind routine.
        raw: what was emitted, of kind event.
    """

    id: str
    kind: str
    breakpoint_ids: list[str]
    pauses: bool
    routine_id: str
    name: str | None
    at_ns: int
    items: list[tuple[str, str, int]]
    activation: int | None = None
    raw: Any = None

    @property
    def stands(self) -> bool:
        """Whether it holds anything without the items that wait with a producer."""
        return self.pauses or bool(self.items) or self.activation is not None


@dataclass(slots=True)
class SavedRoutine:
    """A routine's counts, and what it was about to do.

    Attributes:
        busy_ns, blocked_ns: its lane times, see `routilux.engine.lane_times`; the latter by reason.
        to_start: a source that has not run yet.
        news: something came since its policy was last asked.
        declines: its policy's last word was no.
    """

    id: str
    activations: int
    failures: int
    retries: int
    busy_ns: int
    blocked_ns: dict[str, int]
    to_start: bool
    news: bool
    declines: bool


@dataclass(slots=True)
class SavedJob:
    """A whole job.

    Attributes:
        taken_ns: when, since the epoch.
        job: its data: as `copy_fields` gives it when taken, the document of it when read.
        run_ns: how long it has run, pauses left out.
        is_open: whether it takes items from outside until it is closed.
        holds: why it is paused, by the name of the hold.
        time_limit: seconds that it may run and when they are over, or None.
        policy_alarms: routine and time of policies that are to be asked again.
        breakpoints: the job's breakpoints.
        hits: what stands at them, in order.
        stopped_for: why the last step has ended, or None.
    """

    taken_ns: int
    job: Mapping[str, Any]
    run_ns: int
    is_open: bool
    holds: dict[str, str]
    time_limit: tuple[float, int] | None = None
    slots: list[SavedSlot] = field(default_factory=list)
    routines: list[SavedRoutine] = field(default_factory=list)
    activations: list[SavedActivation] = field(default_factory=list)
    policy_alarms: list[tuple[str, int]] = field(default_factory=list)
    breakpoints: list[Breakpoint] = field(default_factory=list)
    hits: list[SavedHit] = field(default_factory=list)
    stopped_for: str | None = None

    def caught_in(self, routine_id: str, slot_name: str) -> int:
        """Items of a slot that activations which were stopped have in hand."""
        return sum(
            count_items(each.segments)
            for activation in self.activations
            if activation.caught and activation.routine_id == routine_id
            for each in activation.inputs
            if each.slot_name == slot_name
        )

    @property
    def at_least_once(self) -> list[str]:
        """Ids of activations that had begun; all else is delivered exactly once."""
        return [each.id for each in self.activations if each.rerun]
