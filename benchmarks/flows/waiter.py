"""How soon a producer that waited for room goes on, in terms of what its author sees.

The slot holds one item.  The consumer notes the time when its logic starts: its item has left the
slot, so there is room.  The producer notes the time when its ``emit`` returns.  An ``emit`` counts
as one that waited when the slot was full as it began and the consumer took that item before it
returned.
"""

from __future__ import annotations

import time

from benchmarks.child import Options, Reading, Workload, expect, latency, run
from benchmarks.flows.running import finish, make_runtime
from routilux import Flow, Routine

WARM_UP = 20
PAUSE_S = 0.002


class Producer(Routine):
    """Emits as fast as it may, and notes when each ``emit`` began and returned."""

    def __init__(self) -> None:
        super().__init__()
        self.n = 0
        self.spans_ns: list[tuple[int, int]] = []
        self.define_event("out")
        self.set_logic(self.work)

    def work(self) -> None:
        """Emit the items."""
        clock = time.perf_counter_ns
        for i in range(self.n):
            began = clock()
            self.emit("out", i=i)
            self.spans_ns.append((began, clock()))


class Consumer(Routine):
    """Notes when it got each item; then does nothing, sleeps or burns processor time."""

    def __init__(self) -> None:
        super().__init__()
        self.started_ns: list[int] = []
        self.define_slot("in", max_queue_length=1, overflow="block")
        self.set_logic(self.work)

    def work(self, items: list[dict[str, int]]) -> None:
        """Note the time, once an item."""
        now = time.perf_counter_ns()
        self.started_ns.extend(now for _ in items)
        self.linger()

    def linger(self) -> None:
        """Do nothing: a light consumer."""


class Sleeper(Consumer):
    """Gives the interpreter up while it works, as input and output do."""

    def linger(self) -> None:
        """Sleep."""
        time.sleep(PAUSE_S)


class Burner(Consumer):
    """Keeps the interpreter while it works."""

    def linger(self) -> None:
        """Count for about as long as the sleeper sleeps."""
        end = time.perf_counter() + PAUSE_S
        while time.perf_counter() < end:
            pass


def waits_ns(spans_ns: list[tuple[int, int]], started_ns: list[int]) -> list[int]:
    """Return, for each ``emit`` that waited, the time from room to its return.

    Item ``k`` finds the slot full until the consumer starts with item ``k - 1``.
    """
    samples = []
    for (began, returned), room in zip(spans_ns[1:], started_ns, strict=False):
        if began < room <= returned:
            samples.append(returned - room)
    return samples


def workload(consumer_class: type[Consumer], least: float) -> Workload:
    """Return the workload for a kind of consumer; ``least`` is the share that has to wait."""

    def measured(options: Options) -> Reading:
        producer, consumer = Producer(), consumer_class()
        producer.n = options.n + WARM_UP
        flow = Flow("waiter")
        flow.add_routine(producer, "producer")
        flow.add_routine(consumer, "consumer")
        flow.connect("producer", "out", "consumer", "in")
        with make_runtime(options) as runtime:
            finish(runtime.exec(flow))
        expect("items consumed", len(consumer.started_ns), producer.n)
        samples = waits_ns(producer.spans_ns, consumer.started_ns)[WARM_UP:]
        return latency(samples, max(1, round(options.n * least)))

    return measured


# A light consumer is often there before the slot is full: few of its producer's emits wait.
WORKLOADS = {
    "light": workload(Consumer, least=0.01),
    "sleeping": workload(Sleeper, least=0.5),
    "burning": workload(Burner, least=0.1),
}

if __name__ == "__main__":
    run(WORKLOADS)
