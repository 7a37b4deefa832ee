"""A diagnosis in one line, for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from routilux.engine.at_breakpoints import SHOWN, more
from routilux.engine.debugger import is_debuggers
from routilux.job.diagnosis import BUSY, READY, WAITING_FOR_ROOM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from routilux.job.counts import JobCounts
    from routilux.job.diagnosis import Diagnosis, RoutineDiagnosis


def describe_holds(holds: Mapping[str, str]) -> str:
    """Who paused a job, and why."""
    return ", ".join(_describe_hold(name, why) for name, why in holds.items())


def _describe_hold(name: str, why: str) -> str:
    kind, _, breakpoint_id = name.partition(":")
    if breakpoint_id:
        return f"by {kind} {breakpoint_id} at {why}"
    return f"by {name}: {why}" if why else f"by {name}"


def summarize(
    diagnosis: Diagnosis,
    counts: JobCounts,
    holds: Mapping[str, str],
    held: Sequence[str],
    *,
    is_open: bool,
    error: str | None,
) -> str:
    """What a job does, and what to do about it if nothing moves.

    `held` are the items (or hits without one) that stand at breakpoints and do not pause the job.
    """
    told = _summarize(diagnosis, counts, holds, is_open=is_open, error=error)
    return " ".join([told, *_at_breakpoints(held)])


def _at_breakpoints(held: Sequence[str]) -> Iterator[str]:
    if len(held) == 1:
        yield f"{held[0]} stands at a breakpoint; debug.resume('{held[0]}') lets it go on."
    elif held:
        names = ", ".join([*held[:SHOWN], *more(held)])
        yield f"{names} stand at breakpoints; debug.resume(item_id) lets one of them go on."


def _summarize(
    diagnosis: Diagnosis,
    counts: JobCounts,
    holds: Mapping[str, str],
    *,
    is_open: bool,
    error: str | None,
) -> str:
    if diagnosis.cycle:
        way = " -> ".join(diagnosis.cycle)
        return (
            f"Stalled, everything waits for everything: {way}. Make one of these slots longer or "
            "cancel the job."
        )
    if holds:
        return _paused(diagnosis, counts, holds)
    if diagnosis.status not in ("running", "pending"):
        return f"The job is {diagnosis.status}{f': {error}' if error else ''}."
    if diagnosis.bottleneck is not None:
        return _slowest(diagnosis)
    if counts.running or counts.ready:
        names = _names(diagnosis, BUSY) or _names(diagnosis, READY)
        return f"Running: {names}; {_items(counts)}."
    if is_open:
        return "Idle: its input is open; post() items, or close() it so that it can end."
    return f"Nothing runs right now; {_items(counts)}."


def _paused(diagnosis: Diagnosis, counts: JobCounts, holds: Mapping[str, str]) -> str:
    busy = _names(diagnosis, BUSY)
    running = f"; the logic of {busy} still runs" if busy else ""
    told = f"Paused {describe_holds(holds)}; {_items(counts)}{running}."
    by_debugger = sum(is_debuggers(each) for each in holds)
    if not by_debugger:
        return f"{told} resume() lets it go on."
    if by_debugger == len(holds):
        return f"{told} debug.resume() lets it go on."
    return f"{told} debug.resume() and resume() together let it go on."


def _slowest(diagnosis: Diagnosis) -> str:
    row = next(each for each in diagnosis.routines if each.routine_id == diagnosis.bottleneck)
    lasting = f" for {row.since:.1f} s" if row.since is not None else ""
    detail = f" ({row.detail})" if row.detail else ""
    waiting = _names(diagnosis, WAITING_FOR_ROOM, but=row)
    behind = f"; {waiting} wait for room" if waiting else ""
    return (
        f"The bottleneck is {row.routine_id}: {row.state}{lasting}{detail}, "
        f"{row.unconsumed} items wait in front of it{behind}."
    )


def _items(counts: JobCounts) -> str:
    held = f", {counts.held} held" if counts.held else ""
    return f"{counts.unconsumed} items wait{held}"


def _names(diagnosis: Diagnosis, state: str, but: RoutineDiagnosis | None = None) -> str:
    return ", ".join(
        each.routine_id for each in diagnosis.routines if each.state == state and each is not but
    )
