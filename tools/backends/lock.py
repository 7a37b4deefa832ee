"""A folder that one process uses at a time."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "lock"


class FolderInUseError(Exception):
    """Another process uses the folder. The text says which."""


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Keep a folder for this process; it is made if it is not there.

    The kernel lets it go when the process ends, in whatever way. The file stays: to delete it
    would let two in, one with the old file and one with a new one.

    Raises:
        FolderInUseError: another process has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / NAME).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise FolderInUseError(f"process {file.read() or '?'} uses {folder}") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
