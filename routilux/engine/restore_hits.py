"""Putting back what stood at the breakpoints of a saved job. Called under the new job's lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from routilux.engine.caught import Caught, Draft
from routilux.engine.debugger import Debugger
from routilux.engine.hits import STEP, Hit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from routilux.debugger.breakpoint import Breakpoint
    from routilux.engine.job_slot import JobSlot
    from routilux.engine.report import Report
    from routilux.engine.saved import SavedHit, SavedJob


def take_over_hits(job: Report, saved: SavedJob) -> None:
    """Let what stood at breakpoints stand there again; its items are in their slots."""
    if not (saved.hits or STEP in saved.holds):
        return
    debugger = job.debugger = Debugger(job)
    debugger.stopped_for = saved.stopped_for
    known = {each.id: each for each in saved.breakpoints}
    for hit in saved.hits:
        debugger.take_over(_make_hit(job, hit, known))


def _make_hit(job: Report, saved: SavedHit, known: Mapping[str, Breakpoint]) -> Hit:
    """A hit again. Of breakpoints that are gone, what they had stopped stands on."""
    hit = Hit(
        saved.id,
        saved.kind,
        tuple(known[each] for each in saved.breakpoint_ids if each in known),
        saved.pauses,
        saved.routine_id,
        saved.name,
        saved.at_ns,
        raw=saved.raw,
        gone=tuple(each for each in saved.breakpoint_ids if each not in known),
    )
    for routine_id, slot_name, number in saved.items:
        slot = job.slot(routine_id, slot_name)
        hit.items.append((slot, _catch(slot, number)))
    if hit.items:
        hit.origin = hit.items[0][1].origin
    node = job.routines.get(saved.routine_id, None)
    if node is not None and saved.kind == "event" and saved.name is not None:
        hit.output = node.outputs.get(saved.name)
    if node is not None and saved.activation is not None:
        hit.node = node
        hit.draft = next(
            each for each in node.due if isinstance(each, Draft) and each.number == saved.activation
        )
        hit.draft.checked = False
        node.due.remove(hit.draft)
        node.backoffs -= 1
        node.caught.append(hit.draft)
    return hit


def _catch(slot: JobSlot, number: int) -> Caught:
    """The held item of that number as a caught one, in its place."""
    held = slot.queue.held_segments
    for place, segment in enumerate(held):
        if number not in segment.numbers():
            continue
        if isinstance(segment, Caught):
            return segment
        before = segment.cut(segment.numbers().index(number))
        caught = Caught(segment.cut(1))
        del held[place]
        for each in (segment, caught, before):
            if len(each):
                held.insert(place, each)
        return caught
    raise LookupError(number)  # `saved_checks` has seen that it is there
