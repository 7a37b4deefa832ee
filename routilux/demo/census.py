"""Running a census: start it, look at it while it runs, stop it, report."""

from __future__ import annotations

import os
import warnings
from contextlib import contextmanager, suppress
from time import monotonic
from typing import TYPE_CHECKING

from routilux.demo.pipeline import WALK, make_flow
from routilux.demo.reading import Reading, read
from routilux.demo.report import Report, make_report
from routilux.demo.walking import standard_library
from routilux.errors import JobFinished

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

    from routilux import Runtime
    from routilux.job_state import JobState

# What a step may still need after it was told to stop is the parsing of one file. With what a
# program does before and after, this stays below the two seconds that a person waits gladly.
STOP_S = 1.5
LOOK_S = 0.1  # how soon an interruption is noticed


class Census:
    """A census of the Python files below a folder.

    Args:
        runtime: what runs the job.
        root: the folder; None means the running interpreter's standard library, without installed
            packages. Hidden folders are left out, and links are not followed.

    Attributes:
        root: the folder, as an absolute path.
        flow: the flow; register it to let others start it again.

    Raises:
        ValueError: `root` is no folder.
    """

    def __init__(self, runtime: Runtime, root: str | os.PathLike[str] | None = None) -> None:
        self.runtime = runtime
        self.root = os.path.abspath(standard_library() if root is None else root)
        if not os.path.isdir(self.root):
            reason = "is not a folder" if os.path.lexists(self.root) else "does not exist"
            raise ValueError(f"'{self.root}' {reason}: name a folder with Python files below it")
        self.flow = make_flow()
        self._order = {} if root is None else {"path": self.root}

    def run(
        self,
        show: Callable[[Reading], object],
        *,
        every_s: float = 1.0,
        interrupted: threading.Event | None = None,
        start_paused: bool = False,
    ) -> Report:
        """Run to the end, or until `interrupted` is set. Blocks.

        Warnings that Python gives about the files that it parses are left out: they are about
        other people's code. The filters of warnings belong to the process, so call this from the
        main thread.

        Args:
            show: called with a reading, on this thread.
            every_s: seconds between two readings.
            interrupted: what somebody sets to stop early.
            start_paused: wait for ``resume`` before anything runs.

        Returns:
            The report of what was done.
        """
        with _no_warnings_of_parsing():
            job = self.start(paused=start_paused)
            due = monotonic() + every_s
            while not job.wait(min(every_s, LOOK_S)):
                if interrupted is not None and interrupted.is_set():
                    stop(job)
                    break
                if monotonic() >= due:
                    show(read(job))
                    due = monotonic() + every_s
        return self.report(job)

    def start(self, *, paused: bool = False) -> JobState:
        """Start the job and return at once."""
        return self.runtime.exec(
            self.flow, entry_routine_id=WALK, entry_params=self._order, start_paused=paused
        )

    def report(self, job: JobState) -> Report:
        """What a job of this census has found so far."""
        return make_report(job, self.root)


def stop(job: JobState) -> bool:
    """Cancel a job and wait until its logic has ended, 1.5 s at most. Returns whether it has."""
    with suppress(JobFinished):  # it ended at this very moment
        job.cancel("interrupted")
    return job.wait(STOP_S)


@contextmanager
def _no_warnings_of_parsing() -> Iterator[None]:
    with warnings.catch_warnings():
        for category in (SyntaxWarning, DeprecationWarning):
            warnings.simplefilter("ignore", category)
        yield
