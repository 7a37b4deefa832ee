"""ManualRuntime: real workers, and time that stands still until a test moves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from routilux.runtime import Runtime
from routilux.stores import JobStore
from routilux.testing.clock import ManualClock

if TYPE_CHECKING:
    from routilux.engine.pool import Pool


class ManualRuntime(Runtime):
    """A runtime whose workers run as always, on a `ManualClock`.

    For what a `StepRuntime` cannot show: logic that starts threads, callers that block. Alarms ring
    on the thread that moves the clock.

    Args:
        thread_pool_size: see `Runtime`.
        clock: the clock; None makes one.

    Attributes:
        clock: the clock to move.
    """

    clock: ManualClock

    def __init__(
        self, thread_pool_size: int = 2, *, clock: ManualClock | None = None, **settings: Any
    ) -> None:
        settings.setdefault("jobs", JobStore())
        super().__init__(thread_pool_size, clock=clock or ManualClock(), **settings)

    def _make_pool(self, standing_limit: int) -> Pool:
        self.timer = self.clock.timer()
        return super()._make_pool(standing_limit)
