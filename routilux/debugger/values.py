"""What a debugger shows, as frozen values.

Words follow the Debug Adapter Protocol where it has one: a job is a thread, an activation a frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

RUNNING, PAUSED, STEPPING, TERMINATED = "running", "paused", "stepping", "terminated"


@dataclass(frozen=True, slots=True)
class Frame:
    """An activation of the call chain.

    Attributes:
        activation_id, routine_id: which one.
        started_at, ended_at: aware UTC; None if it has not, or nobody was debugging then.
        outcome: ``running``, ``completed``, ...; ``""`` when it is not known.
        attempt: 1, and one more for each retry.
        fed_by: the activations that emitted its items; the first is the next frame.
    """

    activation_id: str
    routine_id: str
    started_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str = ""
    attempt: int = 1
    fed_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemInHand:
    """An item that stands at a breakpoint.

    Attributes:
        id: its id, by which it is edited, dropped and let go.
        data: what it is; the very object, which nobody must change.
        routine_id, slot_name: the slot that it is for.
        emitted_from, event: who emitted it; event is None for one from outside.
        emitted_at: aware UTC.
        activation_id: the activation that emitted it, or None.
        attempt: 1, and one more for each redelivery.
    """

    id: str
    data: Any
    routine_id: str
    slot_name: str
    emitted_from: str
    event: str | None
    emitted_at: datetime
    activation_id: str | None
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class HitInfo:
    """Something that stands at a breakpoint, or where a step has ended.

    Attributes:
        id: its id within the job.
        kind: ``routine``, ``slot``, ``event``, ``connection`` or ``step``.
        breakpoint_ids: the breakpoints that were hit at once.
        pauses: whether the job is paused for it, or only the item held.
        routine_id, name: where: the routine, and its slot or event.
        at: when, aware UTC.
        activation_id: the activation that would run (kind routine), or that emitted the item.
        items: what stands here.
        holds: the names of the holds that it is.
        emitted: of kind event what was emitted, before connections renamed or copied anything.
    """

    id: str
    kind: str
    breakpoint_ids: tuple[str, ...]
    pauses: bool
    routine_id: str
    name: str | None
    at: datetime
    activation_id: str | None
    items: tuple[ItemInHand, ...]
    holds: tuple[str, ...]
    emitted: Any = None


@dataclass(frozen=True, slots=True)
class DebugState:
    """A job, as its debugger sees it.

    Attributes:
        job_id, job_status: the job.
        status: ``running``, ``paused``, ``stepping`` or ``terminated``.
        reason: why it is paused: ``breakpoint``, ``step`` or ``pause``; else "".
        description: the same for a person.
        still: whether no logic runs.
        paused_at: since when, aware UTC, or None.
        holds: everything that holds the job or an item.
        hits: what stands at breakpoints, the earliest first.
        step_mode, step_count: the step that goes on or was the last, and how many there were.
        call_stack: the activations that led to the first hit, the latest first.
    """

    job_id: str
    job_status: str
    status: str
    reason: str = ""
    description: str = ""
    still: bool = True
    paused_at: datetime | None = None
    holds: tuple[str, ...] = ()
    hits: tuple[HitInfo, ...] = ()
    step_mode: str | None = None
    step_count: int = 0
    call_stack: tuple[Frame, ...] = ()
