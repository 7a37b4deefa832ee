"""Workload C on the engine: one item at a time through three stages, from outside to the sink."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks.child import Options, Reading, Workload, latency, run
from benchmarks.flows.running import finish, make_runtime
from benchmarks.pacing import WARM_UP, paced
from routilux import Flow, Routine

if TYPE_CHECKING:
    from benchmarks.items import Item


class Forward(Routine):
    """Passes a new item with the same time stamp on."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("in")
        self.define_event("out")

    def logic(self, items: list[Item]) -> None:
        """Pass the items on."""
        for item in items:
            self.emit("out", t=item["t"])


class Stamp(Routine):
    """Notes the age of each item, in nanoseconds."""

    def __init__(self, samples_ns: list[int]) -> None:
        super().__init__()
        self.samples_ns = samples_ns
        self.define_slot("in")

    def logic(self, items: list[Item]) -> None:
        """Note the ages."""
        for item in items:
            self.samples_ns.append(time.perf_counter_ns() - item["t"])


def c(options: Options) -> Reading:
    """Post an item every two milliseconds and note its age at the sink."""
    samples_ns: list[int] = []
    flow = Flow("relay")
    flow.add_routine(Forward(), "first")
    flow.add_routine(Forward(), "second")
    flow.add_routine(Stamp(samples_ns), "third")
    flow.connect("first", "out", "second", "in")
    flow.connect("second", "out", "third", "in")
    with make_runtime(options) as runtime:
        job = runtime.exec(flow, keep_open=True)
        paced(options.n, lambda: job.post("first", "in", {"t": time.perf_counter_ns()}))
        job.close()
        finish(job)
    return latency(samples_ns[WARM_UP:], options.n)


WORKLOADS: dict[str, Workload] = {"C": c}

if __name__ == "__main__":
    run(WORKLOADS)
