"""Finding Python files below a folder."""

from __future__ import annotations

import os
import sysconfig
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

ENDING = ".py"
INSTALLED = ("site-packages", "dist-packages")  # other people's packages, beside the library


def standard_library() -> str:
    """The folder of the running interpreter's standard library."""
    return sysconfig.get_path("stdlib")


def find_files(
    root: str,
    leave_out: Collection[str] = (),
    on_error: Callable[[OSError], object] | None = None,
    on_folder: Callable[[], object] | None = None,
) -> Iterator[str]:
    """Every regular file below `root` whose name ends in ``.py``, in a stable order.

    Hidden folders are left out and links are not followed, so that each file comes once; a folder
    whose name ends in ``.py`` is a folder like any other.

    Args:
        root: the folder to begin with; it may itself be hidden or a link.
        leave_out: names of folders to leave out, wherever they are.
        on_error: called with the error of a folder that cannot be listed; the walk goes on.
        on_folder: called before each folder; what it raises ends the walk.

    Yields:
        Paths that begin with `root`.
    """
    folders = [root]
    while folders:
        if on_folder is not None:
            on_folder()
        try:
            with os.scandir(folders.pop()) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            if on_error is not None:
                on_error(error)
            continue
        below = []
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith(".") and entry.name not in leave_out:
                    below.append(entry.path)
            elif entry.name.endswith(ENDING) and entry.is_file(follow_symlinks=False):
                yield entry.path
        folders.extend(reversed(below))
