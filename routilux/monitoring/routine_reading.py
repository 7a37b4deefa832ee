"""One routine in a reading: what its lanes did with their time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from routilux.clock import NANOSECONDS
from routilux.engine.lane_times import BLOCK_REASONS, BUSY

if TYPE_CHECKING:
    from collections.abc import Sequence

BLOCKED = tuple(enumerate(BLOCK_REASONS, 1))  # the states but `BUSY`, with their names


class RoutineReading(NamedTuple):
    """One routine of a flow, over all jobs since the process began, ended ones included.

    Attributes:
        flow_id, routine_id: the routine.
        times: its lane times in nanoseconds, by state; see `routilux.engine.lane_times`.
    """

    flow_id: str
    routine_id: str
    times: Sequence[int]

    @property
    def busy(self) -> float:
        """Seconds that its lanes were busy, waits in ``emit`` left out."""
        return self.times[BUSY] / NANOSECONDS

    @property
    def blocked(self) -> dict[str, float]:
        """Seconds that its lanes had work and waited, by reason; only of reasons there were."""
        times = self.times
        return {reason: times[state] / NANOSECONDS for state, reason in BLOCKED if times[state]}
