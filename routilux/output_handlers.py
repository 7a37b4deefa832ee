"""Where a job's routines send output to: ``job_state.send_output`` gives it to a handler."""

from __future__ import annotations

from abc import ABC, abstractmethod
from queue import Queue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    Callback = Callable[[str, str, str, dict[str, Any], datetime], object]


class OutputHandler(ABC):
    """Takes what routines send. Called on the sender's thread, from several at once."""

    @abstractmethod
    def handle(
        self,
        job_id: str,
        routine_id: str,
        output_type: str,
        data: dict[str, Any],
        timestamp: datetime,
    ) -> None:
        """Take one output.

        Args:
            job_id: the job.
            routine_id: who sends it.
            output_type: what it is, in the program's own words.
            data: the output.
            timestamp: when it was sent (aware UTC).
        """


class QueueOutputHandler(OutputHandler):
    """Puts each output into a queue, as a dict of the arguments of `OutputHandler.handle`.

    Args:
        queue: the queue; None makes an unbounded one. A sender blocks while it is full.
    """

    def __init__(self, queue: Queue[dict[str, Any]] | None = None) -> None:
        self.queue: Queue[dict[str, Any]] = Queue() if queue is None else queue

    def handle(
        self,
        job_id: str,
        routine_id: str,
        output_type: str,
        data: dict[str, Any],
        timestamp: datetime,
    ) -> None:
        """Put it into the queue; the time as an ISO text. Blocks while the queue is full."""
        self.queue.put(
            {
                "job_id": job_id,
                "routine_id": routine_id,
                "output_type": output_type,
                "data": data,
                "timestamp": timestamp.isoformat(),
            }
        )


class CallbackOutputHandler(OutputHandler):
    """Calls a function with the arguments of `OutputHandler.handle`.

    What the function raises is raised where the output was sent.
    """

    def __init__(self, callback: Callback) -> None:
        if not callable(callback):
            raise TypeError(f"callback must be callable, not {callback!r}")
        self.callback = callback

    def handle(
        self,
        job_id: str,
        routine_id: str,
        output_type: str,
        data: dict[str, Any],
        timestamp: datetime,
    ) -> None:
        """Call the function."""
        self.callback(job_id, routine_id, output_type, data, timestamp)


class NullOutputHandler(OutputHandler):
    """Takes everything and keeps nothing."""

    def handle(
        self,
        job_id: str,
        routine_id: str,
        output_type: str,
        data: dict[str, Any],
        timestamp: datetime,
    ) -> None:
        """Do nothing."""
