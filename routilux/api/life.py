"""The life of a server: it serves, and then it is about to stop and says so."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger("routilux.api")


class Life:
    """Whether the server is about to stop, who has to know, and which commands are under way.

    It begins as serving; `stop` is for good.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._stopping = False
        self._commands = 0
        self._listeners: dict[object, Callable[[], object]] = {}

    @property
    def stopping(self) -> bool:
        """Whether the server is about to stop: it starts nothing, and is not ready."""
        return self._stopping

    def on_stop(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Have `callback` called when the server is about to stop; at once if it is.

        It is called on the thread that stops the server, which is not the server's own: it must
        not block, and has to pass on what it does to an event loop.

        Returns:
            A function that forgets the callback.
        """
        token = object()
        with self._changed:
            now = self._stopping
            if not now:
                self._listeners[token] = callback
        if now:
            callback()

        def forget() -> None:
            with self._changed:
                self._listeners.pop(token, None)

        return forget

    def stop(self) -> None:
        """The server is about to stop. Twice is once."""
        with self._changed:
            self._stopping = True
            listeners = list(self._listeners.values())
            self._listeners.clear()
        for callback in listeners:
            try:
                callback()
            except Exception:  # one that cannot be told must not keep the others from knowing
                logger.exception("Somebody could not be told that the server stops")

    def begin_command(self) -> bool:
        """A command comes in. False: the server is about to stop, and it has to be refused."""
        with self._changed:
            if self._stopping:
                return False
            self._commands += 1
            return True

    def end_command(self) -> None:
        """A command that was begun has its answer."""
        with self._changed:
            self._commands -= 1
            self._changed.notify_all()

    def wait_for_commands(self, timeout: float) -> bool:
        """Block until no command is under way, or `timeout` seconds. Returns whether none is."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._commands, timeout)
