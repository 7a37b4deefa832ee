"""The pool: a fixed number of permits to run, shared in turn by all jobs.

A permit is the right to run logic. A worker is a thread with or without one: it takes the next job
in line with a permit, and parks without one. An activation that has to wait gives its permit back,
so another worker may run; when it goes on it takes a permit at once, even if none is free (then
`free` is below zero, and the next worker that finishes something parks instead of going on).

Invariants, whenever the lock is free:

- if jobs are in line and a permit is free, a worker is on its way to them (`_waking`);
- permits in use + `free` == `size`; a worker that was summoned has its permit already.

One wake-up is under way at a time: the worker that wakes summons the next if there is more to do.
"""

from __future__ import annotations

import _thread
from collections import deque
from typing import TYPE_CHECKING, Protocol

from routilux.barging_lock import BargingLock
from routilux.clock import NANOSECONDS
from routilux.parcel import Parcel

if TYPE_CHECKING:
    from routilux.clock import Clock
    from routilux.engine.running import RunningActivation
    from routilux.engine.timer import Timer

# Once an activation has run this long while other jobs wait for a worker, it gives its place up at
# its next emit: well below what a person notices, well above what a change of threads costs.
TURN_NS = 5 * NANOSECONDS // 1000
STANDING_LIMIT = 256  # producers that wait with a thread each; a thread costs about 100 KiB


class Ticket(Parcel):
    """A place in line of an activation that gave its turn up. `granted`: with a permit."""

    __slots__ = ("granted",)

    def __init__(self) -> None:
        super().__init__()
        self.granted = False


class Worker(Parcel):
    """What an idle thread sleeps on. `ended`: it shall not come back."""

    __slots__ = ("ended",)

    def __init__(self) -> None:
        super().__init__()
        self.ended = False


class Work(Protocol):
    """What a worker does with a permit."""

    def run(self) -> None:
        """Do it. Does not raise."""


class Queue(Protocol):
    """A job, as the pool sees it."""

    def take(self) -> Work | Ticket | None:
        """The next thing to run; queues itself again when there is more."""


class Deferred(Protocol):
    """A routine that is not started while too many producers stand."""

    def no_longer_crowded(self) -> bool:
        """There is a place; whether it is taken. Called without locks."""


class Pool:
    """Workers and the line of jobs that wait for one."""

    def __init__(
        self, size: int, clock: Clock, timer: Timer, standing_limit: int = STANDING_LIMIT
    ) -> None:
        self.size = size
        self.standing_limit = standing_limit
        self.lock = BargingLock()
        self.free = size
        self.standing = 0
        self.line: deque[Queue] = deque()
        self.running: set[RunningActivation] = set()
        self.deferred: deque[Deferred] = deque()  # appending and taking need no lock
        self._clock = clock
        self._timer = timer
        self._idle: list[Worker] = []
        self._waking = False
        self._nudge_set = False
        self._closed = False

    # -- called by jobs --------------------------------------------------------------------------

    def submit(self, queue: Queue) -> None:
        """Put a job that has something to run at the end of the line."""
        worker = None
        with self.lock:
            self.line.append(queue)
            if self.free > 0:
                worker = self._summon()
            elif not self._nudge_set:
                self._set_nudge()
        if worker is not None:
            worker.wake()

    def leave(self) -> None:
        """The caller begins to wait and gives its permit back."""
        with self.lock:
            self.free += 1
            self.standing += 1
            worker = self._summon()
        if worker is not None:
            worker.wake()

    def enter(self) -> None:
        """The caller goes on at once, with a permit even if none is free."""
        self._go_on(take_permit=True)

    def _go_on(self, *, take_permit: bool) -> None:
        with self.lock:
            self.free -= take_permit
            self.standing -= 1
        if self.deferred:
            self.offer_place()

    def offer_place(self) -> None:
        """Start one deferred routine if one more producer may stand. Without locks.

        Called whenever a producer goes on, and when a worker has done something: it may have been
        one that was started so, and did not have to stand after all.
        """
        while self.deferred and not self.is_crowded():
            try:
                routine = self.deferred.popleft()
            except IndexError:  # another thread was faster
                return
            if routine.no_longer_crowded():
                return

    def is_crowded(self) -> bool:
        """Whether as many producers stand as may."""
        return self.standing >= self.standing_limit

    def defer(self, routine: Deferred) -> None:
        """Tell `routine` when there is a place."""
        self.deferred.append(routine)

    def wait_in_line(self, ticket: Ticket) -> None:
        """Give the permit back and wait until `ticket` comes up. Blocks."""
        self.leave()
        self._clock.wait(ticket.signal, None)
        self._go_on(take_permit=not ticket.granted)

    def wait_outside(self, parcel: Parcel, timeout: float | None) -> None:
        """Let logic wait for something else than this job: others have the permit meanwhile."""
        self.leave()
        self._clock.wait(parcel.signal, timeout)
        self.enter()

    def turn_is_over(self, began_ns: int) -> bool:
        """Whether an activation whose turn began then should let others run."""
        return bool(self.line) and self._clock.monotonic_ns() - began_ns >= TURN_NS

    @property
    def in_use(self) -> int:
        """Permits in use; more than `size` for a moment, when a waiting activation goes on."""
        return self.size - self.free

    @property
    def closed(self) -> bool:
        """Whether the runtime was shut down."""
        return self._closed

    def close(self) -> None:
        """Let the idle workers end; the others end when they have nothing to do."""
        with self.lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.ended = True
            worker.wake()

    # -- workers -----------------------------------------------------------------------------------

    def _summon(self) -> Worker | None:
        """A worker to wake for the line, with its permit; None if none is needed. Locked."""
        if not self.line or self.free <= 0 or self._waking:
            return None
        self._waking = True
        self.free -= 1
        if self._idle:
            return self._idle.pop()
        # The low-level call: Thread.start() would wait here until the new thread has run.
        _thread.start_new_thread(self._work, ())
        return None

    def _work(self) -> None:
        worker = Worker()
        summoned = True
        while True:
            queue = self._next(summoned)
            summoned = False
            if queue is not None:
                work = queue.take()
                if not isinstance(work, Ticket):
                    if work is not None:
                        work.run()
                    if self.deferred:
                        self.offer_place()
                    continue
                work.granted = True
                work.wake()
            passed_on = queue is not None
            queue = work = None  # or the job would stay as long as this thread sleeps
            if not self._park(worker, keep_permit=passed_on):
                return
            summoned = True

    def _next(self, summoned: bool) -> Queue | None:
        """The next job in line; None when the worker has to park."""
        with self.lock:
            if summoned:
                self._waking = False
            if not self.line or self.free < 0:
                return None
            queue = self.line.popleft()
            worker = self._summon() if self.line else None
        if worker is not None:
            worker.wake()
        return queue

    def _park(self, worker: Worker, *, keep_permit: bool) -> bool:
        """Wait to be summoned; False when the thread should end.

        With `keep_permit` the permit was passed on to an activation. Otherwise it is given back,
        unless work has come in since the line was found empty.
        """
        with self.lock:
            if not keep_permit:
                self.free += 1
            if self.line and self.free > 0 and not self._waking:
                self._waking = True
                self.free -= 1
                return True
            if self._closed or len(self._idle) >= self.size:
                return False
            self._idle.append(worker)
        self._clock.wait(worker.signal, None)
        return not worker.ended

    # -- turns -------------------------------------------------------------------------------------

    def _set_nudge(self) -> None:
        self._nudge_set = True
        self._timer.schedule(self._clock.monotonic_ns() + TURN_NS, self._nudge)

    def _nudge(self) -> None:
        """Jobs wait: ask activations that have had their turn to give their place up."""
        now = self._clock.monotonic_ns()
        for activation in list(self.running):
            if now - activation.turn_ns >= TURN_NS:
                activation.ask_to_yield()
        with self.lock:
            self._nudge_set = False
            if self.line and not self._closed:
                self._set_nudge()
