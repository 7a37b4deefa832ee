"""What goes to the streams."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from routilux.cli.errors import FAILED, CommandError, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TRACEBACK = "ROUTILUX_TRACEBACK"  # set it to see where an error comes from


@contextmanager
def _writing() -> Iterator[None]:
    """Turn what goes wrong with the standard output into an error that says so.

    A reader that goes away (`BrokenPipeError`) is none: it has seen enough.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        # What is still to be flushed would raise again at the end of the process.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise CommandError(
            f"the output cannot be written, {error.strerror or error}: make room where it goes, "
            "or send it elsewhere",
            FAILED,
        ) from None


def print_lines(lines: Iterable[str]) -> None:
    """Print lines, and let them out at once. Raises CommandError, as `print_document` does."""
    with _writing():
        for line in lines:
            print(line)


def print_document(document: Any) -> None:
    """Print one JSON document."""
    with _writing():
        print(json.dumps(document, indent=2))


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
