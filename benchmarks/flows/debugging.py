"""What the debugger costs: resume, a hit, a condition, and breakpoints that nobody comes to.

The busy job has 100 slots in loops, whose activations are short. ``resume``: from the call to the
first call of logic. ``hit``: from the moment a breakpoint is hit to the moment that the job holds
still, told to another thread. ``condition``: what one look at an item costs where a breakpoint has
a condition in CEL that does not match. ``far``: workload A with 1,000 breakpoints on a slot that it
does not use; ``near`` is the same without them.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from benchmarks.child import (
    Options,
    Reading,
    Timer,
    Workload,
    WrongResultError,
    expect,
    latency,
    run,
    throughput,
)
from benchmarks.flows.endless import Pass
from benchmarks.flows.pausing import CHAINS, ITEMS, LENGTH, PLACES, WARM_UP, get_busy
from benchmarks.flows.routines import Mapper, Numbers, Tally
from benchmarks.flows.running import TIMEOUT_S, endless_jobs, finish, make_runtime
from benchmarks.flows.throughput import pipeline
from benchmarks.items import checksum, make_item
from routilux import Flow, Routine
from routilux.hooks import GateRecord, Hook
from routilux.segment import Origin, Segment

if TYPE_CHECKING:
    from benchmarks.items import Item
    from routilux import JobState

BREAKPOINTS = 1_000
CONDITION = "v > 1000000 && meta.slot == 'in'"


class Watched(Pass):
    """Passes items on, and notes when its logic was called first since it was asked to."""

    called_ns = 0
    wanted = False

    def work(self, items: list[Item]) -> None:
        """Note the time, and pass the items on."""
        if Watched.wanted:
            Watched.wanted = False
            Watched.called_ns = time.perf_counter_ns()
        super().work(items)


def watched_rings() -> Flow:
    """Return the loops of `benchmarks.flows.endless.rings`, with logic that notes its calls."""
    flow = Flow("watched_rings")
    for ring in range(CHAINS):
        ids = PLACES[ring * LENGTH : (ring + 1) * LENGTH]
        for routine_id in ids:
            flow.add_routine(Watched(), routine_id)
        for before, after in zip(ids, ids[1:] + ids[:1], strict=True):
            flow.connect(before, "out", after, "in")
    return flow


def fill(job: JobState) -> None:
    """Put items into each loop."""
    for place in PLACES[::LENGTH]:
        for i in range(ITEMS):
            job.post(place, "in", make_item(i))


def resume(options: Options) -> Reading:
    """Resume ``n`` times from a pause; until logic is called."""
    samples: list[int] = []
    with make_runtime(options) as runtime, endless_jobs(runtime, watched_rings()) as (job,):
        fill(job)
        for _ in range(options.n + WARM_UP):
            get_busy(job)
            job.pause("measured", wait=True)
            Watched.wanted = True
            start = time.perf_counter_ns()
            job.resume("measured")
            deadline = time.monotonic() + TIMEOUT_S
            while Watched.wanted and time.monotonic() < deadline:
                time.sleep(0.001)
            samples.append(Watched.called_ns - start)
    return latency(samples[WARM_UP:], options.n)


class Paused(Hook):
    """Tells a thread that a job was paused."""

    def __init__(self) -> None:
        self.event = threading.Event()

    def job_paused(self, record: GateRecord) -> None:  # noqa: ARG002 - a hook gets it
        """Tell it."""
        self.event.set()


def hit(options: Options) -> Reading:
    """Hit a breakpoint ``n`` times; until the job holds still."""
    samples: list[int] = []
    paused = Paused()
    with make_runtime(options) as runtime, endless_jobs(runtime, watched_rings()) as (job,):
        runtime.hooks.add(paused)
        fill(job)
        for turn in range(options.n + WARM_UP):
            get_busy(job)
            paused.event.clear()
            place = PLACES[turn % len(PLACES)]
            found = job.breakpoints.add("slot", place, slot_name="in", one_shot=True)
            if not paused.event.wait(TIMEOUT_S):
                raise WrongResultError(f"nothing came to {place}")
            live: Any = job.live
            live.wait_until_still(TIMEOUT_S)
            still_ns = time.time_ns()
            (standing,) = live.debugger.hits.values()
            samples.append(still_ns - standing.at_ns)
            job.breakpoints.remove(found.id)
            job.debug.resume()
    return latency(samples[WARM_UP:], options.n)


def condition(options: Options) -> Reading:
    """Look at ``n`` items in front of a slot with a condition."""
    samples: list[int] = []
    flow = Flow("looked_at")
    flow.add_routine(Pass(), "pass")
    with make_runtime(options) as runtime, endless_jobs(runtime, flow) as (job,):
        mark = job.breakpoints.add("slot", "pass", slot_name="in", condition=CONDITION)
        live: Any = job.live
        slot, look = live.slot("pass", "in"), live.debugger.at_entry
        origin = Origin("benchmark")
        for i in range(options.n):
            segment = Segment([make_item(i)], [time.time_ns()], origin)
            start = time.perf_counter_ns()
            look(slot, segment)
            samples.append(time.perf_counter_ns() - start)
        expect("hits", mark.hit_count, 0)
        expect("errors", mark.error_count, 0)
    return latency(samples, options.n)


def _run_beside(options: Options, breakpoints: int) -> Reading:
    tally = Tally()
    flow = pipeline(Numbers(options.n), Mapper(), tally)
    unused = Routine()
    unused.define_slot("in")
    flow.add_routine(unused, "unused")
    with make_runtime(options) as runtime:
        job = runtime.exec(flow, start_paused=True)
        for _ in range(breakpoints):
            job.breakpoints.add("slot", "unused", slot_name="in")
        with Timer() as timer:
            job.resume()
            finish(job)
        seen, total = tally.result(job)
    expect("sum at the sink", total, checksum(options.n))
    return throughput(timer, seen, options.n)


def far(options: Options) -> Reading:
    """A with 1,000 breakpoints elsewhere."""
    return _run_beside(options, BREAKPOINTS)


def near(options: Options) -> Reading:
    """A without any."""
    return _run_beside(options, 0)


WORKLOADS: dict[str, Workload] = {
    "resume": resume,
    "hit": hit,
    "condition": condition,
    "far": far,
    "near": near,
}

if __name__ == "__main__":
    run(WORKLOADS)
