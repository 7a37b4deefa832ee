"""Hooks: what the engine tells those who watch it.

A hook is an object with the methods of `Hook`; derive from it and override what you need. Records
are frozen; a hook never gets the engine itself. Hooks are called after the locks were given back,
on the thread where a thing happened. What a hook raises is counted and logged, at most once a
minute for each hook, and nothing else happens. Without hooks, each place costs one test.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from routilux.clock import NANOSECONDS, SYSTEM_CLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextvars import Context

    from routilux.clock import Clock
    from routilux.slot_metrics import SlotMetrics

logger = logging.getLogger("routilux.hooks")
LOG_EVERY_NS = 60 * NANOSECONDS  # a hook that fails per item must not fill the log


class JobRecord(NamedTuple):
    """A job has started or ended.

    Attributes:
        error_type: at the end of a job that failed: the class of its error, or a word of ours.
        duration_ns: at the end: time since the start, pauses included.
        paused_ns: at an end in a pause, which no resume will tell of: how long it has lasted;
            None: the gate was open.
        traceparent: the trace context that it goes on from: that of whoever started it, or that
            which a hook gave it in another process; None: there is none.
        context: every call of the job's logic runs in a copy of it. A hook may set variables in
            it, and will find there what was current where the job was started.
    """

    job_id: str
    flow_id: str
    status: str
    at_ns: int  # UTC, nanoseconds since the epoch
    reason: str = ""
    identity: str | None = None
    traceparent: str | None = None
    context: Context | None = None
    error_type: str | None = None
    duration_ns: int = 0
    paused_ns: int | None = None


class GateRecord(NamedTuple):
    """A job's gate was closed or opened. The first fields are those of a `JobRecord`.

    Attributes:
        slots: every slot of the job at that moment; at a resume before anything went in.
        running, standing: ids of routines whose logic runs, and of those that stand still.
        warnings: what full slots will do after a resume; one line each.
        paused_ns: at a resume: how long the gate was closed.
    """

    job_id: str
    flow_id: str
    status: str
    at_ns: int
    reason: str = ""
    identity: str | None = None
    traceparent: str | None = None
    context: Context | None = None
    slots: tuple[SlotMetrics, ...] = ()
    running: tuple[str, ...] = ()
    standing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    paused_ns: int = 0


class ActivationRecord(NamedTuple):
    """An activation has started or ended. A tuple: of these there are the most."""

    job_id: str
    flow_id: str
    routine_id: str
    activation_id: str
    attempt: int  # 1, and one more for each retry
    items: int
    at_ns: int
    duration_ns: int = 0  # at the end: time spent, waits for room included
    stood_ns: int = 0  # of it: time it stood still in emit
    outcome: str = (
        "running"  # running, completed, error_continued, skipped, failed, retry, cancelled
    )
    error: BaseException | None = None
    contexts: Sequence[str] = ()  # trace contexts of the activations that emitted its items
    waited_ns: int = 0  # from entering its slot to being taken, of the item that waited longest
    context: str | None = None  # at the end: what a hook gave at the start


@dataclass(frozen=True, slots=True)
class SlotRecord:
    """Something happened to items in front of a slot."""

    job_id: str
    flow_id: str
    routine_id: str
    slot_name: str
    count: int
    reason: str
    emitted_from: str
    event: str | None
    activation_id: str | None  # the producer's
    attempt: int
    unconsumed: int
    max_length: int
    delay: float = 0.0  # seconds of the wait that begins, for a retry
    returned: bool = False  # a caller from outside was told; it is no dead letter


class WaitRecord(NamedTuple):
    """A producer has waited for room in front of a slot, and waits no longer."""

    job_id: str
    flow_id: str
    routine_id: str
    slot_name: str
    reason: str  # full, paused: why the wait began
    duration_ns: int
    activation_id: str | None  # the producer's; None for a caller from outside
    at_ns: int  # when it was over


@dataclass(frozen=True, slots=True)
class BreakpointRecord:
    """A breakpoint was hit, or a tracepoint has reported."""

    job_id: str
    flow_id: str
    breakpoint_id: str
    kind: str  # routine, slot, event, connection; or step
    action: str  # pause_job, hold_item, log
    routine_id: str  # where: the routine whose slot, event or logic it is
    name: str | None  # the slot or event; None at a routine
    item_ids: tuple[str, ...]  # the items that stopped there; without any payload
    activation_id: str | None  # the activation that emitted them, or that would run
    at_ns: int
    hit_count: int
    message: str | None = None  # of a tracepoint, filled in: it may hold payload


class Hook:
    """Methods that do nothing. Override what you want to hear.

    Attributes:
        sampled_only: it wants the activations only of jobs that are sampled, as the flags of the
            job's trace context say; the others may be told it, too.
    """

    sampled_only = False

    def job_started(self, record: JobRecord) -> str | None:  # noqa: ARG002 - for overriding
        """A job runs: nothing of it has been called yet, nobody but the engine has it.

        Returns:
            The trace context of the job; None to give none. The first one that a hook gives is the
            job's `traceparent` from now on, also in its snapshots.
        """
        return None

    def job_ended(self, record: JobRecord) -> None:
        """A job is completed, failed or cancelled."""

    def job_paused(self, record: GateRecord) -> None:
        """A job's gate was closed."""

    def job_resumed(self, record: GateRecord) -> None:
        """A job's gate was opened."""

    def activation_started(self, record: ActivationRecord) -> str | None:  # noqa: ARG002 - likewise
        """Logic is about to be called, on this thread and in this context.

        Returns:
            A trace context; None to give none. The first one that a hook gives travels with all
            items that the activation emits.
        """
        return None

    def activation_ended(self, record: ActivationRecord) -> None:
        """Logic has returned or raised, and what it emitted is on its way."""

    def wants_activation(self, flow_id: str, routine_id: str, now_ns: int) -> bool:  # noqa: ARG002
        """Whether it wants to be told of the end of an activation, `now_ns` since the epoch.

        A hook that looks at some of them says so here: then no record is made for it. Called under
        the job's lock, for each activation: answer at once. It may be told although it said no.
        """
        return True

    def wants_job_end(self, job_id: str, flow_id: str, now_ns: int) -> bool:  # noqa: ARG002
        """The same for the end of a job; a job that ends in a pause is always told."""
        return True

    def wants_wait(
        self,
        flow_id: str,  # noqa: ARG002
        routine_id: str,  # noqa: ARG002
        slot_name: str,  # noqa: ARG002
        reason: str,  # noqa: ARG002
        now_ns: int,  # noqa: ARG002
    ) -> bool:
        """The same for the wait of a producer in front of a slot of that routine."""
        return True

    def enqueue_retried(self, record: SlotRecord) -> None:
        """A producer begins to wait for room."""

    def producer_waited(self, record: WaitRecord) -> None:
        """A producer waits no longer: there was room, or its items were refused."""

    def items_refused(self, record: SlotRecord) -> None:
        """Items will never reach logic."""

    def items_held(self, record: SlotRecord) -> None:
        """Items are held beside a slot, because its job is paused."""

    def breakpoint_hit(self, record: BreakpointRecord) -> None:
        """A breakpoint was hit, or a tracepoint has reported."""

    def context(self) -> str | None:
        """The trace context of this thread: it travels with an item that is posted here."""
        return None


# What is over is told only if somebody wants it: most of it is of no use to anybody, and a record
# costs more than an item does.
CHOICES = {
    "activation_ended": "wants_activation",
    "job_ended": "wants_job_end",
    "producer_waited": "wants_wait",
}
OF_ACTIVATIONS = frozenset({"activation_started", "activation_ended"})
ODD_DIGITS = frozenset("13579bdf")
METHODS = frozenset(
    name for name, each in vars(Hook).items() if callable(each) and not name.startswith("_")
)


def heard_by(hook: Hook) -> frozenset[str]:
    """The methods that a hook has of its own; to tell of the others costs as much, for nothing."""
    return frozenset(name for name in METHODS if _is_own(getattr(hook, name, None), name))


def _is_own(method: object, name: str) -> bool:
    return method is not None and getattr(method, "__func__", None) is not getattr(Hook, name)


def _only_if_sampled(hook: Hook, method: str) -> bool:
    return getattr(hook, "sampled_only", False) and method in OF_ACTIVATIONS


def is_sampled(traceparent: str) -> bool:
    """Whether the flags of a trace context (W3C) say that its trace is recorded."""
    return traceparent[-1:] in ODD_DIGITS  # its last bit is that flag


def is_interrupt(error: BaseException) -> bool:
    """Whether it is Ctrl-C: it belongs to the program, wherever on its main thread it arrives."""
    on_main = threading.current_thread() is threading.main_thread()
    return on_main and isinstance(error, KeyboardInterrupt)


_Chooser = tuple[Hook, bool, "Callable[..., bool] | None"]


class HookSet:
    """The hooks of a runtime or of the process.

    Attributes:
        active: whether there are any.
        heard: the methods that any of them overrides; what the engine tests.
        heard_if_sampled: those that only hooks override which want activations of sampled jobs.
        choosers: of each method in `CHOICES` the hooks that hear it, each with whether it wants
            sampled jobs only, and how it chooses; None: it takes all.
        errors: how often a hook has raised.
    """

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self.active = False
        self.heard: frozenset[str] = frozenset()
        self.heard_if_sampled: frozenset[str] = frozenset()
        self._hooks: tuple[Hook, ...] = ()
        self.choosers: dict[str, tuple[_Chooser, ...]] = {}
        self._calls: dict[str, tuple[tuple[Hook, Callable[..., Any]], ...]] = {}
        self._set(())
        self._lock = threading.Lock()
        self._clock = clock
        self._logged: dict[int, int] = {}
        self.errors = 0

    def add(self, hook: Hook) -> None:
        """Register a hook; twice is once."""
        with self._lock:
            if hook not in self._hooks:
                self._set((*self._hooks, hook))

    def remove(self, hook: Hook) -> None:
        """Take a hook out; one that is not in is no error."""
        with self._lock:
            self._set(tuple(h for h in self._hooks if h is not hook))
            self._logged.pop(id(hook), None)

    def _set(self, hooks: tuple[Hook, ...]) -> None:
        heard = {hook: heard_by(hook) for hook in hooks}
        self._calls = {
            name: tuple((hook, getattr(hook, name)) for hook in hooks if name in heard[hook])
            for name in METHODS
        }
        self._hooks = hooks
        self.choosers = {
            method: tuple(
                (
                    hook,
                    _only_if_sampled(hook, method),
                    getattr(hook, choice) if choice in heard[hook] else None,
                )
                for hook in hooks
                if method in heard[hook]
            )
            for method, choice in CHOICES.items()
        }
        self.active = bool(hooks)
        everything = frozenset(name for name, calls in self._calls.items() if calls)
        self.heard = frozenset(
            name for hook in hooks for name in heard[hook] if not _only_if_sampled(hook, name)
        )
        self.heard_if_sampled = everything - self.heard

    def wants(self, method: str, facts: tuple[Any, ...], *, sampled: bool) -> bool:
        """Whether any hook wants to be told `method`; `facts` are what its choice is asked with."""
        for hook, sampled_only, choose in self.choosers[method]:
            if sampled_only and not sampled:
                continue
            if choose is None:
                return True
            try:
                if choose(*facts):
                    return True
            except BaseException as error:  # noqa: BLE001 - a hook must never hurt the work
                self._failed(hook, CHOICES[method], error)
        return False

    def tell(self, method: str, record: Any) -> None:
        """Call `method` of each hook that overrides it with `record`."""
        for hook, call in self._calls[method]:
            try:
                call(record)
            except BaseException as error:  # noqa: BLE001 - a hook must never hurt the work
                self._failed(hook, method, error)

    def ask(self, method: str, *record: Any) -> str | None:
        """The same; returns the first trace context that a hook gives."""
        first: str | None = None
        for hook, call in self._calls[method]:
            try:
                given = call(*record)
            except BaseException as error:  # noqa: BLE001 - a hook must never hurt the work
                self._failed(hook, method, error)
                continue
            first = given if first is None else first
        return first

    def _failed(self, hook: Hook, method: str, error: BaseException) -> None:
        if is_interrupt(error):
            raise error
        now = self._clock.monotonic_ns()
        with self._lock:
            self.errors += 1
            last = self._logged.get(id(hook))
            if last is not None and now - last < LOG_EVERY_NS:
                return
            self._logged[id(hook)] = now
        logger.warning(
            "Hook %r raised in %s and was ignored (%d errors so far)",
            hook,
            method,
            self.errors,
            exc_info=error,
        )


PROCESS_HOOKS = HookSet()
"""Hooks that hear every runtime of the process."""
