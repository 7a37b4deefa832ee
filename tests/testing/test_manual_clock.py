"""ManualClock: waits, alarms and jumps."""

from __future__ import annotations

import _thread
import threading
from datetime import UTC, datetime

import pytest

from routilux.testing import ManualClock

LONG_S = 20.0


def locked() -> _thread.LockType:
    lock = _thread.allocate_lock()
    lock.acquire()
    return lock


class Waiter(threading.Thread):
    """A thread that waits once, and keeps what came of it and when."""

    def __init__(self, clock: ManualClock, timeout: float | None) -> None:
        super().__init__(daemon=True)
        self.lock, self.result, self.at = locked(), None, None
        self._clock, self._timeout = clock, timeout
        self.start()

    def run(self) -> None:
        self.result = self._clock.wait(self.lock, self._timeout)
        self.at = self._clock.seconds()

    def over(self) -> Waiter:
        self.join(LONG_S)
        assert not self.is_alive()
        return self


def test_the_clock_stands_until_it_is_moved():
    clock = ManualClock(datetime(2031, 2, 3, tzinfo=UTC))
    before = clock.time_ns()
    assert clock.monotonic_ns() == 0
    clock.advance(1.5)
    assert (clock.seconds(), clock.monotonic_ns()) == (1.5, 1_500_000_000)
    assert clock.time_ns() - before == 1_500_000_000
    assert before == int(datetime(2031, 2, 3, tzinfo=UTC).timestamp()) * 10**9


def test_it_does_not_go_back():
    with pytest.raises(ValueError, match="does not go back"):
        ManualClock().advance(-0.1)


def test_a_wait_ends_when_its_lock_is_released():
    clock = ManualClock()
    waiter = Waiter(clock, 5.0)
    clock.await_waits(1)
    waiter.lock.release()
    assert waiter.over().result is True
    assert clock.next_due_ns() is None


def test_a_wait_without_time_out_ends_when_its_lock_is_released():
    clock = ManualClock()
    waiter = Waiter(clock, None)
    clock.advance(1e9)
    waiter.lock.release()
    assert waiter.over().result is True


def test_a_free_lock_is_acquired_at_once():
    clock, lock = ManualClock(), _thread.allocate_lock()
    assert clock.wait(lock, 0.0)
    assert lock.locked()


def test_a_wait_of_no_time_is_over_at_once():
    assert ManualClock().wait(locked(), 0.0) is False


def test_waits_expire_when_the_clock_passes_them():
    clock = ManualClock()
    waiters = [Waiter(clock, 1.0), Waiter(clock, 2.0)]
    clock.await_waits(2)
    clock.advance(1.0)
    assert waiters[0].over().result is False
    assert waiters[1].is_alive()
    clock.advance(1.0)
    assert waiters[1].over().result is False
    assert all(waiter.lock.locked() for waiter in waiters)


def test_a_wake_that_comes_with_the_expiry_is_no_error():
    clock = ManualClock()
    waiter = Waiter(clock, 1.0)
    clock.await_waits(1)
    waiter.lock.release()
    clock.advance(1.0)
    assert waiter.over().result in (True, False)


def test_awaiting_waits_that_do_not_come_is_an_error():
    with pytest.raises(TimeoutError, match="0 threads wait on the clock, not 1"):
        ManualClock().await_waits(1, limit=0.0)


def test_alarms_ring_in_order_each_at_its_own_time():
    clock, rung = ManualClock(), []
    timer = clock.timer()
    for due in (3, 1, 2, 1):
        timer.schedule(due * 10**9, lambda due=due: rung.append((due, clock.seconds())))
    clock.advance(2.5)
    assert rung == [(1, 1.0), (1, 1.0), (2, 2.0)]
    assert clock.next_due_ns() == 3 * 10**9


def test_an_alarm_that_sets_another_lets_it_ring_on_the_same_way():
    clock, rung = ManualClock(), []
    timer = clock.timer()

    def ring() -> None:
        rung.append(clock.seconds())
        timer.schedule(clock.monotonic_ns() + 10**9, ring)

    timer.schedule(10**9, ring)
    clock.advance(3)
    assert rung == [1.0, 2.0, 3.0]


def test_an_alarm_in_the_past_rings_at_the_next_move():
    clock, rung = ManualClock(), []
    clock.advance(5)
    clock.timer().schedule(10**9, lambda: rung.append(clock.seconds()))
    assert rung == []
    clock.advance(0)
    assert rung == [5.0]


def test_cancelled_alarms_and_those_of_closed_timers_do_not_ring():
    clock, rung = ManualClock(), []
    kept, closed = clock.timer(), clock.timer()
    kept.schedule(1, lambda: rung.append("cancelled")).cancel()
    kept.schedule(2, lambda: rung.append("kept"))
    closed.schedule(1, lambda: rung.append("closed"))
    closed.close()
    clock.advance(1)
    assert rung == ["kept"]
    assert not clock.ring()


def test_a_clock_that_jumps_passes_the_time_of_a_wait_itself():
    clock = ManualClock(jump=True)
    assert clock.wait(locked(), 2.0) is False
    assert clock.seconds() == 2.0


def test_a_clock_that_jumps_lets_an_alarm_end_the_wait():
    clock, lock = ManualClock(jump=True), locked()
    clock.timer().schedule(10**9, lock.release)
    assert clock.wait(lock, 2.0) is True


def test_a_clock_that_jumps_refuses_a_wait_without_end():
    with pytest.raises(RuntimeError, match="This wait has no end"):
        ManualClock(jump=True).wait(locked(), None)
