"""The slots of a flow as its operator sees them: sums over its live jobs, zeros without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from routilux.engine.ledger import PROCESS_LEDGER, Ledger
from routilux.engine.totals import SlotTotals
from routilux.monitoring.levels import Levels
from routilux.monitoring.reading import read
from routilux.monitoring.slot_reading import SlotReading, slot_reading

if TYPE_CHECKING:
    from routilux.flow import Flow


def flow_slots(flow: Flow, ledger: Ledger = PROCESS_LEDGER) -> tuple[SlotReading, ...]:
    """Every slot of a flow, in the order of the definition.

    A slot without a live job shows zeros and the length that it would have. A slot that only a job
    has, because the flow was changed since, comes last.

    Args:
        flow: the flow.
        ledger: whose jobs.
    """
    found = {
        (slot.routine_id, slot.slot_name): slot for slot in read(ledger, flow_id=flow.flow_id).slots
    }
    shown = []
    for routine_id, routine in flow.routines.items():
        for name, slot in routine.slots.items():
            reading = found.pop((routine_id, name), None) or slot_reading(
                (flow.flow_id, routine_id, name), Levels(), SlotTotals()
            )
            if not reading.jobs:
                reading = reading._replace(limit=flow.slot_settings(slot).max_queue_length)
            shown.append(reading)
    return (*shown, *(reading for reading in found.values() if reading.jobs))
