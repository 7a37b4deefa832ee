"""Where a job begins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from routilux.engine.plan import ENTRY_SLOT, is_source

if TYPE_CHECKING:
    from routilux.engine.plan import FlowPlan
    from routilux.flow import Flow


class Entries(NamedTuple):
    """Sources to run once, and first items as (routine id, slot name, data)."""

    sources: tuple[str, ...] = ()
    items: tuple[tuple[str, str, Any], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.sources or self.items)


def find_entries(
    flow: Flow, plan: FlowPlan, routine_id: str | None, params: Mapping[str, Any] | None
) -> Entries:
    """What starts a job of `flow`.

    Args:
        flow, plan: the flow.
        routine_id: start only there; None: all sources, and the first slot named ``trigger``.
        params: the first item; None means ``{}``.

    Raises:
        TypeError: `params` is no dict.
        ValueError: `routine_id` is unknown, or there is no slot to put `params` into.
    """
    data = {} if params is None else _checked(params)
    if routine_id is not None:
        return _entry_at(flow, routine_id, data)
    if data and plan.triggered is None:
        raise ValueError(
            f"Flow '{flow.flow_id}' has no slot named '{ENTRY_SLOT}' to put entry_params into: "
            "name a routine with entry_routine_id, or leave entry_params out"
        )
    if plan.triggered is None:
        return Entries(plan.sources)
    return Entries(plan.sources, ((plan.triggered, ENTRY_SLOT, data),))


def _checked(params: object) -> dict[str, Any]:
    if not isinstance(params, Mapping):
        raise TypeError(
            f"entry_params must be a dict, the first item, not {params!r}: other items go in with "
            "job.post"
        )
    return dict(params)


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
