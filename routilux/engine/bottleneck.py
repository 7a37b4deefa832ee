"""Which routine the others wait for. Everything here is called under the job's lock."""

from __future__ import annotations

from collections import Counter
from math import inf
from typing import TYPE_CHECKING

from routilux.job.diagnosis import BUSY, HELD, READY, RETRYING, WAITING_FOR_POLICY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from routilux.engine.core import JobCore
    from routilux.engine.job_routine import JobRoutine
    from routilux.engine.waits import Wait
    from routilux.job.diagnosis import RoutineDiagnosis

Waits = dict["JobRoutine", "Wait"]


def find_bottleneck(
    job: JobCore, found: Waits, rows: Mapping[JobRoutine, RoutineDiagnosis]
) -> JobRoutine | None:
    """The routine that most others wait for, directly or through others.

    When nobody waits for room (or the job is paused, when everybody waits for the operator), it is
    the one with the fullest slot, from the watermark on. When nothing can run at all, it is one
    that stands at a breakpoint, or else one that waits for its policy or its retry.
    """
    if job.ended:
        return None
    ends = Counter(_end(node, found) for node in found) if not job.gate_closed else None
    if ends:
        return ends.most_common(1)[0][0]
    fullest = max(job.routines.values(), key=fullness, default=None)
    if fullest is not None and fullness(fullest) >= _alarming(fullest):
        return fullest
    states = [row.state for row in rows.values()]
    if BUSY in states or READY in states:
        return None
    if job.gate_closed:
        return None
    held = [node for node, row in rows.items() if row.state == HELD]
    quiet = [n for n, row in rows.items() if row.state in (RETRYING, WAITING_FOR_POLICY)]
    return next(iter([*held, *quiet]), None)


def _end(node: JobRoutine, found: Waits) -> JobRoutine:
    """Where the waits lead that begin with a routine."""
    seen = {node}
    while node in found:
        node = found[node].slot.consumer
        if node in seen:
            break
        seen.add(node)
    return node


def fullness(node: JobRoutine) -> float:
    """How full the fullest slot of a routine is, from 0 to 1."""
    return max((s.queue.unconsumed / s.max_queue_length for s in node.slots), default=0.0)


def _alarming(node: JobRoutine) -> float:
    """From where on the slots of a routine count as nearly full; a source has none."""
    return min(
        (max(1, slot.settings.watermark_threshold) / slot.max_queue_length for slot in node.slots),
        default=inf,
    )


def trace_back(node: JobRoutine | None, found: Waits) -> Iterator[str]:
    """From the bottleneck upstream: each time the producer that waits longest, or the first."""
    seen: list[JobRoutine] = []
    while node is not None:
        seen.append(node)
        yield node.id
        slots = sorted(node.slots, key=lambda s: s.queue.unconsumed / s.max_queue_length)
        feeders = [each for slot in reversed(slots) for each in slot.producers if each not in seen]
        waiting = [each for each in feeders if each in found and found[each].slot.consumer is node]
        waiting.sort(key=lambda each: found[each].since_ns)
        node = next(iter([*waiting, *feeders]), None)
