"""The flow of the census: walk -> read -> parse -> measure -> report.

The walk finds files far faster than they can be parsed. The slots between the steps are short and
``block``, so the walk waits instead of piling files up in memory, whatever the folder's size.

Three steps are plain functions, called file by file: what one of them raises makes that file a dead
letter, and the others go on. The two ends are routines with a state in the job.
"""

from __future__ import annotations

import ast
from contextlib import suppress
from dataclasses import asdict
from heapq import nlargest
from typing import TYPE_CHECKING, Any

from routilux import Flow, Routine
from routilux.demo.items import FileFacts, ParsedFile, SourceFile
from routilux.demo.measuring import measure_tree
from routilux.demo.walking import INSTALLED, find_files, standard_library

if TYPE_CHECKING:
    from collections.abc import Iterable

    from routilux.job_state import JobState

FLOW_ID = "census"
WALK, READ, PARSE, MEASURE, REPORT = "walk", "read", "parse", "measure", "report"

# Files that may wait in front of each step. Names are small, so many may wait; a parsed file can
# take some megabytes, so few may.
LENGTHS = {READ: 64, PARSE: 16, MEASURE: 4, REPORT: 32}
# Files that are read at once. Reading is quick, but a reader waits for the interpreter a few times
# for each file, and the parser does not let it go before it has parsed one.
READERS = 4
TOP = 10
TRIES = 5  # to parse a file; that chance spoils two in a row has not been seen


class Walk(Routine):
    """Finds the files below a folder. Its state: how many, and the folders that it could not list.

    The slot ``trigger`` takes ``{"path": folder}``; without a path it is the standard library.
    """

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("trigger")
        self.define_event("files", ["path"])

    def logic(self, trigger: list[dict[str, Any]]) -> None:
        """Emit the path of each file."""
        found = self.state.setdefault("found", 0)
        errors: list[dict[str, str]] = self.state.setdefault("errors", [])
        for order in trigger:
            root, leave_out = _where(order)

            def cannot_list(error: OSError, root: str = root) -> None:
                reason = error.strerror or str(error)
                errors.append({"path": str(error.filename or root), "error": reason})

            for path in find_files(root, leave_out, cannot_list, self.checkpoint):
                found += 1
                self.state["found"] = found
                self.emit_item("files", path)


def _where(order: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The folder to walk, and the names of folders to leave out."""
    path = order.get("path")
    return (standard_library(), INSTALLED) if path is None else (str(path), ())


class Tally(Routine):
    """Adds the files up. Its state is JSON data: the totals, and the functions that stand out."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("items", LENGTHS[REPORT])

    def logic(self, items: list[FileFacts]) -> None:
        """Add some files."""
        state = self.state
        functions = [asdict(one) for file in items for one in file.functions]
        state["parsed"] = state.get("parsed", 0) + len(items)
        state["lines"] = state.get("lines", 0) + sum(file.lines for file in items)
        state["classes"] = state.get("classes", 0) + sum(file.classes for file in items)
        state["functions"] = state.get("functions", 0) + len(functions)
        for key, figure in (("largest", "lines"), ("most_complex", "complexity")):
            state[key] = top_of([*state.get(key, ()), *functions], figure)


def top_of(functions: Iterable[dict[str, Any]], figure: str) -> list[dict[str, Any]]:
    """The ten functions with the highest `figure`; among equals, those that come first by name."""
    by_place = sorted(functions, key=lambda one: (one["path"], one["line"], one["name"]))
    return nlargest(TOP, by_place, key=lambda one: int(one[figure]))


def read_file(path: str) -> SourceFile:
    """Read one file.

    Raises:
        OSError: it cannot be read.
    """
    with open(path, "rb") as file:
        return SourceFile(path, file.read())


def parse_file(source: SourceFile) -> ParsedFile:
    """Parse one file. The encoding is the one that the file declares, as Python itself does it.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: Python cannot parse it.
    """
    try:
        tree = _parse(source)
    except MemoryError:  # so the parser calls the end of its own stack, without a word
        raise MemoryError("nested more deeply than Python's parser can follow") from None
    return ParsedFile(source.path, len(source.content.splitlines()), tree)


def _parse(source: SourceFile) -> ast.Module:
    """Parse, again if need be.

    Python counts how deep a tree is in one place for all threads, so a file may be told to be wrong
    (SystemError: AST constructor recursion depth mismatch) because another thread parsed, too. That
    may be any: Python itself parses to know the signatures of some functions.
    """
    for _ in range(TRIES - 1):
        with suppress(SystemError):
            return ast.parse(source.content, filename=source.path)
    return ast.parse(source.content, filename=source.path)


def measure_file(parsed: ParsedFile) -> FileFacts:
    """Measure one file."""
    return measure_tree(parsed.path, parsed.tree, parsed.lines)


def make_flow() -> Flow:
    """A new flow of the census."""
    flow = Flow(FLOW_ID, default_slot_overflow="block")
    flow.add_routine(Walk(), WALK)
    readers = flow.step(after=WALK, name=READ, concurrency=READERS, max_queue_length=LENGTHS[READ])
    readers(read_file)
    flow.step(after=READ, name=PARSE, max_queue_length=LENGTHS[PARSE])(parse_file)
    flow.step(after=PARSE, name=MEASURE, max_queue_length=LENGTHS[MEASURE])(measure_file)
    flow.add_routine(Tally(), REPORT)
    flow.connect(MEASURE, "out", REPORT, "items")
    return flow


def found_by(job: JobState) -> int:
    """Files that the walk of a job has found so far."""
    return int(job.routine_data(WALK).get("found", 0))


def parsed_by(job: JobState) -> int:
    """Files that a job has parsed, measured and added up so far."""
    return int(job.routine_data(REPORT).get("parsed", 0))
