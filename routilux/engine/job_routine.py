"""JobRoutine: a routine of one job, and the decision when it starts.

States, as `diagnose` words them: *queued* for a worker, *busy* in one or more lanes, *gated* (its
outputs are full), *retrying* (a back-off runs), *waiting* (its policy declined), *idle*.

Everything here is called under the job's lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from routilux.clock import NANOSECONDS
from routilux.engine.caught import Draft
from routilux.engine.claim import Claim
from routilux.engine.lane_times import NO_LANES, NOTHING, WORKER, LaneTimes, refresh
from routilux.engine.running import RunningActivation

if TYPE_CHECKING:
    from routilux.debugger.breakpoint import Breakpoint
    from routilux.engine.job import Job
    from routilux.engine.job_slot import JobSlot
    from routilux.engine.outlet import Output
    from routilux.engine.plan import RoutinePlan

# What a routine that takes portions is busy with one: long beside the cost of an activation, short
# beside what a person notices.
PORTION_NS = NANOSECONDS // 1000
EVERYTHING = 1 << 60


class JobRoutine:
    """One routine of one job."""

    __slots__ = (
        "activations",
        "backoffs",
        "caught",
        "concurrency",
        "declines",
        "deferred",
        "due",
        "evaluating",
        "failures",
        "gated_by",
        "gated_since_ns",
        "gates",
        "id",
        "job",
        "lanes",
        "news",
        "outputs",
        "plan",
        "policy",
        "portion",
        "queued",
        "retries",
        "slots",
        "times",
        "to_start",
        "waived",
        "watch",
    )  # fmt: skip

    def __init__(self, job: Job, plan: RoutinePlan) -> None:
        self.job = job
        self.plan = plan
        self.id = plan.id
        self.concurrency = plan.concurrency
        self.policy = plan.policy
        self.portion = 1 if plan.takes_portions else EVERYTHING
        self.slots: tuple[JobSlot, ...] = ()
        self.outputs: dict[str, Output] = {}
        self.gates: tuple[JobSlot, ...] = ()  # slots whose room decides whether it may start
        self.queued = False
        self.lanes = 0
        self.backoffs = 0
        # Claims whose back-off is over. A list: there are few, and an empty deque takes 760 bytes.
        self.due: list[Claim] = []
        self.caught: list[Draft] = []  # what stands at a breakpoint before its logic
        self.watch: tuple[Breakpoint, ...] | None = None
        self.to_start = False  # a source that has not run yet
        self.news = False  # something came since the policy was last asked
        self.declines = False  # the policy's last word
        self.evaluating = False
        self.deferred = False  # too many producers of the runtime stand; it will be told
        self.waived = False  # the start gate was waived for the next start
        self.gated_by: JobSlot | None = None
        self.gated_since_ns = 0
        self.activations = 0
        self.failures = 0
        self.retries = 0
        self.times = LaneTimes()

    def is_idle(self) -> bool:
        """Whether an item that comes now would be the news that starts it."""
        return (
            not self.queued
            and self.gated_by is None
            and self.lanes + self.backoffs < self.concurrency
        )

    @property
    def backlog(self) -> int:
        """Items that wait in its slots."""
        return sum(slot.queue.unconsumed for slot in self.slots)

    def has_work(self, *, new: bool = False) -> bool:
        """Whether an activation would have something to do, or a policy something to decide.

        `new`: leave out the activations whose back-off is over.
        """
        if self.due and not new:
            return True
        if self.policy is not None and (self.evaluating or not self.news):
            return False
        if self.plan.logic is not None:
            for slot in self.slots:
                if slot.queue.waiting:
                    return True
        return self.to_start

    # -- deciding to start -------------------------------------------------------------------------

    def items_came(self) -> None:
        """Items have entered one of its slots."""
        self.news = True
        if not self.queued:
            self.consider()

    def consider(self, now: int = 0) -> None:
        """Queue the routine if it has work, a free lane, and room for what it will emit.

        `now` is the monotonic time if the caller has just read it.
        """
        if self.queued:
            if self.backoffs or self.caught:  # one of them may be over, or new
                refresh(self, now)
            return
        job = self.job
        if not job.barred and self._may_start():
            self.queued = True
            if self.backoffs:
                refresh(self, now)
            else:
                self.times.wait(WORKER, now or job.clock.monotonic_ns())
            job.enqueue(self)
        elif (
            self.times.waiting != NOTHING
            or self.gated_by is not None
            or self.backoffs
            or job.barred
            or self.deferred
            or job.debugger is not None
        ):
            refresh(self, now)

    def _may_start(self) -> bool:
        if self.caught or not self.has_work():
            return False
        if self.lanes + self.backoffs - len(self.due) >= self.concurrency:
            return False
        if not self.gates:
            return True
        if not self.waived:
            for slot in self.gates:
                if slot.room() <= 0:
                    self._wait_for(slot)
                    return False
        self.gated_by = None
        return not (self.job.pool.is_crowded() and self._is_deferred())

    def _is_deferred(self) -> bool:
        """Do not add to the standing producers, except where others wait for this routine."""
        if self._is_awaited():
            self._end_deferral()
        elif not self.deferred:
            self.deferred = True
            self.job.timed += 1
            self.job.pool.defer(self)
        return self.deferred

    def _is_awaited(self) -> bool:
        """Whether a producer stands before one of its slots, or is not started for its sake."""
        return any(
            slot.legs or any(each.gated_by is slot for each in slot.producers)
            for slot in self.slots
        )

    def _end_deferral(self) -> bool:
        was, self.deferred = self.deferred, False
        self.job.timed -= was
        return was

    def became_awaited(self) -> None:
        """A producer begins to wait for room in one of its slots: it must not be put off."""
        if self.deferred:
            self.consider()

    def no_longer_crowded(self) -> bool:
        """There is a place among the standing producers; whether it is taken. Without the lock."""
        with self.job.lock:
            queued = self.queued
            if self._end_deferral():
                self.consider()
                self.job.settle()
            taken = self.queued and not queued
        self.job.tell_notices()
        return taken

    def _wait_for(self, slot: JobSlot) -> None:
        waited, self.gated_by = self.gated_by, slot
        if waited is None:
            self.gated_since_ns = self.job.clock.monotonic_ns()
        if waited is not slot:
            slot.consumer.became_awaited()

    def start_anyway(self) -> None:
        """Waive the start gate: everything else waits for this routine."""
        self.waived = True
        self.gated_by = None
        self.consider()

    def begin(self) -> RunningActivation | None:
        """Start an activation, if what made the routine queue still holds."""
        self.queued = False
        job = self.job
        step = job.debugger.step if job.debugger is not None else None
        if job.barred or not self._may_start() or (step is not None and not step.admits(self)):
            refresh(self)
            return None
        now = job.clock.monotonic_ns()
        self.waived = False
        if self.deferred:
            self._end_deferral()
        self.times.start(now)
        claim = self._claim()
        self.lanes += 1
        job.active += 1
        if self.times.kept is not NO_LANES or job.debugger is not None:
            refresh(self)
        if claim is not None and self.concurrency > 1:
            self.consider()  # another lane may have work left
        activation = RunningActivation(job, self, claim, now)
        if step is not None:
            step.admitted(activation)
        if job.debugger is not None and type(claim) is Claim:
            job.debugger.began(activation)
        return activation

    def _claim(self) -> Claim | None:
        """What the next activation gets; None: its policy has to be asked, on a worker."""
        if self.due:
            self.backoffs -= 1
            return self.due.pop(0)
        if self.policy is not None and not self.to_start:
            self.news = False
            self.evaluating = True
            return None
        self.to_start = False
        return self.claim_all()

    def claim_all(self) -> Claim:
        """Take all new items, or a portion; a fair share of them if other lanes are free."""
        now = self.job.clock.time_ns()
        lanes = self.concurrency - self.lanes
        watched = self.watch is not None
        claim = Draft(self.next_number()) if watched else Claim(self.next_number())
        taken = 0
        for slot in self.slots:
            queue = slot.queue
            if lanes == 1 and queue.unconsumed <= self.portion:
                segments = queue.take_all()
            else:
                segments = queue.take(min(self.portion, -(-queue.unconsumed // max(1, lanes))))
            if segments and not watched:
                taken += queue.commit(segments, now)
            claim.add(slot, segments)
        if not watched:
            claim.taken(taken)
            for slot in self.slots:
                slot.taken()
        return claim

    def measure_portion(self, taken: int, busy_ns: int) -> None:
        """An activation has ended: the next takes more items, or fewer, if that was too long.

        What an activation has taken can be neither paused nor saved nor left to a cancel. So a
        routine that takes its items one after the other takes few at a time if they are slow.
        """
        if busy_ns > PORTION_NS:
            self.portion = max(1, self.portion // 2)
        elif taken >= self.portion and busy_ns < PORTION_NS // 2:
            self.portion *= 2

    def next_number(self) -> int:
        """The number of the next activation, from 1."""
        self.activations += 1
        return self.activations

    # -- after an activation -----------------------------------------------------------------------

    def lane_ended(self, now: int) -> None:
        """A lane is free again: go on, or go idle and listen."""
        self.lanes -= 1
        self.times.end(now)
        self.consider(now)
        if not self.queued:
            for slot in self.slots:
                if slot.outlets:  # producers are at work
                    self.listen()
                    return

    def listen(self) -> None:
        """About to go idle: fetch what producers have buffered, else have them hand over at once.

        First the limit, then another look: a producer appends first and reads the limit then, so
        one of the two sees the other.
        """
        if not self.is_idle():
            return
        self._pull()
        if not self.is_idle():
            return
        outlets = [outlet for slot in self.slots for outlet in slot.outlets]
        for outlet in outlets:
            outlet.limit = min(outlet.limit, 1)
        self._pull()
        if not self.is_idle():
            for outlet in outlets:
                outlet.reset_limit()

    def _pull(self) -> None:
        for slot in self.slots:
            for outlet in slot.outlets:
                outlet.pull()
