"""What a diagnosis says of what stands at breakpoints. Called under the job's lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from routilux.engine.hits import STEP
from routilux.ids import item_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from routilux.engine.core import JobCore
    from routilux.engine.hits import Hit
    from routilux.engine.job_routine import JobRoutine
    from routilux.engine.job_slot import JobSlot

SHOWN = 3  # hits that a line names


def hits_of(job: JobCore) -> dict[JobRoutine, list[Hit]]:
    """The hits that each routine waits for.

    They are those of its own activations and those of items on their way to it. One that has
    nothing in hand is its own place's.
    """
    found: dict[JobRoutine, list[Hit]] = {}
    for hit in job.debugger.hits.values() if job.debugger is not None else ():
        waiting = dict.fromkeys(slot.consumer for slot, _ in hit.items)
        for node in waiting or [job.routines[hit.routine_id]]:
            found.setdefault(node, []).append(hit)
    return found


def held_alone(job: JobCore) -> list[str]:
    """What `DebugSession.resume` has to be told to let go the hits that do not pause the job."""
    hits = job.debugger.hits.values() if job.debugger is not None else ()
    return [next(iter(hit.item_ids), hit.id) for hit in hits if not hit.pauses]


def describe_hits(node: JobRoutine, hits: Sequence[Hit]) -> str:
    """What stands where, at which breakpoints."""
    told = [_describe(node, hit) for hit in hits[:SHOWN]]
    return "; ".join([*told, *more(hits)])


def more(found: Sequence[object]) -> Iterator[str]:
    """How many there are beyond those that a line names."""
    if len(found) > SHOWN:
        yield f"and {len(found) - SHOWN} more"


def _describe(node: JobRoutine, hit: Hit) -> str:
    own = ", ".join(
        item_id(slot.routine_id, slot.name, caught.numbers()[0])
        for slot, caught in hit.items
        if slot.consumer is node
    )
    if hit.draft is not None:
        who = f"activation {hit.activation_id}, with {hit.draft.count} item(s), stands"
    else:
        who = f"item {own} stands" if own else "nothing is in hand"
    if hit.kind == STEP:
        return f"{who} in front of {hit.place}, where a step has ended"
    return f"{who} at {hit.kind} {hit.place}, {name_breakpoints(hit.breakpoint_ids)}"


def name_breakpoints(ids: Iterable[str]) -> str:
    """Breakpoints as people name them."""
    names = list(dict.fromkeys(ids))
    return f"breakpoint{'s' if len(names) > 1 else ''} {', '.join(names)}"


def closed_by(slot: JobSlot, hits: Iterable[Hit]) -> str:
    """Which breakpoints hold an item in front of a slot; "" if none does."""
    ids = [
        each for hit in hits for each in hit.breakpoint_ids if any(s is slot for s, _ in hit.items)
    ]
    return name_breakpoints(ids) if ids else ""


def closed_slot(node: JobRoutine, hits: Iterable[Hit]) -> str | None:
    """The first slot of a routine that is closed by a hit, as ``routine.slot``."""
    slots = (slot for hit in hits for slot, _ in hit.items if slot.consumer is node)
    return next((f"{slot.routine_id}.{slot.name}" for slot in slots), None)
