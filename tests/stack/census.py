"""The demo as a process of its own: told over HTTP what to do, it sends what happens to a stack."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.api.wire import ask as ask_server
from tests.cli.programs import STARTED, interrupt, start
from tests.demo.folders import BROKEN, write
from tests.stack.asking import series, until

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.programs import Done
    from tools.backends.stack import Stack

SERVICE = "census"
# More than can be on the way: 64 in front of the readers, as many in the walk's hand.
FILES = 160
# Parsing one takes some 10 ms, and measuring it as much: the parser is the slow one, as it is in
# large folders, and the whole takes seconds, which is what the requests of a test need.
LINE = b"    (lambda a, b=1: a + b * 2 if a else [c for c in range(b) if c]),\n"
LINES = 150
FAILING = "syntax.py"


def write_folder(folder: Path) -> Path:
    """A folder whose files take long to parse; one of them cannot be parsed."""
    slow = b"x = [\n" + LINE * LINES + b"]\n"
    files = {f"slow{number:03}.py": slow for number in range(FILES - 1)}
    write(folder, {**files, FAILING: BROKEN[FAILING]})
    return folder


@dataclass(frozen=True)
class Demo:
    """A running ``routilux demo --serve``.

    Attributes:
        process: it.
        port: where its HTTP face is.
        folder: what it takes the census of.
    """

    process: subprocess.Popen[str]
    port: int
    folder: Path

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Ask, and get what was asked for as JSON."""
        answer = ask_server(self.port, method, f"/api{path}", body, **headers)
        assert answer.status < 300, answer
        return answer.json

    def refused(self, path: str, body: Any, **headers: str) -> int:
        """Post what is not taken; the status of the answer."""
        return ask_server(self.port, "POST", f"/api{path}", body, **headers).status

    def metrics(self) -> str:
        """Its own page for Prometheus."""
        return ask_server(self.port, "GET", "/metrics").body.decode()

    def job(self, job_id: str) -> Any:
        """A job as REST has it."""
        return self.call("GET", f"/jobs/{job_id}")

    def walk_waits(self, job_id: str) -> bool:
        """Whether the walk of a job waits because the slot behind it is full."""
        diagnosis = self.call("GET", f"/jobs/{job_id}/diagnosis?window=0")
        return any(
            (each["routine_id"], each["state"], each["slot"])
            == ("walk", "waiting for room", "read.items")
            for each in diagnosis["routines"]
        )

    def report(self) -> Any:
        """Wait for the end of its own job, and read what it then prints."""
        assert self.process.stdout is not None
        text = ""
        for line in self.process.stdout:
            text += line
            if line == "}\n":
                return json.loads(text)
        raise AssertionError(f"it ended without a report: {text}")

    def end(self) -> Done:
        """Ctrl-C."""
        done, _ = interrupt(self.process)
        return done


@contextmanager
def running(stack: Stack, folder: Path) -> Iterator[Demo]:
    """The demo, its job paused before it begins, sending to a stack; ended afterwards."""
    process = start(
        *("demo", folder, "--json", "--serve", "--port", 0, "--start-paused"),
        OTEL_EXPORTER_OTLP_ENDPOINT=stack.otlp_http,
        OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf",
        OTEL_METRIC_EXPORT_INTERVAL="500",
        OTEL_BSP_SCHEDULE_DELAY="200",
        OTEL_SERVICE_NAME=SERVICE,
    )
    STARTED.remove(process)  # it lives as long as its fixture, not as long as one test
    try:
        assert process.stderr is not None
        port = process.stderr.readline().strip().rpartition(":")[2]
        yield Demo(process, int(port), folder)
    finally:
        process.kill()
        process.communicate()


def collected(stack: Stack) -> None:
    """Wait until Prometheus has figures that were read after this call."""
    now = time.time()
    until(lambda: series(stack, f'timestamp(routilux_worker_limit{{job="{SERVICE}"}}) > {now}'))


def by_slot(stack: Stack, name: str) -> dict[str, float]:
    """What Prometheus has of a metric, by ``routine.slot``, added up over all else."""
    found: dict[str, float] = {}
    for labels, value in series(stack, f'{name}{{job="{SERVICE}"}}'):
        place = f"{labels['routilux_routine_id']}.{labels['routilux_slot_name']}"
        found[place] = found.get(place, 0) + value
    return found
