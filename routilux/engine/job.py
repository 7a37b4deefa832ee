"""Job: one run of a flow, with one lock for everything that belongs to it.

Invariants, whenever the lock is free:

- an activation is counted in `active` from its claim to its end, and in `standing` while it stands
  still in ``emit`` or ``checkpoint``; `timed` counts alarms that will start something;
- a routine in `ready` has `queued` set and the other way round; if `ready` is not empty, the job
  stands in the pool's line or a worker is taking from it (`in_line`);
- the job is ended at the instant nothing can happen any more: `settle` is called after each change
  that could be the last, and acceptance of items is decided under the same lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from routilux.clock import NANOSECONDS, stamp
from routilux.engine import draining, stall
from routilux.engine.alarms import AskAgain, RetryDue
from routilux.engine.caught import Draft
from routilux.engine.failures import bury
from routilux.engine.gate import OPERATOR
from routilux.engine.job_routine import JobRoutine
from routilux.engine.job_slot import JobSlot
from routilux.engine.lane_times import BUSY, WORKER, refresh_all
from routilux.engine.letting_go import let_go_with_state
from routilux.engine.outlet import Output
from routilux.engine.pool import Ticket
from routilux.engine.report import Report
from routilux.engine.running import running_here
from routilux.job.commands import command_text
from routilux.parcel import Parcel
from routilux.segment import Origin, Segment
from routilux.status import ExecutionStatus

if TYPE_CHECKING:
    from routilux.engine.debugger import Debugger
    from routilux.engine.delivery import Delivery
    from routilux.engine.entries import Entries
    from routilux.engine.host import Host
    from routilux.engine.outlet import Target
    from routilux.engine.plan import FlowPlan
    from routilux.engine.running import RunningActivation
    from routilux.event import Event
    from routilux.flow import Flow
    from routilux.job.dead_letters import DeadLetter
    from routilux.job_state import JobState


SHUT_DOWN = "The runtime was shut down"


class Job(Report):
    """One run of a flow. See the module for its invariants.

    Args:
        state: the job as its author sees it; the engine writes its status into it.
        flow, plan: what to run.
        host: what the runtime lends.
    """

    def __init__(self, state: JobState, flow: Flow, plan: FlowPlan, host: Host) -> None:
        super().__init__(state, flow, plan, host)
        self._done = False
        self._waiting: list[Parcel] = []
        self.routines = {each.id: JobRoutine(self, each) for each in plan.routines}
        self._wire()

    def _wire(self) -> None:
        nodes = self.routines.values()
        slots: list[JobSlot] = []
        for node in nodes:
            node.slots = tuple([JobSlot(self, node, each) for each in node.plan.slots])
            slots.extend(node.slots)
            node.plan.routine.bind_job(self.state.job_id, node)
        for node in nodes:
            plan = node.plan
            node.gates = tuple([slots[index] for index in plan.gates])
            for index in plan.feeds:
                slots[index].producers.append(node)
            for output in plan.outputs:
                targets = tuple([(slots[index], each) for index, each in output.targets])
                node.outputs[output.event] = Output(output, targets)
        self.slots = tuple(slots)

    # -- start and end -----------------------------------------------------------------------------

    def start(
        self,
        entries: Entries,
        *,
        keep_open: bool,
        paused: bool,
        time_limit: float | None,
    ) -> None:
        """Begin: put the entry items in and queue the sources."""
        now = self._begin()
        with self.lock:
            self.open = keep_open
            if paused and not self.ended:
                self.add_hold(OPERATOR, "start_paused")
            for routine_id, slot_name, data in entries.items:
                self.slot(routine_id, slot_name).offer(Segment([data], [now], Origin("entry")))
            for routine_id in entries.sources:
                self.routines[routine_id].to_start = True
                self.routines[routine_id].consider()
            if time_limit is not None:
                self.limit_time(time_limit)
            self.settle()
        self.tell_notices()

    def start_with_letters(self, letters: list[DeadLetter]) -> list[DeadLetter]:
        """Begin with dead letters of another job as the only items.

        Returns:
            The letters for which there is no room. Nobody waits for it: a slot that is never
            emptied would keep the caller for ever.
        """
        self._begin()
        with self.lock:
            # Ended already: the runtime was shut down since it was bound.
            left = [each for each in letters if self.ended or not self._let_in(each)]
            self.settle()
        self.tell_notices()
        return left

    def fail_to_start(self, error: str) -> None:
        """End the job before it has begun."""
        self._begin()
        with self.lock:
            self.end(ExecutionStatus.FAILED, error, "ValueError")
        self.tell_notices()

    def _begin(self) -> int:
        """The job runs. Hooks hear of it before anything of it can: nothing is queued yet."""
        now = self.clock.time_ns()
        with self.lock:
            if self.ended:  # the runtime was shut down since it was bound
                return now
            self.state.started_at = stamp(now)
            self.state.status = ExecutionStatus.RUNNING
            self.start_clock()
        try:
            self.tell_start()
        except BaseException:  # Ctrl-C in a hook: who started the job never gets it
            with self.lock:
                self.end(ExecutionStatus.CANCELLED, "Interrupted at its start")
            raise
        return now

    def shut_down(self, *, cancel: bool = False) -> None:
        """The runtime ends: close the input; cancel a job that cannot go on, or has to stop."""
        with self.lock:
            self.open = False
            self.closing = True
            if self.debugger is not None:
                self.look_anew()  # nothing more is stopped at a breakpoint
            # Its time stands still: it is paused, or was not begun, and nobody will change that.
            still = self._running_since_ns is None
            waits = 0 < self.active == self.standing and not self.ready and not self.timed
            steps = self.debugger is not None and self.debugger.step is not None
            if cancel or still or waits or steps:
                self.end(ExecutionStatus.CANCELLED, SHUT_DOWN)
            else:
                self.settle()
        self.tell_notices()

    def settle(self) -> None:
        """Decide what it means if nothing runs now. Under the lock."""
        if self.active > self.standing or self.ready or self.ended or self.gate_closed:
            return
        if self.debugger is not None and self._is_debugged(self.debugger):
            return
        if self.open or self.timed:
            return
        if self.standing or any(node.gated_by is not None for node in self.routines.values()):
            stall.resolve(self)
        elif any(slot.queue.unconsumed for slot in self.slots):
            draining.step(self)
        else:
            self.end(ExecutionStatus.COMPLETED)

    def _is_debugged(self, debugger: Debugger) -> bool:
        """Whether a step goes on or ends here, or something stands at a breakpoint."""
        step = debugger.step
        if step is None or (self.timed and step.waits_for_alarms):
            if debugger.hits and self.closing and not self.timed:
                self.end(ExecutionStatus.CANCELLED, SHUT_DOWN)
            return bool(debugger.hits)
        why = step.idle()
        if why is None or self.ready:
            return True
        backlog = any(slot.queue.unconsumed or slot.queue.held for slot in self.slots)
        if self.open or self.standing or self.timed or backlog or debugger.hits:
            debugger.stop_step(why)
            return True
        debugger.end_step()  # the job has done its work: nobody wants to look at it
        return False

    def end(
        self, status: ExecutionStatus, error: str | None = None, error_type: str | None = None
    ) -> None:
        """End the job for good; what its slots hold stays there. Under the lock."""
        if self.ended:
            return
        state, now = self.state, self.clock.time_ns()
        paused_ns = now - self.closed_at_ns if self.gate_closed else None
        self.ended = self.barred = True
        state.status = status
        state.error, state.error_type = error, error_type
        state.completed_at = state.updated_at = stamp(now)
        self.stop_clock()
        self._give_up_retries()
        self.alarms.clear()
        self.drop_holds()
        for work in self.ready:
            if isinstance(work, Ticket):
                work.wake()
            else:
                work.queued = False
        self.ready.clear()
        for slot in self.slots:
            for outlet in slot.outlets:
                outlet.limit = 1
        refresh_all(self)
        self.tell_end(error or "", paused_ns)
        self._finish_if_still()

    def _give_up_retries(self) -> None:
        """No back-off comes to its end any more: what the activations have in hand has failed."""
        for alarm in self.alarms:
            if isinstance(alarm.callback, RetryDue):
                bury(alarm.callback.node, alarm.callback.claim)
        for node in self.routines.values():
            for claim in node.due:
                if isinstance(claim, Draft):
                    claim.put_back()
                else:
                    bury(node, claim)
            node.due.clear()

    def _finish_if_still(self) -> None:
        if self.ended and not self.active and not self._done:
            for node in self.routines.values():
                node.plan.routine.release_job(self.state.job_id)
            letters = self.state.dead_letter_count
            if letters:
                self.state.warnings.append(f"{letters} item(s) became dead letters")
            self._done = True
            for parcel in self._waiting:
                parcel.wake()
            self.notices.append((self._retire, ()))

    def _retire(self) -> None:
        """The job is over and all of it was told. Without the lock."""
        self.host.on_end(self)
        let_go_with_state(self)

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the job has ended and its logic too, or `timeout` seconds. True if ended."""
        caller = running_here()
        if caller is not None and caller.job is self:
            raise RuntimeError(
                f"wait() in logic of job '{self.state.job_id}' itself would never return: "
                "call it outside of the job's logic"
            )
        parcel = Parcel()
        with self.lock:
            if self._done:
                return True
            self._waiting.append(parcel)
        if caller is None:
            self.clock.wait(parcel.signal, timeout)
        else:
            caller.job.pool.wait_outside(parcel, timeout)
        with self.lock:
            self._waiting.remove(parcel)
            return self._done

    def cancel(
        self, reason: str = "", identity: str | None = None, request_id: str | None = None
    ) -> bool:
        """End the job as cancelled. False if it was cancelled already.

        Raises:
            JobFinished: it has ended otherwise.
        """
        commands, command = self.state.commands, command_text("cancel", reason=reason)
        with self.lock:
            known: bool | None = commands.replay(request_id, command)
            if known is not None:
                return known
            if self.state.status is ExecutionStatus.CANCELLED:
                return False
            self.check_live()
            commands.remember(request_id, True, command)
            self.state.append_to_shared_log(
                {"type": "cancelled", "reason": reason, "identity": identity}
            )
            self.end(ExecutionStatus.CANCELLED, reason or None)
        self.tell_notices()
        return True

    # -- the pool's side ---------------------------------------------------------------------------

    def enqueue(self, work: JobRoutine | Ticket) -> None:
        """A routine is ready, or an activation waits for its turn. Under the lock."""
        self.ready.append(work)
        if not self.in_line:
            self.in_line = True
            self.pool.submit(self)

    def line_up(self, ticket: Ticket, node: JobRoutine) -> None:
        """An activation of `node` gives its turn up and waits for its next."""
        with self.lock:
            node.times.move(BUSY, WORKER, self.clock.monotonic_ns())
            if self.ended:
                ticket.wake()
                return
            self.enqueue(ticket)

    def take(self) -> RunningActivation | Ticket | None:
        """What a worker does next for this job; the job queues again if there is more."""
        work: RunningActivation | Ticket | None = None
        with self.lock:
            while self.ready and work is None:
                first = self.ready.popleft()
                work = first if isinstance(first, Ticket) else first.begin()
            if self.ready:
                self.pool.submit(self)
            else:
                self.in_line = False
                if work is None:
                    self.settle()
        if self.notices:
            self.tell_notices()
        return work

    def targets_of(self, event: Event) -> tuple[Target, ...]:
        """The slots that an event is connected to, with the connections' transforms.

        An event of another flow has none here, also if its routine has an id that is known here.
        """
        routine = event.routine
        node = self.routines.get((routine.routine_id if routine is not None else None) or "")
        if node is None or node.plan.routine is not routine:
            return ()
        output = node.outputs.get(event.name)
        return output.targets if output is not None else ()

    # -- activations -------------------------------------------------------------------------------

    def activation_ended(self, activation: RunningActivation, now: int) -> None:
        """An activation is over, and so is its lane, at `now`. Under the lock."""
        self.active -= 1
        if self.debugger is not None:
            self.debugger.ended(activation)  # which may change what lanes wait for
            now = self.clock.monotonic_ns()
        activation.node.lane_ended(now)
        if self._still_waiters:
            self.became_still()
        self.settle()
        if self.ended:
            self._finish_if_still()

    def stand_begins(self, delivery: Delivery, now: int) -> None:
        """An activation begins to stand still, at `now`. Under the lock."""
        self.standers[delivery] = None
        self.standing += delivery.counted
        delivery.stand_begins(now)
        self.became_still()
        self.settle()

    def stand_ends(self, delivery: Delivery) -> None:
        """It goes on; saying so twice is saying it once. Under the lock."""
        if delivery in self.standers:
            del self.standers[delivery]
            self.standing -= delivery.counted

    def ask_again(self, node: JobRoutine, seconds: float) -> None:
        """Ask a policy again after some of the job's time. Under the lock."""
        # A nanosecond more: cut off below it, the policy would be asked too early, again and again.
        self.call_later(int(seconds * NANOSECONDS) + 1, AskAgain(node))
