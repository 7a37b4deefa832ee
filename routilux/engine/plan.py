"""A flow, worked out once for all of its jobs."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from routilux.settings import SlotSettings, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from routilux.activation_policies import Policy
    from routilux.error_handler import ErrorHandler
    from routilux.flow.flow import Flow
    from routilux.routine import Routine

ENTRY_SLOT = "trigger"

# Items that may wait in an outlet even if the slots are longer: enough that the cost of a
# hand-over is not seen per item, few enough that they stay in the processor's cache; two of them
# fill a slot of the default length.
MOST_BUFFERED = 500

Transform = Callable[[Any], Any]


class CallShape(NamedTuple):
    """How logic wants to be called: which slots by position, which by name, which extras."""

    positional: tuple[int, ...]
    named: tuple[tuple[str, int], ...]
    wants_message: bool
    wants_state: bool
    is_plain: bool  # the lists by position are all that it takes


class SlotPlan(NamedTuple):
    """A slot of a flow, resolved. `explicit` is what its author had given by then."""

    name: str
    settings: SlotSettings
    explicit: Mapping[str, Any]


class OutputPlan(NamedTuple):
    """An event of a routine.

    Attributes:
        event: its name.
        targets: the connected slots as (the slot's index in the flow, the connection's transform
            or None).
        pullable: whether a consumer may fetch what is buffered. A transform may call the author's
            code (``copy=True``): it runs on the thread that emits, item by item, without locks.
        full: items that an outlet may buffer: never more than the shortest slot holds.
    """

    event: str
    targets: tuple[tuple[int, Transform | None], ...]
    pullable: bool
    full: int


class RoutinePlan(NamedTuple):
    """One routine of a flow, resolved.

    Attributes:
        gates: indices of the slots whose room decides whether it may start: those that hold their
            producer back, but for its own.
        feeds: indices of all slots that it puts items into.
        takes_portions: whether an activation takes as many items as are processed soon, not all.
    """

    id: str
    routine: Routine
    logic: Callable[..., Any] | None
    shape: CallShape
    policy: Policy | None
    handler: ErrorHandler | None
    concurrency: int
    slots: tuple[SlotPlan, ...]
    outputs: tuple[OutputPlan, ...]
    gates: tuple[int, ...]
    feeds: tuple[int, ...]
    takes_portions: bool

    def is_current(self, flow: Flow) -> bool:
        """Whether the routine is still as it was: it may change without the flow's knowing."""
        routine, slots = self.routine, self.routine.slots
        if (
            routine.get_logic() is not self.logic
            or routine.activation_policy is not self.policy
            or (routine.error_handler or flow.error_handler) is not self.handler
            or routine.concurrency != self.concurrency
            or len(slots) != len(self.slots)
            or len(routine.events) != len(self.outputs)
        ):
            return False
        for each in self.slots:  # noqa: SIM110 - once a job: a generator costs as much again
            if slots[each.name].explicit is not each.explicit:
                return False
        return True


class FlowPlan(NamedTuple):
    """A whole flow, resolved.

    Attributes:
        version: the flow's version that this was made from.
        slot_defaults: the flow's, at that time.
        routines: in the order of adding; their slots are numbered through, from 0.
        places: the number of each slot, by the routine's id and the slot's name.
        order: routine ids upstream first; within a cycle in the order of adding.
        sources: routines that run once by themselves.
        triggered: the first routine with a slot named ``trigger``, or None.
    """

    version: int
    slot_defaults: Mapping[str, Any]
    routines: tuple[RoutinePlan, ...]
    places: Mapping[tuple[str, str], int]
    order: tuple[str, ...]
    sources: tuple[str, ...]
    triggered: str | None

    def is_current(self, flow: Flow) -> bool:
        """Whether the flow is still as it was."""
        if self.version != flow.version or self.slot_defaults != flow.slot_defaults:
            return False
        for each in self.routines:  # noqa: SIM110 - as above
            if not each.is_current(flow):
                return False
        return True


def make_plan(flow: Flow) -> FlowPlan:
    """Work a flow out.

    Raises:
        ValueError: a slot setting is out of range.
    """
    slots = {name: _plan_slots(flow, routine) for name, routine in flow.routines.items()}
    places = [(name, each.name) for name, own in slots.items() for each in own]
    numbers = {place: index for index, place in enumerate(places)}
    wiring = _Wiring(flow, numbers)
    every = [each for own in slots.values() for each in own]
    routines = tuple(
        _plan_routine(flow, name, routine, slots[name], wiring, every)
        for name, routine in flow.routines.items()
    )
    feeders = {name: set[str]() for name in flow.routines}
    for plan in routines:
        for index in plan.feeds:
            feeders[places[index][0]].add(plan.id)
    triggered = [name for name, each in flow.routines.items() if ENTRY_SLOT in each.slots]
    return FlowPlan(
        version=flow.version,
        slot_defaults=dict(flow.slot_defaults),
        routines=routines,
        places=numbers,
        order=upstream_first(feeders),
        sources=tuple(name for name, each in flow.routines.items() if is_source(each)),
        triggered=triggered[0] if triggered else None,
    )


def is_source(routine: Routine) -> bool:
    """Whether a routine runs once by itself: logic, and no slots."""
    return not routine.slots and routine.get_logic() is not None


def _plan_slots(flow: Flow, routine: Routine) -> tuple[SlotPlan, ...]:
    return tuple(
        SlotPlan(
            name,
            resolve(slot.explicit, routine.slot_defaults, flow.slot_defaults),
            slot.explicit,
        )
        for name, slot in routine.slots.items()
    )


class _Wiring:
    """The connections of a flow, by the event that they come from."""

    def __init__(self, flow: Flow, indices: Mapping[tuple[str, str], int]) -> None:
        self._targets: dict[int, list[tuple[int, Transform | None]]] = {}
        ids = {id(routine): name for name, routine in flow.routines.items()}
        for connection in flow.connections:
            slot = connection.target_slot
            index = indices[ids[id(slot.routine)], slot.name]
            known = self._targets.setdefault(id(connection.source_event), [])
            known.append((index, connection.transform))

    def outputs(self, routine: Routine, slots: Sequence[SlotPlan]) -> tuple[OutputPlan, ...]:
        return tuple(
            _plan_output(event.name, tuple(self._targets.get(id(event), ())), slots)
            for event in routine.events.values()
        )


def _plan_output(
    event: str, targets: tuple[tuple[int, Transform | None], ...], slots: Sequence[SlotPlan]
) -> OutputPlan:
    pullable = all(transform is None for _, transform in targets)
    lengths = [slots[index].settings.max_queue_length for index, _ in targets]
    return OutputPlan(event, targets, pullable, min([MOST_BUFFERED, *lengths]) if pullable else 1)


def _plan_routine(
    flow: Flow,
    routine_id: str,
    routine: Routine,
    own: tuple[SlotPlan, ...],
    wiring: _Wiring,
    slots: Sequence[SlotPlan],
) -> RoutinePlan:
    logic = routine.get_logic()
    outputs = wiring.outputs(routine, slots)
    feeds = tuple(dict.fromkeys(index for output in outputs for index, _ in output.targets))
    return RoutinePlan(
        id=routine_id,
        routine=routine,
        logic=logic,
        shape=call_shape(logic, tuple(routine.slots)),
        policy=routine.activation_policy,
        handler=routine.error_handler or flow.error_handler,
        concurrency=routine.concurrency,
        slots=own,
        outputs=outputs,
        gates=tuple(
            i
            for i in feeds
            if slots[i].settings.holds_back and not any(slots[i] is each for each in own)
        ),
        feeds=feeds,
        takes_portions=routine.takes_portions,
    )


def call_shape(logic: Callable[..., Any] | None, slots: tuple[str, ...]) -> CallShape:
    """How to call `logic`: a parameter named like a slot gets that slot, the rest by position."""
    everything = tuple(range(len(slots)))
    if logic is None:
        return CallShape(everything, (), wants_message=False, wants_state=False, is_plain=True)
    try:
        parameters = inspect.signature(logic).parameters
    except (TypeError, ValueError):  # some callables written in C have no signature
        return CallShape(everything, (), wants_message=False, wants_state=False, is_plain=True)
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    named = tuple(
        (name, index)
        for index, name in enumerate(slots)
        if name in parameters and parameters[name].kind in _BY_NAME
    )
    by_name = {index for _, index in named}
    wants_message = open_ended or "policy_message" in parameters
    wants_state = open_ended or "job_state" in parameters
    return CallShape(
        positional=tuple(index for index in everything if index not in by_name),
        named=named,
        wants_message=wants_message,
        wants_state=wants_state,
        is_plain=not (named or wants_message or wants_state),
    )


_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def upstream_first(feeders: Mapping[str, set[str]]) -> tuple[str, ...]:
    """Topological order; where a cycle leaves no first, the routine that was added first.

    Args:
        feeders: for each routine, in the order of adding, who puts items into its slots.
    """
    order: list[str] = []
    left = list(feeders)
    while left:
        chosen = next((name for name in left if not (feeders[name] - {name}) & set(left)), left[0])
        left.remove(chosen)
        order.append(chosen)
    return tuple(order)
