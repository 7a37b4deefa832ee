"""RunningActivation: one call of a routine's logic, from its claim to its last hand-over.

It runs on a worker's thread with a permit of the pool. While it stands still (it waits for room,
or the job is paused and it may hold no more) it has given the permit back.
"""

from __future__ import annotations

from functools import partial
from threading import get_ident
from typing import TYPE_CHECKING, Any

from routilux.activation import activation_here, current_activation
from routilux.clock import NANOSECONDS
from routilux.engine import told
from routilux.engine.caught import Draft
from routilux.engine.delivery import Delivery
from routilux.engine.failures import policy_failed, settle_failure
from routilux.engine.lane_times import BUSY, WORKER
from routilux.engine.notices import logger
from routilux.engine.outlet import NO_OUTLETS, RunningOutlet, too_late
from routilux.engine.passing import passes
from routilux.engine.policy_view import ask_policy
from routilux.engine.pool import Ticket
from routilux.errors import JobCancelled, describe
from routilux.ids import activation_id
from routilux.status import ExecutionStatus, RoutineStatus

if TYPE_CHECKING:
    from routilux.clock import Clock
    from routilux.engine.claim import Claim
    from routilux.engine.job import Job
    from routilux.engine.job_routine import JobRoutine
    from routilux.engine.job_slot import JobSlot
    from routilux.job_state import JobState
    from routilux.routine import Routine


COMPLETED = RoutineStatus.COMPLETED  # an attribute of an enum costs as much as a call


def running_here() -> RunningActivation | None:
    """The activation that the calling thread runs, if it is a worker."""
    activation = activation_here()
    return activation if isinstance(activation, RunningActivation) and activation.is_here else None


class RunningActivation:
    """One activation. `claim` is None until the routine's policy has given it one."""

    __slots__ = (
        "attempt", "claim", "context", "counted", "ended", "job", "node", "outcome", "outlets",
        "routine", "routine_id", "started_ns", "stood_ns", "thread", "turn_ns", "yielding",
    )  # fmt: skip

    def __init__(self, job: Job, node: JobRoutine, claim: Claim | None, now: int) -> None:
        self.job = job
        self.node = node
        self.routine: Routine | None = node.plan.routine
        self.routine_id = node.id
        self.claim = claim
        self.outlets: dict[str, RunningOutlet] = {}
        self.attempt = claim.attempt if claim is not None else 1
        self.context: str | None = None
        self.counted = True  # the job counts it as active
        self.ended = False
        self.yielding = False
        self.started_ns = self.turn_ns = now
        self.stood_ns = 0
        self.thread = 0
        self.outcome = "running"

    @property
    def id(self) -> str:
        """The activation's id within its job."""
        return activation_id(self.routine_id, self.claim.number if self.claim else 0)

    @property
    def state(self) -> JobState:
        """The job, as its author sees it."""
        return self.job.state

    @property
    def clock(self) -> Clock:
        """Where the job's time comes from."""
        return self.job.clock

    # -- on the worker -----------------------------------------------------------------------------

    def run(self) -> None:
        """Run to the end. Raises nothing: what logic raises is decided by the error handler."""
        job = self.job
        self.thread = get_ident()
        job.pool.running.add(self)
        try:
            job.context.copy().run(self._run)
        except BaseException as error:  # noqa: BLE001 - a mistake of ours must not cost a worker
            self._broke(error)
        finally:
            job.pool.running.discard(self)

    def _broke(self, error: BaseException) -> None:
        """The engine itself failed: the job fails, too, and the worker goes on with others."""
        job = self.job
        line = ("Job %s: the engine failed", job.state.job_id)
        job.queue_line(partial(logger.critical, exc_info=error), line)
        with job.lock:
            if self.counted:
                job.end(ExecutionStatus.FAILED, f"Internal error: {describe(error)}", "Internal")
                self.leave()
        job.tell_notices()

    def _run(self) -> None:
        if self.claim is None:
            self.claim = self._ask_policy()
            if self.claim is None:
                return
        job = self.job
        if type(self.claim) is Draft and not passes(self, self.claim):
            return
        current_activation.set(self)
        job.state.current_routine_id = self.routine_id
        if job.hears_activation("activation_started"):
            self.context = job.ask("activation_started", told.started(self))
        error: BaseException | None = None
        try:
            self._call_logic(self.claim)
        except BaseException as raised:  # noqa: BLE001 - whatever logic raises is decided
            error = raised
        self._finish(error)
        if job.notices:
            job.tell_notices()
        error = None  # or its traceback and this frame keep each other

    def _ask_policy(self) -> Claim | None:
        try:
            return ask_policy(self)
        except BaseException as raised:  # noqa: BLE001 - a policy is a stranger's code
            policy_failed(self, raised)
            return None

    def _call_logic(self, claim: Claim) -> None:
        plan = self.node.plan
        logic, shape = plan.logic, plan.shape
        if logic is None:
            return
        lists = claim.lists()
        if shape.is_plain:
            logic(*lists)
            return
        named: dict[str, Any] = {name: lists[index] for name, index in shape.named}
        if shape.wants_message:
            named["policy_message"] = claim.message
        if shape.wants_state:
            named["job_state"] = self.job.state
        logic(*[lists[index] for index in shape.positional], **named)

    def _finish(self, error: BaseException | None) -> None:
        """Hand over what is buffered, which may wait, and end."""
        job = self.job
        while True:
            with job.lock:
                delivery = self._collect_all()
                at_gate = delivery is None and any(
                    outlet.data and outlet.is_held_back() for outlet in self.outlets.values()
                )
                if delivery is None and not at_gate:
                    self._end(error)
                    break
            self.stand(delivery or Delivery(self), at_gate=at_gate)

    def _collect_all(self) -> Delivery | None:
        """Offer what all outlets have buffered. Under the lock."""
        delivery: Delivery | None = None
        for outlet in self.outlets.values():
            if outlet.data:
                if self.job.ended:
                    outlet.discard()
                else:
                    delivery = outlet.collect(delivery)
        return delivery

    def _end(self, error: BaseException | None) -> None:
        """The activation is over: nothing can be emitted any more. Under the lock."""
        job, node = self.job, self.node
        self.ended = True
        for outlet in self.outlets.values():
            outlet.close()
        self.outlets = NO_OUTLETS
        now = job.clock.monotonic_ns()
        if node.plan.takes_portions:
            busy_ns = now - self.started_ns - self.stood_ns
            node.measure_portion(self.claim.count if self.claim else 0, busy_ns)
        job.drain_from = 0
        if error is None:
            self.outcome = "completed"
            if self.claim is not None:
                self.claim.error = None  # of the attempt before, see `bury`
            job.state.set_routine_status(self.routine_id, COMPLETED)
            node.news = True
        else:
            settle_failure(self, error)
        if job.wants_activation(self.routine_id):  # before the end of the job is told
            job.notices.append((job.tell, ("activation_ended", told.ended(self, error))))
        self.leave(now)

    def leave(self, now: int = 0) -> None:
        """Count as active no longer. Under the lock. `now`: if the caller has just read it."""
        self.ended = True
        self.counted = False
        self.job.activation_ended(self, now or self.job.clock.monotonic_ns())

    @property
    def is_here(self) -> bool:
        """Whether the calling thread is the one that runs it."""
        return get_ident() == self.thread

    # -- what logic asks ---------------------------------------------------------------------------

    def open_outlet(self, event: str) -> RunningOutlet:
        """Make the outlet of an event that is emitted for the first time."""
        output = self.node.outputs.get(event)
        with self.job.lock:  # another thread of this activation may be here, too, or see its end
            if self.ended:
                raise too_late(event)
            known = self.outlets.get(event)
            if known is not None:
                return known
            if output is None:
                raise self.node.plan.routine.no_event(event)
            assert self.claim is not None
            outlet = self.outlets[event] = RunningOutlet(self, output, self.claim.number)
            outlet.open()
        return outlet

    def hand_over(self, outlet: RunningOutlet, emitted: object) -> None:
        """The limit of `outlet` is reached: move its items on, wait, yield, or raise."""
        job = self.job
        with job.lock:
            if job.ended or self.ended:
                self._turn_away(outlet, emitted)
            delivery = outlet.collect()
            outlet.reset_limit()
        if job.notices:
            job.tell_notices()
        if delivery is not None:
            self.stand(delivery)
            self._raise_if_over()
        elif job.gate_closed and not outlet.output.targets:
            self.checkpoint()  # nothing holds what nobody is connected to
        if job.pool.line and (self.yielding or job.pool.turn_is_over(self.turn_ns)):
            self._yield_turn()

    def _turn_away(self, outlet: RunningOutlet, emitted: object) -> None:
        if not self.ended:
            outlet.discard()
            self._raise_if_over()
        outlet.close()
        for index, item in enumerate(outlet.data):
            if item is emitted:
                del outlet.data[index], outlet.stamps[index]
                raise too_late(outlet.output.event)

    def _raise_if_over(self) -> None:
        if self.job.ended:
            raise JobCancelled(f"Job '{self.job.state.job_id}' is {self.job.state.status.value}")

    def fail(self, item: object, error: BaseException) -> None:
        """Make one item of this activation a dead letter."""
        job = self.job
        with job.lock:
            found = self.claim.find(item) if self.claim is not None else None
            if found is not None:
                job.item_failed(self, *found, error)
        if found is None:
            raise ValueError(
                f"fail({item!r}): not an item of activation {self.id}, or failed already. "
                "Pass the very object that logic was given."
            )
        job.tell_notices()

    def processed(self, count: int) -> None:
        """The first items of this activation are done, whatever becomes of the others."""
        with self.job.lock:
            if self.claim is not None:
                self.claim.settle_first(count)

    def job_slot(self, name: str) -> JobSlot:
        """The job's own slot of that name."""
        return self.job.slot(self.routine_id, name)

    def checkpoint(self) -> None:
        """Stand still while the job is paused; raise when it was ended."""
        job = self.job
        while True:
            with job.lock:
                if job.ended or not job.gate_closed:
                    break
                for outlet in self.outlets.values():
                    outlet.pull_held()
                delivery = Delivery(self)
            self.stand(delivery, at_gate=True)
        self._raise_if_over()
        if job.pool.line and job.pool.turn_is_over(self.turn_ns):
            self._yield_turn()

    # -- standing still ----------------------------------------------------------------------------

    def stand(self, delivery: Delivery, *, at_gate: bool = False) -> None:
        """Wait until all of `delivery` is in (or, `at_gate`, until the gate opens). Blocks."""
        job = self.job
        with job.lock:
            timeout = self._attend(delivery)
            over = not job.gate_closed if at_gate else not delivery.legs
            if over or job.ended:
                self._refuse(delivery)
                return
            for outlet in self.outlets.values():
                outlet.pull_held() if job.gate_closed else outlet.pull()
            since = job.clock.monotonic_ns()
            legs, reason = delivery.job_legs(), "paused" if job.gate_closed else "full"
            delivery.counted = self.is_here
            job.stand_begins(delivery, since)
        job.tell_notices()
        job.pool.leave()
        while not over:
            job.clock.wait(delivery.signal, timeout)
            with job.lock:
                if job.ended:
                    self._refuse(delivery)
                timeout = self._attend(delivery)
                # The gate may have been opened and closed again: who was let go stands anew.
                stands = delivery in job.standers if at_gate else bool(delivery.legs)
                over = job.ended or not stands
                if over:
                    job.stand_ends(delivery)
                    delivery.went_on(job.clock.monotonic_ns())
                else:
                    job.settle()  # what was refused may have been the last that could go on
            job.tell_notices()
        job.pool.enter()
        stood_ns = job.clock.monotonic_ns() - since
        self.stood_ns += stood_ns
        if legs:
            job.waited(legs[0].slot, reason, stood_ns, self.id)
            job.tell_notices()

    def _attend(self, delivery: Delivery) -> float | None:
        """Seconds until the next wait of the delivery is over; None: until it is woken."""
        now = self.job.run_ns()
        dues = [leg.slot.attend(leg, now) for leg in delivery.job_legs()]
        known = [due for due in dues if due is not None]
        return (min(known) - now) / NANOSECONDS if known else None

    def _refuse(self, delivery: Delivery) -> None:
        """The job has ended: what still waits is refused."""
        for leg in delivery.job_legs():
            leg.slot.legs.remove(leg)
            leg.slot.refuse(leg.segment, "cancelled", leg.attempts)
        delivery.legs.clear()

    # -- turns -------------------------------------------------------------------------------------

    def ask_to_yield(self) -> None:
        """Other jobs have waited long enough: give the place up at the next emit."""
        self.yielding = True
        for outlet in list(self.outlets.values()):
            outlet.limit = min(outlet.limit, 1)

    def _yield_turn(self) -> None:
        if not self.is_here:
            return
        ticket = Ticket()
        self.job.line_up(ticket, self.node)
        self.job.pool.wait_in_line(ticket)
        self.yielding = False
        with self.job.lock:
            self.turn_ns = self.job.clock.monotonic_ns()
            self.node.times.move(WORKER, BUSY, self.turn_ns)
            for outlet in self.outlets.values():
                outlet.reset_limit()
