"""Bounded queues in front of the exporters: what does not fit is counted, not dropped in silence.

The processors of the SDK drop the oldest record when their queue is full. Here a record is let in
only when there is room for it, so theirs is never full, and each one that is turned away counts.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from opentelemetry.sdk._logs import LogRecordProcessor
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter
from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter

from routilux_otel.exporters import CountingLogExporter, CountingSpanExporter
from routilux_otel.forking import reset_in_child
from routilux_otel.losses import QUEUE_FULL, SHUTDOWN, Losses, Signal

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk._logs import ReadWriteLogRecord
    from opentelemetry.sdk.trace import ReadableSpan, Span

    from routilux_otel.settings import QueueLimits


class Room:
    """The places in a queue.

    Args:
        limit: how many there are.
        signal: whose queue it is.
        losses: where what is turned away is counted.
    """

    def __init__(self, limit: int, signal: Signal, losses: Losses) -> None:
        self._limit = limit
        self._signal = signal
        self._losses = losses
        self._closed = False
        self.after_fork()
        reset_in_child(self)

    def after_fork(self) -> None:
        """In a forked child the queue is empty, as the SDK's is."""
        self._lock = threading.Lock()
        self._used = 0

    def take(self) -> bool:
        """Take a place; False, and counted, when there is none."""
        with self._lock:
            room = self._used < self._limit and not self._closed
            self._used += room
        if not room:
            self._losses.add(self._signal, SHUTDOWN if self._closed else QUEUE_FULL)
        return room

    def give_back(self, count: int) -> bool:
        """So many records have left the queue; False: they are counted as lost already."""
        with self._lock:
            self._used -= count
            return not self._closed

    def close(self) -> None:
        """The end: what is still in the queue will not be sent."""
        with self._lock:
            left, self._used, self._closed = self._used, 0, True
        self._losses.add(self._signal, SHUTDOWN, left)


class _Queue:
    """How a queue ends, whatever it sends."""

    _room: Room
    _exporter: CountingSpanExporter | CountingLogExporter
    _batches: BatchSpanProcessor | BatchLogRecordProcessor

    def shutdown(self) -> None:
        """Send what waits and end. Blocks for the exporter."""
        self._batches.shutdown()  # type: ignore[no-untyped-call]
        self.give_up()

    def give_up(self) -> None:
        """Count all that has not been sent as lost, and send nothing more. Does not block."""
        self._room.close()
        self._exporter.give_up()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what waits. Blocks for the exporter."""
        return self._batches.force_flush(timeout_millis)


class SpanQueue(_Queue, SpanProcessor):
    """Sends spans in batches, from a thread of its own.

    Args:
        exporter: takes the batches.
        losses: where lost spans are counted.
        limits: how many may wait, and how many are sent together.
    """

    _batches: BatchSpanProcessor

    def __init__(self, exporter: SpanExporter, losses: Losses, limits: QueueLimits) -> None:
        self._room = Room(limits.waiting, "traces", losses)
        self._exporter = CountingSpanExporter(exporter, losses, self._room.give_back)
        self._batches = BatchSpanProcessor(
            self._exporter, limits.waiting, limits.delay_ms, limits.batch
        )

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Nothing to do yet."""

    def on_end(self, span: ReadableSpan) -> None:
        """Queue a span that is sampled."""
        if span.context is not None and span.context.trace_flags.sampled and self._room.take():
            self._batches.on_end(span)


class LogQueue(_Queue, LogRecordProcessor):
    """The same for log records."""

    _batches: BatchLogRecordProcessor

    def __init__(self, exporter: LogRecordExporter, losses: Losses, limits: QueueLimits) -> None:
        self._room = Room(limits.waiting, "logs", losses)
        self._exporter = CountingLogExporter(exporter, losses, self._room.give_back)
        self._batches = BatchLogRecordProcessor(
            self._exporter,
            limits.delay_ms,
            limits.batch,
            max_queue_size=limits.waiting,
        )

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        """Queue a record."""
        if self._room.take():
            self._batches.on_emit(log_record)
