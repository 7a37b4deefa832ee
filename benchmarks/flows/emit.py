"""Workloads A to D with one ``emit`` an item."""

from __future__ import annotations

from benchmarks.child import run
from benchmarks.flows.routines import Map, Numbers
from benchmarks.flows.throughput import workloads

WORKLOADS = workloads(Numbers, Map)

if __name__ == "__main__":
    run(WORKLOADS)
