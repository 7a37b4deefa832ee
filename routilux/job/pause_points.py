"""What a job remembers of a pause, and what to say about its slots at resume."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from routilux.job.counts import JobCounts
    from routilux.slot_metrics import SlotMetrics


class SlotQueueState(TypedDict):
    """One slot at the moment of a pause; counts in items."""

    queue_size: int
    unconsumed_count: int
    is_full: bool
    is_near_full: bool
    held_count: int


class PausePoint(TypedDict):
    """One pause of a job, as JSON data.

    `running` names routines whose logic was still on a stack, `standing` those that stood still;
    `still` says that none was running. `held_count` counts the held items of all slots.
    """

    timestamp: str
    reason: str
    checkpoint: dict[str, Any]
    pending_tasks_count: int
    active_tasks_count: int
    queue_size: int
    slot_queue_states: dict[str, dict[str, SlotQueueState]]
    held_count: int
    still: bool
    running: list[str]
    standing: list[str]
    identity: str | None
    request_id: str | None


def make_pause_point(
    timestamp: datetime,
    reason: str,
    checkpoint: Mapping[str, Any] | None,
    counts: JobCounts,
    slots: Iterable[SlotMetrics],
    *,
    running: Sequence[str] = (),
    standing: Sequence[str] = (),
    identity: str | None = None,
    request_id: str | None = None,
) -> PausePoint:
    """The record of a pause.

    Args:
        timestamp: when the gate was closed (aware UTC).
        reason: why, for people.
        checkpoint: JSON data that the caller wants to find again.
        counts: the job's activations at that moment.
        slots: every slot of the job at that moment.
        running: ids of routines whose logic runs.
        standing: ids of routines that stand still.
        identity: who paused it.
        request_id: the command's id.
    """
    states: dict[str, dict[str, SlotQueueState]] = {}
    held = 0
    for slot in slots:
        states.setdefault(slot.routine_id or "", {})[slot.slot_name] = _queue_state(slot)
        held += slot.held
    return {
        "timestamp": timestamp.isoformat(),
        "reason": reason,
        "checkpoint": dict(checkpoint or {}),
        "pending_tasks_count": counts.pending_tasks_count,
        "active_tasks_count": counts.active_tasks_count,
        "queue_size": counts.queue_size,
        "slot_queue_states": states,
        "held_count": held,
        "still": not running,
        "running": list(running),
        "standing": list(standing),
        "identity": identity,
        "request_id": request_id,
    }


def _queue_state(slot: SlotMetrics) -> SlotQueueState:
    return {
        "queue_size": slot.size,
        "unconsumed_count": slot.unconsumed,
        "is_full": slot.is_full,
        "is_near_full": slot.is_near_full,
        "held_count": slot.held,
    }


def queue_status(metrics: Iterable[SlotMetrics]) -> dict[str, int]:
    """How many slots there are, how many are full, and how many nearly full or full."""
    read = list(metrics)
    return {
        "total_slots": len(read),
        "full_slots": sum(slot.is_full for slot in read),
        "near_full_slots": sum(slot.is_near_full for slot in read),
    }


def queue_warnings(metrics: Iterable[SlotMetrics]) -> list[str]:
    """One line for each slot that is full or nearly so, or will be when its held items are in.

    Each names ``routine.slot``, the figures, and what will happen after resume.
    """
    return [warning for slot in metrics if (warning := _warning(slot)) is not None]


def _warning(slot: SlotMetrics) -> str | None:
    place = f"Slot {slot.routine_id}.{slot.slot_name}"
    figures = f"{slot.unconsumed}/{slot.max_length} waiting"
    if slot.held:
        figures += f", {slot.held} held"
    if slot.is_full:
        return f"{place} is full ({figures}): {_what_follows(slot)}"
    room = slot.max_length - slot.unconsumed
    if slot.held >= room:
        return f"{place} is full once its held items are in ({figures}): {_what_follows(slot)}"
    if slot.is_near_full:
        return (
            f"{place} is near full ({figures}, {slot.utilization * 100:.1f}%): "
            f"it has room for {room - slot.held} more items before producers wait or are refused"
        )
    return None


def _what_follows(slot: SlotMetrics) -> str:
    first = "held items go in first, as room appears; " if slot.held else ""
    return (
        f"{first}new items wait for room or are refused, as the slot's overflow says, "
        f"until {slot.routine_id} has taken some"
    )
