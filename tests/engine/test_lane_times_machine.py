"""Lane times beside an observer who looks at every lane whenever the clock moves.

The engine keeps sums and changes them at events; the observer keeps nothing but what it sees. So a
change that the engine misses shows as a difference, and a lane that is in two states at once as
more lanes than there are.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis.stateful import invariant

from routilux.engine.alarms import RetryDue
from routilux.engine.lane_times import BLOCK_REASONS
from routilux.testing.stepping import StepClock
from tests.engine.test_debugger_machine import DebuggedJobMachine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from routilux.testing import StepRuntime

# An activation that has been let go, or waits for its turn: blocked, and nobody outside can tell
# any more for what.
SOMEHOW = "somehow"


class ObservedClock(StepClock):
    """Lets somebody look before each of its moves."""

    observe: Callable[[int], None]

    def advance_to(self, target_ns: int) -> None:
        while (due_ns := self.next_alarm_ns()) is not None and due_ns <= target_ns:
            self._move(due_ns)
            self.ring()
        self._move(target_ns)

    def _move(self, to_ns: int) -> None:
        if to_ns > self._now_ns:
            self.observe(to_ns - self._now_ns)
            self._now_ns = to_ns


def lanes_of(job: Any, node: Any, waiting_threads: set[int]) -> Iterator[str]:
    """What each lane of a routine does that is not idle."""
    for activation in job.pool.running:
        if activation.job is job and activation.node is node:
            waits = activation.thread in waiting_threads
            yield _of_activation(job, activation) if waits else "busy"
    if job.ended:
        return
    for alarm in job.alarms:
        if isinstance(alarm.callback, RetryDue) and alarm.callback.node is node:
            yield "paused" if job.gate_closed else "retry"
    hits = list(job.debugger.hits.values()) if job.debugger is not None else []
    drafts = sum(hit.draft is not None and hit.node is node for hit in hits)
    yield from ["breakpoint"] * drafts
    yield from [_of_work(job, node, drafts)] * len(node.due)
    taken = node.lanes + node.backoffs + drafts
    if taken < node.concurrency:
        stands = [slot for hit in hits for slot, _ in hit.items if slot.consumer is node]
        if _has_work(job, node, stands):
            yield _of_work(job, node, drafts)
        elif stands:
            yield "breakpoint"


def _of_activation(job: Any, activation: Any) -> str:
    for delivery in job.standers:
        if delivery.activation is activation and delivery.counted:
            if job.gate_closed or not delivery.legs:
                return "paused"
            return "breakpoint" if any(leg.slot.stops for leg in delivery.legs) else "full"
    return SOMEHOW


def _has_work(job: Any, node: Any, stands: list[Any]) -> bool:
    waits = node.to_start or any(slot.queue.waiting for slot in node.slots)
    if waits and (node.policy is None or node.news):
        return True
    held = [slot for slot in node.slots if slot.queue.held_segments and slot not in stands]
    return job.gate_closed and bool(held)


def _of_work(job: Any, node: Any, drafts: int) -> str:
    if drafts:
        return "breakpoint"
    if node in job.ready:
        return "worker"
    if job.gate_closed:
        return "paused"
    if node.gated_by is not None:
        return "full"
    return "paused" if job.debugger is not None and job.debugger.step is not None else "worker"


class ObservedJobMachine(DebuggedJobMachine):
    """`DebuggedJobMachine`, and the observer."""

    def new_runtime(self, seed: int) -> StepRuntime:
        runtime = super().new_runtime(seed)
        clock: Any = runtime.clock
        clock.__class__ = ObservedClock
        clock.observe = self.observe
        if not hasattr(self, "seen"):
            self.seen: dict[str, Counter[str]] = {}
        return runtime

    def observe(self, passed_ns: int) -> None:
        """So much time will pass now, in which nothing changes."""
        if not hasattr(self, "job"):
            return
        job: Any = self.job.live
        waiting = {wait.strand.ident for wait in self.runtime.strands.waits}
        for node in job.routines.values():
            states = Counter(lanes_of(job, node, waiting))
            assert states.total() <= node.concurrency, (node.id, states)
            seen = self.seen.setdefault(node.id, Counter())
            seen.update({state: passed_ns * lanes for state, lanes in states.items()})

    @invariant()
    def compare(self) -> None:
        job: Any = self.job.live
        for node in job.routines.values():
            spent = node.times.read(job.clock.monotonic_ns())
            told = dict(zip(("busy", *BLOCK_REASONS), spent, strict=True))
            seen = self.seen.get(node.id, Counter())
            assert sum(told.values()) == seen.total(), (node.id, told, seen)
            for state, spent_ns in told.items():
                least, more = seen[state], 0 if state in ("busy", "retry") else seen[SOMEHOW]
                assert least <= spent_ns <= least + more, (node.id, state, told, seen)
            assert min(node.times.lanes) >= 0


TestObservedJobMachine = ObservedJobMachine.TestCase
TestObservedJobMachine.settings = settings(max_examples=250, stateful_step_count=40)
