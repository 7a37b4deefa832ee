"""What a runtime lends to its jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from routilux.clock import Clock
    from routilux.debugger.manager import BreakpointManager
    from routilux.engine.pool import Pool
    from routilux.engine.timer import Timer
    from routilux.hooks import HookSet
    from routilux.job.dead_letters import DeadLetter


class Host(NamedTuple):
    """What a runtime lends to each of its jobs.

    Attributes:
        on_end: called once per job, without locks, when its last activation has ended.
        redeliver_anew: starts another job with dead letters of this one; returns its id, and the
            letters for which it has no room.
    """

    pool: Pool
    timer: Timer
    clock: Clock
    hooks: HookSet
    breakpoints: BreakpointManager
    on_end: Callable[[Any], None]
    redeliver_anew: Callable[[Any, list[DeadLetter]], tuple[str, list[DeadLetter]]]
