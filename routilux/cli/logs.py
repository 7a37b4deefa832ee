"""Log lines of a server, on the error stream."""

from __future__ import annotations

import logging
import sys
import traceback
from contextlib import contextmanager
from copy import copy
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# By name: from which level on. Whoever asks something wrong can fill the log of uvicorn.
LEVELS = {"routilux": logging.INFO, "uvicorn": logging.ERROR}
LEFT_OUT = "the API tells its text"
LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class ServerFormatter(logging.Formatter):
    """Leaves the texts of errors out that logic has raised: they may hold payload.

    A server's log goes to more people than may see payloads. Which error it was, and where it was
    raised, stays; the text is in the job, for a key that may see it.

    Args:
        error_texts: let the texts be.
    """

    def __init__(self, *, error_texts: bool) -> None:
        super().__init__(LINE)
        self._error_texts = error_texts

    def format(self, record: logging.LogRecord) -> str:
        """One record as text."""
        text: str | None = getattr(record, "error_text", None)
        if text is None or self._error_texts:
            return super().format(record)
        shown = copy(record)  # other handlers get it as it is
        shown.msg = record.getMessage().replace(
            text, f"{record.__dict__['error_type']} ({LEFT_OUT})"
        )
        shown.args = None
        shown.exc_info, shown.exc_text = None, None
        if record.exc_info and record.exc_info[2] is not None:
            shown.exc_text = "".join(traceback.format_tb(record.exc_info[2])).rstrip()
        return super().format(shown)


@contextmanager
def server_log(*, error_texts: bool) -> Iterator[None]:
    """Write the log to the error stream while it is entered, with times, audit lines included.

    Args:
        error_texts: with the texts of errors that logic has raised.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(ServerFormatter(error_texts=error_texts))
    before = {name: logging.getLogger(name).level for name in LEVELS}
    for name, level in LEVELS.items():
        logging.getLogger(name).setLevel(level)
        logging.getLogger(name).addHandler(handler)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
            logging.getLogger(name).removeHandler(handler)
