"""How long ``pause(wait=True)`` takes on a busy job of 100 slots."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks.child import Options, Reading, WrongResultError, expect, latency, run
from benchmarks.flows.endless import grid
from benchmarks.flows.running import make_runtime, stop

if TYPE_CHECKING:
    from routilux import JobState

CHAINS, LENGTH = 10, 10
WARM_UP = 5
# Between resume and the next pause: time to get busy again.
BUSY_S = 0.01
# Now and then the paused job is watched for as long, to see that it really stands still.
WATCH_EVERY = 20


def slot_counts(job: JobState) -> list[tuple[int, int]]:
    """Return what each slot of the job has been offered, and what was taken of it."""
    slots = [
        job.slot(f"pass{chain}_{place}", "in") for chain in range(CHAINS) for place in range(LENGTH)
    ]
    return [(slot.metrics().offered, slot.metrics().consumed) for slot in slots]


def watch(job: JobState) -> None:
    """Raise WrongResultError when anything moves in the paused job."""
    before = slot_counts(job)
    time.sleep(BUSY_S)
    if slot_counts(job) != before:
        raise WrongResultError("items moved while the job was paused")


def pausing(options: Options) -> Reading:
    """Pause and resume ``n`` times."""
    samples: list[int] = []
    with make_runtime(options) as runtime:
        job = runtime.exec(grid(CHAINS, LENGTH))
        for turn in range(options.n + WARM_UP):
            time.sleep(BUSY_S)
            start = time.perf_counter_ns()
            point = job.pause("measured", wait=True)
            samples.append(time.perf_counter_ns() - start)
            expect("still", point["still"], True)
            if turn % WATCH_EVERY == 0:
                watch(job)
            job.resume("measured")
        moved = sum(consumed for _, consumed in slot_counts(job))
        stop(job)
    if moved < options.n:
        raise WrongResultError(f"the job was not busy: {moved} items in {options.n} turns")
    return latency(samples[WARM_UP:], options.n)


WORKLOADS = {"pausing": pausing}

if __name__ == "__main__":
    run(WORKLOADS)
