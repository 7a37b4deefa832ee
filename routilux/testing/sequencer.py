"""Sequencer: threads that do numbered things do them in the order of the numbers."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from routilux.testing.clock import REAL_LIMIT_S

if TYPE_CHECKING:
    from collections.abc import Iterator


class Sequencer:
    """Forces an interleaving of threads.

    ::

        turn = Sequencer()
        # in one thread              # in another
        with turn(0):                with turn(1):
            job.pause()                  routine.emit("out")
        with turn(2):
            job.resume()

    A block starts when the block of the number before has ended. Each number is used once, from 0.

    Args:
        timeout: seconds of real time to wait for a turn.
    """

    def __init__(self, timeout: float = REAL_LIMIT_S) -> None:
        self._timeout = timeout
        self._next = 0
        self._changed = threading.Condition()

    @contextmanager
    def __call__(self, number: int) -> Iterator[None]:
        """Wait for the turn `number`, and end it with the block.

        Raises:
            TimeoutError: the turn did not come.
            ValueError: the number was used before.
        """
        with self._changed:
            if number < self._next:
                raise ValueError(f"Turn {number} is over; the next is {self._next}")
            if not self._changed.wait_for(lambda: self._next == number, self._timeout):
                raise TimeoutError(f"Turn {number} did not come: turn {self._next} has not ended")
        try:
            yield
        finally:
            with self._changed:
                self._next = number + 1
                self._changed.notify_all()
