"""Small flows, and how a job is saved and looked at."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from routilux import Flow, JobState, Routine
from routilux.testing import CollectingSink

if TYPE_CHECKING:
    from collections.abc import Callable

LONG_S = 20.0  # nobody waits so long; a test that does has failed

Snapshot = dict[str, Any]


def through_json(snapshot: Snapshot) -> Snapshot:
    """What another process would read."""
    copy = json.loads(json.dumps(snapshot, allow_nan=False))
    assert copy == snapshot, "the snapshot is not plain JSON data"
    return copy


class Doubler(Routine):
    """Emits each item twice as large."""

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        self.define_slot("items", **settings)
        self.define_event("out")
        self.set_logic(self._double)

    def _double(self, items: list[int]) -> None:
        for item in items:
            self.emit_item("out", item * 2)


class Keeper(Routine):
    """Calls `logic` with the items of its only slot."""

    def __init__(self, logic: Callable[[Routine, list[Any]], object], **settings: Any) -> None:
        super().__init__()
        self.define_slot("items", **settings)
        self.set_logic(lambda items: logic(self, items))


def doubling(length: int = 3) -> tuple[Flow, CollectingSink]:
    """double -> sink, with short slots."""
    flow, sink = Flow("doubling", default_slot_max_queue_length=length), CollectingSink()
    flow.add_routine(Doubler(max_queue_length=100), "double")
    flow.add_routine(sink, "sink")
    flow.connect("double", "out", "sink", "items")
    return flow, sink


def single(routine: Routine) -> Flow:
    flow = Flow("single")
    flow.add_routine(routine, "r")
    return flow


def take(job: JobState, **options: Any) -> Snapshot:
    """Pause a job, take its snapshot and let the old job go."""
    job.pause("to be saved", wait=True)
    snapshot = through_json(job.snapshot(**options))
    job.cancel()
    return snapshot


COUNTS = ("offered", "consumed", "unconsumed", "held", "refused", "refused_by", "retries")


def counts(job: JobState, routine_id: str, name: str = "items") -> dict[str, Any]:
    metrics = job.slot(routine_id, name).metrics()
    return {each: getattr(metrics, each) for each in COUNTS}
