"""Ctrl-C and SIGTERM as a wish that the program notices, not an exception that hits it anywhere."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any

from routilux.cli.errors import DONE, SIGNAL

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
LOOK_S = 0.2  # a handler runs between two waits of the main thread; so soon it is noticed


class Interrupts:
    """While it is entered, the first Ctrl-C or SIGTERM sets `event`; a second ends the program.

    Args:
        second: called with the number of the second signal, on the main thread, wherever that is;
            None raises ``KeyboardInterrupt`` there.

    Attributes:
        event: set when the program shall stop.
        exit_code: 128 and the signal's number once one has come, else 0.
    """

    def __init__(self, second: Callable[[int], object] | None = None) -> None:
        self._second = second
        self.event = threading.Event()
        self.exit_code = DONE
        self._before: dict[signal.Signals, Any] = {}

    def wait(self) -> None:
        """Block until the program shall stop."""
        while not self.event.wait(LOOK_S):
            pass

    def _handle(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if self.event.is_set():
            if self._second is None:
                raise KeyboardInterrupt
            self._second(number)
            return
        self.exit_code = SIGNAL + number
        self.event.set()

    def __enter__(self) -> Interrupts:
        for number in SIGNALS:
            self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, signal.SIG_DFL if before is None else before)
