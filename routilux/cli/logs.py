"""Log lines of a server, on the error stream."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# By name: from which level on. Whoever asks something wrong can fill the log of uvicorn.
LEVELS = {"routilux": logging.INFO, "uvicorn": logging.ERROR}
LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@contextmanager
def server_log() -> Iterator[None]:
    """Write the log to the error stream while it is entered, with times, audit lines included."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(LINE))
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
