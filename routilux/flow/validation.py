"""What looks wrong in a flow, found without running it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from routilux.function_routine import FunctionRoutine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routilux.flow.flow import Flow
    from routilux.routine import Routine

TRIGGER = "trigger"


class Problem(NamedTuple):
    """One thing that looks wrong.

    Attributes:
        text: a sentence that names the place and says what to do.
        legal: whether such a flow can work all the same, so that only its author can judge.
    """

    text: str
    legal: bool


def find_problems(flow: Flow) -> list[Problem]:
    """All problems of a flow, in the order of its routines; those of the whole come last."""
    found: list[Problem] = []
    fed = {id(connection.target_slot) for connection in flow.connections}
    used = {id(connection.source_event) for connection in flow.connections}
    for routine_id, routine in flow.routines.items():
        found += _unfilled(flow, routine_id, routine, fed)
        found += _no_logic(routine_id, routine)
        found += _batch_too_large(flow, routine_id, routine)
        found += _leads_nowhere(routine_id, routine, used)
    return [*found, *_repeated(flow), *_loops(flow), *_no_start(flow)]


def _unfilled(flow: Flow, routine_id: str, routine: Routine, fed: set[int]) -> Iterator[Problem]:
    for name, slot in routine.slots.items():
        if name != TRIGGER and id(slot) not in fed and (routine_id, name) not in flow.entry_slots:
            yield Problem(
                f"Nobody fills slot '{routine_id}.{name}': connect an event to it, or call "
                f"flow.mark_entry('{routine_id}', '{name}') if items are posted to it",
                legal=False,
            )


def _no_logic(routine_id: str, routine: Routine) -> Iterator[Problem]:
    if routine.get_logic() is not None:
        return
    for name in routine.slots:
        # Legal: somebody may look into the slot from outside. What is left is a dead letter.
        yield Problem(
            f"Nothing takes items from slot '{routine_id}.{name}': '{routine_id}' has no logic; "
            "give its class a method logic, or call set_logic()",
            legal=True,
        )


def _batch_too_large(flow: Flow, routine_id: str, routine: Routine) -> Iterator[Problem]:
    minimum = getattr(routine.activation_policy, "minimum", None)
    if minimum is None:
        return
    for name, slot in routine.slots.items():
        length = flow.slot_settings(slot).max_queue_length
        if minimum > length:
            yield Problem(
                f"The policy of '{routine_id}' wants {minimum} items of slot "
                f"'{routine_id}.{name}', which holds {length}: make the slot longer or the batch "
                "smaller",
                legal=False,
            )


def _leads_nowhere(routine_id: str, routine: Routine, used: set[int]) -> Iterator[Problem]:
    if isinstance(routine, FunctionRoutine) and not routine.is_source:
        return  # a step has its event whether it returns something or not
    for name, event in routine.events.items():
        if id(event) not in used:
            yield Problem(
                f"Event '{routine_id}.{name}' leads nowhere: connect it to a slot, or do not "
                "define it",
                legal=True,
            )


def _loops(flow: Flow) -> Iterator[Problem]:
    for cycle in find_cycles(_waiting_edges(flow)):
        yield Problem(
            f"Every slot of the loop {' -> '.join([*cycle, cycle[0]])} can fill up and hold its "
            "producer back, so the loop can come to a standstill: give one of them "
            "overflow='reject' or 'drop_oldest', or make sure that items leave the loop",
            legal=True,
        )


def _repeated(flow: Flow) -> Iterator[Problem]:
    for connection in dict.fromkeys(flow.repeated):
        event, slot = connection.source_event, connection.target_slot
        source = event.routine.routine_id if event.routine is not None else None
        target = slot.routine.routine_id if slot.routine is not None else None
        yield Problem(
            f"'{source}.{event.name}' is connected to '{target}.{slot.name}' more than once: the "
            "slot gets each item once all the same, so leave the repetition out",
            legal=True,
        )


def _no_start(flow: Flow) -> Iterator[Problem]:
    if not flow.routines:
        yield Problem("The flow has no routines: there is nothing to run", legal=True)
    elif not flow.entry_slots and not starts_by_itself(flow):
        # Legal: `exec` may be told a routine to start at.
        yield Problem(
            f"Nothing starts the flow: give a routine a slot named '{TRIGGER}', add a routine "
            "without slots (a source), or call flow.mark_entry() for the slot that items are "
            "posted to",
            legal=True,
        )


def starts_by_itself(flow: Flow) -> bool:
    """Whether a job has something to begin with: a source, or a slot named ``trigger``."""
    return any(
        TRIGGER in routine.slots if routine.slots else routine.get_logic() is not None
        for routine in flow.routines.values()
    )


Edges = dict[str, list[tuple[str, str]]]


def _waiting_edges(flow: Flow) -> Edges:
    """For each routine the (routine, "routine.slot") that can make it wait for room."""
    edges: Edges = {routine_id: [] for routine_id in flow.routines}
    for connection in flow.connections:
        source, slot = connection.source_event.routine, connection.target_slot
        if source is None or slot.routine is None or not flow.slot_settings(slot).holds_back:
            continue
        source_id, target_id = source.routine_id or "", slot.routine_id or ""
        edges[source_id].append((target_id, f"{target_id}.{slot.name}"))
    return edges


def find_cycles(edges: Edges) -> Iterator[list[str]]:
    """A cycle for each edge that leads back, as the names on its edges."""
    done: set[str] = set()
    for start in edges:
        if start in done:
            continue
        # The path from `start` to where we are: routine, edges not yet followed, name of the edge
        # that led here. A stack of our own: a flow may be deeper than Python recurses.
        path = [(start, iter(edges[start]), "")]
        on_path = {start}
        while path:
            here, rest, _ = path[-1]
            target, name = next(rest, (None, ""))
            if target is None:
                path.pop()
                on_path.discard(here)
                done.add(here)
            elif target in on_path:
                routines = [step[0] for step in path]
                names = [step[2] for step in path[routines.index(target) + 1 :]]
                yield [*names, name]
            elif target not in done:
                path.append((target, iter(edges[target]), name))
                on_path.add(target)
