"""Folders of Python files for the census, and what other tools say about them."""

from __future__ import annotations

import ast
import os
import subprocess
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

GOOD = '''"""A module."""

import os


class Reader:
    """A class."""

    def next(self, limit):
        for item in range(limit):
            if item and limit or os.sep:
                return [x for x in range(item) if x]
        return None

    async def wait(self):
        def inner():
            return 1 if self else 2
        return inner


def short(): return 1
'''

# What Python itself cannot parse, by the name of the file.
BROKEN = {
    "syntax.py": b"def f(:\n",
    "indent.py": b"if True:\nx = 1\n",
    "encoding.py": b"x = '\xff\xfe'\n",
    "cookie.py": b"# -*- coding: no-such-thing -*-\nx = 1\n",
    "nul.py": b"x = 1\0\n",
    "parentheses.py": b"(" * 5_000 + b")" * 5_000,
    "minus.py": b"x = " + b"-" * 50_000 + b"1\n",
    "sums.py": b"x = 1" + b"+1" * 50_000 + b"\n",
}
ODD_BUT_RIGHT = {
    "empty.py": b"",
    ".hidden.py": b"x = 1\n",
    "latin.py": b"# -*- coding: latin-1 -*-\nx = '\xe4'\n",
    "mark.py": b"\xef\xbb\xbfx = 1\n",
    "windows.py": b"x = 1\r\ny = 2\r\n",
    "unended.py": b"x = 1\ny = 2",
    "warns.py": b"x = '\\d'\nassert (x, 'always')\ny = x is 'a'\n",
    "name with space.py": b"def f(): pass\n",
}


def write(folder: Path, files: dict[str, bytes]) -> None:
    """Write files into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def make_folder(root: Path) -> Path:
    """A folder with everything that a walk may meet."""
    write(root, {"good.py": GOOD.encode(), "notes.txt": b"def f(:\n", "noending": b""})
    write(root / "broken", BROKEN)
    write(root / "odd", ODD_BUT_RIGHT)
    write(root / "folder.py", {"inside.py": b"def g(): pass\n"})
    write(root / ".hidden", {"unseen.py": b"x = 1\n"})
    write(root / "odd" / ".hidden", {"unseen.py": b"x = 1\n"})
    write(root / "__pycache__", {"good.cpython.pyc": b"\0"})
    write(root / "site-packages", {"seen.py": b"x = 1\n"})
    (root / "link.py").symlink_to(root / "good.py")
    (root / "dangling.py").symlink_to(root / "nowhere")
    (root / "linked_folder").symlink_to(root / "odd")
    (root / "loop").symlink_to(root)
    os.mkfifo(root / "pipe.py")
    return root


def find(root: Path) -> list[str]:
    """What `find` says: the regular files below `root`, hidden folders left out."""
    hidden = ["-mindepth", "1", "-type", "d", "-name", ".*", "-prune"]
    wanted = ["-o", "-type", "f", "-name", "*.py", "-print0"]
    done = subprocess.run(["find", root, *hidden, *wanted], capture_output=True, check=True)
    return sorted(os.fsdecode(path) for path in done.stdout.split(b"\0") if path)


@dataclass
class Counts:
    """What `ast` says about files."""

    files: int = 0
    parsed: int = 0
    failed: int = 0
    lines: int = 0
    functions: int = 0
    classes: int = 0


def count(paths: list[str]) -> Counts:
    """Parse files one by one, and count."""
    counts = Counts(files=len(paths))
    for path in paths:
        with open(path, "rb") as file:
            content = file.read()
        try:
            with warnings.catch_warnings(action="ignore"):
                tree = ast.parse(content)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            counts.failed += 1
            continue
        nodes = list(ast.walk(tree))
        counts.parsed += 1
        counts.lines += content.count(b"\n") + (content[-1:] not in (b"", b"\n"))
        counts.functions += sum(
            isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) for node in nodes
        )
        counts.classes += sum(isinstance(node, ast.ClassDef) for node in nodes)
    return counts
