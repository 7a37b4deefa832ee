"""What a job's alarms do when they ring; plain values, so that a snapshot can tell what they are.

Each is called under the job's lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from routilux.errors import TimeLimitExceeded
from routilux.status import ExecutionStatus

if TYPE_CHECKING:
    from routilux.engine.claim import Claim
    from routilux.engine.core import JobCore
    from routilux.engine.job_routine import JobRoutine


@dataclass(frozen=True, slots=True)
class RetryDue:
    """The back-off of an activation is over."""

    node: JobRoutine
    claim: Claim

    def __call__(self) -> None:
        self.node.due.append(self.claim)
        self.node.consider()


@dataclass(frozen=True, slots=True)
class AskAgain:
    """A policy that declined is asked again."""

    node: JobRoutine

    def __call__(self) -> None:
        self.node.news = True
        self.node.consider()


@dataclass(frozen=True, slots=True)
class TimeIsUp:
    """The job has run as long as it may, in seconds."""

    job: JobCore
    limit: float

    def __call__(self) -> None:
        error = TimeLimitExceeded(self.job.state.job_id, self.limit)
        self.job.end(ExecutionStatus.FAILED, str(error), "timeout")
