"""A slot of its own beside a simple model: any order of calls, every overflow."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from routilux.clock import NANOSECONDS
from routilux.segment import Origin, Segment
from routilux.settings import OVERFLOWS
from routilux.slot import Slot, SlotQueueFullError
from routilux.testing import ManualClock

NOW = datetime(2030, 1, 1, tzinfo=UTC)


class SlotMachine(RuleBasedStateMachine):
    """The slot, a list of what should wait in it, and counts kept by hand."""

    @initialize(
        length=st.integers(1, 6),
        watermark=st.sampled_from([0.0, 0.3, 0.8, 1.0]),
        overflow=st.sampled_from(OVERFLOWS),
        retries=st.integers(0, 3),
    )
    def set_up(self, length: int, watermark: float, overflow: str, retries: int) -> None:
        self.clock = ManualClock(jump=True)
        self.slot = Slot(
            "in", None, length, watermark,
            overflow=overflow, max_enqueue_retries=retries, clock=self.clock,
        )  # fmt: skip
        self.length, self.overflow, self.retries = length, overflow, retries
        self.waiting: list[int] = []
        self.taken: list[int] = []
        self.next = self.offered = self.refused = self.told = self.waits = 0

    def new(self, count: int) -> list[int]:
        self.next += count
        self.offered += count
        return list(range(self.next - count, self.next))

    # -- putting in --------------------------------------------------------------------------------

    @rule()
    def enqueue(self) -> None:
        room = self.length - len(self.waiting)
        if room < 1 and self.overflow == "block":
            return  # it would wait for ever: nobody else is here
        (item,) = self.new(1)
        if room < 1 and self.overflow in ("retry", "reject"):
            self.refuses(item)
            return
        self.slot.enqueue(item, "test", NOW)
        self.waiting.append(item)
        if room < 1:
            self.waiting.pop(0)
            self.refused += 1

    def refuses(self, item: int) -> None:
        before = self.clock.seconds()
        with pytest.raises(SlotQueueFullError) as caught:
            self.slot.enqueue(item, "test", NOW)
        waits = self.retries if self.overflow == "retry" else 0
        passed = sum(0.1 * (n + 1) for n in range(waits))
        assert self.clock.seconds() - before == pytest.approx(passed)
        error = caught.value
        assert (error.slot_name, error.retries, error.max_length) == ("in", waits, self.length)
        assert error.unconsumed_count == len(self.waiting)
        self.refused += 1
        self.told += 1
        self.waits += waits

    @precondition(lambda self: self.overflow in ("retry", "block"))
    @rule(count=st.integers(1, 4), timeout=st.sampled_from([0.0, 0.05, 9.0]))
    def enter_several(self, count: int, timeout: float) -> None:
        items = self.new(count)
        segment = Segment(items, [self.clock.time_ns()] * count, Origin("test"))
        if count <= self.length - len(self.waiting):
            self.slot.enter(segment, timeout=timeout)
            self.waiting += items
            return
        waits = self.slot.queue.retries
        with pytest.raises(SlotQueueFullError):
            self.slot.enter(segment, timeout=timeout)
        self.waits += self.slot.queue.retries - waits
        self.refused += count
        self.told += count

    # -- taking out --------------------------------------------------------------------------------

    def take(self, count: int) -> list[int]:
        taken, self.waiting = self.waiting[:count], self.waiting[count:]
        self.taken += taken
        return taken

    @rule()
    def consume_one(self) -> None:
        expected = self.take(1)
        assert self.slot.consume_one_new() == (expected[0] if expected else None)

    @rule(count=st.integers(0, 4))
    def consume_n(self, count: int) -> None:
        assert self.slot.consume_n_new(count) == self.take(count)

    @rule()
    def consume_all_new(self) -> None:
        assert self.slot.consume_all_new() == self.take(len(self.waiting))

    @rule()
    def consume_all(self) -> None:
        kept = self.kept()
        assert self.slot.consume_all() == kept + self.take(len(self.waiting))

    @rule()
    def consume_latest(self) -> None:
        expected = self.take(len(self.waiting))
        found = self.slot.consume_latest_and_mark_all_consumed()
        assert found == (expected[-1] if expected else None)

    # -- looking -----------------------------------------------------------------------------------

    def kept(self) -> list[int]:
        """The newest consumed items, as many as the slot says it keeps."""
        count = self.slot.get_total_count() - len(self.waiting)
        return self.taken[len(self.taken) - count :]

    @invariant()
    def peeks_show_what_waits(self) -> None:
        slot, waiting = self.slot, self.waiting
        assert slot.peek_all_new() == waiting
        assert slot.peek_one_new() == (waiting[0] if waiting else None)
        visible = self.kept() + waiting
        assert slot.peek_latest() == (visible[-1] if visible else None)
        assert [point.data for point in slot.points()] == visible
        assert [point.consumed for point in slot.points()] == [
            item not in waiting for item in visible
        ]
        assert [point.data for point in slot.points(limit=2)] == visible[:2]

    @invariant()
    def counts_add_up(self) -> None:
        read = self.slot.metrics()
        assert read.offered == read.consumed + read.unconsumed + read.held + read.refused
        assert read.offered == self.offered
        assert read.unconsumed == len(self.waiting) == self.slot.get_unconsumed_count()
        assert read.consumed == len(self.taken)
        assert (read.refused, sum(read.refused_by.values())) == (self.refused, self.refused)
        assert (read.returned_to_caller, read.retries) == (self.told, self.waits)
        assert (read.held, read.times_held, read.waiting_producers) == (0, 0, 0)

    @invariant()
    def bounds_are_hard_and_the_watermark_lets_go(self) -> None:
        read = self.slot.metrics()
        assert read.unconsumed <= self.length
        assert read.size == read.unconsumed or read.size <= self.slot.watermark_threshold
        assert read.is_full == (len(self.waiting) == self.length)
        near = max(1, self.slot.watermark_threshold)
        assert read.is_near_full == (len(self.waiting) >= near)

    @invariant()
    def stamps_and_ids_are_in_order(self) -> None:
        points = self.slot.points()
        numbers = [int(point.id.rpartition("#")[2]) for point in points]
        assert numbers == sorted(set(numbers))
        assert all(point.enqueued_at is not None for point in points)
        assert self.slot.metrics().oldest_ns is None or self.waiting

    @rule(seconds=st.sampled_from([0.01, 3.0]))
    def time_passes(self, seconds: float) -> None:
        before = self.clock.monotonic_ns()
        self.clock.advance(seconds)
        assert self.clock.monotonic_ns() == before + round(seconds * NANOSECONDS)


TestSlotMachine = SlotMachine.TestCase
