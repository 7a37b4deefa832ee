"""A flow, worked out once for all of its jobs."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from routilux.settings import SlotSettings, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from routilux.activation_policies import Policy
    from routilux.error_handler import ErrorHandler
    from routilux.flow.flow import Flow
    from routilux.routine import Routine

ENTRY_SLOT = "trigger"


@dataclass(frozen=True, slots=True)
class CallShape:
    """How logic wants to be called: which slots by position, which by name, which extras."""

    positional: tuple[int, ...]
    named: tuple[tuple[str, int], ...]
    wants_message: bool
    wants_state: bool

    @property
    def is_plain(self) -> bool:
        """Whether the lists by position are all that logic takes."""
        return not (self.named or self.wants_message or self.wants_state)


@dataclass(frozen=True, slots=True)
class Edge:
    """A connection from an event to a slot; `transform` is None where data goes as it is."""

    event: str
    target: tuple[str, str]
    transform: Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True)
class RoutinePlan:
    """One routine of a flow, resolved."""

    id: str
    routine: Routine
    logic: Callable[..., Any] | None
    shape: CallShape
    policy: Policy | None
    handler: ErrorHandler | None
    concurrency: int
    slots: tuple[tuple[str, SlotSettings], ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class FlowPlan:
    """A whole flow, resolved.

    Attributes:
        version: the flow's version that this was made from.
        routines: in the order of adding.
        order: routine ids upstream first; within a cycle in the order of adding.
    """

    version: int
    routines: tuple[RoutinePlan, ...]
    order: tuple[str, ...]
    marks: tuple[object, ...]

    def is_of(self, flow: Flow) -> bool:
        """Whether the flow and its routines are still as they were."""
        return self.version == flow.version and self.marks == _marks(flow)


def make_plan(flow: Flow) -> FlowPlan:
    """Work a flow out.

    Raises:
        ValueError: a slot setting is out of range.
    """
    edges = _edges(flow)
    routines = tuple(
        _plan_routine(flow, routine_id, routine, edges.get(routine_id, ()))
        for routine_id, routine in flow.routines.items()
    )
    return FlowPlan(flow.version, routines, upstream_first(routines), _marks(flow))


def _marks(flow: Flow) -> tuple[object, ...]:
    """What can change without the flow's knowing."""
    found: list[object] = [flow.error_handler, dict(flow.slot_defaults)]
    for each in flow.routines.values():
        found += [each.get_logic(), each.activation_policy, each.error_handler, each.concurrency]
        found += [(name, id(slot.explicit)) for name, slot in each.slots.items()]
        found += each.events
    return tuple(found)


def _plan_routine(
    flow: Flow, routine_id: str, routine: Routine, edges: tuple[Edge, ...]
) -> RoutinePlan:
    logic = routine.get_logic()
    slots = tuple(
        (name, resolve(slot.explicit, routine.slot_defaults, flow.slot_defaults))
        for name, slot in routine.slots.items()
    )
    return RoutinePlan(
        id=routine_id,
        routine=routine,
        logic=logic,
        shape=call_shape(logic, tuple(routine.slots)),
        policy=routine.activation_policy,
        handler=routine.error_handler or flow.error_handler,
        concurrency=routine.concurrency,
        slots=slots,
        edges=edges,
    )


def _edges(flow: Flow) -> Mapping[str, tuple[Edge, ...]]:
    found: dict[str, tuple[Edge, ...]] = {}
    ids = {id(routine): routine_id for routine_id, routine in flow.routines.items()}
    for connection in flow.connections:
        event, slot = connection.source_event, connection.target_slot
        source, target = ids[id(event.routine)], ids[id(slot.routine)]
        edge = Edge(event.name, (target, slot.name), connection.transform)
        found[source] = (*found.get(source, ()), edge)
    return found


def call_shape(logic: Callable[..., Any] | None, slots: tuple[str, ...]) -> CallShape:
    """How to call `logic`: a parameter named like a slot gets that slot, the rest by position."""
    everything = tuple(range(len(slots)))
    if logic is None:
        return CallShape(everything, (), wants_message=False, wants_state=False)
    try:
        parameters = inspect.signature(logic).parameters
    except (TypeError, ValueError):  # some callables written in C have no signature
        return CallShape(everything, (), wants_message=False, wants_state=False)
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    named = tuple(
        (name, index)
        for index, name in enumerate(slots)
        if name in parameters and parameters[name].kind in _BY_NAME
    )
    by_name = {index for _, index in named}
    return CallShape(
        positional=tuple(index for index in everything if index not in by_name),
        named=named,
        wants_message=open_ended or "policy_message" in parameters,
        wants_state=open_ended or "job_state" in parameters,
    )


_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def upstream_first(routines: tuple[RoutinePlan, ...]) -> tuple[str, ...]:
    """Topological order; where a cycle leaves no first, the routine that was added first."""
    feeders: dict[str, set[str]] = {plan.id: set() for plan in routines}
    for plan in routines:
        for edge in plan.edges:
            if edge.target[0] != plan.id:
                feeders[edge.target[0]].add(plan.id)
    order: list[str] = []
    left = list(feeders)
    while left:
        chosen = next((name for name in left if not feeders[name] & set(left)), left[0])
        left.remove(chosen)
        order.append(chosen)
    return tuple(order)
