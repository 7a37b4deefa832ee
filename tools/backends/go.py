"""The Go compiler, which builds all back ends."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TAIL = 30  # lines of a failed command's output that are shown


class BuildError(Exception):
    """A back end cannot be built. Its text says what to do."""


def find_go() -> str:
    """The path of the compiler.

    Raises:
        BuildError: there is none.
    """
    found = shutil.which("go")
    if found is None:
        raise BuildError(
            "The real collector, Prometheus and Jaeger are built from source, and there is no Go "
            "compiler: install Go 1.25 or newer, so that `go version` works, and try again."
        )
    return found


def run(folder: Path, *command: str, **environment: str) -> None:
    """Run a command in a folder.

    Raises:
        BuildError: it failed; the end of what it printed is in the text.
    """
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        shown = "\n".join(done.stdout.splitlines()[-TAIL:])
        raise BuildError(f"`{' '.join(command)}` ended with {done.returncode}:\n{shown}")
