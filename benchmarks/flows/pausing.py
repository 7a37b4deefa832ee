"""How long ``pause(wait=True)`` takes on a busy job of 100 slots.

``short``: items go round in loops, so that every activation is short.  ``endless``: ten sources
whose activation never ends; such a source stands still only when as much of it is held as a slot
is long, and the time until then is in the figure.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks.child import Options, Reading, Workload, WrongResultError, expect, latency, run
from benchmarks.flows.endless import grid, rings
from benchmarks.flows.running import TIMEOUT_S, endless_jobs, make_runtime
from benchmarks.items import make_item

if TYPE_CHECKING:
    from routilux import Flow, JobState

CHAINS, LENGTH = 10, 10
PLACES = [f"pass{chain}_{place}" for chain in range(CHAINS) for place in range(LENGTH)]
ITEMS = 20  # in each loop: every routine has work most of the time, and no slot gets full
WARM_UP = 5
# Between resume and the next pause: time to get busy again.
BUSY_S = 0.01
# Now and then the paused job is watched for as long, to see that it really stands still.
WATCH_EVERY = 20


def counts(job: JobState) -> list[tuple[int, int]]:
    """Return what each slot of the job has been offered, and what was taken of it."""
    slots = [job.slot(place, "in").metrics() for place in PLACES]
    return [(slot.offered, slot.consumed) for slot in slots]


def consumed(job: JobState) -> int:
    """Return how many items have been taken from all slots of the job."""
    return sum(taken for _, taken in counts(job))


def watch(job: JobState) -> None:
    """Raise WrongResultError when anything moves in the paused job."""
    before = counts(job)
    time.sleep(BUSY_S)
    if counts(job) != before:
        raise WrongResultError("items moved while the job was paused")


def pause_once(job: JobState) -> int:
    """Pause the job; return the nanoseconds until nothing of it runs any more."""
    start = time.perf_counter_ns()
    point = job.pause("measured", wait=True)
    taken = time.perf_counter_ns() - start
    expect("still", point["still"], True)
    return taken


def get_busy(job: JobState) -> None:
    """Give the job time to get busy; raise WrongResultError when it never does."""
    before, deadline = consumed(job), time.monotonic() + TIMEOUT_S
    time.sleep(BUSY_S)
    while consumed(job) == before:
        if time.monotonic() > deadline:
            raise WrongResultError("the job was not busy before it was paused")
        time.sleep(BUSY_S)


def pause_often(flow: Flow, circulating: int, options: Options) -> Reading:
    """Pause and resume ``n`` times a job into whose loops ``circulating`` items each are put."""
    samples: list[int] = []
    with make_runtime(options) as runtime, endless_jobs(runtime, flow) as (job,):
        for place in PLACES[::LENGTH]:
            for i in range(circulating):
                job.post(place, "in", make_item(i))
        for turn in range(options.n + WARM_UP):
            get_busy(job)
            samples.append(pause_once(job))
            if turn % WATCH_EVERY == 0:
                watch(job)
            job.resume("measured")
    return latency(samples[WARM_UP:], options.n)


def short(options: Options) -> Reading:
    """Pause a job of short activations only."""
    return pause_often(rings(CHAINS, LENGTH), ITEMS, options)


def endless(options: Options) -> Reading:
    """Pause a job with sources that never end."""
    return pause_often(grid(CHAINS, LENGTH), 0, options)


WORKLOADS: dict[str, Workload] = {"short": short, "endless": endless}

if __name__ == "__main__":
    run(WORKLOADS)
