"""Threads that take turns: exactly one of them runs at any time.

Each activation of a `StepRuntime` runs on a strand, a thread of its own, while the thread that
asked for it waits. A strand that has to wait hands the baton back, with the condition that it waits
for, and stays where it is until somebody chooses to let it go on.
"""

from __future__ import annotations

import _thread
from threading import get_ident
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Strand:
    """A thread that runs one task after another, each when it is given the baton."""

    __slots__ = ("ended", "go", "ident", "task")

    def __init__(self) -> None:
        self.go = _thread.allocate_lock()
        self.go.acquire()
        self.task: Callable[[], None] | None = None
        self.ident = 0
        self.ended = False


class StrandWait:
    """A strand that waits for a condition, or for a time.

    Attributes:
        due_ns: when it gives up; None: never.
        result: None while it waits; True when the condition held, False when the time was over.
    """

    __slots__ = ("_ready", "due_ns", "result", "strand")

    def __init__(self, strand: Strand, ready: Callable[[], bool], due_ns: int | None) -> None:
        self.strand = strand
        self.due_ns = due_ns
        self.result: bool | None = None
        self._ready = ready

    def is_over(self, now_ns: int) -> bool:
        """Whether the strand may go on. A condition that held once is not asked again."""
        if self.result is None:
            if self._ready():
                self.result = True
            elif self.due_ns is not None and now_ns >= self.due_ns:
                self.result = False
        return self.result is not None


class Strands:
    """The strands of a runtime, and the baton."""

    def __init__(self) -> None:
        self.waits: list[StrandWait] = []
        self._idle: list[Strand] = []
        self._back = _thread.allocate_lock()
        self._back.acquire()
        self._current: Strand | None = None
        self._failure: BaseException | None = None

    @property
    def busy(self) -> bool:
        """Whether a strand has the baton."""
        return self._current is not None

    @property
    def is_own_thread(self) -> bool:
        """Whether the caller is the strand that has the baton."""
        return self._current is not None and self._current.ident == get_ident()

    def start(self, task: Callable[[], None]) -> None:
        """Run `task` on a strand until it ends or waits; raises what it raises."""
        if self._idle:
            strand = self._idle.pop()
        else:
            strand = Strand()
            _thread.start_new_thread(self._live, (strand,))
        strand.task = task
        self._give(strand)

    def go_on(self, wait: StrandWait) -> None:
        """Let a strand go on whose wait is over, until it ends or waits again."""
        self.waits.remove(wait)
        self._give(wait.strand)

    def wait(self, ready: Callable[[], bool], due_ns: int | None) -> bool:
        """Called by the strand with the baton: hand it back until somebody lets this one go on."""
        strand = self._current
        assert strand is not None
        wait = StrandWait(strand, ready, due_ns)
        self.waits.append(wait)
        self._back.release()
        strand.go.acquire()
        return bool(wait.result)

    def close(self) -> None:
        """End the threads that have nothing to do."""
        idle, self._idle = self._idle, []
        for strand in idle:
            strand.ended = True
            strand.go.release()

    def _give(self, strand: Strand) -> None:
        self._current = strand
        strand.go.release()
        self._back.acquire()
        self._current = None
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _live(self, strand: Strand) -> None:
        strand.ident = get_ident()
        while True:
            strand.go.acquire()
            if strand.ended:
                return
            assert strand.task is not None
            try:
                strand.task()
            except BaseException as error:  # noqa: BLE001 - raised where this step was asked for
                self._failure = error
            strand.task = None
            self._idle.append(strand)
            self._back.release()
