"""Steps: the job goes on for a little, and holds still again.

During a step the gate is open, whatever holds the job otherwise; at its end it is closed again, and
the step is one more hold. A step over starts one activation and is over when that has ended. A step
into stops at the next item that is about to enter a slot. A step out lasts until an activation and
those that it fed have ended. Each ends as well when nothing more can run, at a breakpoint, and when
somebody pauses the job. All is called under the job's lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from routilux.ids import item_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from routilux.engine.core import JobCore
    from routilux.engine.hits import Hit
    from routilux.engine.job_routine import JobRoutine
    from routilux.engine.running import RunningActivation
    from routilux.segment import Segment

OVER, INTO, OUT = "over", "into", "out"


class Step:
    """A step of one job. What a kind of step does differently is in its class.

    Each is made with the job and its focus: what stands at breakpoints, and is let go with it.

    Attributes:
        looks_everywhere: whether items are looked at in front of every slot.
        waits_for_alarms: whether something that starts later is waited for.
    """

    name = ""
    looks_everywhere = False
    waits_for_alarms = True

    def __init__(self, job: JobCore, focus: Sequence[Hit]) -> None:  # noqa: ARG002 - for others
        self.job = job

    def admits(self, node: JobRoutine) -> bool:  # noqa: ARG002
        """Whether an activation of that routine may start; it does so at once."""
        return True

    def admitted(self, activation: RunningActivation) -> None:
        """The activation that was let start."""

    def began(self, activation: RunningActivation) -> None:
        """Logic is about to be called."""

    def ended(self, activation: RunningActivation) -> str | None:  # noqa: ARG002
        """An activation is over. Returns why the step is, if it is."""
        return None

    def idle(self) -> str | None:
        """Nothing runs. Returns why the step is over; None: something will run now."""
        return "nothing more can run"


class StepOver(Step):
    """One activation, of the routine in hand if there is one."""

    name = OVER

    def __init__(self, job: JobCore, focus: Sequence[Hit]) -> None:
        super().__init__(job, focus)
        self._wanted = {node.id for hit in focus for node in _next_nodes(hit)}
        self._declined: set[str] = set()
        self._one: RunningActivation | None = None

    def admits(self, node: JobRoutine) -> bool:
        """One, of a routine that is wanted."""
        if not self.waits_for_alarms or node.id in self._declined:
            return False
        if self._wanted and node.id not in self._wanted:
            return False
        self.waits_for_alarms = False
        self.job.barred = True
        return True

    def admitted(self, activation: RunningActivation) -> None:
        """This is the one; others may go on that stood still before the step."""
        self._one = activation

    def ended(self, activation: RunningActivation) -> str | None:
        """The one has ended; if its logic was not called, another may begin."""
        if activation is not self._one:
            return None
        if activation.outcome != "running":
            return f"activation {activation.id} has ended"
        self._declined.add(activation.routine_id)
        self.waits_for_alarms = True
        self.job.barred = False
        return None

    def idle(self) -> str | None:
        """If those that are wanted do not start, let it be any other."""
        if not self.waits_for_alarms:
            return "its logic stands still: there is no room for what it emits"
        self._wanted.clear()
        for node in self.job.routines.values():
            if node.id not in self._declined:
                node.consider()
        return None if self.job.ready else super().idle()


class StepInto(Step):
    """Up to the next item that is about to enter a slot."""

    name = INTO
    looks_everywhere = True


class StepOut(Step):
    """Until the activation in hand, and those that it fed, have ended."""

    name = OUT

    def __init__(self, job: JobCore, focus: Sequence[Hit]) -> None:
        super().__init__(job, focus)
        self._items = {each for hit in focus if hit.draft is None for each in hit.item_ids}
        self._roots = {hit.activation_id for hit in focus if hit.draft is not None}
        self._is_any = not (self._items or self._roots)
        self._running = set(self._roots)

    def began(self, activation: RunningActivation) -> None:
        """It may be the one that takes the item in hand, or one that it feeds."""
        taken = self._take(activation)
        if self._is_any or taken:
            self._is_any = False
            self._roots.add(activation.id)
            self._running.add(activation.id)
        elif any(segment.origin.activation_id in self._roots for segment in _inputs(activation)):
            self._running.add(activation.id)

    def _take(self, activation: RunningActivation) -> bool:
        """Whether an activation takes an item in hand, which is nobody else's then."""
        if not self._items or activation.claim is None:
            return False
        taken = {
            item_id(slot.routine_id, slot.name, number)
            for slot, segments in activation.claim.inputs
            for segment in segments
            for number in segment.numbers()
        }
        found = bool(taken & self._items)
        self._items -= taken
        return found

    def ended(self, activation: RunningActivation) -> str | None:
        """The last of them may have ended."""
        if activation.outcome in ("running", "retry"):
            return None
        self._running.discard(activation.id)
        if self._running or self._items or self._is_any:
            return None
        if any(each.origin.activation_id in self._roots for each in _on_their_way(self.job)):
            return None
        return "what it fed has ended"


def _next_nodes(hit: Hit) -> Iterator[JobRoutine]:
    """Whose activation comes next after a hit."""
    if hit.node is not None:
        yield hit.node
    for slot, _ in hit.items:
        yield slot.consumer


def _inputs(activation: RunningActivation) -> Iterator[Segment]:
    for _, segments in activation.claim.inputs if activation.claim is not None else ():
        yield from segments


def _on_their_way(job: JobCore) -> Iterator[Segment]:
    for slot in job.slots:
        yield from slot.queue.waiting
        yield from slot.queue.held_segments
        yield from (leg.segment for leg in slot.legs)


_KINDS: dict[str, type[Step]] = {each.name: each for each in (StepOver, StepInto, StepOut)}


def make_step(name: str, job: JobCore, focus: Sequence[Hit]) -> Step:
    """The step of that name.

    Raises:
        ValueError: there is none.
    """
    if name not in _KINDS:
        raise ValueError(f"A step is one of {', '.join(_KINDS)}, not {name!r}")
    return _KINDS[name](job, focus)
