"""Flows that never end by themselves, for what is measured while jobs are busy."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from routilux import Flow, Routine

if TYPE_CHECKING:
    from benchmarks.items import Item

IO_S = 0.002


class Endless(Routine):
    """A source that emits until its job is cancelled."""

    def __init__(self) -> None:
        super().__init__()
        self.define_event("out")
        self.set_logic(self.work)

    def work(self) -> None:
        """Emit for ever."""
        i = 0
        while True:
            self.emit("out", i=i, v=2 * i)
            i += 1


class Pass(Routine):
    """Emits what it gets."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("in", overflow="block")
        self.define_event("out")
        self.set_logic(self.work)

    def work(self, items: list[Item]) -> None:
        """Pass the items on."""
        for item in items:
            self.emit("out", i=item["i"], v=item["v"])


class SlowPass(Pass):
    """Emits what it gets, after a wait as for input or output: it gives the interpreter up."""

    def work(self, items: list[Item]) -> None:
        """Wait, and pass the items on."""
        time.sleep(IO_S)
        super().work(items)


def grid(chains: int, length: int, between: type[Pass] = Pass) -> Flow:
    """Return ``chains`` endless sources, each with ``length`` routines (and slots) behind it."""
    flow = Flow("grid")
    for chain in range(chains):
        before = f"source{chain}"
        flow.add_routine(Endless(), before)
        for place in range(length):
            routine_id = f"pass{chain}_{place}"
            flow.add_routine(between(), routine_id)
            flow.connect(before, "out", routine_id, "in")
            before = routine_id
    return flow


def rings(count: int, length: int) -> Flow:
    """Return ``count`` loops of ``length`` routines; items that are posted into them go round."""
    flow = Flow("rings")
    for ring in range(count):
        ids = [f"pass{ring}_{place}" for place in range(length)]
        for routine_id in ids:
            flow.add_routine(Pass(), routine_id)
        for before, after in zip(ids, ids[1:] + ids[:1], strict=True):
            flow.connect(before, "out", after, "in")
    return flow
