"""What goes to the streams."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
from typing import TYPE_CHECKING, Any, TextIO

from routilux.cli.errors import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

TRACEBACK = "ROUTILUX_TRACEBACK"  # set it to see where an error comes from


def print_lines(lines: Iterable[str]) -> None:
    """Print lines, and let them out at once."""
    for line in lines:
        print(line)
    sys.stdout.flush()


def print_document(document: Any) -> None:
    """Print one JSON document."""
    print(json.dumps(document, indent=2))
    sys.stdout.flush()


def print_note(text: str) -> None:
    """Print one line beside the results."""
    print(f"routilux: {text}", file=sys.stderr, flush=True)


def print_error(message: str, exit_code: int, *, as_json: bool) -> None:
    """Print an error on one line; with `as_json` as a document, too."""
    if as_json:
        print_document({"error": {"message": one_line(message), "exit_code": exit_code}})
    print_note(f"error: {one_line(message)}")


def prepare_streams() -> None:
    """Let the streams take any text: file names need not be UTF-8, nor terminals."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def be_silent() -> None:
    """Keep the engine's log lines from the terminal: the command shows what they say itself."""
    logger = logging.getLogger("routilux")
    if not any(isinstance(handler, logging.NullHandler) for handler in logger.handlers):
        logger.addHandler(logging.NullHandler())


def wants_tracebacks() -> bool:
    """Whether whoever started the command has set ``ROUTILUX_TRACEBACK``."""
    return bool(os.environ.get(TRACEBACK))


def is_live(stream: TextIO) -> bool:
    """Whether `stream` is a terminal on which a table can be drawn over and over."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def page_width() -> int | None:
    """The cells of a line of the terminal; None where the output goes elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
