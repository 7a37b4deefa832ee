"""Where the breakpoints of a job are looked at.

A breakpoint is found by nobody who does not look: slots, events and routines without one have None
in `watch`, and an item that passes them pays for that one test. So a change of breakpoints works
these places out anew, under the job's lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from routilux.debugger.breakpoint import describe_place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from routilux.debugger.breakpoint import Breakpoint, Place
    from routilux.engine.debugging import Debugging
    from routilux.engine.job_routine import JobRoutine
    from routilux.engine.outlet import Output

Watch = tuple["Breakpoint", ...]


class OutputWatch(NamedTuple):
    """Breakpoints on the way out of a routine.

    Attributes:
        event: those of the event.
        edges: those of the connection to each target, in the order of the targets.
    """

    event: Watch
    edges: tuple[Watch, ...]

    @property
    def is_empty(self) -> bool:
        """Whether only the slots behind it are watched."""
        return not self.event and not any(self.edges)


def places_of(job: Debugging) -> Iterator[Place]:
    """Every place of a job that a breakpoint may name."""
    for node in job.routines.values():
        yield ("routine", node.id)
        for slot in node.slots:
            yield ("slot", node.id, slot.name)
        for output in node.outputs.values():
            yield ("event", node.id, output.event)
            for index in range(len(output.targets)):
                yield _edge(node, output, index)


def _edge(node: JobRoutine, output: Output, index: int) -> Place:
    slot = output.targets[index][0]
    return ("connection", node.id, output.event, slot.routine_id, slot.name)


def verify(breakpoints: Iterable[Breakpoint], job: Debugging) -> None:
    """Say of each breakpoint whether the job has its place."""
    known: set[Place] | None = None
    for each in breakpoints:
        known = known or set(places_of(job))
        each.verified = each.place in known
        each.message = None if each.verified else _missing(each.place, job)


def _missing(place: Place, job: Debugging) -> str:
    there = sorted(describe_place(each) for each in places_of(job) if each[0] == place[0])
    shown = ", ".join(there[:20]) + (", ..." if len(there) > 20 else "")
    return f"No {describe_place(place)} in this job; it has {shown or f'no {place[0]}'}"


def set_watches(job: Debugging, breakpoints: Iterable[Breakpoint], *, everywhere: bool) -> None:
    """Let these breakpoints be looked at, and no others. Under the job's lock.

    Args:
        job: the job.
        breakpoints: its breakpoints, in the order of adding.
        everywhere: whether each item is looked at in front of every slot, for a step.
    """
    found: dict[Place, list[Breakpoint]] = {}
    for each in breakpoints:
        if each.enabled:
            found.setdefault(each.place, []).append(each)
    there = {place: tuple(those) for place, those in found.items()}
    nothing: Watch | None = () if everywhere else None
    for slot in job.slots:
        slot.watch = there.get(("slot", slot.routine_id, slot.name), nothing)
        slot.refresh()
    for node in job.routines.values():
        node.watch = there.get(("routine", node.id))
        for output in node.outputs.values():
            output.set_watch(_of_output(node, output, there))
    for slot in job.slots:
        for outlet in slot.outlets:
            outlet.reset_limit()


def _of_output(
    node: JobRoutine, output: Output, there: Mapping[Place, Watch]
) -> OutputWatch | None:
    event = there.get(("event", node.id, output.event), ())
    edges = tuple(there.get(_edge(node, output, i), ()) for i in range(len(output.targets)))
    watch = OutputWatch(event, edges)
    if watch.is_empty and all(slot.watch is None for slot, _ in output.targets):
        return None
    return watch
