"""Time that stands still until a test moves it."""

from __future__ import annotations

import heapq
import itertools
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from routilux.clock import NANOSECONDS, stamp_ns
from routilux.engine.timer import Alarm

if TYPE_CHECKING:
    from collections.abc import Callable

    from routilux.clock import WaitLock

START = datetime(2030, 1, 1, tzinfo=UTC)
REAL_LIMIT_S = 20.0  # of real time: a test that waits longer for another thread hangs


class ManualClock:
    """A clock that a test moves with `advance`.

    Threads that wait with a time-out, and the alarms of the clock's timers, are woken in the order
    in which they are due, each at its own time.

    Args:
        start: what `time_ns` says at first; the monotonic clock starts at 0.
        jump: a wait with a time-out moves the clock itself instead of blocking, so that a test on
            one thread can see time-outs expire.
    """

    def __init__(self, start: datetime = START, *, jump: bool = False) -> None:
        self._epoch_ns = stamp_ns(start)
        self._now_ns = 0
        self._jump = jump
        self._changed = threading.Condition(threading.Lock())
        self._waits: list[_TimedWait] = []
        self._alarms: list[tuple[int, int, Alarm, ManualTimer]] = []
        self._order = itertools.count()

    # -- Clock -------------------------------------------------------------------------------------

    def monotonic_ns(self) -> int:
        """Nanoseconds since the clock was made."""
        return self._now_ns

    def time_ns(self) -> int:
        """Nanoseconds since the epoch, UTC."""
        return self._epoch_ns + self._now_ns

    def wait(self, lock: WaitLock, timeout: float | None) -> bool:
        """Block until `lock` is acquired (True), or the clock was moved by `timeout` s (False).

        With `jump`, nothing blocks: True if the lock is free, else the clock moves.

        Raises:
            RuntimeError: with `jump`, a wait without a time-out that would never end.
        """
        if lock.acquire(False):
            return True
        if self._jump:
            if timeout is None:
                raise RuntimeError("This wait has no end: nobody else runs, and no time-out is set")
            self.advance(timeout)
            return lock.acquire(False)
        if timeout is None:
            return lock.acquire()
        return self._wait_for(lock, self._now_ns + nanoseconds(timeout))

    def _wait_for(self, lock: WaitLock, due_ns: int) -> bool:
        if due_ns <= self._now_ns:
            return False
        wait = _TimedWait(due_ns, lock)
        with self._changed:
            self._waits.append(wait)
            self._changed.notify_all()
        lock.acquire()
        with self._changed:
            if wait in self._waits:
                self._waits.remove(wait)
        return not wait.expired

    # -- for tests ---------------------------------------------------------------------------------

    def seconds(self) -> float:
        """Seconds since the clock was made."""
        return self._now_ns / NANOSECONDS

    def timer(self) -> ManualTimer:
        """A timer that goes by this clock."""
        return ManualTimer(self)

    def advance(self, seconds: float) -> None:
        """Move the clock; what becomes due on the way happens at its own time, in order.

        Alarms call back on this thread. A thread whose wait expires goes on by itself, beside this
        one. ``advance(0)`` only lets happen what is due now.

        Raises:
            ValueError: `seconds` is negative.
        """
        if seconds < 0:
            raise ValueError(f"A clock does not go back: seconds must be 0 or more, not {seconds}")
        self.advance_to(self._now_ns + nanoseconds(seconds))

    def advance_to(self, target_ns: int) -> None:
        """As `advance`, until the monotonic clock shows `target_ns`."""
        while (due_ns := self.next_due_ns()) is not None and due_ns <= target_ns:
            self._now_ns = max(self._now_ns, due_ns)
            self._expire_waits()
            self.ring()
        self._now_ns = max(self._now_ns, target_ns)

    def next_due_ns(self) -> int | None:
        """When the next alarm or time-out is due on the monotonic clock; None: none is set."""
        with self._changed:
            while self._alarms and not _is_live(self._alarms[0]):
                heapq.heappop(self._alarms)
            dues = [wait.due_ns for wait in self._waits]
            if self._alarms:
                dues.append(self._alarms[0][0])
            return min(dues, default=None)

    def ring(self) -> bool:
        """Let one alarm call back that is due now. Returns whether there was one."""
        with self._changed:
            while self._alarms and self._alarms[0][0] <= self._now_ns:
                entry = heapq.heappop(self._alarms)
                callback = entry[2].callback
                if _is_live(entry) and callback is not None:
                    break
            else:
                return False
        callback()
        return True

    def await_waits(self, count: int, limit: float = REAL_LIMIT_S) -> None:
        """Block until `count` threads wait on this clock with a time-out.

        Raises:
            TimeoutError: they did not within `limit` seconds of real time.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._waits) >= count, limit):
                raise TimeoutError(f"{len(self._waits)} threads wait on the clock, not {count}")

    def schedule(self, due_ns: int, callback: Callable[[], None], timer: ManualTimer) -> Alarm:
        """Set an alarm for a timer of this clock."""
        alarm = Alarm(due_ns, callback)
        with self._changed:
            heapq.heappush(self._alarms, (due_ns, next(self._order), alarm, timer))
        return alarm

    def _expire_waits(self) -> None:
        with self._changed:
            over = [wait for wait in self._waits if wait.due_ns <= self._now_ns]
            for wait in over:
                self._waits.remove(wait)
                wait.expire()


class ManualTimer:
    """A timer (see `routilux.engine.timer.Timer`) that goes by a `ManualClock`."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.closed = False

    def schedule(self, due_ns: int, callback: Callable[[], None]) -> Alarm:
        """Call `callback` when the clock comes to `due_ns`; at its next move if that is past."""
        return self._clock.schedule(due_ns, callback, self)

    def close(self) -> None:
        """Call nothing any more."""
        self.closed = True


class _TimedWait:
    """A thread that waits for a lock, or until the clock shows `due_ns`."""

    __slots__ = ("_lock", "due_ns", "expired")

    def __init__(self, due_ns: int, lock: WaitLock) -> None:
        self.due_ns = due_ns
        self.expired = False
        self._lock = cast("threading.Lock", lock)

    def expire(self) -> None:
        """Let the thread go on; its lock stays as it was, since that thread takes it again."""
        self.expired = True
        try:
            self._lock.release()
        except RuntimeError:  # it was released just now, and the thread goes on anyway
            return


def nanoseconds(seconds: float) -> int:
    """Seconds as whole nanoseconds."""
    return round(seconds * NANOSECONDS)


def _is_live(entry: tuple[int, int, Alarm, ManualTimer]) -> bool:
    return entry[2].callback is not None and not entry[3].closed
