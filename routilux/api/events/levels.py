"""Levels of queues: read for all readers together, and told where they have changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from routilux.api.events.ring import Entry
from routilux.api.events.wire import encode
from routilux.api.models.event import QueuesEvent
from routilux.api.views import slot_metrics
from routilux.clock import stamp
from routilux.monitoring.instruments import QUEUE_HELD
from routilux.monitoring.reading import job_slots

if TYPE_CHECKING:
    from collections.abc import Iterable

    from routilux.api.events.views import View
    from routilux.clock import Clock
    from routilux.job_state import JobState

Slots = list[dict[str, Any]]
NEVER = -1  # a version that no reader has seen


@dataclass(slots=True)
class _JobLevels:
    """The last levels of one job.

    `version` numbers the changes of all jobs; `previous` is the version of the levels before, or
    one that no reader has seen when there are none.
    """

    job: JobState
    slots: Slots
    changed: Slots
    at_ns: int
    version: int
    previous: int
    _encoded: dict[bool, bytes] = field(default_factory=dict)

    def encoded(self, full: bool) -> bytes:
        """All of the event but its id; made when it is first asked for."""
        if full not in self._encoded:
            slots = self.slots if full else self.changed
            self._encoded[full] = encode(queues_event(self.job, slots, self.at_ns, full=full))
        return self._encoded[full]


@dataclass(frozen=True, slots=True)
class Seen:
    """Which levels a reader has.

    Attributes:
        all: of every job it has the last levels up to this version.
        some: on the way from `all` to the present it has come to this version.
    """

    all: int = NEVER
    some: int = NEVER


NOTHING_SEEN = Seen()


def read_slots(job: JobState) -> Slots:
    """The slots of a started job as they are now. Waits for the job's lock."""
    readings = job_slots(job)
    shown = slot_metrics(readings)
    for slot, reading in zip(shown, readings, strict=True):
        slot["held"] = QUEUE_HELD.of(reading)
    return shown


def queues_event(
    job: JobState, slots: Slots, at_ns: int, *, full: bool, final: bool = False
) -> QueuesEvent:
    """The event of these slots. Made by the validator, in one go."""
    return QueuesEvent.model_validate(
        {
            "job_id": job.job_id,
            "flow_id": job.flow_id,
            "at": stamp(at_ns),
            "full": full,
            "final": final,
            "slots": slots,
        }
    )


class Levels:
    """The levels of the jobs that readers watch. For one thread.

    Attributes:
        version: numbers the changes; the newest one.
    """

    def __init__(self, clock: Clock) -> None:
        self.version = 0
        self._clock = clock
        # In the order of their versions: what has changed last is last.
        self._jobs: dict[str, _JobLevels] = {}

    def __contains__(self, job_id: str) -> bool:
        return job_id in self._jobs

    def read(self, jobs: Iterable[JobState]) -> int:
        """Read these jobs and let go of others, but for ended ones. Returns the slots read."""
        wanted = {job.job_id: job for job in jobs}
        for job_id, known in list(self._jobs.items()):
            if job_id not in wanted and not known.job.status.finished:
                del self._jobs[job_id]
        return sum(self.read_job(job) for job in wanted.values())

    def read_job(self, job: JobState) -> int:
        """Read one job. Returns its slots."""
        slots = read_slots(job)
        known = self._jobs.get(job.job_id)
        if known is None:
            self._change(job, slots, slots, self.version + 1)
        elif changed := _changed(known.slots, slots):
            self._change(job, slots, changed, known.version)
        return len(slots)

    def _change(self, job: JobState, slots: Slots, changed: Slots, previous: int) -> None:
        self.version += 1
        self._jobs.pop(job.job_id, None)
        self._jobs[job.job_id] = _JobLevels(
            job, slots, changed, self._clock.time_ns(), self.version, previous
        )

    def take_ended(self) -> list[Entry]:
        """Let go of the jobs that have ended; their last levels are events to be kept."""
        ended = [known.job for known in self._jobs.values() if known.job.status.finished]
        return [self._last_of(job) for job in ended]

    def _last_of(self, job: JobState) -> Entry:
        del self._jobs[job.job_id]
        slots, at_ns = read_slots(job), self._clock.time_ns()
        make = partial(_final_event, job, slots, at_ns)
        return Entry("queues", job.job_id, job.flow_id, make)

    def since(self, view: View, seen: Seen, room: int) -> tuple[list[bytes], Seen]:
        """The events that bring a reader up to the present, and what it has seen then.

        Args:
            view: whose jobs.
            seen: what the reader has.
            room: bytes; one event more than fits is the last.
        """
        newer = []
        for known in reversed(self._jobs.values()):
            if known.version <= seen.some:
                break
            if view.covers(known.job.job_id, known.job.flow_id):
                newer.append(known)
        events: list[bytes] = []
        for known in reversed(newer):
            event = known.encoded(full=known.previous > seen.all)
            events.append(event)
            room -= len(event)
            if room <= 0 and known is not newer[0]:
                return events, Seen(seen.all, known.version)
        return events, Seen(self.version, self.version)


def _final_event(job: JobState, slots: Slots, at_ns: int, _payloads: bool) -> QueuesEvent:
    return queues_event(job, slots, at_ns, full=True, final=True)


def _changed(before: Slots, now: Slots) -> Slots:
    """The slots that are not as they were; a job's slots are always the same ones."""
    return [slot for old, slot in zip(before, now, strict=True) if old != slot]
