"""Hit: one stop at one place, by one or more breakpoints at once, or by the end of a step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from routilux.ids import activation_id, item_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routilux.debugger.breakpoint import Breakpoint
    from routilux.engine.caught import Caught, Draft
    from routilux.engine.job_routine import JobRoutine
    from routilux.engine.job_slot import JobSlot
    from routilux.engine.outlet import Output
    from routilux.segment import Origin

BREAKPOINTS = "breakpoint:"  # what the names of a breakpoint's holds begin with
STEP = "step"  # the hold, the kind and the mark of what a step has stopped


@dataclass(eq=False, slots=True)
class Hit:
    """Something that stands at a breakpoint until it is let go.

    Attributes:
        id: its id within the job.
        kind: routine, slot, event or connection; or step.
        breakpoints: those that were hit at once; none at a step.
        gone: ids of breakpoints that were hit, too, and removed before a snapshot was taken.
        pauses: whether the job is paused for it, or only the item held.
        routine_id, name: the routine, and its slot or event.
        at_ns: when.
        origin: who emitted the item.
        items: what stands here: one item for each target of an event, else one, or none.
        raw: what was emitted, before connections renamed anything. Of an event only.
        output: the event that it was emitted by, for an edit has to go to each target.
        node, draft: the routine and what its activation would get, of kind routine; draft is None
            once all of it was dropped.
    """

    id: str
    kind: str
    breakpoints: tuple[Breakpoint, ...]
    pauses: bool
    routine_id: str
    name: str | None
    at_ns: int
    origin: Origin | None = None
    items: list[tuple[JobSlot, Caught]] = field(default_factory=list)
    raw: Any = None
    output: Output | None = None
    node: JobRoutine | None = None
    draft: Draft | None = None
    gone: tuple[str, ...] = ()

    @property
    def breakpoint_ids(self) -> list[str]:
        """The ids of what was hit, also of what is gone."""
        return [*(each.id for each in self.breakpoints), *self.gone]

    @property
    def stands(self) -> bool:
        """Whether it holds anything: an item of an event that leads nowhere is not held alone."""
        return self.pauses or bool(self.items) or self.draft is not None

    @property
    def place(self) -> str:
        """Where it is, as people write it."""
        return self.routine_id if self.name is None else f"{self.routine_id}.{self.name}"

    @property
    def hold_names(self) -> list[str]:
        """The names of what it holds the job, or its item, by."""
        if not self.pauses:
            return [f"item:{self.item_ids[0]}" if self.item_ids else f"item:{self.id}"]
        return [f"{BREAKPOINTS}{each}" for each in self.breakpoint_ids] or [STEP]

    @property
    def item_ids(self) -> list[str]:
        """The ids of the items that stand here."""
        if self.draft is None:
            return [
                item_id(slot.routine_id, slot.name, item.numbers()[0]) for slot, item in self.items
            ]
        return [
            item_id(slot.routine_id, slot.name, segment.base + index)
            for slot, segment, index in self.draft.places()
        ]

    @property
    def activation_id(self) -> str | None:
        """The activation that would run, or that emitted the item; None if nobody did."""
        if self.draft is not None:
            return activation_id(self.routine_id, self.draft.number)
        return self.origin.activation_id if self.origin is not None else None

    def marks(self) -> Iterator[str]:
        """What its item has passed when it is let go."""
        yield from self.breakpoint_ids
        yield STEP

    def is_at(self, wanted: str) -> bool:
        """Whether it is the hit, or holds the item, of that id."""
        return wanted == self.id or wanted in self.item_ids
