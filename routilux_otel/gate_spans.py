"""Attributes of the pause and resume spans: the slots as they were at that moment."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from routilux.clock import NANOSECONDS
from routilux.monitoring.instruments import FLOW
from routilux_otel import registry as names

if TYPE_CHECKING:
    from opentelemetry.util.types import AttributeValue

    from routilux.hooks import GateRecord

MOST_SLOTS = 50  # aligned arrays of more are no reading for a person


def pause_attributes(record: GateRecord) -> dict[str, AttributeValue]:
    """What a pause span says."""
    facts: dict[str, AttributeValue] = {
        names.JOB: record.job_id,
        FLOW: record.flow_id,
        names.REASON: record.reason,
        names.RUNNING: record.running,
        names.STANDING: record.standing,
        **_snapshot(record),
    }
    if record.identity is not None:
        facts[names.IDENTITY] = record.identity
    return facts


def resume_attributes(record: GateRecord) -> dict[str, AttributeValue]:
    """What a resume span says."""
    return {
        **pause_attributes(record),
        names.PAUSED_SECONDS: record.paused_ns / NANOSECONDS,
        names.WARNINGS: record.warnings,
    }


def _snapshot(record: GateRecord) -> dict[str, AttributeValue]:
    fullest = sorted(record.slots, key=attrgetter("utilization", "held"), reverse=True)[:MOST_SLOTS]
    return {
        names.SNAPSHOT_SLOTS: tuple(f"{each.routine_id}.{each.slot_name}" for each in fullest),
        names.SNAPSHOT_SIZES: tuple(each.size for each in fullest),
        names.SNAPSHOT_LIMITS: tuple(each.max_length for each in fullest),
        names.SNAPSHOT_UNCONSUMED: tuple(each.unconsumed for each in fullest),
        names.SNAPSHOT_HELD: tuple(each.held for each in fullest),
        names.SNAPSHOT_TOTAL_SLOTS: len(record.slots),
        names.SNAPSHOT_TOTAL_UNCONSUMED: sum(each.unconsumed for each in record.slots),
        names.SNAPSHOT_TOTAL_HELD: sum(each.held for each in record.slots),
        names.SNAPSHOT_TRUNCATED: len(record.slots) > MOST_SLOTS,
    }
