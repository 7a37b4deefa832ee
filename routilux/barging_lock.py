"""A lock for short sections that threads enter often.

The interpreter's own lock wakes a waiting thread as the lock's new owner, while that thread still
waits for the interpreter. The thread that has the interpreter then finds the lock taken the next
time it wants it, sleeps in its turn, and from there on each use of the lock costs a change of
threads: a convoy. (Workers that share a job's lock ran a third slower in one.)

Here a thread that is woken tries again, with the interpreter in hand; whoever comes first may go in
first. Since nobody sleeps inside such a section, it finds the lock free, but for the rare case that
its owner was interrupted inside.
"""

from __future__ import annotations

import _thread
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType


class BargingLock:
    """A mutual exclusion lock, not reentrant, for ``with``.

    No wake-up is lost: a thread that waits leaves its signal first and tries the lock again then,
    and who releases the lock looks for signals afterwards; so one of the two sees the other.
    """

    __slots__ = ("_release", "_signals", "_try")

    def __init__(self) -> None:
        lock = _thread.allocate_lock()
        self._try = lock.acquire
        self._release = lock.release
        self._signals: deque[_thread.LockType] = deque()

    # Callables in slots are taken out before they are called: the interpreter is faster so.

    def __enter__(self) -> None:
        acquire = self._try
        if not acquire(False):
            self._wait()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        release = self._release
        release()
        if self._signals:
            self._wake_one()

    def locked(self) -> bool:
        """Whether some thread is inside."""
        if self._try(False):
            self._release()
            return False
        return True

    def _wait(self) -> None:
        while True:
            signal = _thread.allocate_lock()
            signal.acquire()
            self._signals.append(signal)
            if self._try(False):
                self._withdraw(signal)
                return
            try:
                signal.acquire()
            except BaseException:  # an interrupt: its wake-up, if it has one, is another's now
                self._withdraw(signal, pass_on=True)
                raise
            if self._try(False):
                return

    def _withdraw(self, signal: _thread.LockType, *, pass_on: bool = False) -> None:
        try:
            self._signals.remove(signal)
        except ValueError:  # it was woken meanwhile
            if pass_on:
                self._wake_one()

    def _wake_one(self) -> None:
        try:
            signal = self._signals.popleft()
        except IndexError:  # withdrawn meanwhile
            return
        signal.release()
