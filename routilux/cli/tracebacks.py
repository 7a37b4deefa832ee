"""Where the code of a routine has raised, for those who ask for it."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from routilux.cli.output import wants_tracebacks

if TYPE_CHECKING:
    from collections.abc import Iterator

LATEST_S = 1.0  # a job's log line may come a moment after its end, from a worker


class Tracebacks(logging.StreamHandler[TextIO]):
    """Prints what the engine logs with a traceback."""

    def __init__(self) -> None:
        super().__init__()
        self.addFilter(lambda record: record.exc_info is not None)
        self._changed = threading.Condition()
        self._told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record."""
        super().emit(record)
        with self._changed:
            self._told.append(record.getMessage())
            self._changed.notify_all()

    def wait_for(self, error: str) -> bool:
        """Block until the traceback of `error` is printed, 1 s at most. Returns whether it is."""
        with self._changed:
            return self._changed.wait_for(
                lambda: any(error in message for message in self._told), LATEST_S
            )


@contextmanager
def tracebacks() -> Iterator[Tracebacks | None]:
    """While it is entered, print the tracebacks of logic that failed; None if nobody wants them."""
    if not wants_tracebacks():
        yield None
        return
    handler = Tracebacks()
    logger = logging.getLogger("routilux.job")
    logger.addHandler(handler)
    try:
        yield handler
    finally:
        logger.removeHandler(handler)


def raised_by(error: str | None) -> str:
    """The error that logic or a policy has raised, out of a job's error; "" if none has."""
    head, _, text = (error or "").partition("': ")
    return text if " error in routine '" in head else ""
