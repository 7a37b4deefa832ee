"""The routines of the throughput workloads: item by item, and in batches."""

from __future__ import annotations

import time

from benchmarks.items import Item, make_item, map_item
from routilux import Routine

# Items in one `emit_many` of the source: a handful of batches to a slot of 1,000.
BATCH = 250


class Numbers(Routine):
    """A source that emits ``n`` items one by one from a single activation."""

    def __init__(self) -> None:
        super().__init__()
        self.n = 0
        self.define_event("out")
        self.set_logic(self.work)

    def work(self) -> None:
        """Emit the items."""
        for i in range(self.n):
            self.emit("out", i=i, v=2 * i)


class Map(Routine):
    """Makes a new item of each and emits it."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("in")
        self.define_event("out")
        self.set_logic(self.work)

    def work(self, items: list[Item]) -> None:
        """Map the items one by one."""
        for item in items:
            self.emit("out", i=item["i"], v=item["v"] + 1)


class NumbersInBatches(Numbers):
    """A source that emits its items in batches."""

    def work(self) -> None:
        """Emit the items."""
        for start in range(0, self.n, BATCH):
            numbers = range(start, min(start + BATCH, self.n))
            self.emit_many("out", [make_item(i) for i in numbers])


class MapInBatches(Map):
    """Makes a new item of each and emits them together."""

    def work(self, items: list[Item]) -> None:
        """Map the items of one activation."""
        self.emit_many("out", [map_item(item) for item in items])


class Sink(Routine):
    """Counts the items of its job and adds up what they carry."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("in")
        self.set_logic(self.work)

    def work(self, items: list[Item]) -> None:
        """Count the items of one activation."""
        state = self.state
        seen, total = state.get("seen", 0), state.get("total", 0)
        for item in items:
            seen += 1
            total += item["v"]
        state["seen"], state["total"] = seen, total


class Forward(Routine):
    """Passes each item on with the time stamp that it came with."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("in")
        self.define_event("out")
        self.set_logic(self.work)

    def work(self, items: list[Item]) -> None:
        """Pass the items on."""
        for item in items:
            self.emit("out", t=item["t"])


class Stamp(Routine):
    """Notes how long each item was under way, in nanoseconds."""

    def __init__(self) -> None:
        super().__init__()
        self.samples_ns: list[int] = []
        self.define_slot("in")
        self.set_logic(self.work)

    def work(self, items: list[Item]) -> None:
        """Note the age of the items."""
        for item in items:
            self.samples_ns.append(time.perf_counter_ns() - item["t"])
