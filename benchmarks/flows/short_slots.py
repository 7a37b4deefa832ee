"""What an item costs when each slot holds one item and there is one worker for all routines."""

from __future__ import annotations

from benchmarks.child import Options, Reading, Workload, run
from benchmarks.flows.routines import Mapper, Numbers, Tally
from benchmarks.flows.throughput import pipeline, run_jobs


def length_one(options: Options) -> Reading:
    """Workload A on slots of length 1 that make their producer wait."""
    tally = Tally()
    flow = pipeline(Numbers(options.n), Mapper(), tally)
    flow.default_slot_max_queue_length = 1
    flow.default_slot_overflow = "block"
    return run_jobs(flow, tally, options)


WORKLOADS: dict[str, Workload] = {"length_one": length_one}

if __name__ == "__main__":
    run(WORKLOADS)
