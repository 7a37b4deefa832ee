"""DebugSession: look at a job that stands, change what is in hand, and let it go on.

Words follow the Debug Adapter Protocol where it has one: a job is a thread, an activation a frame.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from routilux.conditions import ItemView, compile_expression
from routilux.debugger.values import PAUSED, RUNNING, STEPPING, DebugState
from routilux.errors import JobFinished, NothingInHand
from routilux.ids import new_id
from routilux.job.results import ResumeResult

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from routilux.debugger.manager import BreakpointManager
    from routilux.debugger.values import Frame, HitInfo, ItemInHand
    from routilux.job_state import JobState

SCOPES = ("item", "state", "shared")


class DebugSession:
    """The debugger of one job, as a person uses it.

    ``job.debug`` is the session of a job that was started. A session that is made alone has no job
    behind it, and keeps only its own status.

    Args:
        job_id: the job.
        session_id: its id; None makes a random one.
        job: the job itself; None: there is none.
    """

    def __init__(
        self, job_id: str, session_id: str | None = None, job: JobState | None = None
    ) -> None:
        self.session_id = session_id or new_id()
        self.job_id = job_id
        self._job = job
        self._alone = DebugState(job_id, "pending", RUNNING)

    # -- where it stands ---------------------------------------------------------------------------

    def state(self) -> DebugState:
        """Everything about it at one moment."""
        if self._job is None or not self._job.is_started:
            return self._alone
        return self._job.live.debug_state()

    @property
    def status(self) -> str:
        """``running``, ``paused``, ``stepping`` or ``terminated``."""
        return self.state().status

    @property
    def paused_at(self) -> datetime | None:
        """Since when the job is paused, aware UTC, or None."""
        return self.state().paused_at

    @property
    def hits(self) -> tuple[HitInfo, ...]:
        """What stands at breakpoints, the earliest first."""
        return self.state().hits

    @property
    def items(self) -> tuple[ItemInHand, ...]:
        """The items in hand, each once."""
        return _items(self.hits)

    @property
    def step_mode(self) -> str | None:
        """The step that goes on, or was the last: ``over``, ``into`` or ``out``."""
        return self.state().step_mode

    @property
    def step_count(self) -> int:
        """How many steps there were."""
        return self.state().step_count

    @property
    def call_stack(self) -> tuple[Frame, ...]:
        """The activations that led to what stands, the latest first."""
        return self.state().call_stack

    def get_call_stack(self) -> list[Frame]:
        """`call_stack` as a list."""
        return list(self.call_stack)

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the job is paused or something stands at a breakpoint.

        After a step: until the step is over.

        Args:
            timeout: seconds to wait at most; None: as long as it takes.

        Returns:
            False when the job has ended, or `timeout` seconds have passed first.

        Raises:
            RuntimeError: called in the job's own logic, or the job does not run here.
        """
        return self._known_job().live.wait_until_stopped(timeout)

    # -- going on ----------------------------------------------------------------------------------

    def pause(self, context: Mapping[str, Any] | None = None, reason: str = "") -> None:
        """Pause the job as its operator would; `context` is kept in the pause point.

        Raises:
            JobFinished: the job has ended.
        """
        if self._job is None:
            self._alone = DebugState(self.job_id, "pending", PAUSED, "pause", reason)
        else:
            self._job.pause(reason, context)

    def resume(
        self,
        item_id: str | None = None,
        *,
        reason: str = "",
        identity: str | None = None,
        request_id: str | None = None,
    ) -> ResumeResult:
        """Let what stands at breakpoints go on; the operator's pause stays.

        Args:
            item_id: only this item (or hit); None: all that the job is paused for.
            reason, identity, request_id: as in ``job.resume``.

        Returns:
            What still holds the job, and warnings about full slots.

        Raises:
            NothingInHand: no such item stands.
            JobFinished: the job has ended.
        """
        if self._job is None:
            changed = self._alone.status != RUNNING
            self._alone = DebugState(self.job_id, "pending", RUNNING)
            return ResumeResult(changed)
        return self._job.live.debug_resume(item_id, reason, identity, request_id)

    def step_over(self, **command: Any) -> ResumeResult:
        """Run one activation: of the routine in hand, or else the next. Then hold still again.

        `command` takes ``reason``, ``identity`` and ``request_id``.

        Raises:
            NotPaused: the job runs.
            JobFinished: it has ended.
        """
        return self._step("over", command)

    def step_into(self, **command: Any) -> ResumeResult:
        """Go on to the next delivery: the next item that is about to enter a slot stops there."""
        return self._step("into", command)

    def step_out(self, **command: Any) -> ResumeResult:
        """Go on until the activation in hand and those that it feeds have ended."""
        return self._step("out", command)

    def _step(self, mode: str, command: Mapping[str, Any]) -> ResumeResult:
        if self._job is None:
            before = self._alone
            self._alone = DebugState(
                self.job_id, "pending", STEPPING, step_mode=mode, step_count=before.step_count + 1
            )
            return ResumeResult(True, STEPPING)
        return self._job.step(mode, **command)

    # -- items in hand -----------------------------------------------------------------------------

    def edit(self, data: Any, item_id: str | None = None, *, identity: str | None = None) -> str:
        """Give an item in hand other data; it is delivered with them. Returns its id.

        Args:
            data: the new data. Of an event, as it was emitted: each connection gets its part of it.
            item_id: which item, or the hit of one item or event; None: the only one in hand.
            identity: who does it.

        Raises:
            NothingInHand: there is no such item, or several and none was named.
            JobFinished: the job has ended.
        """
        return self._known_job().live.debug_edit(data, item_id, identity)

    def drop(self, item_id: str | None = None, *, identity: str | None = None) -> str:
        """Make an item in hand a dead letter (``dropped_in_debugger``). Returns its id.

        Raises:
            NothingInHand, JobFinished: as `edit`.
        """
        return self._known_job().live.debug_drop(item_id, identity)

    # -- variables ---------------------------------------------------------------------------------

    def get_variables(self, item_id: str | None = None) -> dict[str, Any]:
        """What there is to look at: ``item``, ``items``, ``state`` and ``shared``.

        Args:
            item_id: the item that is ``item``; None: the first in hand.

        Returns:
            ``item`` (its data or None; at an event as it was emitted), ``items`` (data by id, as
            each slot gets them), ``state`` (what the routine keeps in this job) and ``shared``
            (what all routines of the job see).

        Raises:
            NothingInHand: no item of that id stands.
        """
        hits = self.hits
        item, routine_id = self._focus(hits, item_id)
        return self._variables(hits, item, routine_id)

    def _variables(
        self, hits: Sequence[HitInfo], item: ItemInHand | None, routine_id: str | None
    ) -> dict[str, Any]:
        job = self._known_job()
        return {
            "item": item.data if item is not None else None,
            "items": {each.id: each.data for each in _items(hits)},
            "state": dict(job.routine_data(routine_id)) if routine_id is not None else {},
            "shared": dict(job.shared_data),
        }

    def set_variable(
        self, name: str, value: Any, item_id: str | None = None, *, identity: str | None = None
    ) -> None:
        """Set what `get_variables` shows.

        Args:
            name: ``item`` for the whole item, ``item.KEY``, ``state.KEY`` or ``shared.KEY``.
            value: the new value.
            item_id, identity: as `edit`.

        Raises:
            LookupError: there is no such name; says which there are.
            ValueError: the item has no keys.
            NothingInHand, JobFinished: as `edit`.
        """
        scope, _, key = name.partition(".")
        if scope not in SCOPES or (scope != "item" and not key):
            raise LookupError(
                f"Variable '{name}' not found: use item, item.KEY, state.KEY, shared.KEY"
            )
        item, routine_id = self._focus(self.hits, item_id)
        job = self._known_job()
        if job.status.finished:
            raise JobFinished(job.job_id, job.status.value)
        if scope == "shared":
            job.update_shared_data(key, value)
        elif scope == "state":
            if routine_id is None:
                raise LookupError(f"Variable '{name}' not found: nothing stands at a routine")
            job.update_routine_state(routine_id, {key: value})
        else:
            if item is None:
                raise NothingInHand(self.job_id, item_id, [])
            self.edit(_with_key(item, key, value) if key else value, item_id, identity=identity)

    def evaluate(self, expression: str, item_id: str | None = None) -> Any:
        """The value of an expression over the item in hand; JSON data. Changes nothing.

        It sees what a condition sees, and ``state`` and ``shared``. The values of secret keys are
        left out.

        Args:
            expression: CEL, or a plain path such as ``data.size``.
            item_id: which item; None: the first in hand.

        Raises:
            ConditionError: the expression is wrong, or cannot be evaluated here.
            NothingInHand: no item of that id stands.
        """
        hits = self.hits
        item, routine_id = self._focus(hits, item_id)
        found = self._variables(hits, item, routine_id)
        names = {"state": found["state"], "shared": found["shared"]}
        meta = {} if item is None else _meta(item)
        return compile_expression(expression).evaluate(ItemView(found["item"], meta, names=names))

    def _focus(
        self, hits: Sequence[HitInfo], item_id: str | None
    ) -> tuple[ItemInHand | None, str | None]:
        """An item in hand, or None, and the routine that it stands at.

        At an event it has the data that were emitted: with those it is edited, for all slots.
        """
        for hit in hits:
            for item in hit.items:
                if item_id in (None, item.id, hit.id):
                    at_event = hit.kind == "event"
                    return replace(item, data=hit.emitted) if at_event else item, hit.routine_id
        # A source has no items, and an event that leads nowhere has none either.
        first = next((hit for hit in hits if item_id in (None, hit.id)), None)
        if first is None and item_id is not None:
            there = [item.id for hit in hits for item in hit.items]
            raise NothingInHand(self.job_id, item_id, there)
        return None, first.routine_id if first is not None else None

    def _known_job(self) -> JobState:
        if self._job is None:
            raise RuntimeError(
                f"Job '{self.job_id}' does not run here: there is nothing to look at"
            )
        return self._job

    def __repr__(self) -> str:
        return f"<DebugSession of job '{self.job_id}': {self.status}>"


def _items(hits: Sequence[HitInfo]) -> tuple[ItemInHand, ...]:
    """The items that hits hold, each once."""
    return tuple({item.id: item for hit in hits for item in hit.items}.values())


def _with_key(item: ItemInHand, key: str, value: Any) -> Any:
    """The item's data with one key changed, as an object of its own."""
    if not isinstance(item.data, dict):
        raise ValueError(f"The item in hand has no keys: set 'item' as a whole, not 'item.{key}'")
    return {**item.data, key: value}


def _meta(item: ItemInHand) -> dict[str, Any]:
    return {
        "item_id": item.id,
        "routine_id": item.routine_id,
        "slot": item.slot_name,
        "event": item.event,
        "emitted_from": item.emitted_from,
        "emitted_at": item.emitted_at.isoformat(),
        "activation_id": item.activation_id,
        "attempt": item.attempt,
    }


class DebugSessionStore:
    """Finds the session of a job.

    Args:
        breakpoints: knows who runs the jobs.
    """

    def __init__(self, breakpoints: BreakpointManager) -> None:
        self._breakpoints = breakpoints
        self._lock = threading.Lock()
        self._own: dict[str, DebugSession] = {}

    def get(self, job_id: str) -> DebugSession | None:
        """The session of a job; None if there is neither such a job nor such a session."""
        own = self._own.get(job_id)
        if own is not None:
            return own
        job = self._breakpoints.find_job(job_id)
        return job.debug if job is not None else None

    def get_or_create(self, job_id: str) -> DebugSession:
        """The session of a job; of a job that does not run here, one that stands alone."""
        found = self.get(job_id)
        if found is not None:
            return found
        with self._lock:
            return self._own.setdefault(job_id, DebugSession(job_id))

    def add(self, session: DebugSession) -> None:
        """Keep a session."""
        with self._lock:
            self._own[session.job_id] = session

    def remove(self, job_id: str) -> bool:
        """Forget a session that was kept. Returns whether it was known."""
        with self._lock:
            return self._own.pop(job_id, None) is not None
