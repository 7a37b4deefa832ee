"""Where a job begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from routilux.engine.plan import ENTRY_SLOT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from routilux.flow import Flow
    from routilux.routine import Routine


@dataclass(frozen=True, slots=True)
class Entries:
    """Sources to run once, and first items as (routine id, slot name, data)."""

    sources: tuple[str, ...] = ()
    items: tuple[tuple[str, str, Any], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.sources or self.items)


def find_entries(flow: Flow, routine_id: str | None, params: Mapping[str, Any] | None) -> Entries:
    """What starts a job of `flow`.

    Args:
        flow: the flow.
        routine_id: start only there; None: all sources, and the first slot named ``trigger``.
        params: the first item; None means ``{}``.

    Raises:
        ValueError: `routine_id` is unknown, or there is no slot to put `params` into.
    """
    data = dict(params or {})
    if routine_id is not None:
        return _entry_at(flow, routine_id, data)
    sources = tuple(name for name, each in flow.routines.items() if is_source(each))
    triggered = [name for name, each in flow.routines.items() if ENTRY_SLOT in each.slots]
    if data and not triggered:
        raise ValueError(
            f"Flow '{flow.flow_id}' has no slot named '{ENTRY_SLOT}' to put entry_params into: "
            "name a routine with entry_routine_id, or leave entry_params out"
        )
    return Entries(sources, tuple((name, ENTRY_SLOT, data) for name in triggered[:1]))


def is_source(routine: Routine) -> bool:
    """Whether a routine runs once by itself: logic, and no slots."""
    return not routine.slots and routine.get_logic() is not None


def _entry_at(flow: Flow, routine_id: str, data: dict[str, Any]) -> Entries:
    routine = flow.get_routine(routine_id)
    if is_source(routine):
        if data:
            raise ValueError(
                f"Routine '{routine_id}' is a source and takes no entry_params: leave them out"
            )
        return Entries(sources=(routine_id,))
    slots = [ENTRY_SLOT] if ENTRY_SLOT in routine.slots else list(routine.slots)
    if len(slots) != 1:
        raise ValueError(
            f"Routine '{routine_id}' cannot be the entry: it has no slot named '{ENTRY_SLOT}' and "
            f"no single slot to put the first item into ({', '.join(slots) or 'none'})"
        )
    return Entries(items=((routine_id, slots[0], data),))
