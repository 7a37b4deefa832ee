"""The stages of workloads A, B and D as Routine classes: item by item, and in batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.items import Item, make_item, map_item
from routilux import Routine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routilux import JobState

# Items in one `emit_many` of a source: half of a slot, so that one batch can be in the making
# while the one before it is worked on.
BATCH = 500


class Numbers(Routine):
    """A source of ``n`` items, emitted one at a time."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.n = n
        self.define_event("out")

    def logic(self) -> None:
        """Make the items."""
        for i in range(self.n):
            self.emit("out", i=i, v=2 * i)


class Mapper(Routine):
    """Makes a new item of each, and emits it by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("in")
        self.define_event("out")

    def logic(self, items: list[Item]) -> None:
        """Map each item."""
        for item in items:
            self.emit("out", i=item["i"], v=item["v"] + 1)


class BatchNumbers(Numbers):
    """A source of ``n`` items, emitted in batches."""

    def logic(self) -> None:
        """Make the items."""
        for batch in batches(self.n):
            self.emit_many("out", batch)


class BatchMapper(Mapper):
    """Makes a new item of each, and emits what one activation made together."""

    def logic(self, items: list[Item]) -> None:
        """Map each item."""
        self.emit_many("out", [map_item(item) for item in items])


class Tally(Routine):
    """A sink: counts the items of its job and adds up what they carry."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("in")

    def logic(self, items: list[Item]) -> None:
        """Count the items."""
        total = 0
        for item in items:
            total += item["v"]
        state = self.state
        state["seen"] = state.get("seen", 0) + len(items)
        state["total"] = state.get("total", 0) + total

    def result(self, job: JobState) -> tuple[int, int]:
        """Return how many items came in ``job``, and what they add up to."""
        return self.get_state(job, "seen", 0), self.get_state(job, "total", 0)


def batches(n: int) -> Iterator[list[Item]]:
    """Yield the items 0 to ``n`` in lists of at most ``BATCH``."""
    for start in range(0, n, BATCH):
        yield [make_item(i) for i in range(start, min(start + BATCH, n))]
