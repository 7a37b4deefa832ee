"""A routine that keeps what it gets."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from routilux.routine import Routine
from routilux.testing.clock import REAL_LIMIT_S

if TYPE_CHECKING:
    from routilux.job_state import JobState


class CollectingSink(Routine):
    """The end of a flow under test: keeps the data of every item, in order.

    Args:
        slot: the name of its slot.
        slot_settings: settings of that slot, see `Routine.define_slot`.

    Attributes:
        received: the data of all jobs' items.
        batches: what each activation got, one list each.
    """

    def __init__(self, slot: str = "items", **slot_settings: Any) -> None:
        super().__init__()
        self.received: list[Any] = []
        self.batches: list[list[Any]] = []
        self._by_job: dict[str, list[Any]] = {}
        self._changed = threading.Condition()
        self.define_slot(slot, **slot_settings)
        self.set_logic(self._keep)

    def _keep(self, data: list[Any], *, job_state: JobState) -> None:
        with self._changed:
            self.received.extend(data)
            self.batches.append(data)
            self._by_job.setdefault(job_state.job_id, []).extend(data)
            self._changed.notify_all()

    def received_by(self, job: JobState) -> list[Any]:
        """The data of one job's items, in order."""
        return list(self._by_job.get(job.job_id, ()))

    def wait_for(self, count: int, timeout: float = REAL_LIMIT_S) -> list[Any]:
        """Block until `count` items have come; returns the first `count`.

        Not for a `StepRuntime`, where nothing happens while a test waits here.

        Raises:
            TimeoutError: fewer came within `timeout` seconds of real time.
        """
        with self._changed:
            if self._changed.wait_for(lambda: len(self.received) >= count, timeout):
                return self.received[:count]
        raise TimeoutError(f"{len(self.received)} items came in {timeout} s, not {count}")
