"""Every error of Routilux, in one tree.

::

    RoutiluxError
    |-- SlotQueueFullError        an item was refused: the slot had no room
    |   `-- SlotPausedError       an item was refused: the job was paused
    |-- JobFinished               the job has ended; it takes no more items or commands
    |-- JobNotStill               a snapshot was asked for while logic was running
    |-- NotPaused                 a step was asked for while the job was running
    |-- NothingInHand             no item of that id stands at a breakpoint
    |-- NoActivation              emit() outside of any activation
    |-- ActivationEnded           emit() from a thread that outlived its activation
    |-- StalledError              everything in the job waits for everything else
    |-- TimeLimitExceeded         the job ran longer than its time limit
    |-- CodecError                an item or a state cannot be written as JSON
    `-- FlowFileError             a flow file is wrong, with file, line and column

    JobCancelled (BaseException)  raised inside logic whose job was ended

Facts are attributes, so that a program need not parse a message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class RoutiluxError(Exception):
    """Root of all errors that Routilux raises to a caller."""


class SlotQueueFullError(RoutiluxError):
    """An item was refused because its slot had no room.

    Attributes:
        slot_name: the slot's name.
        routine_id: the id that the flow gave the slot's routine, or None.
        job_id: the job, or None for a slot outside of any job.
        max_length: the slot's length, items.
        unconsumed_count: items that waited in it.
        queue_size: all items in it, consumed ones included.
        retries: how often the producer waited for room before it gave up.
    """

    def __init__(
        self,
        message: str,
        *,
        slot_name: str,
        routine_id: str | None = None,
        job_id: str | None = None,
        max_length: int = 0,
        unconsumed_count: int = 0,
        queue_size: int = 0,
        retries: int = 0,
    ) -> None:
        super().__init__(message)
        self.slot_name = slot_name
        self.routine_id = routine_id
        self.job_id = job_id
        self.max_length = max_length
        self.unconsumed_count = unconsumed_count
        self.queue_size = queue_size
        self.retries = retries


class SlotPausedError(SlotQueueFullError):
    """An item was refused because the slot's job stayed paused."""


class JobFinished(RoutiluxError):
    """The job has ended. Attributes: job_id, status."""

    def __init__(self, job_id: str, status: str) -> None:
        super().__init__(
            f"Job '{job_id}' is {status}: it takes no more items or commands. Start a new job."
        )
        self.job_id = job_id
        self.status = status


class JobNotStill(RoutiluxError):
    """Logic of the job is still on a stack, or may start. Attributes: job_id, routines."""

    def __init__(self, job_id: str, routines: Sequence[str], advice: str) -> None:
        names = f" ({', '.join(routines)})" if routines else ""
        super().__init__(f"Job '{job_id}' is not still{names}: {advice}")
        self.job_id = job_id
        self.routines = tuple(routines)


class NotPaused(RoutiluxError):
    """A step was asked for, and the job is not paused. Attributes: job_id, status."""

    def __init__(self, job_id: str, status: str) -> None:
        super().__init__(f"Job '{job_id}' is {status}: pause it first, or let it hit a breakpoint")
        self.job_id = job_id
        self.status = status


class NothingInHand(RoutiluxError):
    """No item of that id stands at a breakpoint, or it is not clear which one is meant.

    Attributes:
        job_id: the job.
        item_id: the id that was asked for, or None.
        item_ids: the items that stand.
    """

    def __init__(self, job_id: str, item_id: str | None, item_ids: Sequence[str]) -> None:
        there = ", ".join(item_ids) or "none"
        if item_id is not None:
            what = f"Item '{item_id}' not found at a breakpoint of job '{job_id}'"
        elif item_ids:
            what = f"Several items of job '{job_id}' stand at breakpoints: name one of them"
        else:
            what = f"No item of job '{job_id}' stands at a breakpoint"
        super().__init__(f"{what}; there are: {there}")
        self.job_id = job_id
        self.item_id = item_id
        self.item_ids = tuple(item_ids)


class NoActivation(RoutiluxError):
    """``emit`` was called where no activation of that routine is running."""


class ActivationEnded(RoutiluxError):
    """``emit`` was called on behalf of an activation that has already ended."""


class StalledError(RoutiluxError):
    """Every routine of the job waits for another one. Attributes: job_id, cycle."""

    def __init__(self, job_id: str, cycle: Sequence[str]) -> None:
        super().__init__(
            f"Job '{job_id}' is stalled: every producer waits for room in a slot that nothing can "
            f"empty ({' -> '.join(cycle)}). Make one of these slots longer, or give it "
            "overflow='retry', 'reject' or 'drop_oldest'."
        )
        self.job_id = job_id
        self.cycle = tuple(cycle)


class TimeLimitExceeded(RoutiluxError):
    """The job ran longer than its time limit. Attributes: job_id, limit (seconds)."""

    def __init__(self, job_id: str, limit: float) -> None:
        super().__init__(
            f"Job '{job_id}' ran longer than its time limit of {limit:g} s. "
            "Give it a longer timeout, or find what is slow with job.diagnose()."
        )
        self.job_id = job_id
        self.limit = limit


class CodecError(RoutiluxError):
    """Something to be saved is not JSON data. Attribute: where."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(
            f"{where} cannot be saved as JSON: {reason}. "
            "Keep plain data there, or give the snapshot a codec for it."
        )
        self.where = where


class FlowFileError(RoutiluxError):
    """A flow file is wrong.

    Attributes:
        message: what is wrong, without the place.
        path, line, column: the place, both numbers from 1; None where it is not known.
    """

    def __init__(
        self, message: str, *, path: str | None = None, line: int | None = None, column: int = 1
    ) -> None:
        place = path or "<flow>"
        if line is not None:
            place = f"{place}:{line}:{column}"
        super().__init__(f"{place}: {message}")
        self.message = message
        self.path = path
        self.line = line
        self.column = column if line is not None else None


class JobCancelled(BaseException):
    """Raised by ``emit`` and ``checkpoint`` inside logic whose job was cancelled or failed.

    A ``BaseException``, so that an ``except Exception`` in logic does not swallow it.
    """


def text_of(error: BaseException) -> str:
    """An error's own text. It may be a stranger's, and raise when it is asked."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - what it raises is of no use either
        return "(it cannot say why)"


def describe(error: BaseException) -> str:
    """An error as one line of text: its type, and its own text if it has one."""
    text = text_of(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
