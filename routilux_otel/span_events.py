"""Span events, at most so many of a name on a span: a job in trouble must not drown its trace."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from routilux.monitoring.instruments import ERROR_TYPE, ROUTINE, SLOT
from routilux_otel import registry as names

if TYPE_CHECKING:
    from opentelemetry.trace import Span
    from opentelemetry.util.types import Attributes, AttributeValue

    from routilux.hooks import BreakpointRecord, SlotRecord

MOST_OF_A_NAME = 20


class CappedEvents:
    """The events of one span."""

    __slots__ = ("_counts", "span")

    def __init__(self, span: Span) -> None:
        self.span = span
        self._counts: Counter[str] | None = None  # most spans have no events

    def add(self, name: str, attributes: Attributes, at_ns: int | None = None) -> None:
        """Add an event, or count it."""
        counts = self._counts = self._counts if self._counts is not None else Counter()
        counts[name] += 1
        if counts[name] <= MOST_OF_A_NAME:
            self.span.add_event(name, attributes, at_ns)

    def finish(self) -> None:
        """Say how many were left out. Before the span ends."""
        for name, count in (self._counts or {}).items():
            if count > MOST_OF_A_NAME:
                facts: dict[str, AttributeValue] = {
                    names.EVENT: name,
                    names.OMITTED: count - MOST_OF_A_NAME,
                }
                self.span.add_event(names.EVENTS_OMITTED, facts)


def _at_slot(record: SlotRecord) -> dict[str, AttributeValue]:
    return {
        ROUTINE: record.routine_id,
        SLOT: record.slot_name,
        names.ITEMS: record.count,
        names.SIZE: record.unconsumed,
        names.LIMIT: record.max_length,
    }


def retry(record: SlotRecord) -> Attributes:
    """Attributes of a wait that begins."""
    return {
        **_at_slot(record),
        names.RETRY_ATTEMPT: record.attempt,
        names.RETRY_DELAY: record.delay,
    }


def refused(record: SlotRecord) -> Attributes:
    """Attributes of a refusal."""
    return {**_at_slot(record), ERROR_TYPE: record.reason}


def held(record: SlotRecord) -> Attributes:
    """Attributes of items that are held."""
    return {**_at_slot(record), names.HOLD_REASON: record.reason}


def hit(record: BreakpointRecord) -> Attributes:
    """Attributes of a hit."""
    return {**_at_breakpoint(record), names.BREAKPOINT_ACTION: record.action}


def tracepoint(record: BreakpointRecord, message: str | None) -> Attributes:
    """Attributes of a report; the message only where payloads are captured."""
    facts = _at_breakpoint(record)
    return facts if message is None else {**facts, names.MESSAGE: message}


def _at_breakpoint(record: BreakpointRecord) -> dict[str, AttributeValue]:
    return {
        names.BREAKPOINT: record.breakpoint_id,
        names.BREAKPOINT_KIND: record.kind,
        names.BREAKPOINT_HITS: record.hit_count,
        names.BREAKPOINT_PLACE: record.name or record.routine_id,
        ROUTINE: record.routine_id,
        names.ITEM_IDS: record.item_ids,
    }
