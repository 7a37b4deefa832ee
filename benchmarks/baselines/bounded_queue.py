"""The reference: a thread a stage and ``queue.Queue`` of 1,000 items between them."""

from __future__ import annotations

import queue

from benchmarks.baselines.threads import Queue, workloads
from benchmarks.child import run


def make_queue() -> Queue:
    """Return a queue as long as the engine's slots are by default."""
    return queue.Queue(maxsize=1000)


WORKLOADS = workloads(make_queue)

if __name__ == "__main__":
    run(WORKLOADS)
