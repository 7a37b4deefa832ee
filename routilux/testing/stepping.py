"""StepRuntime: a runtime that does one thing at a time, in an order that a seed decides."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, cast

from routilux.debugger.registry import MonitoringRegistry
from routilux.engine.pool import Pool, Ticket
from routilux.runtime import Runtime
from routilux.stores import JobStore
from routilux.testing.clock import START, ManualClock, nanoseconds
from routilux.testing.strands import Strands

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from routilux.clock import WaitLock
    from routilux.engine.job import Job
    from routilux.engine.pool import Queue, Worker

STEP_LIMIT = 1_000_000  # a flow that is still not idle then has no end


class StepClock(ManualClock):
    """The clock of a `StepRuntime`: whoever waits lets the runtime go on meanwhile."""

    def __init__(self, runtime: StepRuntime, start: datetime) -> None:
        super().__init__(start)
        self._runtime = runtime

    def wait(self, lock: WaitLock, timeout: float | None) -> bool:
        """Wait for `lock`, or until the clock has been moved by `timeout` seconds."""
        return self._runtime.wait_until(lambda: lock.acquire(False), timeout)

    def next_due_ns(self) -> int | None:
        """When the next alarm, or the next wait of an activation, is due."""
        dues = [wait.due_ns for wait in self._runtime.strands.waits if wait.due_ns is not None]
        if (due := self.next_alarm_ns()) is not None:
            dues.append(due)
        return min(dues, default=None)

    def next_alarm_ns(self) -> int | None:
        """When the next alarm is due."""
        return super().next_due_ns()

    def advance_to(self, target_ns: int) -> None:
        """Move the clock and ring its alarms; activations go on only at the next step."""
        while (due_ns := self.next_alarm_ns()) is not None and due_ns <= target_ns:
            self._now_ns = max(self._now_ns, due_ns)
            self.ring()
        self._now_ns = max(self._now_ns, target_ns)


class StepPool(Pool):
    """A pool without workers: jobs stand in its line until a step takes one."""

    def __init__(self, runtime: StepRuntime, standing_limit: int) -> None:
        super().__init__(runtime.thread_pool_size, runtime.clock, runtime.timer, standing_limit)
        self._runtime = runtime

    def _summon(self) -> Worker | None:
        return None

    def turn_is_over(self, began_ns: int) -> bool:
        """After 5 ms of the manual clock; with several workers also whenever chance says so."""
        return super().turn_is_over(began_ns) or self._runtime.interrupts()

    def step(self, queue: Queue) -> None:
        """Do the next thing of a job: on a strand, with a permit."""
        with self.lock:
            self.line.remove(queue)
            self.free -= 1
        work = queue.take()
        if isinstance(work, Ticket):
            work.granted = True
            work.wake()
            return
        if work is not None:
            work.run()
        self.offer_place()
        with self.lock:
            self.free += 1


class StepRuntime(Runtime):
    """Runs jobs step by step, when the test says so; the same seed gives the same run.

    A step runs one activation until it ends or has to wait, or lets one go on whose wait is over.
    Which one is next, the seed decides. Nothing runs between steps, so a test may look at a job or
    pause it at leisure. Logic runs on a thread of the runtime, and exactly one such thread runs at
    any time, while the caller waits; so logic that stands still in ``emit`` never blocks the test.

    A call that has to wait (``job.wait()``, ``job.pause(wait=True)``, ``job.post()`` before a full
    slot) does steps itself until it is over, and moves the clock when nothing else is left to do.
    If nothing can end the wait, it raises ``RuntimeError`` instead of hanging.

    Logic must not wait for other threads that emit: those would need a turn, too. Use a `Runtime`
    for such logic.

    Args:
        seed: decides the order.
        thread_pool_size: with 1 an activation goes on until it has to wait, or has run for 5 ms of
            the manual clock. With more, chance also interrupts it where it hands items over, as
            other workers would overtake it.
        start: what the clock shows at first.
        standing_limit: see `Runtime`.

    Attributes:
        clock: the manual clock; `advance` of the runtime is what most tests want to call.
    """

    clock: StepClock

    def __init__(
        self,
        seed: int = 0,
        thread_pool_size: int = 1,
        *,
        start: datetime = START,
        **settings: Any,
    ) -> None:
        self.seed = seed
        self.strands = Strands()
        self._random = random.Random(seed)
        settings.setdefault("jobs", JobStore())
        settings.setdefault("monitoring", MonitoringRegistry())
        super().__init__(thread_pool_size, clock=StepClock(self, start), **settings)

    def _make_pool(self, standing_limit: int) -> Pool:
        self.timer = self.clock.timer()
        return StepPool(self, standing_limit)

    # -- steps -------------------------------------------------------------------------------------

    def run_one(self) -> bool:
        """Do one step. Returns False when there is nothing to do before the clock moves.

        Raises:
            RuntimeError: called from logic.
        """
        self._check_caller()
        if self.clock.ring():
            return True
        now = self.clock.monotonic_ns()
        going_on = [wait for wait in self.strands.waits if wait.is_over(now)]
        choices = len(going_on) + len(self.pool.line)
        if not choices:
            return False
        chosen = self._random.randrange(choices)
        if chosen < len(going_on):
            self.strands.go_on(going_on[chosen])
        else:
            self._start(self.pool.line[chosen - len(going_on)])
        return True

    def _start(self, queue: Queue) -> None:
        ready = cast("Job", queue).ready
        ready.rotate(-self._random.randrange(max(1, len(ready))))
        pool = cast("StepPool", self.pool)
        self.strands.start(lambda: pool.step(queue))

    def run_until_idle(self, limit: int = STEP_LIMIT) -> int:
        """Do steps until nothing is left to do before the clock moves. Returns how many.

        Raises:
            RuntimeError: it was not idle after `limit` steps.
        """
        for steps in range(limit):
            if not self.run_one():
                return steps
        raise RuntimeError(f"Not idle after {limit} steps: does a loop of the flow have no end?")

    def advance(self, seconds: float) -> None:
        """Let time pass: what becomes due on the way runs at its own time, until all is idle."""
        target = self.clock.monotonic_ns() + nanoseconds(seconds)
        self.run_until_idle()
        while (due := self.clock.next_due_ns()) is not None and due <= target:
            self.clock.advance_to(due)
            self.run_until_idle()
        self.clock.advance_to(target)
        self.run_until_idle()

    def interrupts(self) -> bool:
        """Whether chance interrupts the activation that runs, in favour of another."""
        return self.thread_pool_size > 1 and bool(self._random.randrange(2))

    # -- waiting -----------------------------------------------------------------------------------

    def wait_until(self, ready: Callable[[], bool], timeout: float | None = None) -> bool:
        """Do steps, and let time pass, until `ready` says True; False after `timeout` seconds.

        In logic, the activation waits and others take their turns.

        Raises:
            RuntimeError: nothing is left that could change anything, and no time-out is set.
        """
        if ready():
            return True
        due = None if timeout is None else self.clock.monotonic_ns() + nanoseconds(timeout)
        if self.strands.is_own_thread:
            return self.strands.wait(ready, due)
        while due is None or self.clock.monotonic_ns() < due:
            if not self.run_one():
                self._pass_time(due)
            if ready():
                return True
        return False

    def _pass_time(self, due_ns: int | None) -> None:
        dues = [each for each in (self.clock.next_due_ns(), due_ns) if each is not None]
        if not dues:
            raise RuntimeError(
                "This wait has no end: nothing is left to run, and no alarm is set. "
                "Is a job paused, open or stalled?"
            )
        self.clock.advance_to(min(dues))

    def _check_caller(self) -> None:
        if self.strands.busy:
            raise RuntimeError(
                "Logic of this runtime is running: take steps from outside of logic, and do not "
                "wait in threads that logic starts"
            )

    def wait_until_all_jobs_finished(self, timeout: float | None = None) -> bool:
        """Do steps, and let time pass, until no job is live. False if that cannot be."""
        if timeout is not None:
            return self.wait_until(lambda: not self._live, timeout)
        while self._live:
            if not self.run_one():
                due = self.clock.next_due_ns()
                if due is None:
                    return False
                self.clock.advance_to(due)
        return True

    def shutdown(self, wait: bool = True, timeout: float | None = None) -> bool:
        """See `Runtime.shutdown`; jobs that cannot go on are cancelled."""
        ended = super().shutdown(wait, timeout)
        if wait and not ended:
            self.run_until_idle()
        self.strands.close()
        return ended
