"""Workloads A to D for a given source and map: item by item or in batches."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks.baselines.threads import MAPS
from benchmarks.child import Options, Reading, Timer, Workload, expect, latency, throughput
from benchmarks.flows.routines import Forward, Map, Numbers, Sink, Stamp
from benchmarks.flows.running import finish, new_runtime
from benchmarks.items import checksum
from benchmarks.pacing import WARM_UP, paced
from routilux import Flow

if TYPE_CHECKING:
    from collections.abc import Mapping


def pipeline(source: type[Numbers], mapper: type[Map], n: int) -> tuple[Flow, Sink]:
    """Return source, map and sink as a flow; the sink knows what it counted."""
    numbers, sink = source(), Sink()
    numbers.n = n
    flow = Flow("pipeline")
    flow.add_routine(numbers, "numbers")
    flow.add_routine(mapper(), "map")
    flow.add_routine(sink, "sink")
    flow.connect("numbers", "out", "map", "in")
    flow.connect("map", "out", "sink", "in")
    return flow, sink


def fan_out(source: type[Numbers], mapper: type[Map], n: int) -> tuple[Flow, Sink]:
    """Return a source that feeds ten maps, and one sink behind them all."""
    numbers, sink = source(), Sink()
    numbers.n = n
    flow = Flow("fan_out")
    flow.add_routine(numbers, "numbers")
    flow.add_routine(sink, "sink")
    for k in range(MAPS):
        flow.add_routine(mapper(), f"map{k}")
        flow.connect("numbers", "out", f"map{k}", "in")
        flow.connect(f"map{k}", "out", "sink", "in")
    return flow, sink


def relay() -> tuple[Flow, Stamp]:
    """Return two stages that pass an item on, and one that notes its age."""
    stamp = Stamp()
    flow = Flow("relay")
    flow.add_routine(Forward(), "first")
    flow.add_routine(Forward(), "second")
    flow.add_routine(stamp, "third")
    flow.connect("first", "out", "second", "in")
    flow.connect("second", "out", "third", "in")
    return flow, stamp


def run_once(flow: Flow, sink: Sink, options: Options, n: int) -> Reading:
    """Run the flow as one job and count ``n`` items at its sink.

    The runtime exists before: a program makes one and keeps it.
    """
    with new_runtime(options) as runtime:
        with Timer() as timer:
            job = runtime.exec(flow)
            finish(job)
        if n == options.n:
            expect("sum at the sink", sink.get_state(job, "total"), checksum(n))
        return throughput(timer, sink.get_state(job, "seen"), n)


def run_relay(options: Options) -> Reading:
    """Post one item at a time and note how long each was under way."""
    flow, stamp = relay()
    with new_runtime(options) as runtime:
        job = runtime.exec(flow, keep_open=True)
        paced(options.n, lambda: job.post("first", "in", {"t": time.perf_counter_ns()}))
        job.close()
        finish(job)
    return latency(stamp.samples_ns[WARM_UP:], options.n)


def run_many(flow: Flow, sink: Sink, options: Options) -> Reading:
    """Run the flow as many jobs at once and count the items of each."""
    with new_runtime(options) as runtime:
        with Timer() as timer:
            jobs = [runtime.exec(flow) for _ in range(options.jobs)]
            for job in jobs:
                finish(job)
        for job in jobs:
            expect("sum at a sink", sink.get_state(job, "total"), checksum(options.n))
        seen = sum(sink.get_state(job, "seen") for job in jobs)
        return throughput(timer, seen, options.jobs * options.n)


def workloads(source: type[Numbers], mapper: type[Map]) -> Mapping[str, Workload]:
    """Return the workloads A, B and D with these routines, and C with those of its own."""

    def a(options: Options) -> Reading:
        return run_once(*pipeline(source, mapper, options.n), options, options.n)

    def b(options: Options) -> Reading:
        return run_once(*fan_out(source, mapper, options.n), options, MAPS * options.n)

    def d(options: Options) -> Reading:
        return run_many(*pipeline(source, mapper, options.n), options)

    return {"A": a, "B": b, "C": run_relay, "D": d}
