"""Time comes from a clock that is passed in, so that tests can hold it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

NANOSECONDS = 1_000_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class WaitLock(Protocol):
    """The part of a ``threading.Lock`` that a clock waits on."""

    def acquire(self, blocking: bool = ..., timeout: float = ...) -> bool: ...


class Clock(Protocol):
    """Where durations, time stamps and time-outs come from."""

    def monotonic_ns(self) -> int:
        """Nanoseconds on a clock that never goes back; for durations."""

    def time_ns(self) -> int:
        """Nanoseconds since the epoch, UTC; for time stamps."""

    def wait(self, lock: WaitLock, timeout: float | None) -> bool:
        """Block until `lock` is acquired (True) or `timeout` seconds passed (False)."""


class SystemClock:
    """The machine's own clocks."""

    monotonic_ns = staticmethod(time.monotonic_ns)
    time_ns = staticmethod(time.time_ns)

    def wait(self, lock: WaitLock, timeout: float | None) -> bool:
        """Block until `lock` is acquired (True) or `timeout` seconds passed (False)."""
        if timeout is None:
            return lock.acquire()
        return lock.acquire(True, max(0.0, timeout))


SYSTEM_CLOCK = SystemClock()


def stamp(time_ns: int) -> datetime:
    """The aware UTC time of a count of nanoseconds since the epoch (to the microsecond)."""
    return EPOCH + timedelta(microseconds=time_ns // 1000)


def stamp_ns(moment: datetime) -> int:
    """Nanoseconds since the epoch of a datetime; a naive one is taken as local time."""
    since = (moment if moment.tzinfo is UTC else moment.astimezone(UTC)) - EPOCH
    return (since.days * 86_400 + since.seconds) * NANOSECONDS + since.microseconds * 1000
