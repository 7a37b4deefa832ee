"""The lock that all of a job's state is under."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from routilux.barging_lock import BargingLock

if TYPE_CHECKING:
    from collections.abc import Callable


def test_sections_never_overlap_and_no_wake_up_is_lost() -> None:
    lock, inside, most, total = BargingLock(), [0], [0], [0]

    def work() -> None:
        for _ in range(2_000):
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                total[0] += 1
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (most[0], total[0]) == (1, 16_000)
    assert not lock.locked()


def test_a_thread_that_waits_gets_in_when_the_owner_leaves() -> None:
    lock, entered = BargingLock(), threading.Event()

    def late() -> None:
        with lock:
            entered.set()

    thread = threading.Thread(target=late)
    with lock:
        assert lock.locked()
        thread.start()
        assert not entered.wait(0.02)
    assert entered.wait(10)
    thread.join(10)


class Interrupted(BaseException):
    pass


class Signal:
    """A signal whose owner is interrupted while it waits for it."""

    def __init__(self, lock: BargingLock, *, woken: bool) -> None:
        self.lock, self.woken, self.calls, self.released = lock, woken, 0, False

    def acquire(self) -> bool:
        self.calls += 1
        if self.calls == 2:  # the first makes it taken, the second waits
            if self.woken:
                self.lock._signals.remove(self)  # type: ignore[arg-type]
            raise Interrupted
        return True

    def release(self) -> None:
        self.released = True


@pytest.mark.parametrize("woken", [False, True])
def test_an_interrupted_thread_passes_its_wake_up_on(
    woken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = BargingLock()
    other = Signal(lock, woken=False)
    with lock:
        monkeypatch.setattr("routilux.barging_lock._thread.allocate_lock", lambda: signal)
        signal = Signal(lock, woken=woken)
        if woken:
            lock._signals.append(other)  # type: ignore[arg-type]
        with pytest.raises(Interrupted):
            lock.__enter__()
        assert signal not in lock._signals
        assert other.released is woken
    assert not lock.locked()


def until(condition: Callable[[], object]) -> None:
    while not condition():
        os.sched_yield()


def test_a_thread_that_was_unlucky_once_is_handed_the_lock() -> None:
    """It is woken, and finds the lock taken again: then nobody can come before it any more."""
    lock = BargingLock()
    attempt, attempts = lock._try, []
    woken, taken, leave = threading.Event(), threading.Event(), threading.Event()

    def try_lock(*blocking: bool) -> bool:
        if threading.current_thread() is waiter:
            attempts.append(1)
            if len(attempts) == 3:  # at once, with its signal left, and now after its wake-up
                woken.set()
                assert taken.wait(10)
        return attempt(*blocking)

    def work() -> None:
        with lock:
            assert leave.wait(10)

    lock._try = try_lock
    waiter = threading.Thread(target=work)
    with lock:
        waiter.start()
        until(lambda: lock._signals)
    assert woken.wait(10)
    with lock:
        taken.set()
        until(lambda: lock._heirs)
    assert lock.locked()  # it is the waiter's, be it awake or not
    leave.set()
    with lock:
        assert not lock._signals
        assert not lock._heirs
    waiter.join(10)
    assert not lock.locked()


def test_nobody_starves_beside_threads_that_never_leave_it_alone() -> None:
    lock, stop, turns = BargingLock(), threading.Event(), [0]

    def hog() -> None:
        while not stop.is_set():
            with lock:
                turns[0] += 1

    hogs = [threading.Thread(target=hog) for _ in range(3)]
    for thread in hogs:
        thread.start()
    for _ in range(50):
        with lock:
            assert lock.locked()
    stop.set()
    for thread in hogs:
        thread.join(10)
    assert not lock.locked()
    assert turns[0] > 0
