"""Loading the flow files that a command names."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from routilux import flowfile
from routilux.cli.errors import FAILED, USAGE, CommandError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from routilux import Flow
    from routilux.errors import FlowFileError

ENDINGS = (".yaml", ".yml", ".json")
SET = "--set "  # so begins the place of an error in what --set gave


def load_flow(path: str, settings: Sequence[str], allow: Sequence[str]) -> Flow:
    """Make a flow of a file.

    Raises:
        CommandError: the file or an option is wrong.
    """
    prepare(path, allow)
    try:
        return flowfile.load(os.path.abspath(path), allow=allow, overrides=settings)
    except flowfile.FlowFileError as error:
        raise CommandError(told(error, path), code_of(error)) from None
    except ValueError as error:
        raise CommandError(f"--allow: {error}") from None


def prepare(path: str, allow: Sequence[str]) -> None:
    """Check that there is such a file, and let it name modules of the working folder.

    Those come last, so that none of them takes the place of a module that is installed.

    Raises:
        CommandError: there is no such file.
    """
    if not os.path.isfile(path):
        what = "is a folder" if os.path.isdir(path) else "does not exist"
        raise CommandError(f"'{path}' {what}: name a flow file")
    if allow and os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())


def told(error: FlowFileError, path: str) -> str:
    """An error of a flow file, with the file named as on the command line."""
    return str(error).replace(os.path.abspath(path), path, 1)


def code_of(error: FlowFileError) -> int:
    """The exit code: an option that is wrong is not the file's fault."""
    return USAGE if (error.path or "").startswith(SET) else FAILED


def load_flows(folder: str, allow: Sequence[str]) -> dict[str, Flow]:
    """The flows of the files right in a folder, by id.

    Raises:
        CommandError: the folder, a file or an option is wrong, or two files have one flow id.
    """
    flows: dict[str, Flow] = {}
    paths: dict[str, str] = {}
    for path in find_flow_files(folder):
        flow = load_flow(path, (), allow)
        first = paths.setdefault(flow.flow_id, path)
        if first != path:
            raise CommandError(
                f"'{first}' and '{path}' both have the flow_id '{flow.flow_id}': give one of them "
                "another, for flows are found by it",
                FAILED,
            )
        flows[flow.flow_id] = flow
    return flows


def find_flow_files(folder: str) -> Iterator[str]:
    """The flow files right in a folder, by name.

    Raises:
        CommandError: there is no such folder.
    """
    if not os.path.isdir(folder):
        what = "is a file" if os.path.exists(folder) else "does not exist"
        raise CommandError(f"--flows '{folder}' {what}: name the folder that the flow files are in")
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise CommandError(f"--flows '{folder}': {error.strerror or error}") from None
    for name in names:
        path = os.path.join(folder, name)
        if name.endswith(ENDINGS) and not name.startswith(".") and os.path.isfile(path):
            yield path
