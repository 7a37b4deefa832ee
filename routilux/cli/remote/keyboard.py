"""Single keys of a terminal, without Enter."""

from __future__ import annotations

import os
import select
import signal
import sys
from typing import TYPE_CHECKING, Any

try:
    import termios
    import tty
except ImportError:  # no terminals of that kind here, such as on Windows: no keys, the rest works
    HAS_KEYS = False
else:
    HAS_KEYS = True

if TYPE_CHECKING:
    from types import TracebackType

END = "\x04"  # what stands for the end of the input, as Ctrl-D does on a line


class Keyboard:
    """While it is entered, keys come one by one and are not shown. Ctrl-C is a signal as ever.

    The terminal gets its former settings back, whatever ends it. Where the standard input is no
    terminal there are no keys.

    Attributes:
        is_there: whether keys can be read.
    """

    def __init__(self) -> None:
        self.is_there = HAS_KEYS and sys.stdin is not None and sys.stdin.isatty()
        self._before: list[Any] | None = None
        self._handler: Any = None

    def read(self, timeout_s: float) -> str | None:
        """The next key, or None if there is none for `timeout_s` seconds. Blocks."""
        handle = sys.stdin.fileno()
        if not select.select([handle], [], [], timeout_s)[0]:
            return None
        read = os.read(handle, 1)
        return read.decode("latin-1") if read else END

    def __enter__(self) -> Keyboard:
        if self.is_there:
            handle = sys.stdin.fileno()
            self._before = termios.tcgetattr(handle)
            tty.setcbreak(handle)
            # After Ctrl-Z and `fg` the terminal has the settings of the shell.
            self._handler = signal.signal(signal.SIGCONT, lambda *_: tty.setcbreak(handle))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGCONT, self._handler or signal.SIG_DFL)
            termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, self._before)
