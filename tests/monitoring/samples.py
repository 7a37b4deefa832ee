"""A small flow whose levels are easy to foresee, and a runtime with a ledger of its own."""

from __future__ import annotations

from typing import Any

from routilux import Flow, Routine
from routilux.engine.ledger import Ledger
from routilux.flow_registry import FlowRegistry
from routilux.testing import StepRuntime


class Source(Routine):
    """Emits `count` items."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count
        self.define_event("out")

    def logic(self) -> None:
        self.emit_many("out", [{"i": i} for i in range(self.count)])


class Sink(Routine):
    """Takes what comes."""

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        self.define_slot("in", **settings)

    def logic(self, items: list[Any]) -> None:
        self.taken = len(items)


def make_flow(flow_id: str = "flow", count: int = 25, **settings: Any) -> Flow:
    """source -> sink, whose slot has length 10 and blocks unless `settings` say otherwise."""
    flow = Flow(flow_id)
    flow.add_routine(Source(count), "source")
    flow.add_routine(Sink(**{"max_queue_length": 10, "overflow": "block", **settings}), "sink")
    flow.connect("source", "out", "sink", "in")
    return flow


def make_runtime(ledger: Ledger | None = None, seed: int = 0) -> StepRuntime:
    """A runtime with flows, jobs and a ledger of its own, that runs when it is told to."""
    return StepRuntime(
        seed,
        flows=FlowRegistry(),
        ledger=ledger if ledger is not None else Ledger(),
    )
