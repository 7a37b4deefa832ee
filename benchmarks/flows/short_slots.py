"""What an item costs when each slot holds one item and there is one worker for all routines."""

from __future__ import annotations

from benchmarks.child import Options, Reading, run
from benchmarks.flows.routines import Map, Numbers
from benchmarks.flows.throughput import pipeline, run_once


def length_one(options: Options) -> Reading:
    """Workload A on slots of length 1 that make their producer wait."""
    flow, sink = pipeline(Numbers, Map, options.n)
    flow.default_slot_max_queue_length = 1
    flow.default_slot_overflow = "block"
    return run_once(flow, sink, options, options.n)


WORKLOADS = {"length_one": length_one}

if __name__ == "__main__":
    run(WORKLOADS)
