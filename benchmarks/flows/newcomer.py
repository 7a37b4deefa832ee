"""How long a new job waits for its first item beside eight jobs with endless sources."""

from __future__ import annotations

import queue
import time

from benchmarks.child import Options, Reading, WrongResultError, latency, run
from benchmarks.flows.endless import grid
from benchmarks.flows.running import TIMEOUT_S, endless_jobs, finish, make_runtime
from routilux import Flow, JobState, Routine, Runtime

BUSY_JOBS = 8
WARM_UP = 5
BETWEEN_S = 0.01


class One(Routine):
    """A source of one item."""

    def __init__(self) -> None:
        super().__init__()
        self.define_event("out")
        self.set_logic(self.work)

    def work(self) -> None:
        """Emit the item."""
        self.emit("out", i=0)


class Arrival(Routine):
    """Notes when an item arrived."""

    def __init__(self) -> None:
        super().__init__()
        self.times_ns: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.define_slot("in")
        self.set_logic(self.work)

    def work(self, items: list[dict[str, int]]) -> None:
        """Note the time, once an item."""
        now = time.perf_counter_ns()
        for _ in items:
            self.times_ns.put(now)


def newcomer_flow() -> tuple[Flow, Arrival]:
    """Return a flow that processes one item."""
    arrival = Arrival()
    flow = Flow("newcomer")
    flow.add_routine(One(), "one")
    flow.add_routine(arrival, "arrival")
    flow.connect("one", "out", "arrival", "in")
    return flow, arrival


def first_items(runtime: Runtime, n: int) -> list[int]:
    """Start ``n`` jobs one after another; return how long each waited for its item, in ns."""
    flow, arrival = newcomer_flow()
    samples = []
    for _ in range(n + WARM_UP):
        time.sleep(BETWEEN_S)
        start = time.perf_counter_ns()
        job = runtime.exec(flow)
        samples.append(arrival.times_ns.get(timeout=TIMEOUT_S) - start)
        finish(job)
    return samples[WARM_UP:]


def consumed(job: JobState) -> int:
    """Return how many items a busy job has processed."""
    return job.slot("pass0_0", "in").metrics().consumed


def newcomer(options: Options) -> Reading:
    """Start ``n`` newcomers beside the busy jobs."""
    busy_flow = grid(1, 1)
    with make_runtime(options) as runtime, endless_jobs(runtime, busy_flow, BUSY_JOBS) as busy:
        samples = first_items(runtime, options.n)
        processed = [consumed(job) for job in busy]
    if min(processed) == 0:
        raise WrongResultError(f"a busy job never ran: {processed}")
    return latency(samples, options.n)


WORKLOADS = {"newcomer": newcomer}

if __name__ == "__main__":
    run(WORKLOADS)
