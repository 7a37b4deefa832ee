"""Workload A while nobody, or 200 readers of event streams, watch its job.

Server and job share a process, as they do in ``routilux serve``; the readers have their own.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks.child import Options, Reading, Timer, WrongResultError, expect, run, throughput
from benchmarks.flows.routines import Mapper, Numbers, Tally
from benchmarks.flows.running import finish, make_runtime
from benchmarks.flows.throughput import pipeline
from benchmarks.items import checksum
from routilux.api.main import create_app
from routilux.api.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

READERS = 200


@contextmanager
def readers(port: int, path: str, count: int) -> Iterator[None]:
    """Let a process read ``count`` streams; each has to see the end of the job, a ``bye``."""
    command = [sys.executable, "-m", "benchmarks.flows.stream_readers", str(port), path, str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            expect("what the readers say", process.stdout.readline().strip(), "reading")
            yield
            ends = process.stdout.read().strip()
        finally:
            process.kill()
    if ends != str(count):
        raise WrongResultError(f"{ends or 'no'} readers of {count} saw the end of the job")


def watched(options: Options, count: int) -> Reading:
    """Run A with ``count`` readers."""
    tally = Tally()
    flow = pipeline(Numbers(options.n), Mapper(), tally)
    with make_runtime(options) as runtime, Server(create_app(runtime), port=0) as server:
        job = runtime.exec(flow, start_paused=True)
        path = f"/api/jobs/{job.job_id}/events"
        with readers(server.port, path, count), Timer() as timer:
            job.resume()
            finish(job)
        seen, total = tally.result(job)
    expect("sum at the sink", total, checksum(options.n))
    return throughput(timer, seen, options.n)


def nobody(options: Options) -> Reading:
    """A beside a server that nobody asks."""
    return watched(options, 0)


def many(options: Options) -> Reading:
    """A with 200 readers."""
    return watched(options, READERS)


WORKLOADS = {"nobody": nobody, "many": many}

if __name__ == "__main__":
    run(WORKLOADS)
