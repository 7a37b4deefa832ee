"""A thread a stage and unbounded ``queue.SimpleQueue`` (written in C) between them."""

from __future__ import annotations

import queue

from benchmarks.baselines.threads import Queue, workloads
from benchmarks.child import run


def make_queue() -> Queue:
    """Return an unbounded queue."""
    return queue.SimpleQueue()


WORKLOADS = workloads(make_queue)

if __name__ == "__main__":
    run(WORKLOADS)
