"""What one item costs when many jobs are alive at once.

Items are posted in rounds of ten, one to each of the next ten jobs; a round ends when all ten have
been processed.  So every item is an activation of its own, with ten jobs as with ten thousand,
and the difference is what the number of live jobs costs.
"""

from __future__ import annotations

import itertools
import queue

from benchmarks.child import Options, Reading, Timer, expect, run, throughput
from benchmarks.flows.routines import Mapper
from benchmarks.flows.running import TIMEOUT_S, finish, make_runtime
from benchmarks.items import Item, make_item
from routilux import Flow, Routine

ROUND = 10


class Report(Routine):
    """Tells the measurement about each item that arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.define_slot("in")
        self.set_logic(self.work)

    def work(self, items: list[Item]) -> None:
        """Report the items of one activation."""
        for item in items:
            self.arrived.put(item["v"])


def open_flow() -> tuple[Flow, Report]:
    """Return a map that is fed from outside, and the sink that reports."""
    report = Report()
    flow = Flow("open")
    flow.add_routine(Mapper(), "map")
    flow.add_routine(report, "report")
    flow.connect("map", "out", "report", "in")
    return flow, report


def in_turn(options: Options) -> Reading:
    """Post ``n`` items to ``jobs`` live jobs, one item each in turn."""
    flow, report = open_flow()
    rounds = max(1, options.n // ROUND)
    total = 0
    with make_runtime(options) as runtime:
        jobs = [runtime.exec(flow, keep_open=True) for _ in range(options.jobs)]
        following = itertools.cycle(jobs)
        with Timer() as timer:
            for _ in range(rounds):
                for i in range(ROUND):
                    next(following).post("map", "in", make_item(i))
                total += sum(report.arrived.get(timeout=TIMEOUT_S) for _ in range(ROUND))
        for job in jobs:
            job.close()
        for job in jobs:
            finish(job)
    expect("sum of what arrived", total, rounds * sum(2 * i + 1 for i in range(ROUND)))
    return throughput(timer, rounds * ROUND, rounds * ROUND)


WORKLOADS = {"in_turn": in_turn}

if __name__ == "__main__":
    run(WORKLOADS)
