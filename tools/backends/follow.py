"""Become a program that ends when its parent does: ``follow.py PARENT PROGRAM ARGUMENT...``.

Linux only. It is a program and no function for ``preexec_fn``, because Python code between fork
and exec can hang when the parent has threads.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import NoReturn

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>; it outlives an exec


def main(parent: int, command: list[str]) -> NoReturn:
    """Ask for a SIGTERM at the parent's end, and become the command."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(1)  # it ended before we had asked
    # Python ignores them, and what is ignored stays so in the next program.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
