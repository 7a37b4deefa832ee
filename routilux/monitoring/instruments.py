"""The one table of instruments: what the figures of Routilux are called and where they come from.

Exporters register exactly these; REST reads its figures through them. Names and units follow the
conventions of OpenTelemetry, which is not needed here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from routilux.clock import NANOSECONDS
from routilux.monitoring.routine_reading import BLOCKED
from routilux.status import ExecutionStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from routilux.engine.job_sets import JobKey
    from routilux.monitoring.reading import Reading
    from routilux.monitoring.routine_reading import RoutineReading
    from routilux.monitoring.slot_reading import SlotReading

Kind = Literal["gauge", "counter"]
Point = tuple[float, "Mapping[str, str]"]  # a value and its attributes

FLOW = "routilux.flow.id"
ROUTINE = "routilux.routine.id"
SLOT = "routilux.slot.name"
STATUS = "routilux.job.status"
JOB = "routilux.job.id"
BLOCK_REASON = "routilux.block.reason"  # one of `routilux.engine.lane_times.BLOCK_REASONS`
BREAKPOINT_KIND = "routilux.breakpoint.kind"
BREAKPOINT_ACTION = "routilux.breakpoint.action"
ERROR_TYPE = "error.type"
SLOT_ATTRIBUTES = (FLOW, ROUTINE, SLOT)
ROUTINE_ATTRIBUTES = (FLOW, ROUTINE)
LIVE_STATUSES = tuple(each.value for each in ExecutionStatus if not each.finished)


@dataclass(frozen=True, slots=True)
class Instrument:
    """One row of the table.

    Attributes:
        name: its name.
        kind: ``gauge``, a level; or ``counter``, a sum that never falls while the process lives.
        unit: UCUM.
        meaning: what its value says, one line.
        attributes: names of the attributes of its points.
        points: its points in a reading.
    """

    name: str
    kind: Kind
    unit: str
    meaning: str
    attributes: tuple[str, ...]
    points: Callable[[Reading], Iterator[Point]]


@dataclass(frozen=True, slots=True)
class SlotInstrument(Instrument):
    """A row that has one point for each slot. `of` gets it; None: there is none now."""

    of: Callable[[SlotReading], float | None]


def _of_slots(
    name: str, kind: Kind, unit: str, meaning: str, of: Callable[[SlotReading], float | None]
) -> SlotInstrument:
    def points(reading: Reading) -> Iterator[Point]:
        for slot in reading.slots:
            # A level is of live jobs; without one there is nothing to show.
            if kind == "counter" or slot.jobs:
                value = of(slot)
                if value is not None:
                    yield value, slot.attributes

    return SlotInstrument(name, kind, unit, meaning, SLOT_ATTRIBUTES, points, of)


def _refused(reading: Reading) -> Iterator[Point]:
    for slot in reading.slots:
        for reason, count in slot.refused_by.items():
            yield count, {**slot.attributes, ERROR_TYPE: reason}


def _job_attributes(key: JobKey) -> dict[str, str]:
    return {FLOW: key.flow_id, ROUTINE: key.routine_id, SLOT: key.slot_name, JOB: key.job_id}


def _job_retries(reading: Reading) -> Iterator[Point]:
    for key, count in reading.job_retries.items():
        yield count, _job_attributes(key)


def _job_refused(reading: Reading) -> Iterator[Point]:
    for key, count in reading.job_refused.items():
        yield count, {**_job_attributes(key), ERROR_TYPE: key.reason}


def routine_attributes(routine: RoutineReading) -> dict[str, str]:
    """The attributes of a routine's points."""
    return {FLOW: routine.flow_id, ROUTINE: routine.routine_id}


def _busy(reading: Reading) -> Iterator[Point]:
    for routine in reading.routines:
        yield routine.busy, routine_attributes(routine)


def _blocked(reading: Reading) -> Iterator[Point]:
    for routine in reading.routines:
        for state, reason in BLOCKED:
            if routine.times[state]:
                seconds = routine.times[state] / NANOSECONDS
                yield seconds, {**routine_attributes(routine), BLOCK_REASON: reason}


def _hits(reading: Reading) -> Iterator[Point]:
    for (flow_id, kind, action), count in reading.hits.items():
        yield count, {FLOW: flow_id, BREAKPOINT_KIND: kind, BREAKPOINT_ACTION: action}


def _jobs(reading: Reading) -> Iterator[Point]:
    # A status that no job has any more says 0. Without a point Prometheus would show its last value
    # for five minutes more, and a job that was paused would count as running and as paused.
    for flow_id in dict.fromkeys(flow_id for flow_id, _ in reading.jobs):
        for status in LIVE_STATUSES:
            yield reading.jobs.get((flow_id, status), 0), {FLOW: flow_id, STATUS: status}


def _workers(name: str, meaning: str, value: Callable[[Reading], int]) -> Instrument:
    return Instrument(name, "gauge", "{worker}", meaning, (), lambda r: iter([(value(r), {})]))


QUEUE_SIZE = _of_slots(
    "routilux.slot.queue.size", "gauge", "{item}",
    "Items in the queue, consumed ones that are still visible included; sum over live jobs.",
    lambda slot: slot.size,
)  # fmt: skip
QUEUE_UNCONSUMED = _of_slots(
    "routilux.slot.queue.unconsumed", "gauge", "{item}",
    "Items that wait to be consumed; sum over live jobs.",
    lambda slot: slot.unconsumed,
)  # fmt: skip
QUEUE_LIMIT = _of_slots(
    "routilux.slot.queue.limit", "gauge", "{item}",
    "Items that may wait; sum over live jobs.",
    lambda slot: slot.limit,
)  # fmt: skip
QUEUE_UTILIZATION = _of_slots(
    "routilux.slot.queue.utilization", "gauge", "1",
    "Waiting items as a share of the limit, 0 to 1; the worst live job.",
    lambda slot: slot.utilization,
)  # fmt: skip
QUEUE_HELD = _of_slots(
    "routilux.slot.queue.held", "gauge", "{item}",
    "Items held beside the queue because their job is paused; sum over live jobs.",
    lambda slot: slot.held,
)  # fmt: skip
OLDEST_AGE = _of_slots(
    "routilux.slot.oldest_item.age", "gauge", "s",
    "How long the oldest waiting item has waited; no point when none waits.",
    lambda slot: slot.oldest_age,
)  # fmt: skip
OFFERED = _of_slots(
    "routilux.slot.items.offered", "counter", "{item}",
    "Items that came to the slot since the process began.",
    lambda slot: slot.offered,
)  # fmt: skip
CONSUMED = _of_slots(
    "routilux.slot.items.consumed", "counter", "{item}",
    "Items that an activation has taken since the process began.",
    lambda slot: slot.consumed,
)  # fmt: skip
HELD = _of_slots(
    "routilux.slot.items.held", "counter", "{item}",
    "Times that an item was held since the process began.",
    lambda slot: slot.times_held,
)  # fmt: skip
REFUSED = Instrument(
    "routilux.slot.items.refused", "counter", "{item}",
    "Items that will never be consumed, by reason, since the process began.",
    (*SLOT_ATTRIBUTES, ERROR_TYPE), _refused,
)  # fmt: skip
RETRIES = _of_slots(
    "routilux.slot.enqueue.retries", "counter", "{retry}",
    "Waits of a producer for room since the process began.",
    lambda slot: slot.retries,
)  # fmt: skip
JOB_REFUSED = Instrument(
    "routilux.job.items.refused", "counter", "{item}",
    "Items that will never be consumed, by job and reason; only of jobs that have any, and those "
    "beyond the first 500 sets together as job _other.",
    (*SLOT_ATTRIBUTES, JOB, ERROR_TYPE), _job_refused,
)  # fmt: skip
JOB_RETRIES = Instrument(
    "routilux.job.enqueue.retries", "counter", "{retry}",
    "Waits of a producer for room, by job; only of jobs that have any, and those beyond the first "
    "500 sets together as job _other.",
    (*SLOT_ATTRIBUTES, JOB), _job_retries,
)  # fmt: skip
BUSY_TIME = Instrument(
    "routilux.routine.busy.time", "counter", "s",
    "Time that the routine's lanes ran logic, waits in emit left out, since the process began.",
    ROUTINE_ATTRIBUTES, _busy,
)  # fmt: skip
BLOCKED_TIME = Instrument(
    "routilux.routine.blocked.time", "counter", "s",
    "Time that the routine's lanes had work and waited, by reason, since the process began; what "
    "is neither this nor busy is idle.",
    (*ROUTINE_ATTRIBUTES, BLOCK_REASON), _blocked,
)  # fmt: skip
BREAKPOINT_HITS = Instrument(
    "routilux.breakpoint.hits", "counter", "{hit}",
    "Times that a breakpoint acted on what it had matched, since the process began.",
    (FLOW, BREAKPOINT_KIND, BREAKPOINT_ACTION), _hits,
)  # fmt: skip
JOB_COUNT = Instrument(
    "routilux.job.count", "gauge", "{job}",
    "Live jobs by flow and status; of a flow that has any, each status.",
    (FLOW, STATUS), _jobs,
)  # fmt: skip
WORKER_LIMIT = _workers(
    "routilux.worker.limit", "Logic that may run at once.", lambda reading: reading.workers.limit
)
WORKER_USAGE = _workers(
    "routilux.worker.usage",
    "Logic that runs; above the limit for a moment when an activation that waited goes on.",
    lambda reading: reading.workers.usage,
)
WORKER_BLOCKED = _workers(
    "routilux.worker.blocked",
    "Activations that wait for room, with a thread each but without a place among the workers.",
    lambda reading: reading.workers.blocked,
)

INSTRUMENTS: tuple[Instrument, ...] = (
    QUEUE_SIZE,
    QUEUE_UNCONSUMED,
    QUEUE_LIMIT,
    QUEUE_UTILIZATION,
    QUEUE_HELD,
    OLDEST_AGE,
    OFFERED,
    CONSUMED,
    REFUSED,
    HELD,
    RETRIES,
    JOB_REFUSED,
    JOB_RETRIES,
    BUSY_TIME,
    BLOCKED_TIME,
    BREAKPOINT_HITS,
    JOB_COUNT,
    WORKER_LIMIT,
    WORKER_USAGE,
    WORKER_BLOCKED,
)
