"""What the pause gate costs each item on its way into a slot.

``test`` times the very question, ``Slot.is_paused()`` of a running job's slot, less an empty loop:
one call more than the gate needs, so the figure is on the high side.  ``enqueue`` is the bound from
above: an item put directly into a job's slot, less the same into a slot that belongs to no job and
has no gate.  It holds everything else that a job's slot does besides.  What logic emits pays the
gate once a segment and not once an item.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.child import Options, Reading, expect, run
from benchmarks.flows.running import TIMEOUT_S, finish, make_runtime
from routilux import Flow, Routine, Slot

if TYPE_CHECKING:
    from collections.abc import Callable

REPEATS = 9


class Standing(Routine):
    """Stands in its first activation until told, so that its slot only fills."""

    def __init__(self) -> None:
        super().__init__()
        self.started = threading.Event()
        self.release = threading.Event()
        self.seen = 0
        self.set_logic(self.work)

    def work(self, items: list[int]) -> None:
        """Count the items; stand still at the first."""
        self.started.set()
        self.release.wait(TIMEOUT_S)
        self.seen += len(items)


def ns_per_call(call: Callable[[], object], n: int) -> float:
    """Return the nanoseconds of one call, the loop around it included."""
    numbers = range(n)
    start = time.perf_counter_ns()
    for _ in numbers:
        call()
    return (time.perf_counter_ns() - start) / n


def ns_of_loop(n: int) -> float:
    """Return the nanoseconds of one turn of the loop alone."""
    numbers = range(n)
    start = time.perf_counter_ns()
    for _ in numbers:
        pass
    return (time.perf_counter_ns() - start) / n


def ns_per_enqueue(slot: Slot, n: int) -> float:
    """Return the nanoseconds of one item put directly into the slot."""
    now = datetime.now(UTC)
    return ns_per_call(lambda: slot.enqueue(1, "bench", now), n)


def gate(options: Options) -> Reading:
    """Measure both on the slot of a job whose routine stands still meanwhile."""
    items = REPEATS * options.n
    routine = Standing()
    routine.define_slot("in", max_queue_length=items + 1)
    flow = Flow("standing")
    flow.add_routine(routine, "standing")
    alone = Slot("alone", max_queue_length=items + 1)
    with make_runtime(options) as runtime:
        job = runtime.exec(flow, keep_open=True)
        job.post("standing", "in", 0)
        expect("started", routine.started.wait(TIMEOUT_S), True)
        slot = job.slot("standing", "in")
        pairs = [
            ns_per_enqueue(slot, options.n) - ns_per_enqueue(alone, options.n)
            for _ in range(REPEATS)
        ]
        tests = [
            ns_per_call(slot.is_paused, options.n) - ns_of_loop(options.n) for _ in range(REPEATS)
        ]
        routine.release.set()
        job.close()
        finish(job)
    expect("items processed", routine.seen, items + 1)
    return {"test_ns": median(tests), "enqueue_ns": median(pairs)}


WORKLOADS = {"gate": gate}

if __name__ == "__main__":
    run(WORKLOADS)
