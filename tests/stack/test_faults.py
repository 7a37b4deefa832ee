"""A collector that dies, or cannot write: the work goes on, and each span arrives or is counted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.stack.asking import own, queued, series, spans, until
from tests.stack.steady_program import FLOW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tools.backends.stack import Stack

ROOT = Path(__file__).parents[2]
WAITING = 200  # spans of the program's queue
CONSUMED = f'sum(routilux_slot_items_consumed_total{{routilux_flow_id="{FLOW}"}})'
JAEGER = "otlp_grpc/jaeger"
DISK_BYTES = 300_000  # for each file of the collector
# Becomes the program that it is told, whose files cannot grow beyond so many bytes.
LIMITED = """
import os, resource, sys
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
os.execv(sys.argv[2], sys.argv[2:])
"""
Traces = dict[str, list[str]]


class Program:
    """The steady program, with telemetry to a stack."""

    def __init__(self, stack: Stack, protocol: str) -> None:
        environment = {key: each for key, each in os.environ.items() if not key.startswith("OTEL_")}
        environment |= {
            "OTEL_EXPORTER_OTLP_ENDPOINT": (
                stack.otlp_grpc if protocol == "grpc" else stack.otlp_http
            ),
            "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
            "OTEL_METRIC_EXPORT_INTERVAL": "200",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "OTEL_BSP_MAX_QUEUE_SIZE": str(WAITING),
            "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "50",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.stack.steady_program"], cwd=ROOT, env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def work(self, jobs: int) -> dict[str, Any]:
        """Let it run so many jobs; what it says then."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{jobs}\n")
        self.process.stdin.flush()
        said: dict[str, Any] = json.loads(self.process.stdout.readline())
        return said

    def end(self) -> tuple[dict[str, Any], list[str]]:
        """Let it end; what it said last, and its log."""
        out, log = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, log
        said: dict[str, Any] = json.loads(out)
        return said, log.splitlines()


@contextmanager
def program(stack: Stack, protocol: str) -> Iterator[Program]:
    """A running program; ended by its process when a test fails."""
    started = Program(stack, protocol)
    try:
        yield started
    finally:
        started.process.kill()
        started.process.communicate()


def count(traces: Traces) -> int:
    """How many spans these are."""
    return sum(len(each) for each in traces.values())


def arrived(stack: Stack, traces: Traces) -> int:
    """How many of these spans Jaeger has; one that came twice is one."""
    return sum(
        len({span["spanID"] for span in spans(stack, trace)} & set(known))
        for trace, known in traces.items()
    )


def consumed(stack: Stack) -> float:
    """How many items were consumed, as Prometheus knows; 0 before it knows of any."""
    return sum(value for _, value in series(stack, CONSUMED))


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_a_collector_that_is_killed_in_mid_run(
    own_stack: Callable[..., Stack], protocol: str
) -> None:
    stack = own_stack(ROUTILUX_COLLECTOR_TRACE_SHARE="100")
    with stack, program(stack, protocol) as working:
        before = working.work(3)["traces"]
        # What the collector has acknowledged and only has in its memory dies with it.
        until(lambda: arrived(stack, before) == count(before))
        stack.collector.kill()
        during = working.work(100)
        assert count(during["traces"]) - count(before) > WAITING
        stack.collector.start()
        stack.collector.wait_until_healthy()
        working.work(3)
        until(lambda: consumed(stack) > during["consumed"])
        said, log = working.end()
        lost = sum(n for key, n in said["lost"].items() if key.startswith("traces/"))
        assert lost > 0
        until(lambda: arrived(stack, said["traces"]) + lost == count(said["traces"]))
        until(lambda: consumed(stack) == said["consumed"])
    assert len([line for line in log if "Telemetry has trouble" in line]) == 1, log


def unwritten(stack: Stack) -> int:
    """Spans that the collector could not put into its queue."""
    return int(own(stack, "otelcol_exporter_enqueue_failed_spans_total"))


def work_more(stack: Stack, working: Program) -> dict[str, Any]:
    """Let it run some jobs, and the collector have all of their spans."""
    said = working.work(20)
    sent = count(said["traces"])
    until(lambda: own(stack, "otelcol_receiver_accepted_spans_total") == sent)
    return said


def test_a_disk_without_room_for_the_queue(own_stack: Callable[..., Stack]) -> None:
    """A write beyond the limit of a file fails as one to a full disk does, by another name."""
    stack = own_stack(ROUTILUX_COLLECTOR_TRACE_SHARE="100")
    collector = stack.collector
    collector.command = [sys.executable, "-c", LIMITED, str(DISK_BYTES), *collector.command]
    with stack.prometheus, collector, program(stack, "http/protobuf") as working:
        said = work_more(stack, working)
        while not unwritten(stack):
            said = work_more(stack, working)
        failed = unwritten(stack)
        while unwritten(stack) < 2 * failed:
            said = work_more(stack, working)
        collector.wait_until_healthy(timeout=5)
        until(lambda: consumed(stack) == said["consumed"])
        with stack.jaeger:
            until(
                lambda: arrived(stack, said["traces"]) + unwritten(stack) == count(said["traces"])
            )
            lost, known = unwritten(stack), set(said["traces"])
            traces = work_more(stack, working)["traces"]
            later = {each: traces[each] for each in set(traces) - known}
            until(lambda: arrived(stack, later) == count(later))  # there is room again
            # Only now: the gauge goes on counting what was not written until the queue was empty.
            until(lambda: queued(stack, JAEGER) == 0)
            assert unwritten(stack) == lost
            said, log = working.end()
            until(lambda: consumed(stack) == said["consumed"])
    assert (said["lost"], said["in_time"], log) == ({}, True, [])
