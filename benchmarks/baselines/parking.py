"""A bare scheduler without duties: bounded inboxes, batches, and stages that park when full.

No ids, time stamps, counters, pause, errors or job ends: it shows what scheduling alone costs.  A
stage never blocks a worker: it is put aside while an inbox behind it is full, and taken up again
when that inbox has fallen to half.
"""

from __future__ import annotations

import itertools
import queue
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from benchmarks.baselines.threads import MAPS
from benchmarks.child import Options, Reading, Timer, WrongResultError, expect, latency, run
from benchmarks.child import throughput as reading_of
from benchmarks.items import checksum, make_item, map_item
from benchmarks.pacing import WARM_UP, paced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

BATCH = 64
LENGTH = 1000
WORKERS = 4
DEADLINE_S = 120.0


class Stage:
    """A stage with its inbox; ``work`` is called with each item."""

    def __init__(self, ready: queue.SimpleQueue[Stage], work: Callable[[Any], None]) -> None:
        self.ready = ready
        self.work = work
        self.inbox: deque[Any] = deque()
        self.source: Iterator[Any] = iter(())
        self.exhausted = True
        self.behind: list[Stage] = []
        self.parked: list[Stage] = []
        self.lock = threading.Lock()
        self.scheduled = False

    def feed(self, items: Iterable[Any]) -> None:
        """Make this stage a source of ``items`` and start it."""
        self.source, self.exhausted = iter(items), False
        self.wake()

    def put(self, item: Any) -> None:
        """Append an item; a stage that is not scheduled becomes so."""
        self.inbox.append(item)
        if not self.scheduled:
            self.wake()

    def wake(self) -> None:
        """Schedule the stage unless it is, or has nothing to do."""
        with self.lock:
            if self.scheduled or (not self.inbox and self.exhausted):
                return
            self.scheduled = True
        self.ready.put(self)

    def activate(self) -> None:
        """Process a batch, or park where there is no room."""
        if any(stage.park(self) for stage in self.behind):
            return
        if self.exhausted:
            for _ in range(min(len(self.inbox), BATCH)):
                self.work(self.inbox.popleft())
        else:
            items = list(itertools.islice(self.source, BATCH))
            for item in items:
                self.work(item)
            self.exhausted = len(items) < BATCH
        with self.lock:
            self.scheduled = False
        self.unpark()
        self.wake()

    def park(self, producer: Stage) -> bool:
        """Put a producer aside if this inbox is full; says whether it is."""
        if len(self.inbox) < LENGTH:
            return False
        with self.lock:
            if len(self.inbox) < LENGTH:
                return False
            self.parked.append(producer)
            return True

    def unpark(self) -> None:
        """Take the parked producers up again once the inbox has fallen to half."""
        if self.parked and len(self.inbox) <= LENGTH // 2:
            with self.lock:
                producers, self.parked = self.parked, []
            for producer in producers:
                self.ready.put(producer)


class Scheduler:
    """Workers that activate whatever stage is ready."""

    def __init__(self) -> None:
        self.ready: queue.SimpleQueue[Stage] = queue.SimpleQueue()
        for _ in range(WORKERS):
            threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        while True:
            self.ready.get().activate()

    def stage(self, work: Callable[[Any], None], *behind: Stage) -> Stage:
        """Return a new stage whose work puts into the stages ``behind`` it."""
        stage = Stage(self.ready, work)
        stage.behind = list(behind)
        return stage


class Sink:
    """Counts items, and says when all have come."""

    def __init__(self, expected: int) -> None:
        self.expected = expected
        self.seen = 0
        self.total = 0
        self.done = threading.Event()

    def count(self, item: dict[str, int]) -> None:
        """Count one item and add up what it carries."""
        self.seen += 1
        self.total += item["v"]
        if self.seen == self.expected:
            self.done.set()

    def wait(self) -> None:
        """Wait for the last item."""
        if not self.done.wait(DEADLINE_S):
            raise WrongResultError(f"{self.seen} of {self.expected} items came")


def pipeline(scheduler: Scheduler, n: int) -> tuple[Stage, Sink]:
    """Return the source of a pipeline, and what its sink counts."""
    sink = Sink(n)
    last = scheduler.stage(sink.count)
    middle = scheduler.stage(lambda item: last.put(map_item(item)), last)
    return scheduler.stage(middle.put, middle), sink


def a(options: Options) -> Reading:
    """One source, one map, one sink."""
    first, sink = pipeline(Scheduler(), options.n)
    with Timer() as timer:
        first.feed(map(make_item, range(options.n)))
        sink.wait()
    expect("sum at the sink", sink.total, checksum(options.n))
    return reading_of(timer, sink.seen, options.n)


def b(options: Options) -> Reading:
    """One source, ten maps, one sink."""
    scheduler, sink = Scheduler(), Sink(MAPS * options.n)
    last = scheduler.stage(sink.count)
    maps = [scheduler.stage(lambda item: last.put(map_item(item)), last) for _ in range(MAPS)]

    def give(item: Any) -> None:
        for stage in maps:
            stage.put(item)

    first = scheduler.stage(give, *maps)
    with Timer() as timer:
        first.feed(map(make_item, range(options.n)))
        sink.wait()
    return reading_of(timer, sink.seen, MAPS * options.n)


def c(options: Options) -> Reading:
    """One item at a time through three stages."""
    scheduler, samples, done = Scheduler(), list[int](), threading.Event()
    expected = options.n + WARM_UP

    def stamp(item: dict[str, int]) -> None:
        samples.append(time.perf_counter_ns() - item["t"])
        if len(samples) == expected:
            done.set()

    last = scheduler.stage(stamp)
    middle = scheduler.stage(lambda item: last.put({"t": item["t"]}), last)
    first = scheduler.stage(lambda item: middle.put({"t": item["t"]}), middle)
    paced(options.n, lambda: first.put({"t": time.perf_counter_ns()}))
    expect("all items came", done.wait(DEADLINE_S), True)
    return latency(samples[WARM_UP:], options.n)


def d(options: Options) -> Reading:
    """Many pipelines at once."""
    scheduler = Scheduler()
    with Timer() as timer:
        sinks = []
        for _ in range(options.jobs):
            first, sink = pipeline(scheduler, options.n)
            first.feed(map(make_item, range(options.n)))
            sinks.append(sink)
        for sink in sinks:
            sink.wait()
    return reading_of(timer, sum(sink.seen for sink in sinks), options.jobs * options.n)


WORKLOADS = {"A": a, "B": b, "C": c, "D": d}

if __name__ == "__main__":
    run(WORKLOADS)
