"""Workloads A, B and D on the engine: items at the sinks a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.baselines.threads import MAPS
from benchmarks.child import Options, Reading, Timer, Workload, expect, run, throughput
from benchmarks.flows.routines import BatchMapper, BatchNumbers, Mapper, Numbers, Tally
from benchmarks.flows.running import finish, make_runtime
from benchmarks.items import Item, checksum, make_item, map_item
from routilux import Flow

if TYPE_CHECKING:
    from collections.abc import Iterator


def pipeline(source: Numbers, mapper: Mapper, tally: Tally) -> Flow:
    """Return the flow source -> map -> sink."""
    flow = Flow("pipeline")
    flow.add_routine(source, "numbers")
    flow.add_routine(mapper, "mapper")
    flow.add_routine(tally, "tally")
    flow.connect("numbers", "out", "mapper", "in")
    flow.connect("mapper", "out", "tally", "in")
    return flow


def fan_out(source: Numbers, mapper: type[Mapper], tally: Tally) -> Flow:
    """Return the flow of one source, ten maps, and one sink behind them all."""
    flow = Flow("fan_out")
    flow.add_routine(source, "numbers")
    flow.add_routine(tally, "tally")
    for k in range(MAPS):
        flow.add_routine(mapper(), f"mapper{k}")
        flow.connect("numbers", "out", f"mapper{k}", "in")
        flow.connect(f"mapper{k}", "out", "tally", "in")
    return flow


def one_by_one(n: int, totals: Item) -> Flow:
    """Return the flow of A in the decorator form: each function is called with one item."""
    flow = Flow("one_by_one")

    @flow.source
    def numbers() -> Iterator[Item]:
        for i in range(n):
            yield make_item(i)

    @flow.step(after=numbers)
    def mapper(item: Item) -> Item:
        return map_item(item)

    @flow.step(after=mapper)
    def tally(item: Item) -> None:
        totals["seen"] += 1
        totals["total"] += item["v"]

    return flow


def run_jobs(flow: Flow, tally: Tally, options: Options, copies: int = 1) -> Reading:
    """Run ``options.jobs`` jobs of ``flow`` at once; each item comes ``copies`` times."""
    with make_runtime(options) as runtime:
        with Timer() as timer:
            jobs = [runtime.exec(flow) for _ in range(options.jobs)]
            for job in jobs:
                finish(job)
        results = [tally.result(job) for job in jobs]
    for _, total in results:
        expect("sum at a sink", total, copies * checksum(options.n))
    delivered = sum(seen for seen, _ in results)
    return throughput(timer, delivered, copies * options.jobs * options.n)


def emit(options: Options) -> Reading:
    """A and D, item by item."""
    tally = Tally()
    return run_jobs(pipeline(Numbers(options.n), Mapper(), tally), tally, options)


def many(options: Options) -> Reading:
    """A and D, in batches."""
    tally = Tally()
    return run_jobs(pipeline(BatchNumbers(options.n), BatchMapper(), tally), tally, options)


def fan_emit(options: Options) -> Reading:
    """B, item by item."""
    tally = Tally()
    return run_jobs(fan_out(Numbers(options.n), Mapper, tally), tally, options, MAPS)


def fan_many(options: Options) -> Reading:
    """B, in batches."""
    tally = Tally()
    return run_jobs(fan_out(BatchNumbers(options.n), BatchMapper, tally), tally, options, MAPS)


def step(options: Options) -> Reading:
    """A in the decorator form."""
    totals = {"seen": 0, "total": 0}
    flow = one_by_one(options.n, totals)
    with make_runtime(options) as runtime, Timer() as timer:
        finish(runtime.exec(flow))
    expect("sum at the sink", totals["total"], checksum(options.n))
    return throughput(timer, totals["seen"], options.n)


WORKLOADS: dict[str, Workload] = {
    "A-emit": emit,
    "A-many": many,
    "A-step": step,
    "B-emit": fan_emit,
    "B-many": fan_many,
    "D-emit": emit,
    "D-many": many,
}

if __name__ == "__main__":
    run(WORKLOADS)
