"""Small routines and flows that the tests of the engine share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from routilux import Flow, Routine
from routilux.testing import CollectingSink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from routilux import ErrorHandler, JobState
    from routilux.activation_policies import Policy
    from routilux.slot_metrics import SlotMetrics

LONG_S = 20.0  # of real time; nothing here takes that long, unless it hangs
AGES_S = 1e6  # of the manual clock


def made(
    logic: Callable[..., Any] | None = None,
    *,
    slots: Iterable[str] = ("in",),
    events: Iterable[str] = ("out",),
    policy: Policy | None = None,
    errors: ErrorHandler | None = None,
    concurrency: int = 1,
    **slot_settings: Any,
) -> Routine:
    """A routine with that logic; all its slots have the same settings."""
    routine = Routine()
    for slot in slots:
        routine.define_slot(slot, **slot_settings)
    for event in events:
        routine.define_event(event)
    if logic is not None:
        routine.set_logic(logic)
    routine.set_activation_policy(policy)
    routine.set_error_handler(errors)
    routine.concurrency = concurrency
    return routine


def source(items: Iterable[Any], event: str = "out") -> Routine:
    """A routine that emits each item by itself, once in each job."""
    routine = made(slots=(), events=(event,))

    def logic() -> None:
        for item in items:
            routine.emit_item(event, item)

    return routine.set_logic(logic)


def passer(change: Callable[[Any], Any] = lambda item: item, **settings: Any) -> Routine:
    """A routine that passes on what `change` makes of each item."""
    routine = made(**settings)

    def logic(items: list[Any]) -> None:
        for item in items:
            routine.emit_item("out", change(item))

    return routine.set_logic(logic)


def line(*routines: Routine, flow_id: str = "line", **settings: Any) -> Flow:
    """A flow of routines ``r0``, ``r1``, ... each feeding the next one's first slot."""
    flow = Flow(flow_id, **settings)
    for number, routine in enumerate(routines):
        flow.add_routine(routine, f"r{number}")
    for number in range(1, len(routines)):
        event = next(iter(routines[number - 1].events))
        slot = next(iter(routines[number].slots))
        flow.connect(f"r{number - 1}", event, f"r{number}", slot)
    return flow


def into_sink(items: Iterable[Any], **slot_settings: Any) -> tuple[Flow, CollectingSink]:
    """A source ``r0`` of items and a sink ``r1`` whose slot is ``items``."""
    sink = CollectingSink(**slot_settings)
    return line(source(items), sink), sink


def never(slots: Any, job_state: JobState) -> Any:
    """A policy that declines."""
    return False, {}, None


def figures(job: JobState, routine_id: str, slot: str) -> SlotMetrics:
    """A slot's figures; their sum is checked."""
    read = job.slot(routine_id, slot).metrics()
    assert read.offered == read.consumed + read.unconsumed + read.held + read.refused
    return read


def letters(job: JobState) -> list[tuple[Any, str]]:
    """The dead letters as (data, reason)."""
    return [(letter.data, letter.reason) for letter in job.dead_letters]
