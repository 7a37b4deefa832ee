"""Telling: hooks, log lines, the job's log and its dead letters.

Things happen under the job's lock. Leaf records (dead letters, the job's log) are written there;
what may call strangers (hooks, log handlers) goes into `notices` and is told afterwards.
"""

from __future__ import annotations

import contextvars
import logging
import traceback
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

from routilux.activation import activation_here
from routilux.clock import NANOSECONDS, stamp_ns
from routilux.engine.core import JobCore
from routilux.errors import JobFinished, RoutiluxError, describe, text_of
from routilux.hooks import (
    PROCESS_HOOKS,
    GateRecord,
    JobRecord,
    SlotRecord,
    WaitRecord,
    is_interrupt,
    is_sampled,
)
from routilux.job.dead_letters import LetterFacts
from routilux.job.pause_points import queue_warnings

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from routilux.engine.host import Host
    from routilux.engine.job_slot import JobSlot
    from routilux.engine.plan import FlowPlan
    from routilux.engine.running import RunningActivation
    from routilux.flow import Flow
    from routilux.job_state import JobState
    from routilux.parcel import Leg
    from routilux.segment import Segment

_Facts = tuple[str, str, str, int, str, str | None, str | None, contextvars.Context]
logger = logging.getLogger("routilux.job")
LOG_EVERY_NS = NANOSECONDS  # one ERROR line a second for each slot and reason says enough


def error_facts(error: BaseException) -> dict[str, str]:
    """What a log line has as fields, for those who keep an error's text from their log."""
    return {"error_type": type(error).__name__, "error_text": describe(error)}


class Notices(JobCore):
    """The part of a job that tells."""

    def __init__(self, state: JobState, flow: Flow, plan: FlowPlan, host: Host) -> None:
        super().__init__(state, flow, plan, host)
        self.notices: deque[tuple[Callable[..., None], tuple[Any, ...]]] = deque()
        self.is_sampled = False  # a hook records it, and says so in its trace context
        self._logged: dict[tuple[str, str, str], int] = {}
        self._unlogged: dict[tuple[str, str, str], int] = {}

    def hears(self, method: str) -> bool:
        """Whether any hook does something about a method."""
        return method in self.hooks.heard or method in PROCESS_HOOKS.heard

    def hears_activation(self, method: str) -> bool:
        """The same for a method about activations: of this job, which may be sampled or not."""
        if self.hears(method):
            return True
        wanted = method in self.hooks.heard_if_sampled or method in PROCESS_HOOKS.heard_if_sampled
        return wanted and self.is_sampled

    def wants_activation(self, routine_id: str) -> bool:
        """Whether any hook wants to be told of the end of an activation."""
        if not (self.hooks.active or PROCESS_HOOKS.active):
            return False
        return self._wants(
            "activation_ended", (self.state.flow_id, routine_id, self.clock.time_ns())
        )

    def _wants_end(self) -> bool:
        """Whether any hook wants to be told of the end of the job."""
        facts = (self.state.job_id, self.state.flow_id, self.clock.time_ns())
        return self._wants("job_ended", facts)

    def _wants(self, method: str, facts: tuple[Any, ...]) -> bool:
        own, shared = self.hooks, PROCESS_HOOKS
        if own.choosers[method] and own.wants(method, facts, sampled=self.is_sampled):
            return True
        return shared.wants(method, facts, sampled=self.is_sampled)

    def tell_notices(self) -> None:
        """Tell what has happened since. Without the lock."""
        notices = self.notices
        while notices:
            try:
                function, arguments = notices.popleft()
            except IndexError:  # another thread tells, too
                return
            try:
                function(*arguments)
            except BaseException as error:  # a log handler is a stranger's code
                if is_interrupt(error):
                    raise
                if logging.raiseExceptions:  # what logging itself does about its handlers
                    traceback.print_exc()

    def tell(self, method: str, record: Any) -> None:
        """Call the hooks now. Without the lock."""
        if self.hooks.active:
            self.hooks.tell(method, record)
        if PROCESS_HOOKS.active:
            PROCESS_HOOKS.tell(method, record)

    def ask(self, method: str, *record: Any) -> str | None:
        """Call the hooks now. Returns the first trace context that one gives. Without the lock."""
        own = self.hooks.ask(method, *record) if self.hooks.active else None
        shared = PROCESS_HOOKS.ask(method, *record) if PROCESS_HOOKS.active else None
        return shared if own is None else own

    def tell_start(self, reason: str = "") -> None:
        """The job runs; a hook may give it a trace context. Without the lock."""
        if self.hears("job_started"):
            given = self.ask("job_started", JobRecord(*self._job_facts(reason)))
            if given is not None:
                self.state.traceparent = given
                self.is_sampled = is_sampled(given)

    # -- under the lock --------------------------------------------------------------------------

    def queue_line(self, log: Callable[..., None], told: tuple[Any, ...]) -> None:
        """A line for the log. It is written in the context of the job, whoever tells it."""
        self.notices.append((self._write, (log, told)))

    def _write(self, log: Callable[..., None], told: tuple[Any, ...]) -> None:
        if getattr(activation_here(), "job", None) is self:
            log(*told)  # logic runs in a copy of it already
        else:
            self.context.copy().run(log, *told)

    def tell_end(self, reason: str, paused_ns: int | None) -> None:
        """The job has ended. `paused_ns`: how long its gate had been closed; None: it was open."""
        if self.hears("job_ended") and (paused_ns is not None or self._wants_end()):
            record = JobRecord(
                *self._job_facts(reason),
                error_type=self.state.error_type,
                duration_ns=self._since_ns(self.state.started_at),
                paused_ns=paused_ns,
            )
            self.notices.append((self.tell, ("job_ended", record)))

    def tell_gate(self, method: str, reason: str, identity: str | None, paused_ns: int = 0) -> None:
        """The gate was closed or opened."""
        if self.hears(method):
            slots = tuple([slot.read_metrics() for slot in self.slots])
            record = GateRecord(
                *self._job_facts(reason, identity),
                slots=slots,
                running=tuple(self.names(standing=False)),
                standing=tuple(self.names(standing=True)),
                warnings=tuple(queue_warnings(slots)),
                paused_ns=paused_ns,
            )
            self.notices.append((self.tell, (method, record)))

    def _job_facts(self, reason: str = "", identity: str | None = None) -> _Facts:
        """The first fields of each record of a job."""
        state, now = self.state, self.clock.time_ns()
        return (
            state.job_id, state.flow_id, state.status.value, now, reason, identity,
            state.traceparent, self.context,
        )  # fmt: skip

    def _since_ns(self, moment: datetime | None) -> int:
        return 0 if moment is None else max(0, self.clock.time_ns() - stamp_ns(moment))

    def note(self, what: str, routine_id: str, error: BaseException) -> None:
        """An error was decided: into the history, and one log line."""
        text = describe(error)
        self.state.record_execution(routine_id, what, {"error": text})
        message = "Job %s: routine '%s' %s: %s"
        told = (message, self.state.job_id, routine_id, what, text)
        # Where it was raised is told once, when nothing more is tried.
        log = logger.warning if what == "retry" else partial(logger.error, exc_info=error)
        self.queue_line(partial(log, extra=error_facts(error)), told)

    def refused(self, slot: JobSlot, segment: Segment, reason: str, attempts: int = 0) -> None:
        """Items of the job's own logic were refused: dead letters, logs, hooks."""
        error = self._refusal(slot, reason, attempts)
        self.dead_letter(slot, segment, reason, error, segment.origin.activation_id)
        self._log_refusal(slot, segment, reason, error)
        self._tell_slot("items_refused", slot, segment, len(segment), reason, attempts)

    def _refusal(self, slot: JobSlot, reason: str, attempts: int) -> RoutiluxError | None:
        """The error that says why items were refused; None when nobody wanted them."""
        if reason == "unmatched":
            return None
        if reason == "cancelled":
            return JobFinished(self.state.job_id, self.state.status.value)
        if reason == "dropped_in_debugger":
            return RoutiluxError("It was dropped in the debugger")
        return slot.full_error(reason, attempts)

    def dead_letter(
        self,
        slot: JobSlot,
        segment: Segment,
        reason: str,
        error: BaseException | None,
        activation_id: str | None,
    ) -> None:
        """Keep items as dead letters."""
        origin = segment.origin
        facts = LetterFacts(
            routine_id=slot.routine_id,
            slot_name=slot.name,
            reason=reason,
            at_ns=self.clock.time_ns(),
            emitted_from=origin.routine_id,
            error=text_of(error) if error is not None else "",
            error_type=type(error).__name__ if error is not None else "",
            attempt=segment.attempt,
            activation_id=activation_id,
            event=origin.event,
            trace_context=origin.context,
        )
        stamps = segment.stamps[segment.start : segment.stop]
        box = self.state.dead_letter_box
        box.on_let_go = self._letters_let_go
        box.add_many(facts, segment.items(), stamps, segment.numbers())

    def _letters_let_go(self, since: int, total: int) -> None:
        message = "Job %s: %d dead letters were let go for newer ones (%d in all); %d are kept"
        told = (message, self.state.job_id, since, total, self.state.dead_letter_box.limit)
        self.queue_line(logger.warning, told)

    def item_failed(
        self, activation: RunningActivation, slot: JobSlot, segment: Segment, error: BaseException
    ) -> None:
        """Logic gave one of its items up."""
        self.dead_letter(slot, segment, "logic_error", error, activation.id)
        self._log_once_a_second(
            (slot.routine_id, slot.name, "logic_error"),
            1,
            f"Item of {slot.routine_id}.{slot.name} failed: {describe(error)}",
            error,
        )

    def held(self, slot: JobSlot, segment: Segment) -> None:
        """Items are held beside a slot."""
        reason = "paused" if self.gate_closed else "breakpoint"
        self._tell_slot("items_held", slot, segment, len(segment), reason, 0)

    def retried(self, slot: JobSlot, leg: Leg, delay: float) -> None:
        """A producer begins to wait for room."""
        count = len(leg.segment)
        self._tell_slot("enqueue_retried", slot, leg.segment, count, "full", leg.attempts, delay)

    def returned(self, slot: JobSlot, segment: Segment, reason: str, attempts: int) -> None:
        """Items of a caller from outside were refused, and he is told."""
        count = len(segment)
        self._tell_slot("items_refused", slot, segment, count, reason, attempts, returned=True)

    def waited(
        self, slot: JobSlot, reason: str, duration_ns: int, activation_id: str | None
    ) -> None:
        """A producer waits no longer."""
        if not self.hears("producer_waited"):
            return
        flow_id, routine_id, now = self.state.flow_id, slot.routine_id, self.clock.time_ns()
        if self._wants("producer_waited", (flow_id, routine_id, slot.name, reason, now)):
            record = WaitRecord(
                self.state.job_id,
                flow_id,
                routine_id,
                slot.name,
                reason,
                duration_ns,
                activation_id,
                now,
            )
            self.notices.append((self.tell, ("producer_waited", record)))

    def _tell_slot(
        self,
        method: str,
        slot: JobSlot,
        segment: Segment,
        count: int,
        reason: str,
        attempt: int,
        delay: float = 0.0,
        *,
        returned: bool = False,
    ) -> None:
        if not self.hears(method):
            return
        origin = segment.origin
        record = SlotRecord(
            job_id=self.state.job_id,
            flow_id=self.state.flow_id,
            routine_id=slot.routine_id,
            slot_name=slot.name,
            count=count,
            reason=reason,
            emitted_from=origin.routine_id,
            event=origin.event,
            activation_id=origin.activation_id,
            attempt=attempt,
            unconsumed=slot.queue.unconsumed,
            max_length=slot.max_queue_length,
            delay=delay,
            returned=returned,
        )
        self.notices.append((self.tell, (method, record)))

    def _log_refusal(
        self, slot: JobSlot, segment: Segment, reason: str, error: BaseException | None
    ) -> None:
        origin, figures = segment.origin, slot.read_metrics().queue_metrics()
        entry = {
            "type": "slot_queue_full" if reason in ("queue_full", "rejected") else reason,
            "reason": reason,
            "count": len(segment),
            "slot_name": slot.name,
            "routine_id": slot.routine_id,
            "event_name": origin.event,
            "source_routine_id": origin.routine_id,
            "queue_metrics": figures,
        }
        self.state.append_to_shared_log(entry)
        text = (
            f"Slot queue refused item(s), reason {reason}. "
            f"Slot: {slot.name} (routine: {slot.routine_id}), "
            f"Event: {origin.event} (from: {origin.routine_id}), "
            f"Queue: {figures['queue_size']}/{figures['max_length']} "
            f"({figures['usage_percent']:.1f}% full), Unconsumed: {figures['unconsumed_count']}. "
            f"Error: {error or 'No activation wanted it.'} The items are in the dead letters."
        )
        self._log_once_a_second((slot.routine_id, slot.name, reason), len(segment), text)

    def _log_once_a_second(
        self,
        key: tuple[str, str, str],
        count: int,
        text: str,
        raised: BaseException | None = None,
    ) -> None:
        now = self.clock.monotonic_ns()
        last = self._logged.get(key)
        total = self._unlogged.get(key, 0) + count
        if last is not None and now - last < LOG_EVERY_NS:
            self._unlogged[key] = total
            return
        self._logged[key], self._unlogged[key] = now, 0
        since = f" ({total} since the last such line)" if last is not None else ""
        message = "Job: %s. %s%s"
        log: Callable[..., None] = logger.error
        if raised is not None:
            known = raised if raised.__traceback__ is not None else None
            log = partial(logger.error, exc_info=known, extra=error_facts(raised))
        self.queue_line(log, (message, self.state.job_id, text, since))
