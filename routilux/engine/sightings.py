"""What a breakpoint sees of an item, and what a tracepoint reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from routilux.clock import stamp
from routilux.conditions import ItemView
from routilux.hooks import BreakpointRecord
from routilux.ids import activation_id, item_id

if TYPE_CHECKING:
    from routilux.debugger.breakpoint import Breakpoint
    from routilux.engine.caught import Draft
    from routilux.engine.debugging import Debugging
    from routilux.engine.job_routine import JobRoutine
    from routilux.engine.job_slot import JobSlot
    from routilux.engine.leaving import Departure
    from routilux.segment import Segment


class Sighting(NamedTuple):
    """An item at a place with breakpoints.

    Attributes:
        view: what conditions see of it.
        routine_id, name: the place: a routine, and its slot or event.
        item_id, activation_id: the item, and who emitted it or would get it; None if there is none.
    """

    view: ItemView
    routine_id: str
    name: str | None
    item_id: str | None
    activation_id: str | None

    @property
    def place(self) -> str:
        """The place as people write it."""
        return self.routine_id if self.name is None else f"{self.routine_id}.{self.name}"


def at_slot(job: Debugging, slot: JobSlot, segment: Segment, index: int) -> Sighting:
    """An item in front of a slot, with its number or without."""
    origin = segment.origin
    number = segment.base + index if segment.base >= 0 else slot.queue.next_number
    own = item_id(slot.routine_id, slot.name, number)

    def meta() -> dict[str, Any]:
        return {
            **_of_job(job, slot.routine_id),
            "slot": slot.name,
            "item_id": own,
            "event": origin.event,
            "emitted_from": origin.routine_id,
            "emitted_at": stamp(segment.stamps[index]).isoformat(),
            "activation_id": origin.activation_id,
            "attempt": segment.attempt,
        }

    view = ItemView(segment.data[index], meta)
    return Sighting(view, slot.routine_id, slot.name, own, origin.activation_id)


def at_event(job: Debugging, departure: Departure) -> Sighting:
    """An item that leaves its routine."""
    outlet = departure.outlet
    routine_id, event, activation = (
        outlet.activation.routine_id,
        outlet.output.event,
        outlet.activation.id,
    )

    def meta() -> dict[str, Any]:
        return {
            **_of_job(job, routine_id),
            "event": event,
            "emitted_from": routine_id,
            "emitted_at": stamp(departure.stamp).isoformat(),
            "activation_id": activation,
        }

    return Sighting(ItemView(departure.raw, meta), routine_id, event, None, activation)


def at_routine(job: Debugging, node: JobRoutine, draft: Draft) -> list[Sighting]:
    """The items that an activation would get; of a source, one sighting of nothing."""
    activation = activation_id(node.id, draft.number)
    found = [
        at_slot(job, slot, segment, index)._replace(
            routine_id=node.id, name=None, activation_id=activation
        )
        for slot, segment, index in draft.places()
    ]
    if found:
        return found
    view = ItemView(None, lambda: {**_of_job(job, node.id), "activation_id": activation})
    return [Sighting(view, node.id, None, None, activation)]


def _of_job(job: Debugging, routine_id: str) -> dict[str, Any]:
    return {
        "job_id": job.state.job_id,
        "flow_id": job.state.flow_id,
        "routine_id": routine_id,
    }


def report(job: Debugging, tracepoint: Breakpoint, sighting: Sighting) -> None:
    """Report an item at a tracepoint: into the job's log, and to the hooks.

    Log lines would be one for each item, and show payload to whoever reads the process's log.
    """
    template = tracepoint.template
    kind, place = tracepoint.type, sighting.place
    message = template.fill(sighting.view) if template is not None else f"{kind} {place}"
    job.state.append_to_shared_log(
        {
            "type": "tracepoint",
            "breakpoint_id": tracepoint.id,
            "kind": kind,
            "place": place,
            "message": message,
        }
    )
    if job.hears("breakpoint_hit"):
        record = BreakpointRecord(
            job_id=job.state.job_id,
            flow_id=job.state.flow_id,
            breakpoint_id=tracepoint.id,
            kind=kind,
            action="log",
            routine_id=sighting.routine_id,
            name=sighting.name,
            item_ids=(sighting.item_id,) if sighting.item_id is not None else (),
            activation_id=sighting.activation_id,
            at_ns=job.clock.time_ns(),
            hit_count=tracepoint.hit_count,
            message=message,
        )
        job.notices.append((job.tell, ("breakpoint_hit", record)))
