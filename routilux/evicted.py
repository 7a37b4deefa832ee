"""What is left of finished jobs that had to go, kept small: there may be ten thousand of them.

A line of a job is text between two bytes that no UTF-8 has, its later times are counted from the
first, and all lines are one buffer: a sixth of what a dictionary of records would take. To find
one the buffer is searched, which takes less than a request does; nobody asks often for a job that
is gone.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from routilux.clock import EPOCH

if TYPE_CHECKING:
    from datetime import datetime

_BEGIN, _ID_ENDS, _FIELD = b"\xfe", b"\xff", ","
_MICROSECOND = timedelta(microseconds=1)


class EvictedJob(NamedTuple):
    """What is left of a finished job that had to go. Times are aware UTC, or None."""

    job_id: str
    flow_id: str
    status: str
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None


class EvictedJobs:
    """The last evicted jobs, a line each.

    Args:
        limit: so many are kept; the one that was evicted first goes.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._lines = bytearray()
        self._count = 0

    def add(self, job: EvictedJob) -> None:
        """Keep a line of a job."""
        first = job.created_at
        times = (
            str((first - EPOCH) // _MICROSECOND),
            _as_text(job.started_at, first),
            _as_text(job.completed_at, first),
        )
        # The flow's id is the last: it may hold what ends the other fields.
        fields = _FIELD.join((job.status, *times, job.flow_id))
        self._lines += _BEGIN + _encoded(job.job_id) + _ID_ENDS + _encoded(fields)
        self._count += 1
        while self._count > self.limit:
            self._cut(0)

    def get(self, job_id: str) -> EvictedJob | None:
        """The last line of a job, or None."""
        begin = self._find(job_id)
        if begin < 0:
            return None
        line = self._lines[begin : self._end(begin)]
        fields = line.partition(_ID_ENDS)[2].decode("utf-8", "surrogatepass")
        status, created, started, completed, flow_id = fields.split(_FIELD, 4)
        first = EPOCH + int(created) * _MICROSECOND
        return EvictedJob(
            job_id, flow_id, status, first, _as_time(started, first), _as_time(completed, first)
        )

    def discard(self, job_id: str) -> None:
        """Forget all lines of a job."""
        while (begin := self._find(job_id)) >= 0:
            self._cut(begin)

    def clear(self) -> None:
        """Forget all."""
        self._lines.clear()
        self._count = 0

    def _find(self, job_id: str) -> int:
        return self._lines.rfind(_BEGIN + _encoded(job_id) + _ID_ENDS)

    def _end(self, begin: int) -> int:
        end = self._lines.find(_BEGIN, begin + 1)
        return end if end >= 0 else len(self._lines)

    def _cut(self, begin: int) -> None:
        del self._lines[begin : self._end(begin)]
        self._count -= 1


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _as_text(moment: datetime | None, since: datetime) -> str:
    return "" if moment is None else str((moment - since) // _MICROSECOND)


def _as_time(text: str, since: datetime) -> datetime | None:
    return since + int(text) * _MICROSECOND if text else None
