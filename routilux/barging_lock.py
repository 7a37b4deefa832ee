"""A lock for short sections that threads enter often.

The interpreter's own lock wakes a waiting thread as the lock's new owner, while that thread still
waits for the interpreter. The thread that has the interpreter then finds the lock taken the next
time it wants it, sleeps in its turn, and from there on each use of the lock costs a change of
threads: a convoy. (Workers that share a job's lock ran a third slower in one.)

Here a thread that is woken tries again, with the interpreter in hand; whoever comes first may go in
first. Since nobody sleeps inside such a section, it finds the lock free, but for the rare case that
its owner was interrupted inside. A thread that is so unlucky does not try its luck for ever: it is
handed the lock by the next that leaves. Who only looks at a busy job must not starve.
"""

from __future__ import annotations

import _thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType


class BargingLock:
    """A mutual exclusion lock, not reentrant, for ``with``.

    Invariants:

    - no wake-up is lost: a thread that waits leaves its signal first and tries the lock again then,
      and who releases the lock looks for signals afterwards; so one of the two sees the other;
    - a signal taken from `_heirs` makes its thread the owner: the lock was never free in between.
    """

    __slots__ = ("_heirs", "_release", "_signals", "_try")

    def __init__(self) -> None:
        lock = _thread.allocate_lock()
        self._try = lock.acquire
        self._release = lock.release
        # Lists: they are short, each job has such a lock, and an empty deque takes 760 bytes.
        self._signals: list[_thread.LockType] = []  # of threads that will try again
        self._heirs: list[_thread.LockType] = []  # of threads that were unlucky once

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
        if self._heirs and self._hand_over():
            return
        release = self._release
        release()
        if self._signals:
            self._wake_one()
        elif self._heirs:
            self._leave_to_heir()

    def locked(self) -> bool:
        """Whether some thread is inside."""
        if self._try(False):
            self.__exit__(None, None, None)
            return False
        return True

    def _wait(self) -> None:
        if self._wait_in(self._signals):
            return
        if self._try(False):
            return
        self._wait_in(self._heirs)

    def _wait_in(self, line: list[_thread.LockType]) -> bool:
        """Sleep until the line's turn comes; True when the lock came free before that."""
        signal = _thread.allocate_lock()
        signal.acquire()
        line.append(signal)
        if self._try(False):
            self._withdraw(signal, line)
            return True
        try:
            signal.acquire()
        except BaseException:  # an interrupt: what it was given, if anything, is another's now
            if not self._withdraw(signal, line):
                self._pass_on(line)
            raise
        return False

    @staticmethod
    def _withdraw(signal: _thread.LockType, line: list[_thread.LockType]) -> bool:
        try:
            line.remove(signal)
        except ValueError:  # it was taken out meanwhile
            return False
        return True

    def _pass_on(self, line: list[_thread.LockType]) -> None:
        if line is self._heirs:
            self.__exit__(None, None, None)
        else:
            self._wake_one()

    def _wake_one(self) -> None:
        try:
            signal = self._signals.pop(0)
        except IndexError:  # withdrawn meanwhile
            return
        signal.release()

    def _hand_over(self) -> bool:
        """Make an heir the owner; False when there is none any more."""
        try:
            signal = self._heirs.pop(0)
        except IndexError:  # withdrawn meanwhile
            return False
        signal.release()
        return True

    def _leave_to_heir(self) -> None:
        """An heir came between the look and the release; a new owner will see it, if there is."""
        if self._try(False):
            self.__exit__(None, None, None)
