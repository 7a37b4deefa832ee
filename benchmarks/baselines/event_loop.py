"""One event loop: a task a stage and ``asyncio.Queue`` of 1,000 items between them."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from benchmarks.baselines.threads import END, MAPS
from benchmarks.child import Options, Reading, Timer, expect, latency, run, throughput
from benchmarks.items import checksum, make_item, map_item
from benchmarks.pacing import INTERVAL_S, WARM_UP

if TYPE_CHECKING:
    from collections.abc import Coroutine

Inbox = asyncio.Queue[Any]


def inbox() -> Inbox:
    """Return a queue as long as the engine's slots are by default."""
    return asyncio.Queue(1000)


async def source(n: int, outboxes: list[Inbox]) -> None:
    """Give each item to every outbox."""
    for i in range(n):
        item = make_item(i)
        for outbox in outboxes:
            await outbox.put(item)
    for outbox in outboxes:
        await outbox.put(END)


async def mapper(items: Inbox, outbox: Inbox) -> None:
    """Make a new item of each."""
    while (item := await items.get()) is not END:
        await outbox.put(map_item(item))
    await outbox.put(END)


async def forward(items: Inbox, outbox: Inbox) -> None:
    """Pass a new item with the same time stamp on."""
    while (item := await items.get()) is not END:
        await outbox.put({"t": item["t"]})
    await outbox.put(END)


class Sink:
    """Counts items until ``open_maps`` ends have come."""

    def __init__(self, open_maps: int = 1) -> None:
        self.open_maps = open_maps
        self.seen = 0
        self.total = 0
        self.samples_ns: list[int] = []

    async def count(self, items: Inbox) -> None:
        """Count the items and add up what they carry."""
        while self.open_maps:
            item = await items.get()
            if item is END:
                self.open_maps -= 1
            else:
                self.seen += 1
                self.total += item["v"]

    async def stamp(self, items: Inbox) -> None:
        """Note the age of each item."""
        while (item := await items.get()) is not END:
            self.samples_ns.append(time.perf_counter_ns() - item["t"])


def pipeline(n: int, sink: Sink) -> list[Coroutine[Any, Any, None]]:
    """Return the three stages of one pipeline."""
    to_map, to_sink = inbox(), inbox()
    return [source(n, [to_map]), mapper(to_map, to_sink), sink.count(to_sink)]


async def _timed(stages: list[Coroutine[Any, Any, None]]) -> Timer:
    with Timer() as timer:
        await asyncio.gather(*stages)
    return timer


def a(options: Options) -> Reading:
    """One source, one map, one sink."""
    sink = Sink()

    async def main() -> Timer:
        return await _timed(pipeline(options.n, sink))

    timer = asyncio.run(main())
    expect("sum at the sink", sink.total, checksum(options.n))
    return throughput(timer, sink.seen, options.n)


def b(options: Options) -> Reading:
    """One source, ten maps, one sink."""
    sink = Sink(MAPS)

    async def main() -> Timer:
        to_maps, to_sink = [inbox() for _ in range(MAPS)], inbox()
        maps = [mapper(items, to_sink) for items in to_maps]
        return await _timed([source(options.n, to_maps), sink.count(to_sink), *maps])

    return throughput(asyncio.run(main()), sink.seen, MAPS * options.n)


def c(options: Options) -> Reading:
    """One item at a time through three stages."""
    sink = Sink()

    async def feed(first: Inbox) -> None:
        for _ in range(options.n + WARM_UP):
            first.put_nowait({"t": time.perf_counter_ns()})
            await asyncio.sleep(INTERVAL_S)
        first.put_nowait(END)

    async def main() -> None:
        one, two, three = inbox(), inbox(), inbox()
        await asyncio.gather(forward(one, two), forward(two, three), sink.stamp(three), feed(one))

    asyncio.run(main())
    return latency(sink.samples_ns[WARM_UP:], options.n)


def d(options: Options) -> Reading:
    """Many pipelines at once in one loop."""
    sinks = [Sink() for _ in range(options.jobs)]

    async def main() -> Timer:
        return await _timed([stage for sink in sinks for stage in pipeline(options.n, sink)])

    timer = asyncio.run(main())
    return throughput(timer, sum(sink.seen for sink in sinks), options.jobs * options.n)


WORKLOADS = {"A": a, "B": b, "C": c, "D": d}

if __name__ == "__main__":
    run(WORKLOADS)
