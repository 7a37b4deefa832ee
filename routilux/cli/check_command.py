"""``routilux check``: what is wrong with a flow file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from routilux import flowfile
from routilux.cli.errors import DONE, FAILED, CommandError
from routilux.cli.flow_files import load_flow, prepare, told
from routilux.cli.output import print_document, print_lines
from routilux.flow.validation import starts_by_itself

if TYPE_CHECKING:
    from collections.abc import Sequence

    from routilux import Flow
    from routilux.errors import FlowFileError


def check_flow(path: str, settings: Sequence[str], allow: Sequence[str], *, as_json: bool) -> int:
    """Check a flow file and say what was found. Returns the exit code.

    What `Flow.validate` finds is told as a problem, and is no error: such a flow may work.

    Raises:
        CommandError: there is no such file, or an option is wrong.
    """
    prepare(path, allow)
    try:
        errors = flowfile.check(os.path.abspath(path), allow=allow, overrides=settings)
    except ValueError as error:
        raise CommandError(f"--allow: {error}") from None
    problems = [] if errors else _problems(load_flow(path, settings, allow))
    if as_json:
        print_document(_document(path, errors, problems))
    elif errors:
        print_lines(f"error: {told(error, path)}" for error in errors)
    else:
        print_lines(f"{path}: problem: {problem}" for problem in problems)
        look = f"no errors, and {len(problems)} to look at" if problems else "the flow is right"
        print_lines([f"{path}: {look}"])
    return FAILED if errors else DONE


def _problems(flow: Flow) -> list[str]:
    problems = flow.validate()
    if flow.entry_slots and not starts_by_itself(flow):
        problems.append(
            "routilux run cannot start it, for it only begins when items are posted: start it from "
            "a program with keep_open=True, or over HTTP"
        )
    return problems


def _document(path: str, errors: Sequence[FlowFileError], problems: list[str]) -> dict[str, Any]:
    return {
        "file": path,
        "ok": not errors,
        "errors": [
            {"message": told(error, path), "line": error.line, "column": error.column}
            for error in errors
        ],
        "problems": problems,
    }
