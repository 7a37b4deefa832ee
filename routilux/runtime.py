"""Runtime: runs jobs of flows on a pool of workers that all jobs share in turn."""

from __future__ import annotations

import logging
import os
import threading
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, cast

from routilux.clock import SYSTEM_CLOCK, stamp, stamp_ns
from routilux.debugger.registry import MonitoringRegistry
from routilux.engine.entries import find_entries
from routilux.engine.host import Host
from routilux.engine.job import Job
from routilux.engine.ledger import PROCESS_LEDGER, Ledger
from routilux.engine.plan import make_plan
from routilux.engine.pool import STANDING_LIMIT, Pool
from routilux.engine.restore import check_fit, read_snapshot
from routilux.engine.running import running_here
from routilux.engine.timer import ThreadTimer
from routilux.flow import Flow
from routilux.flow_registry import FlowRegistry
from routilux.hooks import HookSet
from routilux.job_state import JobState
from routilux.segment import Origin, Segment
from routilux.settings import check_time_limit
from routilux.stores import JobStore, job_store
from routilux.unfinished import remember

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from routilux.clock import Clock
    from routilux.engine.plan import FlowPlan
    from routilux.engine.timer import Timer
    from routilux.event import Event
    from routilux.job.dead_letters import DeadLetter
    from routilux.job.plain import Codec

logger = logging.getLogger("routilux.runtime")


class Runtime:
    """Runs jobs. Use it as a context manager, or call `shutdown` at the end.

    Args:
        thread_pool_size: logic that may run at once, at least 1. Logic that waits in ``emit`` does
            not count.
        clock: where time comes from.
        flows: where flows are found by name; None means the process-wide registry.
        jobs: where jobs are kept for others to find; None means the process-wide store.
        standing_limit: producers that may wait with a thread each; beyond it no new activation of
            a routine that emits is started.
        ledger: where jobs are counted for those who monitor; None means the process's.
        monitoring: whose breakpoints its jobs stop at; None means the process's registry.

    Attributes:
        hooks: hooks that hear this runtime's jobs.
        pid: the process that it runs in; it starts no job in a fork of it.

    Raises:
        ValueError: `thread_pool_size` or `standing_limit` is below 1.
    """

    def __init__(
        self,
        thread_pool_size: int = 10,
        *,
        clock: Clock = SYSTEM_CLOCK,
        flows: FlowRegistry | None = None,
        jobs: JobStore | None = None,
        standing_limit: int = STANDING_LIMIT,
        ledger: Ledger | None = None,
        monitoring: MonitoringRegistry | None = None,
    ) -> None:
        for name, value in (
            ("thread_pool_size", thread_pool_size), ("standing_limit", standing_limit)
        ):  # fmt: skip
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} must be a whole number of at least 1, not {value!r}")
        self.thread_pool_size = thread_pool_size
        self.clock = clock
        self.flows = flows if flows is not None else FlowRegistry.get_instance()
        self.jobs = jobs if jobs is not None else job_store
        self.hooks = HookSet(clock)
        self.timer: Timer = ThreadTimer(clock)
        self.pool = self._make_pool(standing_limit)
        self.ledger = ledger if ledger is not None else PROCESS_LEDGER
        self.ledger.add_pool(self.pool)
        self.monitoring = (
            monitoring if monitoring is not None else MonitoringRegistry.get_instance()
        )
        self._breakpoints = self.monitoring.breakpoint_manager
        self._host = Host(
            self.pool,
            self.timer,
            clock,
            self.hooks,
            self._breakpoints,
            self._ended,
            self._redeliver_anew,
        )
        # States, not jobs: who has one keeps its job whole, also if it ends meanwhile.
        self._live: dict[str, JobState] = {}
        self._breakpoints.add_watcher(self)
        self._plans: dict[int, tuple[Flow, FlowPlan]] = {}
        self._changed = threading.Condition(threading.Lock())
        self._shut_down = False
        self.pid = os.getpid()
        if clock is SYSTEM_CLOCK:  # on another clock it is a test's, which may leave jobs behind
            remember(self)

    def _make_pool(self, standing_limit: int) -> Pool:
        return Pool(self.thread_pool_size, self.clock, self.timer, standing_limit)

    # -- jobs --------------------------------------------------------------------------------------

    def exec(
        self,
        flow: Flow | str,
        job_state: JobState | None = None,
        *,
        entry_routine_id: str | None = None,
        entry_params: Mapping[str, Any] | None = None,
        keep_open: bool = False,
        start_paused: bool = False,
        timeout: float | None = None,
    ) -> JobState:
        """Start a job and return at once.

        Args:
            flow: the flow, its id, or the name it was registered under.
            job_state: a job that was made before, with shared data for example; None makes one.
            entry_routine_id: start only there. Without it all sources run, and the first slot
                named ``trigger`` gets `entry_params`.
            entry_params: the first item; None means ``{}``.
            keep_open: the job takes items from outside (``job.post``) until ``job.close()``.
            start_paused: nothing runs before ``job.resume()``.
            timeout: seconds that the job may run, pauses left out; then it fails. None: the flow's
                ``execution_timeout``, or no limit.

        Returns:
            The job. ``job.wait()`` blocks until it has ended.

        Raises:
            TypeError: `flow` is neither a flow nor a text, or `entry_params` is no dict.
            ValueError: the flow is not registered, `job_state` is of another flow, there is no
                such entry, or `timeout` is not a number of seconds above 0.
            RuntimeError: the runtime is shut down or of another process, or `job_state` was
                started before.
        """
        found = flow if isinstance(flow, Flow) else self.flows.find(flow)
        limit = found.execution_timeout
        if timeout is not None:
            limit = check_time_limit("timeout", timeout)
        state = self._state_for(found, job_state)
        asked = entry_routine_id or state.get_shared_data("entry_routine_id")
        plan = self._plan(found)
        entries = find_entries(found, plan, asked, entry_params)
        job = self._bind(found, plan, state)
        self.ledger.add_job(job)
        if not (entries or keep_open):
            job.fail_to_start(
                f"Flow '{found.flow_id}' has no entry: give a routine a slot named 'trigger', add "
                "a routine without slots (a source), or start it with keep_open=True"
            )
            return state
        job.start(entries, keep_open=keep_open, paused=start_paused, time_limit=limit)
        return state

    def restore(
        self,
        snapshot: Mapping[str, Any],
        flow: Flow | str | None = None,
        *,
        codec: Codec | None = None,
        start_paused: bool = False,
    ) -> JobState:
        """Go on with a job that was saved, in this process, under its id; returns at once.

        Each item is delivered once, held ones first, and all counts go on. Only activations that
        the snapshot lists in ``at_least_once`` run again from their start.

        Args:
            snapshot: what ``job.snapshot()`` gave, or a saved job (``JobState.serialize``) with it.
            flow: the flow, its id or name; None: it is registered under the id it had. It may have
                other logic and longer slots than it had, and more routines.
            codec: the codec that the snapshot was written with.
            start_paused: nothing runs before ``job.resume()``: time to look, or to set an output
                handler, which a snapshot does not know.

        Raises:
            ValueError: it is no snapshot, the flow is not registered or lacks a routine or slot,
                a slot is too short for its items, or the job still lives here.
            CodecError: the snapshot needs a codec.
            RuntimeError: the runtime is shut down.
        """
        saved = read_snapshot(snapshot, codec)
        wanted = flow if flow is not None else str(saved.job["flow_id"])
        found = wanted if isinstance(wanted, Flow) else self.flows.find(wanted)
        plan = self._plan(found)
        check_fit(saved, plan, found.flow_id)
        state = JobState.deserialize(saved.job, codec, clock=self.clock)
        state.flow_id = found.flow_id
        job = self._bind(found, plan, state)
        self._breakpoints.restore(state.job_id, saved.breakpoints)
        job.start_from(saved)
        self.ledger.add_restored(job)
        if not start_paused:
            job.resume("restored")
        return state

    def _state_for(self, flow: Flow, state: JobState | None) -> JobState:
        if state is None:
            return JobState(flow.flow_id, clock=self.clock)
        if state.flow_id and state.flow_id != flow.flow_id:
            raise ValueError(
                f"job_state's flow_id '{state.flow_id}' does not match flow '{flow.flow_id}'"
            )
        state.flow_id = flow.flow_id
        return state

    def _bind(self, flow: Flow, plan: FlowPlan, state: JobState) -> Job:
        if self.pid != os.getpid():  # looked at without the lock, which nobody may ever release
            raise RuntimeError(
                "This Runtime was made before a fork, and its workers are in the parent process: "
                "make a new Runtime in the child"
            )
        with self._changed:
            if self._shut_down:
                raise RuntimeError("Runtime is shut down")
            self.jobs.add(state)
            job = Job(state, flow, plan, self._host)
            state.attach(job)
            self._live[state.job_id] = state
        if self._breakpoints.has_early(state.job_id):
            job.breakpoints_changed()
        return job

    def breakpoints_changed(self, job_id: str | None) -> None:
        """Let a job, or all jobs, look at their breakpoints anew (the manager calls it)."""
        for state in self._states(job_id):
            _job_of(state).breakpoints_changed()

    def _plan(self, flow: Flow) -> FlowPlan:
        known = self._plans.get(id(flow))
        if known is not None and known[0] is flow and known[1].is_current(flow):
            return known[1]
        plan = make_plan(flow)
        self._plans[id(flow)] = (flow, plan)
        return plan

    def _ended(self, job: Job) -> None:
        self.ledger.retire(job)
        self.jobs.mark_finished(job.state.job_id)
        with self._changed:
            self._live.pop(job.state.job_id, None)
            self._changed.notify_all()

    def _redeliver_anew(self, job: Job, letters: list[DeadLetter]) -> tuple[str, list[DeadLetter]]:
        state = JobState(job.flow.flow_id, clock=self.clock)
        state.redelivery_of = job.state.job_id
        anew = self._bind(job.flow, self._plan(job.flow), state)
        self.ledger.add_job(anew)
        return state.job_id, anew.start_with_letters(letters)

    def get_job(self, job_id: str) -> JobState | None:
        """The job of that id, live or kept after its end; None if it is not known."""
        return self._live.get(job_id) or self.jobs.get(job_id)

    def list_jobs(self) -> list[JobState]:
        """The live jobs of this runtime."""
        return self._states()

    def _states(self, job_id: str | None = None) -> list[JobState]:
        """The live jobs, or the one of that id."""
        with self._changed:
            if job_id is None:
                return list(self._live.values())
            state = self._live.get(job_id)
            return [state] if state is not None else []

    def cancel_job(self, job_id: str, reason: str = "") -> bool:
        """Cancel a job. False if there is no live job of that id."""
        state = self._live.get(job_id)
        return state.cancel(reason) if state is not None else False

    def get_active_routines(self, job_id: str | None = None) -> set[str]:
        """Ids of routines whose logic runs or stands still, of one job or of all."""
        return {
            node.id
            for state in self._states(job_id)
            for node in _job_of(state).routines.values()
            if node.lanes
        }

    def wait_until_all_jobs_finished(self, timeout: float | None = None) -> bool:
        """Block until no job is live, or `timeout` seconds. True if none is.

        Raises:
            RuntimeError: called from logic of this runtime, whose job is live.
        """
        self._check_outside("wait_until_all_jobs_finished()")
        with self._changed:
            return self._changed.wait_for(lambda: not self._live, timeout)

    # -- items from outside ------------------------------------------------------------------------

    def handle_event_emit(
        self, event: Event, event_data: Mapping[str, Any], job_state: JobState
    ) -> None:
        """Deliver an item to everything that `event` is connected to.

        Args:
            event: the event.
            event_data: ``{"data": ..., "metadata": {"emitted_at", "emitted_from", ...}}``.
            job_state: the job that gets it. For a job that this runtime does not run, the item
                goes into the definitions' own slots and nothing is activated.

        Blocks and raises as `Slot.enqueue` does.
        """
        details = event_data.get("metadata") or {}
        emitted_at = details.get("emitted_at") or stamp(self.clock.time_ns())
        if isinstance(emitted_at, str):
            emitted_at = datetime.fromisoformat(emitted_at)
        source = event.routine.routine_id if event.routine is not None else None
        sender = str(details.get("emitted_from") or source or event.name)
        state = self._live.get(job_state.job_id)
        if state is None:
            for slot in event.connected_slots:
                slot.enqueue(event_data["data"], sender, emitted_at)
            return
        for target, transform in _job_of(state).targets_of(event):
            data = event_data["data"] if transform is None else transform(event_data["data"])
            target.enter(Segment([data], [stamp_ns(emitted_at)], Origin(sender, event.name)))

    # -- end ---------------------------------------------------------------------------------------

    def shutdown(self, wait: bool = True, timeout: float | None = None) -> bool:
        """Take no more jobs; close open inputs, cancel paused and stalled jobs; twice is once.

        Args:
            wait: block until the jobs have ended.
            timeout: seconds to wait at most; then what still runs is cancelled.

        Returns:
            Whether every job has ended.

        Raises:
            RuntimeError: called with `wait` from logic of this runtime, whose job is live.
        """
        if wait:
            self._check_outside("shutdown()", "call shutdown(wait=False), or ")
        with self._changed:
            self._shut_down = True
            states = list(self._live.values())
        for state in states:
            _job_of(state).shut_down()
        ended = not states
        if wait:
            ended = self.wait_until_all_jobs_finished(timeout)
            if not ended:
                for state in states:
                    _job_of(state).shut_down(cancel=True)
                logger.warning("Shutdown cancelled jobs that did not end within %s s", timeout)
        self.pool.close()
        if ended:
            self.timer.close()
        return ended

    def _check_outside(self, call: str, instead: str = "") -> None:
        caller = running_here()
        if caller is not None and caller.job.pool is self.pool:
            raise RuntimeError(
                f"{call} in logic of the same runtime would never return: {instead}call it "
                "outside of logic"
            )

    @property
    def is_shut_down(self) -> bool:
        """Whether `shutdown` was called."""
        return self._shut_down

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait for the jobs; if the block has raised, cancel them first: they may have no end."""
        if kind is not None:
            for state in self._states():
                _job_of(state).shut_down(cancel=True)
        self.shutdown(wait=True)


def _job_of(state: JobState) -> Job:
    return cast("Job", state.live)  # nothing else runs the jobs of a runtime


_default: Runtime | None = None
_default_lock = threading.Lock()


def get_runtime_instance() -> Runtime:
    """The process-wide runtime; made at the first call, and anew after a shutdown or a fork."""
    global _default
    with _default_lock:
        if _default is None or _default.is_shut_down or _default.pid != os.getpid():
            _default = Runtime()
        return _default
