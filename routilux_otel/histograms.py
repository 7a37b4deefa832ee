"""MetricsHook: what the engine tells, as histograms.

Recording costs ten times what the engine does for an item. So there are at most two for an
activation, and of each routine, slot and flow at most ten a second are recorded; beyond that
one is taken every tenth of a second. Counters are exact: they are no business of this module.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from routilux.clock import NANOSECONDS
from routilux.hooks import Hook
from routilux.monitoring.instruments import FLOW, ROUTINE, SLOT, STATUS
from routilux_otel import registry as names
from routilux_otel.contexts import from_text, under

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.metrics import Histogram, Meter

    from routilux.hooks import ActivationRecord, GateRecord, JobRecord, WaitRecord

RATE = 10  # activations a second of each routine, and as many at once
_EACH_NS = NANOSECONDS // RATE
MOST_ROUTINES = 10_000  # whose rates are known; a program may make routines without end
# Seconds: logic takes from microseconds to hours.
BOUNDS = (
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
    10, 30, 60, 300, 1800,
)  # fmt: skip


class _Rate:
    """Lets `RATE` through at once, and as many a second."""

    __slots__ = ("next_ns",)

    def __init__(self) -> None:
        self.next_ns = -NANOSECONDS  # when one more will be let through

    def admits(self, now_ns: int) -> bool:
        """Let one more through, or not."""
        if now_ns < self.next_ns:
            return False
        # After a silence as many as in a second may come at once, this one among them.
        self.next_ns = max(self.next_ns, now_ns + _EACH_NS - NANOSECONDS) + _EACH_NS
        return True


class MetricsHook(Hook):
    """Records the histograms.

    Args:
        meter: makes them.
    """

    def __init__(self, meter: Meter) -> None:
        self._histograms = {
            row.name: meter.create_histogram(
                row.name, row.unit, row.meaning, explicit_bucket_boundaries_advisory=BOUNDS
            )
            for row in names.HISTOGRAMS
        }
        self._rates: dict[tuple[str, ...], _Rate] = {}
        self._lock = threading.Lock()

    def _histogram(self, name: str) -> Histogram:
        return self._histograms[name]

    def wants_activation(self, flow_id: str, routine_id: str, now_ns: int) -> bool:
        """Only as many as are recorded."""
        return self._would_admit((flow_id, routine_id), now_ns)

    def activation_ended(self, record: ActivationRecord) -> None:
        """How long it took, and how long its oldest item had waited."""
        if not self._admits((record.flow_id, record.routine_id), record.at_ns):
            return
        where = {FLOW: record.flow_id, ROUTINE: record.routine_id}
        context = _exemplar(record.context)
        duration = record.duration_ns / NANOSECONDS
        self._histogram(names.ACTIVATION_DURATION).record(
            duration, {**where, names.OUTCOME: record.outcome}, context
        )
        if record.items:
            waited = record.waited_ns / NANOSECONDS
            self._histogram(names.WAIT_DURATION).record(waited, where, context)

    def _would_admit(self, key: tuple[str, ...], now_ns: int) -> bool:
        rate = self._rates.get(key)
        return rate is None or now_ns >= rate.next_ns

    def _admits(self, key: tuple[str, ...], now_ns: int) -> bool:
        """Whether to record another one of these."""
        return (self._rates.get(key) or self._new_rate(key)).admits(now_ns)

    def _new_rate(self, key: tuple[str, ...]) -> _Rate:
        with self._lock:
            if len(self._rates) >= MOST_ROUTINES:
                self._rates.clear()
            return self._rates.setdefault(key, _Rate())

    def wants_wait(
        self, flow_id: str, routine_id: str, slot_name: str, reason: str, now_ns: int
    ) -> bool:
        """Only as many as are recorded."""
        return self._would_admit((flow_id, routine_id, slot_name, reason), now_ns)

    def producer_waited(self, record: WaitRecord) -> None:
        """How long a producer waited for room."""
        key = (record.flow_id, record.routine_id, record.slot_name, record.reason)
        if not self._admits(key, record.at_ns):
            return
        where = {
            FLOW: record.flow_id,
            ROUTINE: record.routine_id,
            SLOT: record.slot_name,
            names.BLOCK_REASON: record.reason,
        }
        seconds = record.duration_ns / NANOSECONDS
        self._histogram(names.BLOCKED_DURATION).record(seconds, where)

    def job_resumed(self, record: GateRecord) -> None:
        """How long it was paused."""
        self._record_pause(record, record.paused_ns)

    def wants_job_end(self, job_id: str, flow_id: str, now_ns: int) -> bool:  # noqa: ARG002 - as above
        """Only as many as are recorded."""
        return self._would_admit((flow_id,), now_ns)

    def job_ended(self, record: JobRecord) -> None:
        """How long it took."""
        if record.paused_ns is not None:
            self._record_pause(record, record.paused_ns)
        if self._admits((record.flow_id,), record.at_ns):
            self._histogram(names.JOB_DURATION).record(
                record.duration_ns / NANOSECONDS,
                {FLOW: record.flow_id, STATUS: record.status},
                _exemplar(record.traceparent),
            )

    def _record_pause(self, record: JobRecord | GateRecord, paused_ns: int) -> None:
        where = {FLOW: record.flow_id, STATUS: record.status}
        context = _exemplar(record.traceparent)
        seconds = paused_ns / NANOSECONDS
        self._histogram(names.PAUSE_DURATION).record(seconds, where, context)


def _exemplar(traceparent: str | None) -> Context:
    """The context whose span, if it is sampled, becomes an exemplar."""
    return under(from_text(traceparent) if traceparent is not None else None)
