"""Workload A in the decorator form, whose functions are called with one item at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.child import Options, Reading, Timer, expect, run, throughput
from benchmarks.flows.running import finish, new_runtime
from benchmarks.items import Item, checksum, make_item, map_item
from routilux import Flow

if TYPE_CHECKING:
    from collections.abc import Iterator


class Count:
    """What the sink has seen."""

    def __init__(self) -> None:
        self.seen = 0
        self.total = 0


def decorated_pipeline(n: int, count: Count) -> Flow:
    """Return source, map and sink as decorated functions."""
    flow = Flow("decorated")

    @flow.source
    def numbers() -> Iterator[Item]:
        for i in range(n):
            yield make_item(i)

    @flow.step(after=numbers)
    def mapped(item: Item) -> Item:
        return map_item(item)

    @flow.step(after=mapped)
    def sink(item: Item) -> None:
        count.seen += 1
        count.total += item["v"]

    return flow


def a(options: Options) -> Reading:
    """One source, one map, one sink."""
    count = Count()
    flow = decorated_pipeline(options.n, count)
    with new_runtime(options) as runtime, Timer() as timer:
        finish(runtime.exec(flow))
    expect("sum at the sink", count.total, checksum(options.n))
    return throughput(timer, count.seen, options.n)


WORKLOADS = {"A": a}

if __name__ == "__main__":
    run(WORKLOADS)
