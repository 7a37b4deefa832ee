"""Lane times: what the lanes of a routine did with their time.

A routine of a job has as many lanes as its concurrency. The invariant, whenever the job's lock is
free: from the job's begin to its end, each lane is at every instant one of

- *busy*: an activation is in it and does not stand still; to ask a policy is to be busy, too;
- *blocked*, for one reason:

  - ``full``: its logic stands in ``emit`` for room; or it has work, and is not started before there
    is room for what it will emit;
  - ``paused``: its logic stands at the closed gate; or it has work that does not start, for the job
    is paused, or in a step of something else;
  - ``breakpoint``: what it would be started with stands at a breakpoint of its routine; or an item
    on its way to the routine stands at one, and the routine has nothing else to do; or its logic
    stands in ``emit`` behind an item that a breakpoint holds;
  - ``retry``: a back-off runs;
  - ``worker``: it waits for a worker, to be started or to go on after its turn;

- *idle*, which is the rest and is not counted.

So busy + blocked + idle is the time since the job began, times the concurrency. What is settled
where two could be meant:

- Work that waits keeps one lane, however much it is: a routine stands in line once, and whether
  more lanes will be needed is not known before it starts. A back-off, an activation whose back-off
  is over, and one that stands at a breakpoint each keep a lane of their own.
- All clocks of a paused job stand still, so a back-off does not run then: its lane is ``paused``. A
  draft at a breakpoint stays ``breakpoint``, also when that has paused the job.
- A policy that has declined does not make its routine's items work: that is idle.
- An activation that was let go is blocked until its thread goes on, for what it stood for; only
  then is the wait in ``emit`` over.
- Logic that waits for something else than its own ``emit`` is busy.

A sum is kept with the lanes that are in it now: `sums[state] + lanes[state] * now`. Entering a
state takes `now` from its sum and leaving adds it, so a change is a few additions, nothing ticks,
and a reading in the midst of an activation has the time so far. Everything here is called under the
job's lock, and every `now` is read under it, so no reading is ever less than one before.
"""

from __future__ import annotations

from itertools import repeat
from operator import add, mul
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from routilux.engine.core import JobCore
    from routilux.engine.delivery import Delivery
    from routilux.engine.job_routine import JobRoutine

BUSY, FULL, PAUSED, BREAKPOINT, RETRY, WORKER = range(6)
NOTHING = BUSY  # of lanes without an activation: none of them is blocked
BLOCK_REASONS = ("full", "paused", "breakpoint", "retry", "worker")  # in the order of the states
STATES = len(BLOCK_REASONS) + 1
NO_LANES = (0,) * STATES
_NONE = list(NO_LANES)


class LaneTimes:
    """The lane times of one routine, in nanoseconds.

    Attributes:
        sums, lanes: by state; see the module.
        waiting: what the lane is blocked by that would start next, or `NOTHING`.
        kept: lanes kept by back-offs, by what follows them, and by drafts at breakpoints.
    """

    __slots__ = ("kept", "lanes", "sums", "waiting")

    def __init__(self) -> None:
        self.sums = [0] * STATES
        self.lanes = [0] * STATES
        self.waiting = NOTHING
        self.kept: tuple[int, ...] = NO_LANES

    def take_over(self, busy_ns: int, blocked_ns: Mapping[str, int]) -> None:
        """Go on from what was counted elsewhere, before anything is counted here."""
        self.sums = [busy_ns, *(blocked_ns.get(reason, 0) for reason in BLOCK_REASONS)]

    def read(self, now: int) -> list[int]:
        """The times until now, by state."""
        if self.lanes == _NONE:
            return self.sums.copy()
        return list(map(add, self.sums, map(mul, self.lanes, repeat(now))))

    # -- the way of most activations: it waits for a worker, is busy, and ends ---------------------

    def wait(self, state: int, now: int) -> None:
        """The lane that would start next waits otherwise from now on, or for nothing more."""
        was = self.waiting
        if was != state:
            self.waiting = state
            if was:  # not `NOTHING`
                self.sums[was] += now
                self.lanes[was] -= 1
            if state:
                self.sums[state] -= now
                self.lanes[state] += 1

    def start(self, now: int) -> None:
        """An activation starts; what waited for that waits no more."""
        sums, lanes = self.sums, self.lanes
        was = self.waiting
        if was:
            self.waiting = NOTHING
            sums[was] += now
            lanes[was] -= 1
        sums[BUSY] -= now
        lanes[BUSY] += 1

    def end(self, now: int) -> None:
        """A busy lane is free again."""
        self.sums[BUSY] += now
        self.lanes[BUSY] -= 1

    def move(self, was: int, state: int, now: int) -> None:
        """An activation's lane goes from one state into another."""
        if was != state:
            sums, lanes = self.sums, self.lanes
            sums[was] += now
            lanes[was] -= 1
            sums[state] -= now
            lanes[state] += 1

    # -- all other ways ----------------------------------------------------------------------------

    def keep(self, kept: tuple[int, ...], now: int) -> None:
        """Other lanes are kept from now on, by state."""
        if kept != self.kept:
            for state in range(1, STATES):
                more = kept[state] - self.kept[state]
                self.sums[state] -= more * now
                self.lanes[state] += more
            self.kept = kept


def refresh(node: JobRoutine, now: int = 0) -> None:
    """Look anew at the lanes without an activation. `now`: if the caller has just read it."""
    times = node.times
    kept, waiting = NO_LANES, NOTHING
    if not node.job.ended:
        kept, waiting = _kept(node), _waiting(node)
    if kept != times.kept or waiting != times.waiting:
        now = now or node.job.clock.monotonic_ns()
        times.keep(kept, now)
        times.wait(waiting, now)


def refresh_all(job: JobCore) -> None:
    """Something has changed that concerns all: the gate, a breakpoint, a step, the end."""
    now = job.clock.monotonic_ns()
    for delivery in job.standers:
        if delivery.counted:
            delivery.stand_for(stands_for(delivery), now)
    for node in job.routines.values():
        refresh(node, now)


def stands_for(delivery: Delivery) -> int:
    """Why an activation stands still."""
    legs = delivery.job_legs()
    if not legs or delivery.activation.job.gate_closed:
        return PAUSED
    return BREAKPOINT if any(leg.slot.stops for leg in legs) else FULL


def _kept(node: JobRoutine) -> tuple[int, ...]:
    """The lanes that are kept for activations, by state."""
    if not (node.backoffs or node.caught):
        return NO_LANES
    kept = [0] * STATES
    due = len(node.due)
    kept[_state_of_work(node)] += due
    kept[PAUSED if node.job.gate_closed else RETRY] += node.backoffs - due
    # The activation that was stopped may still be about to leave its lane.
    kept[BREAKPOINT] += min(len(node.caught), _free_lanes(node))
    return tuple(kept)


def _free_lanes(node: JobRoutine) -> int:
    return max(0, node.concurrency - node.lanes - node.backoffs)


def _waiting(node: JobRoutine) -> int:
    """What the lane is blocked by that would start next."""
    if _free_lanes(node) <= len(node.caught):
        return NOTHING
    if (node.queued and not node.due) or _has_work(node):
        return _state_of_work(node)
    return BREAKPOINT if any(slot.stops for slot in node.slots) else NOTHING


def _has_work(node: JobRoutine) -> bool:
    """Whether it would start, if nothing kept it; what is due has lanes of its own."""
    if node.has_work(new=True):
        return True
    return node.job.gate_closed and any(slot.queue.held and not slot.stops for slot in node.slots)


def _state_of_work(node: JobRoutine) -> int:
    """Why work does not start."""
    job = node.job
    if node.caught:
        return BREAKPOINT
    if node.queued:
        return WORKER
    if job.gate_closed:
        return PAUSED
    if node.gated_by is not None:
        return FULL
    in_step = job.debugger is not None and job.debugger.step is not None
    return PAUSED if job.barred or in_step else WORKER
