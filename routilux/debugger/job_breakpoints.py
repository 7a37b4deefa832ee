"""``job.breakpoints``: the breakpoints of one job, as its user sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from routilux.debugger.breakpoint import Breakpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from routilux.debugger.breakpoint import Kind
    from routilux.debugger.manager import BreakpointManager, Holder


class JobBreakpoints:
    """The breakpoints of one job, in the order in which they were added.

    Args:
        manager: keeps them.
        job: the job.
        check_live: raises `JobFinished` when it has ended.
    """

    def __init__(
        self, manager: BreakpointManager, job: Holder, check_live: Callable[[], None]
    ) -> None:
        self._manager = manager
        self._job = job
        self._job_id = job.job_id
        self._check_live = check_live

    def add(self, kind: Kind, routine_id: str | None = None, **fields: Any) -> Breakpoint:
        """Set a breakpoint; it takes effect at once.

        Args:
            kind: ``routine``, ``slot``, ``event`` or ``connection``.
            routine_id: the routine, of the first three.
            fields: the other arguments of `Breakpoint`.

        Raises:
            ValueError: a field is missing or wrong, or the job has as many as it may have.
            JobFinished: the job has ended.
        """
        self._check_live()
        made = Breakpoint(self._job_id, kind, routine_id, **fields)
        self._manager.add_breakpoint(made)
        self._manager.adopt(self._job)  # if it has ended since, nobody else lets it have them
        return made

    def get(self, breakpoint_id: str) -> Breakpoint | None:
        """The breakpoint of that id, or None."""
        return self._manager.get_breakpoint(breakpoint_id, self._job_id)

    def remove(self, breakpoint_id: str) -> bool:
        """Forget a breakpoint; what it has stopped stays held. Returns whether it was known."""
        return self._manager.remove_breakpoint(breakpoint_id, self._job_id)

    def clear(self) -> None:
        """Forget all of them."""
        self._manager.clear_breakpoints(self._job_id)

    def __iter__(self) -> Iterator[Breakpoint]:
        return iter(self._manager.get_breakpoints(self._job_id))

    def __len__(self) -> int:
        return len(self._manager.get_breakpoints(self._job_id))
