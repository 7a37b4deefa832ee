"""One timer for all timed things of a runtime: retry back-off, interval policies, time limits."""

from __future__ import annotations

import heapq
import itertools
import threading
from typing import TYPE_CHECKING, Protocol

from routilux.clock import NANOSECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from routilux.clock import Clock


class Alarm:
    """One call in the future; `cancel` it, or it calls."""

    __slots__ = ("callback", "due_ns")

    def __init__(self, due_ns: int, callback: Callable[[], None]) -> None:
        self.due_ns = due_ns
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Do not call. Too late is no error."""
        self.callback = None


class Timer(Protocol):
    """Calls back at a time of its clock."""

    def schedule(self, due_ns: int, callback: Callable[[], None]) -> Alarm:
        """Call `callback` when the monotonic clock reaches `due_ns`."""

    def close(self) -> None:
        """Call nothing any more."""


# A lock waits at most threading.TIMEOUT_MAX seconds, 49 days on some systems.
LONGEST_NS = 86_400 * NANOSECONDS


class ThreadTimer:
    """A timer on one thread, which starts with the first alarm and sleeps until the next is due.

    Callbacks run on that thread, one after another, without the timer's lock. They must be short
    and must not raise.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[int, int, Alarm]] = []
        self._order = itertools.count()
        self._changed = threading.Condition(threading.Lock())
        self._thread: threading.Thread | None = None
        self._closed = False

    def schedule(self, due_ns: int, callback: Callable[[], None]) -> Alarm:
        """Call `callback` when the monotonic clock reaches `due_ns`."""
        alarm = Alarm(due_ns, callback)
        with self._changed:
            heapq.heappush(self._heap, (due_ns, next(self._order), alarm))
            if self._heap[0][2] is alarm:
                self._changed.notify()
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(
                    target=self._run, name="routilux-timer", daemon=True
                )
                self._thread.start()
        return alarm

    def close(self) -> None:
        """Call nothing any more, and end the thread."""
        with self._changed:
            self._closed = True
            self._heap.clear()
            self._changed.notify()

    def _run(self) -> None:
        while (alarm := self._next()) is not None:
            callback = alarm.callback
            if callback is not None:
                callback()
            del alarm, callback  # or the job of the last one would stay until the next one

    def _next(self) -> Alarm | None:
        """Block until an alarm is due; None when closed."""
        with self._changed:
            while not self._closed:
                if not self._heap:
                    self._changed.wait()
                    continue
                due_ns, _, alarm = self._heap[0]
                left = due_ns - self._clock.monotonic_ns()
                if alarm.callback is None or left <= 0:
                    heapq.heappop(self._heap)
                    return alarm
                self._changed.wait(min(left, LONGEST_NS) / NANOSECONDS)
            return None
