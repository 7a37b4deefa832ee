"""No queue at all: each stage calls the next one.  The ceiling of what Python can do."""

from __future__ import annotations

import time

from benchmarks.baselines.threads import MAPS
from benchmarks.child import Options, Reading, Timer, expect, latency, run, throughput
from benchmarks.items import Item, checksum, make_item, map_item
from benchmarks.pacing import WARM_UP, paced


class Sink:
    """Counts the items and adds up what they carry."""

    def __init__(self) -> None:
        self.seen = 0
        self.total = 0
        self.samples_ns: list[int] = []

    def take(self, item: Item) -> None:
        """Count one item."""
        self.seen += 1
        self.total += item["v"]

    def take_map(self, item: Item) -> None:
        """Map one item and count the result."""
        self.take(map_item(item))

    def stamp(self, item: Item) -> None:
        """Note the age of one item."""
        self.samples_ns.append(time.perf_counter_ns() - item["t"])

    def relay(self, item: Item) -> None:
        """Pass a new item with the same time stamp on."""
        self.stamp({"t": item["t"]})


def a(options: Options) -> Reading:
    """Call the map and the sink for each item."""
    sink = Sink()
    with Timer() as timer:
        for i in range(options.n):
            sink.take_map(make_item(i))
    expect("sum at the sink", sink.total, checksum(options.n))
    return throughput(timer, sink.seen, options.n)


def b(options: Options) -> Reading:
    """Call ten maps for each item."""
    sink = Sink()
    with Timer() as timer:
        for i in range(options.n):
            item = make_item(i)
            for _ in range(MAPS):
                sink.take_map(item)
    return throughput(timer, sink.seen, MAPS * options.n)


def c(options: Options) -> Reading:
    """Call through two stages, one item at a time."""
    sink = Sink()
    paced(options.n, lambda: sink.relay({"t": time.perf_counter_ns()}))
    return latency(sink.samples_ns[WARM_UP:], options.n)


def d(options: Options) -> Reading:
    """Do the pipelines one after another."""
    sink = Sink()
    with Timer() as timer:
        for _ in range(options.jobs):
            for i in range(options.n):
                sink.take_map(make_item(i))
    return throughput(timer, sink.seen, options.jobs * options.n)


WORKLOADS = {"A": a, "B": b, "C": c, "D": d}

if __name__ == "__main__":
    run(WORKLOADS)
