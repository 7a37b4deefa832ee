"""The workloads on plain threads, one a stage, joined by any queue with ``put`` and ``get``."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Protocol

from benchmarks.child import Options, Reading, Timer, Workload, expect, latency, throughput
from benchmarks.items import checksum, make_item, map_item
from benchmarks.pacing import WARM_UP, paced


class Queue(Protocol):
    """The two methods that the stages need."""

    def put(self, item: Any) -> None:
        """Append ``item``; may block while the queue is full."""

    def get(self) -> Any:
        """Take the oldest item; blocks while the queue is empty."""


MakeQueue = Callable[[], Queue]
Stage = Callable[[], None]
END = object()
MAPS = 10


def run_threads(stages: Iterable[Stage]) -> None:
    """Run every stage in its own thread and wait for all of them."""
    threads = [threading.Thread(target=stage) for stage in stages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Pipeline:
    """Source, map and sink with a queue before each of the last two."""

    def __init__(self, make_queue: MakeQueue, n: int) -> None:
        self.n = n
        self.to_map = make_queue()
        self.to_sink = make_queue()
        self.seen = 0
        self.total = 0

    def stages(self) -> list[Stage]:
        """Return the bodies of the three threads."""
        return [self.source, self.map, self.sink]

    def source(self) -> None:
        """Make the items."""
        put = self.to_map.put
        for i in range(self.n):
            put(make_item(i))
        put(END)

    def map(self) -> None:
        """Make a new item of each."""
        get, put = self.to_map.get, self.to_sink.put
        while (item := get()) is not END:
            put(map_item(item))
        put(END)

    def sink(self) -> None:
        """Count the items and add up what they carry."""
        get, seen, total = self.to_sink.get, 0, 0
        while (item := get()) is not END:
            seen += 1
            total += item["v"]
        self.seen, self.total = seen, total


class FanOut:
    """A source that feeds ten maps, and one sink behind them all."""

    def __init__(self, make_queue: MakeQueue, n: int) -> None:
        self.n = n
        self.to_maps = [make_queue() for _ in range(MAPS)]
        self.to_sink = make_queue()
        self.seen = 0

    def stages(self) -> list[Stage]:
        """Return the bodies of the twelve threads."""
        maps = [partial(self.map, inbox) for inbox in self.to_maps]
        return [self.source, self.sink, *maps]

    def source(self) -> None:
        """Give each item to every map."""
        for i in range(self.n):
            item = make_item(i)
            for queue in self.to_maps:
                queue.put(item)
        for queue in self.to_maps:
            queue.put(END)

    def map(self, inbox: Queue) -> None:
        """Make a new item of each."""
        get, put = inbox.get, self.to_sink.put
        while (item := get()) is not END:
            put(map_item(item))
        put(END)

    def sink(self) -> None:
        """Count the items until every map has ended."""
        get, open_maps, seen = self.to_sink.get, MAPS, 0
        while open_maps:
            if get() is END:
                open_maps -= 1
            else:
                seen += 1
        self.seen = seen


class Relay:
    """Two stages that pass an item on, and one that notes how long it was under way."""

    def __init__(self, make_queue: MakeQueue) -> None:
        self.first, self.second, self.third = make_queue(), make_queue(), make_queue()
        self.samples_ns: list[int] = []

    def stages(self) -> list[Stage]:
        """Return the bodies of the three threads."""
        return [
            partial(self.forward, self.first, self.second),
            partial(self.forward, self.second, self.third),
            self.sink,
        ]

    def forward(self, inbox: Queue, outbox: Queue) -> None:
        """Pass a new item with the same time stamp on."""
        while (item := inbox.get()) is not END:
            outbox.put({"t": item["t"]})
        outbox.put(END)

    def sink(self) -> None:
        """Note the age of each item."""
        while (item := self.third.get()) is not END:
            self.samples_ns.append(time.perf_counter_ns() - item["t"])


def workloads(make_queue: MakeQueue) -> Mapping[str, Workload]:
    """Return the workloads A to D on queues made by ``make_queue``."""

    def a(options: Options) -> Reading:
        line = Pipeline(make_queue, options.n)
        with Timer() as timer:
            run_threads(line.stages())
        expect("sum at the sink", line.total, checksum(options.n))
        return throughput(timer, line.seen, options.n)

    def b(options: Options) -> Reading:
        fan = FanOut(make_queue, options.n)
        with Timer() as timer:
            run_threads(fan.stages())
        return throughput(timer, fan.seen, MAPS * options.n)

    def c(options: Options) -> Reading:
        relay = Relay(make_queue)

        def feed() -> None:
            paced(options.n, lambda: relay.first.put({"t": time.perf_counter_ns()}))
            relay.first.put(END)

        run_threads([*relay.stages(), feed])
        return latency(relay.samples_ns[WARM_UP:], options.n)

    def d(options: Options) -> Reading:
        with Timer() as timer:
            lines = [Pipeline(make_queue, options.n) for _ in range(options.jobs)]
            run_threads(stage for line in lines for stage in line.stages())
        for line in lines:
            expect("sum at a sink", line.total, checksum(options.n))
        return throughput(timer, sum(line.seen for line in lines), options.jobs * options.n)

    return {"A": a, "B": b, "C": c, "D": d}
