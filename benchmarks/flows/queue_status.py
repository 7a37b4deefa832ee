"""How long the state of 1,000 slots takes over HTTP on loopback while their job runs.

Server and job share a process, as they do in ``routilux serve``; the client has its own.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import uvicorn

from benchmarks.child import Options, Reading, WrongResultError, latency, run
from benchmarks.flows.endless import SlowPass, grid, rings
from benchmarks.flows.running import TIMEOUT_S, endless_jobs, make_runtime
from benchmarks.items import make_item
from routilux.api.main import create_app

if TYPE_CHECKING:
    from routilux import Flow, JobState

CHAINS, LENGTH = 10, 100
SHORT = 10  # routines in each loop of the job that many ask about
READERS = 50
HOST = "127.0.0.1"


class Server:
    """The HTTP face on a free port of loopback, on a thread of its own."""

    def __init__(self) -> None:
        self.socket = socket.create_server((HOST, 0))
        self.port = int(self.socket.getsockname()[1])
        config = uvicorn.Config(create_app(), log_level="error")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self.socket],))

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self.socket.close()


def ask(port: int, path: str, count: int, slots: int, readers: int = 1) -> list[int]:
    """Let a client process ask ``count`` times; return the nanoseconds of each answer."""
    command = [sys.executable, "-m", "benchmarks.flows.http_client", HOST, str(port), path]
    done = subprocess.run(
        [*command, str(count), str(slots), str(readers)],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        raise WrongResultError(f"the client failed: {done.stderr.strip()[-300:]}")
    samples: list[int] = json.loads(done.stdout)
    return samples


def consumed(job: JobState) -> int:
    """Return how many items the first routine of the first chain has processed."""
    return job.slot("pass0_0", "in").metrics().consumed


def ask_about(flow: Flow, options: Options) -> Reading:
    """Ask ``n`` times while a job of the flow is busy."""
    with (
        make_runtime(options) as runtime,
        Server() as server,
        endless_jobs(runtime, flow) as (job,),
    ):
        before = consumed(job)
        path = f"/api/jobs/{job.job_id}/queues/status"
        samples = ask(server.port, path, options.n, CHAINS * LENGTH)
        after = consumed(job)
    if after <= before:
        raise WrongResultError("the job stood still while it was asked about")
    return latency(samples, options.n)


def waiting(options: Options) -> Reading:
    """Ask beside logic that waits, as for input and output."""
    return ask_about(grid(CHAINS, LENGTH, SlowPass), options)


def burning(options: Options) -> Reading:
    """Ask beside logic that never gives the interpreter up by itself."""
    return ask_about(grid(CHAINS, LENGTH), options)


def fifty(options: Options) -> Reading:
    """Let 50 readers ask at once about a paused job of 100 slots."""
    with (
        make_runtime(options) as runtime,
        Server() as server,
        endless_jobs(runtime, rings(CHAINS, SHORT)) as (job,),
    ):
        for chain in range(CHAINS):
            job.post(f"pass{chain}_0", "in", make_item(chain))
        job.pause("measured", wait=True)
        path = f"/api/jobs/{job.job_id}/queues/status"
        samples = ask(server.port, path, options.n, CHAINS * SHORT, READERS)
    return latency(samples, options.n)


WORKLOADS = {"waiting": waiting, "burning": burning, "fifty": fifty}

if __name__ == "__main__":
    run(WORKLOADS)
