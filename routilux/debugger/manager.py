"""BreakpointManager: the breakpoints of jobs, in the order in which they were added."""

from __future__ import annotations

import itertools
import threading
import weakref
from typing import TYPE_CHECKING, Any, Protocol

from routilux.conditions import ItemView
from routilux.debugger.matching import find_matches

if TYPE_CHECKING:
    from collections.abc import Mapping

    from routilux.debugger.breakpoint import Breakpoint, Place
    from routilux.job_state import JobState

BREAKPOINT_LIMIT = 1_000  # of a job; each delivery at their place looks at them one by one


class BreakpointList:
    """The breakpoints of one job, by id. The job has it as long as it is known."""

    def __init__(self) -> None:
        self.by_id: dict[str, Breakpoint] = {}


class Holder(Protocol):
    """A job's state, which keeps its breakpoints, so that they go when it does."""

    job_id: str
    breakpoint_list: BreakpointList | None


class Watcher(Protocol):
    """Who runs jobs, and lets their items stop."""

    def breakpoints_changed(self, job_id: str | None) -> None:
        """Breakpoints of that job, or of all jobs, are others now. Without locks."""

    def get_job(self, job_id: str) -> JobState | None:
        """The job of that id, if it runs here or is kept."""


class BreakpointManager:
    """Keeps the breakpoints of jobs, and tells the runtimes when they change.

    Args:
        limit: breakpoints that a job may have.

    Attributes:
        active: whether breakpoints stop anything; what is kept stays.
    """

    def __init__(self, limit: int = BREAKPOINT_LIMIT) -> None:
        self.limit = limit
        self._lock = threading.Lock()
        self._lists: weakref.WeakValueDictionary[str, BreakpointList] = (
            weakref.WeakValueDictionary()
        )
        self._early: dict[str, BreakpointList] = {}  # of jobs that have not taken theirs yet
        self._watchers: weakref.WeakSet[Watcher] = weakref.WeakSet()
        self._active = True
        self._numbers = itertools.count(1)

    # -- what is kept ------------------------------------------------------------------------------

    def add_breakpoint(self, breakpoint: Breakpoint) -> str:  # noqa: A002 - known by it
        """Keep a breakpoint; it takes effect at once if its job runs. Returns its id.

        Raises:
            ValueError: the job has another breakpoint of that id, or as many as it may have.
        """
        self.add_all([breakpoint])
        return breakpoint.id

    def add_all(self, breakpoints: list[Breakpoint]) -> None:
        """Keep all of these breakpoints of one job, or none.

        Raises:
            ValueError: as `add_breakpoint`.
        """
        if not breakpoints:
            return
        job_id = breakpoints[0].job_id
        with self._lock:
            known = self._list_of(job_id).by_id
            new = {each.id: each for each in breakpoints}
            twice = [each for each in new if each in known]
            if twice or len(new) < len(breakpoints):
                raise ValueError(f"Job '{job_id}' has a breakpoint '{(twice or list(new))[0]}'")
            if len(known) + len(new) > self.limit:
                raise ValueError(
                    f"Job '{job_id}' has {len(known)} breakpoints, and may have {self.limit}: "
                    "remove some first"
                )
            self._number(breakpoints)
            known.update(new)
        for each in breakpoints:
            each.belong_to(self)
        self.changed(job_id)

    def remove_breakpoint(self, breakpoint_id: str, job_id: str) -> bool:
        """Forget a breakpoint; what it has stopped stays held. Returns whether it was known."""
        return bool(self.remove_all([breakpoint_id], job_id))

    def remove_all(self, ids: list[str], job_id: str) -> list[str]:
        """Forget these breakpoints of a job. Returns the ids of those that were known."""
        with self._lock:
            found = self._lists.get(job_id)
            known = found.by_id if found is not None else {}
            removed = {each: known.pop(each) for each in ids if each in known}
            if not known:
                self._early.pop(job_id, None)
        for gone in removed.values():
            gone.belong_to(None)
        if removed:
            self.changed(job_id)
        return list(removed)

    def get_breakpoint(self, breakpoint_id: str, job_id: str) -> Breakpoint | None:
        """One breakpoint, or None."""
        found = self._lists.get(job_id)
        return found.by_id.get(breakpoint_id) if found is not None else None

    def get_breakpoints(self, job_id: str) -> list[Breakpoint]:
        """The breakpoints of a job, in the order in which they were added."""
        with self._lock:
            found = self._lists.get(job_id)
            return list(found.by_id.values()) if found is not None else []

    def clear_breakpoints(self, job_id: str) -> list[str]:
        """Forget all breakpoints of a job. Returns the ids of those that it had."""
        return self.remove_all([each.id for each in self.get_breakpoints(job_id)], job_id)

    def _number(self, breakpoints: list[Breakpoint]) -> None:
        """Say which were added before which. Locked."""
        for each in breakpoints:
            each.number = next(self._numbers)

    def _list_of(self, job_id: str) -> BreakpointList:
        """The list of a job, made if it has none. Locked."""
        found = self._lists.get(job_id)
        if found is None:
            found = self._lists[job_id] = self._early[job_id] = BreakpointList()
        return found

    def has_early(self, job_id: str) -> bool:
        """Whether breakpoints were set before their job was there. Costs a look into a dict."""
        return job_id in self._early

    def restore(self, job_id: str, breakpoints: list[Breakpoint]) -> None:
        """Keep what a snapshot had, instead of what is known of that job."""
        made = BreakpointList()
        made.by_id.update({each.id: each for each in breakpoints})
        with self._lock:
            self._number(breakpoints)
            self._lists[job_id] = self._early[job_id] = made
        for each in breakpoints:
            each.belong_to(self)

    def adopt(self, job: Holder) -> list[Breakpoint]:
        """Give a job its breakpoints to keep. Returns them, in the order of adding."""
        with self._lock:
            found = self._lists.get(job.job_id)
            if found is None:
                return []
            self._early.pop(job.job_id, None)
            job.breakpoint_list = found
            return list(found.by_id.values())

    # -- taking effect -----------------------------------------------------------------------------

    @property
    def active(self) -> bool:
        """Whether breakpoints stop anything."""
        return self._active

    def set_active(self, active: bool) -> None:
        """Let breakpoints stop items, or not; they are kept."""
        if self._active != active:
            self._active = active
            self.changed(None)

    def add_watcher(self, watcher: Watcher) -> None:
        """Tell somebody of changes, as long as he lives."""
        self._watchers.add(watcher)

    def find_job(self, job_id: str) -> JobState | None:
        """The job of that id, whoever runs it."""
        found = (each.get_job(job_id) for each in list(self._watchers))
        return next((job for job in found if job is not None), None)

    def changed(self, job_id: str | None) -> None:
        """Breakpoints of that job, or of all jobs, are others now."""
        for watcher in list(self._watchers):
            watcher.breakpoints_changed(job_id)

    # -- for programs that ask by themselves -------------------------------------------------------

    def check_breakpoint(
        self,
        job_id: str,
        routine_id: str,
        breakpoint_type: str,
        slot_name: str | None = None,
        event_name: str | None = None,
        source_routine_id: str | None = None,
        source_event_name: str | None = None,
        target_routine_id: str | None = None,
        target_slot_name: str | None = None,
        context: object = None,  # noqa: ARG002 - programs pass it
        variables: Mapping[str, Any] | None = None,
    ) -> Breakpoint | None:
        """The first breakpoint that stops something there; every match is counted.

        Args:
            job_id, routine_id, breakpoint_type: where; the rest as the type needs it.
            context: not looked at; kept for programs that pass it.
            variables: the data that conditions see.
        """
        ends = (source_routine_id, source_event_name, target_routine_id, target_slot_name)
        names: dict[str, tuple[str | None, ...]] = {
            "routine": (routine_id,),
            "slot": (routine_id, slot_name),
            "event": (routine_id, event_name),
            "connection": ends,
        }
        place: Place = (breakpoint_type, *(name or "" for name in names.get(breakpoint_type, ())))
        there = [each for each in self.get_breakpoints(job_id) if each.place == place]
        if not (there and self._active):
            return None
        meta = {"job_id": job_id, "routine_id": routine_id, "slot": slot_name, "event": event_name}
        matches = find_matches(there, ItemView(variables, meta))
        return matches[0] if matches else None
