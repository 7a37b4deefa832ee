"""Workloads A, B and D with ``emit_many``: a batch at the source, an activation's at the map."""

from __future__ import annotations

from benchmarks.child import run
from benchmarks.flows.routines import MapInBatches, NumbersInBatches
from benchmarks.flows.throughput import workloads

WORKLOADS = workloads(NumbersInBatches, MapInBatches)

if __name__ == "__main__":
    run(WORKLOADS)
