"""Letting go of a job that is over, at once and not when the interpreter looks for circles.

A job, its routines and its slots point at each other. As long as somebody has the `JobState`, all
of it can be looked at; after that it would stay in memory until the next full collection, which
comes seldom, and is slow for such circles. So a job that is over has its `JobState` weakly, and is
taken apart when that goes.

Who kept a slot finds it as it was: it knows the job's id, and that it has ended.
"""

from __future__ import annotations

import weakref
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from routilux.engine.job import Job
    from routilux.status import ExecutionStatus


class Remains(NamedTuple):
    """What is left of a `JobState` for those who still have a part of its job."""

    job_id: str
    flow_id: str
    status: ExecutionStatus


def let_go_with_state(job: Job) -> None:
    """Take a job apart when nobody has its `JobState` any more. It is over, and all was told."""
    state = job.state
    remains = Remains(state.job_id, state.flow_id, state.status)
    job.state = weakref.proxy(state, partial(_take_apart, job, remains))


def _take_apart(job: Job, remains: Remains, _state: object) -> None:
    """Cut what points from the job and its routines to their parts; the other way stays.

    Without the lock: whoever has that thread may hold any lock, and nobody can reach the job
    but by its slots, which look at nothing of this once it has ended.
    """
    job.state = remains  # type: ignore[assignment] # what the parts still ask has these fields
    for node in job.routines.values():
        node.slots = node.gates = ()
        node.outputs = {}
    job.routines = {}
    job.slots = ()
    job.debugger = None
