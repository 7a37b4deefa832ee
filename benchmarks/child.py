"""One measurement in its own process: arguments in, one line of JSON out.

A module of workloads ends with ``run(WORKLOADS)`` under its ``__main__`` guard.  A workload that
did not deliver what it should prints an error instead of a figure.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.stats import percentile

Reading = dict[str, float]


class WrongResultError(Exception):
    """A workload lost, doubled or changed items: its speed means nothing."""


@dataclass(frozen=True)
class Options:
    """The sizes of a workload (see ``benchmarks.model.Spec``)."""

    n: int
    jobs: int = 1
    pool: int = 0


Workload = Callable[[Options], Reading]


class Timer:
    """Wall and processor time of a ``with`` block, started on a collected heap."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.cpu_seconds = 0.0

    def __enter__(self) -> Timer:
        gc.collect()
        self._cpu = time.process_time()
        self._wall = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._wall
        self.cpu_seconds = time.process_time() - self._cpu


def expect(what: str, got: object, wanted: object) -> None:
    """Raise WrongResultError unless ``got`` equals ``wanted``."""
    if got != wanted:
        raise WrongResultError(f"{what}: expected {wanted}, got {got}")


def throughput(timer: Timer, delivered: int, expected: int) -> Reading:
    """Return the reading of a workload that is counted in items at its sinks."""
    expect("items at the sinks", delivered, expected)
    return {
        "items": delivered,
        "seconds": timer.seconds,
        "items_per_s": delivered / timer.seconds,
        "us_per_item": timer.seconds / delivered * 1e6,
        "cpu_us_per_item": timer.cpu_seconds / delivered * 1e6,
    }


def latency(samples_ns: Sequence[int], at_least: int) -> Reading:
    """Return the reading of a workload that is counted in nanoseconds a sample."""
    if len(samples_ns) < at_least:
        raise WrongResultError(f"{len(samples_ns)} samples, at least {at_least} are needed")
    return {
        "samples": len(samples_ns),
        "p50_us": percentile(samples_ns, 50) / 1e3,
        "p99_us": percentile(samples_ns, 99) / 1e3,
        "p99_ms": percentile(samples_ns, 99) / 1e6,
        "max_us": max(samples_ns) / 1e3,
    }


def peak_memory_mb() -> float:
    """Return the most memory that this process has held, in MB.

    On Linux from the kernel's high-water mark of this program image: the resource usage call
    would also count what the parent held when it forked.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(workloads: Mapping[str, Workload]) -> None:
    """Run the workload named on the command line and print its reading."""
    parser = argparse.ArgumentParser()
    parser.add_argument("workload", choices=sorted(workloads))
    parser.add_argument("--n", type=int, required=True)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--pool", type=int, default=0)
    arguments = parser.parse_args()
    options = Options(arguments.n, arguments.jobs, arguments.pool)
    try:
        reading = workloads[arguments.workload](options)
    except WrongResultError as error:
        print(json.dumps({"error": str(error)}), flush=True)
        sys.exit(1)
    reading["peak_mb"] = peak_memory_mb()
    reading["load"] = os.getloadavg()[0]
    print(json.dumps(reading), flush=True)
