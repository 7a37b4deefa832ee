"""The one table of instruments: what the figures of Routilux are called and where they come from.

Exporters register exactly these; REST reads its figures through them. Names and units follow the
conventions of OpenTelemetry, which is not needed here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from routilux.monitoring.reading import Reading, SlotReading

Kind = Literal["gauge", "counter"]
Point = tuple[float, "Mapping[str, str]"]  # a value and its attributes

FLOW = "routilux.flow.id"
ROUTINE = "routilux.routine.id"
SLOT = "routilux.slot.name"
STATUS = "routilux.job.status"
ERROR_TYPE = "error.type"
SLOT_ATTRIBUTES = (FLOW, ROUTINE, SLOT)


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


def slot_attributes(slot: SlotReading) -> dict[str, str]:
    """The attributes of a slot's points."""
    return {FLOW: slot.flow_id, ROUTINE: slot.routine_id, SLOT: slot.slot_name}


def _of_slots(
    name: str, kind: Kind, unit: str, meaning: str, of: Callable[[SlotReading], float | None]
) -> SlotInstrument:
    def points(reading: Reading) -> Iterator[Point]:
        for slot in reading.slots:
            # A level is of live jobs; without one there is nothing to show.
            if kind == "counter" or slot.jobs:
                value = of(slot)
                if value is not None:
                    yield value, slot_attributes(slot)

    return SlotInstrument(name, kind, unit, meaning, SLOT_ATTRIBUTES, points, of)


def _refused(reading: Reading) -> Iterator[Point]:
    for slot in reading.slots:
        for reason, count in slot.refused_by.items():
            yield count, {**slot_attributes(slot), ERROR_TYPE: reason}


def _jobs(reading: Reading) -> Iterator[Point]:
    for (flow_id, status), count in reading.jobs.items():
        yield count, {FLOW: flow_id, STATUS: status}


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
JOB_COUNT = Instrument(
    "routilux.job.count", "gauge", "{job}", "Live jobs by flow and status.", (FLOW, STATUS), _jobs
)
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
    JOB_COUNT,
    WORKER_LIMIT,
    WORKER_USAGE,
    WORKER_BLOCKED,
)
