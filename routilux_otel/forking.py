"""What begins anew in a forked child. A handler of forks cannot be taken back: there is one."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Forked(Protocol):
    """Something with a lock, or with what belongs to the parent."""

    def after_fork(self) -> None:
        """Called in the child, where no other thread is."""


_known: weakref.WeakSet[Forked] = weakref.WeakSet()


def reset_in_child(thing: Forked) -> None:
    """Call its `after_fork` in each child, as long as it lives."""
    _known.add(thing)


def _after_fork() -> None:
    for thing in list(_known):
        thing.after_fork()


os.register_at_fork(after_in_child=_after_fork)
