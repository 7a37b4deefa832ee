"""The hub: hears what happens to jobs, and lets streams read it."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from routilux.api.events.ids import read_id
from routilux.api.events.levels import queues_event, read_slots
from routilux.api.events.pump import Pump
from routilux.api.events.reader import Reader
from routilux.api.events.settings import StreamSettings
from routilux.api.events.shelf import Shelf
from routilux.api.events.telling import current_event, gap_event, hit_entry, job_entry
from routilux.api.events.wire import encode, id_line
from routilux.clock import SYSTEM_CLOCK
from routilux.hooks import Hook

if TYPE_CHECKING:
    from collections.abc import Callable

    from routilux.api.events.bursts import Record
    from routilux.api.events.ring import Entry
    from routilux.api.events.views import View
    from routilux.clock import Clock
    from routilux.hooks import BreakpointRecord, GateRecord, HookSet, JobRecord, SlotRecord
    from routilux.job_state import JobState
    from routilux.stores import JobStore


class StreamRefused(Exception):
    """No stream can be opened now: there are too many, or the server stops. A 503."""


class EventHub:
    """The event streams of an app.

    It hears the engine from the first stream on, and goes on for those who come back; until then
    it costs nothing. Without a stream it costs the record of each event.

    Args:
        jobs: the jobs that are shown; what happens to others is not told.
        hooks: where to listen.
        settings: limits.
        clock: tells bursts from one another, and stamps what has no time of its own.
    """

    def __init__(
        self,
        jobs: JobStore,
        hooks: HookSet,
        settings: StreamSettings | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self.settings = settings if settings is not None else StreamSettings()
        self._jobs = jobs
        self._hooks = hooks
        self._clock = clock
        self._ears = _Ears(self)
        self._shelf = Shelf(self.settings.ring_size, clock)
        self._pumps: tuple[Pump, ...] = ()  # one for each loop that has a reader
        self._lock = threading.Lock()
        self._streams = 0

    @property
    def streams(self) -> int:
        """How many streams are open."""
        return self._streams

    @property
    def epoch(self) -> str:
        """What the ids of all events begin with; another in each process."""
        return self._shelf.epoch

    # -- streams -----------------------------------------------------------------------------------

    def open(
        self,
        view: View,
        drop: Callable[[], object],
        job: JobState | None = None,
        last_id: str | None = None,
    ) -> tuple[Reader, Pump]:
        """Open a stream on the running loop; `close_stream` has to be called for it.

        Args:
            view: what it shows.
            drop: ends the connection at once.
            job: the job of a stream of one.
            last_id: the id of the last event that the reader has.

        Raises:
            StreamRefused: see there.
        """
        loop = asyncio.get_running_loop()
        with self._lock:
            self._check_room()
            self._streams += 1
            self._hooks.add(self._ears)
        # From here on nothing is missed: what was not told before shows in the job's status.
        reader = Reader(view, self._shelf.last, job, drop)
        try:
            self._begin(reader, last_id)
            pump = self._pump(loop)
            pump.add(reader)
        except BaseException:  # whatever it was: the place is free again
            self._count_out()
            raise
        return reader, pump

    def close_stream(self, reader: Reader, pump: Pump) -> None:
        """A stream has ended. On its loop's thread."""
        pump.remove(reader)
        self._count_out()
        with self._lock:
            if not pump.readers:
                self._pumps = tuple(each for each in self._pumps if each is not pump)

    def close(self) -> None:
        """End each stream with a ``bye`` event, and open none any more. From any thread.

        Does not wait. A reader that takes nothing is dropped after a second or two.
        """
        self._shelf.closed = True
        self._hooks.remove(self._ears)
        for pump in self._pumps:
            pump.hurry()

    def _count_out(self) -> None:
        with self._lock:
            self._streams -= 1

    def _check_room(self) -> None:
        if self._shelf.closed:
            raise StreamRefused("The server stops: connect again when it is back")
        if self._streams >= self.settings.max_streams:
            raise StreamRefused(
                f"{self._streams} event streams are open, which is the limit: close one that is "
                "not needed, or connect again later"
            )

    def _pump(self, loop: asyncio.AbstractEventLoop) -> Pump:
        with self._lock:
            for pump in self._pumps:
                if pump.loop is loop:
                    return pump
            made = Pump(loop, self._shelf, self._jobs, self.settings, self._clock)
            self._pumps = (*self._pumps, made)
            return made

    def _begin(self, reader: Reader, last_id: str | None) -> None:
        opening = [] if last_id is None else self._go_back(reader, last_id)
        job = reader.job
        if job is not None:
            current = current_event(job, reader.view.payloads)
            told = [encode(current)] if "job" in reader.view.kinds else []
            if job.status.finished:
                reader.ended = True
                reader.last_words = [*told, *self._last_levels(reader, job)]
            elif last_id is None or opening:
                opening += told
        line = id_line(f"{self.epoch}-{reader.position}")
        # Something is always sent at once: a proxy passes the headers on with it.
        reader.opening = b"".join(line + each for each in opening) or b": hello\n\n"

    def _go_back(self, reader: Reader, last_id: str) -> list[bytes]:
        """Let the reader begin after an event; says so if that is not possible."""
        number, newest = read_id(last_id, self.epoch), reader.position
        if number is None or number > newest:
            return [encode(gap_event("unknown_id", None))]
        reader.position = max(number, self._shelf.floor)
        missed = reader.position - number
        return [encode(gap_event("too_old", missed))] if missed else []

    def _last_levels(self, reader: Reader, job: JobState) -> list[bytes]:
        if not reader.view.levels or not job.is_started:
            return []
        slots, at_ns = read_slots(job), self._clock.time_ns()
        return [encode(queues_event(job, slots, at_ns, full=True, final=True))]

    # -- what the engine tells, on its threads -----------------------------------------------------

    def put(self, entry: Entry) -> None:
        """Keep an event and let readers know."""
        if self._knows(entry.job_id):
            self._shelf.put(entry)
            self._wake()

    def put_burst(self, kind: str, record: Record) -> None:
        """Keep what comes in bursts; what comes soon after it is put together."""
        if self._knows(record.job_id):
            self._shelf.put_burst(kind, record)
            self._wake()

    def _knows(self, job_id: str) -> bool:
        """Whether it is a job of this app: the process may run others."""
        return self._jobs.get(job_id) is not None or self._jobs.get_evicted(job_id) is not None

    def _wake(self) -> None:
        for pump in self._pumps:
            pump.wake()


class _Ears(Hook):
    """Listens for a hub."""

    def __init__(self, hub: EventHub) -> None:
        self._hub = hub

    def job_started(self, record: JobRecord) -> str | None:
        self._hub.put(job_entry("started", record))
        return None

    def job_ended(self, record: JobRecord) -> None:
        self._hub.put(job_entry("ended", record))

    def job_paused(self, record: GateRecord) -> None:
        self._hub.put(job_entry("paused", record))

    def job_resumed(self, record: GateRecord) -> None:
        self._hub.put(job_entry("resumed", record))

    def items_refused(self, record: SlotRecord) -> None:
        if not record.returned:  # else the caller was told, and nobody else has to know
            self._hub.put_burst("refused", record)

    def items_held(self, record: SlotRecord) -> None:
        self._hub.put_burst("held", record)

    def breakpoint_hit(self, record: BreakpointRecord) -> None:
        if record.action == "log":
            self._hub.put_burst("hit", record)
        else:
            self._hub.put(hit_entry(record))
