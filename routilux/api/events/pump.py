"""The pump: gives readers on one event loop what there is for them, in rounds."""

from __future__ import annotations

import logging
from itertools import islice
from typing import TYPE_CHECKING

from routilux.api.events.levels import Levels
from routilux.api.events.pacing import event_spacing_s, level_spacing_s
from routilux.api.events.portions import Portions
from routilux.api.events.wire import KEEP_ALIVE

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator

    from routilux.api.events.reader import Reader
    from routilux.api.events.settings import StreamSettings
    from routilux.api.events.shelf import Shelf
    from routilux.clock import Clock
    from routilux.job_state import JobState
    from routilux.stores import JobStore

# Beside busy logic each write may have to wait for the interpreter: other requests take their
# turns after so many of them.
READERS_AT_ONCE = 8
BEAT_S = 1.0  # how exactly the seconds of keep-alives and time-outs are kept
CLOSING_S = 1.0  # a reader that takes nothing for so long while the server stops is dropped

logger = logging.getLogger("routilux.api")


class Pump:
    """Rounds over the readers of one loop. But for `wake`, only the loop's thread calls it.

    A round is due when there are new events, when a sum of a burst is due, and as long as anybody
    looks at levels. Rounds keep a distance to each other, see `routilux.api.events.pacing`.

    Args:
        loop: the loop.
        shelf: where the events are.
        jobs: where the jobs are whose levels are shown.
        settings: limits.
        clock: for time stamps.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        shelf: Shelf,
        jobs: JobStore,
        settings: StreamSettings,
        clock: Clock,
    ) -> None:
        self.loop = loop
        self._shelf = shelf
        self._jobs = jobs
        self._settings = settings
        self.levels = Levels(clock)
        self._portions = Portions(shelf, self.levels)
        self.readers: list[Reader] = []
        self._woken = False
        self._round_handle: asyncio.TimerHandle | None = None
        self._beat_handle: asyncio.TimerHandle | None = None
        self._delivering = False
        self._rounds_from = 0.0  # before that no round begins
        self._levels_from = 0.0

    # -- from any thread ---------------------------------------------------------------------------

    def wake(self) -> None:
        """There is news. Cheap, and costs nothing while a round is to come."""
        if not self._woken:
            self.hurry()

    def hurry(self) -> None:
        """As `wake`, also while a round is to come: the streams are to end."""
        self._woken = True
        try:
            self.loop.call_soon_threadsafe(self._on_wake)
        except RuntimeError:  # the loop is closed: its readers are gone
            return

    # -- readers -----------------------------------------------------------------------------------

    def add(self, reader: Reader) -> None:
        """Serve one more reader."""
        self.readers.append(reader)
        reader.wrote_at = self.loop.time()
        if self._beat_handle is None:
            self._beat_handle = self.loop.call_later(BEAT_S, self._on_beat)
        if reader.view.levels:
            if reader.job is not None and reader.job.is_started and not reader.ended:
                self.levels.read_job(reader.job)
            self._due_at(self._levels_from)

    def remove(self, reader: Reader) -> None:
        """Serve a reader no more."""
        self.readers.remove(reader)
        if not self.readers:
            for handle in (self._round_handle, self._beat_handle):
                if handle is not None:
                    handle.cancel()
            self._round_handle = self._beat_handle = None

    async def next(self, reader: Reader) -> bytes:
        """Wait until there is something for the reader, and take it."""
        if reader.stale and (data := self._portions.take(reader)):
            return data
        reader.waiting = self.loop.create_future()
        try:
            return await reader.waiting
        finally:
            reader.waiting = None

    # -- rounds ------------------------------------------------------------------------------------

    def _on_wake(self) -> None:
        self._due_at(0.0 if self._shelf.closed else self._rounds_from)
        # Without a round to come, one is under way, whose end looks for what has come meanwhile.
        self._woken = self._round_handle is not None

    def _due_at(self, when: float) -> None:
        """See to it that a round begins at `when`, if none does before; or after this one."""
        if self._delivering or not self.readers:
            return
        known = self._round_handle
        if known is not None:
            if known.when() <= when:
                return
            known.cancel()
        self._round_handle = self.loop.call_at(when, self._round)

    def _round(self) -> None:
        self._round_handle = None
        self._woken = False  # before anything is read: what comes from now on wakes again
        self._delivering = True
        delivering = iter(tuple(self.readers))
        try:
            self._shelf.put_due()
            if self.loop.time() >= self._levels_from:
                self._read_levels()
            for entry in self.levels.take_ended():
                self._shelf.put(entry)
        finally:
            self._deliver(delivering)

    def _read_levels(self) -> None:
        slots = self.levels.read(self._watched())
        lookers = sum(reader.view.levels for reader in self.readers)
        self._levels_from = self.loop.time() + level_spacing_s(lookers, slots)

    def _watched(self) -> list[JobState]:
        lookers = [reader for reader in self.readers if reader.view.levels]
        found = {each.job.job_id: each.job for each in lookers if each.job is not None}
        views = {reader.view for reader in lookers if reader.job is None}
        if views:
            flows = {view.flow_id for view in views}
            for job in self._jobs.list_all():
                if None in flows or job.flow_id in flows:
                    found[job.job_id] = job
        return [job for job in found.values() if job.is_started and not job.status.finished]

    def _deliver(self, left: Iterator[Reader]) -> None:
        served = 0
        for reader in islice(left, READERS_AT_ONCE):
            served += 1
            if not reader.idle:
                reader.stale = True
            elif data := self._portions.take(reader):
                reader.give(data)
        if served == READERS_AT_ONCE:
            self.loop.call_soon(self._deliver, left)
            return
        self._delivering = False
        self._plan()

    def _plan(self) -> None:
        """The round is over: when is the next?"""
        now = self.loop.time()
        self._rounds_from = now + event_spacing_s(len(self.readers))
        self._levels_from = max(self._levels_from, self._rounds_from)
        due_s = self._shelf.next_due_s()
        if due_s is not None:
            self._due_at(max(self._rounds_from, now + due_s))
        if any(reader.view.levels for reader in self.readers):
            self._due_at(self._levels_from)
        if any(each.idle and self._is_behind(each) for each in self.readers):
            self._due_at(0.0 if self._shelf.closed else self._rounds_from)

    def _is_behind(self, reader: Reader) -> bool:
        """Whether something came for it while the round was under way."""
        return self._shelf.closed or reader.position < self._shelf.last

    # -- once a second -----------------------------------------------------------------------------

    def _on_beat(self) -> None:
        self._beat_handle = self.loop.call_later(BEAT_S, self._on_beat)
        self.beat(self.loop.time())

    def beat(self, now: float) -> None:
        """Send keep-alives, and drop those who take nothing. `now` is the loop's time."""
        settings = self._settings
        patience = CLOSING_S if self._shelf.closed else settings.write_timeout_s
        for reader in tuple(self.readers):
            since = reader.busy_since
            if since is not None and now - since >= patience:
                logger.warning(
                    "Dropped an event stream whose reader took nothing for %.0f s", now - since
                )
                reader.drop()
            elif reader.idle and now - reader.wrote_at >= settings.keep_alive_s:
                reader.give(KEEP_ALIVE)
