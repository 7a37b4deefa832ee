"""Whatever is wrong with telemetry: the work is the same, what is lost is counted, the end is near.

Each program runs a hundred jobs in a process of its own. Its queues are small, so that they are
full at once, and it collects ten times a second.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from tests.otel import faulty
from tests.otel.fault_program import ITEMS, JOBS
from tests.otel.receivers import RECEIVERS, HttpReceiver, metrics, points

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

ROOT = Path(__file__).parents[2]
HTTP, GRPC = "http/protobuf", "grpc"
WAITING, BATCH = 64, 16  # spans and log records, of a queue and of a request
IN_HAND = 16  # spans that a thread of the engine or an exporter has not let go of yet
QUICK = {
    "OTEL_METRIC_EXPORT_INTERVAL": "100",
    "OTEL_BSP_MAX_QUEUE_SIZE": str(WAITING),
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": str(BATCH),
    "OTEL_BLRP_MAX_QUEUE_SIZE": str(WAITING),
    "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE": str(BATCH),
}
# No export is given up by its exporter, so a job that waited for one would not end in time.
PATIENT = {"OTEL_EXPORTER_OTLP_TIMEOUT": "3600"}
SLACK_S = 2.0  # of a busy machine
WORK = {
    "totals": [sum(number * number for number in range(ITEMS))] * JOBS,
    "statuses": ["completed"],
}
NOTHING = (0, 0)


@dataclass
class Report:
    """What a program said at its end, and in its log."""

    said: dict[str, Any]
    log: list[str]

    def lost(self, signal: str) -> int:
        """How many were lost, for whatever reason."""
        return sum(n for key, n in self.said["lost"].items() if key.startswith(f"{signal}/"))

    def troubles(self) -> list[str]:
        """The log without its end, which says what was lost if anything was."""
        if not self.said["lost"]:
            return self.log
        *troubles, end = self.log
        assert "Lost since it began: " in end
        for signal, what in (("logs", "log records"), ("metrics", "points"), ("traces", "spans")):
            lost = self.lost(signal)
            assert (f"{lost} {what}" in end) == (lost > 0), end
        return troubles

    def check(self, arrived: tuple[int, int]) -> None:
        """The work was done; spans and log records have arrived or are counted."""
        assert self.said["result"] == WORK
        spans, records = arrived
        assert self.said["spans"] > 5 * JOBS
        assert self.said["spans"] == spans + self.lost("traces")
        assert self.said["records"] == records + self.lost("logs")
        # The other provider's collection may itself be what could not be read.
        for key, count in self.said["lost"].items():
            signal, reason = key.split("/")
            assert self.said["dropped"][f"{reason}/{signal}"] >= count
        # A job that has ended keeps the span that it belongs to.
        assert self.said["living"] <= WAITING + BATCH + JOBS + IN_HAND


def run(endpoint: str, protocol: str, trouble: str, end_s: float, **variables: str) -> Report:
    """Run the program until its end."""
    environment = {key: each for key, each in os.environ.items() if not key.startswith("OTEL_")}
    environment |= QUICK | variables
    environment |= {
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.otel.fault_program", trouble, str(end_s)],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return Report(
        json.loads(done.stdout),
        [line for line in done.stderr.splitlines() if not line.startswith("program: ")],
    )


@pytest.fixture
def receiver() -> Iterator[Any]:
    """A collector that is well."""
    with HttpReceiver() as well:
        yield well


def test_without_telemetry_the_work_is_the_same() -> None:
    report = run("http://127.0.0.1:9", HTTP, "none", 5, OTEL_SDK_DISABLED="true")
    assert report.said["result"] == WORK
    assert (report.said["spans"], report.said["lost"], report.log) == (0, {}, [])


@pytest.mark.parametrize("kind", RECEIVERS, ids=lambda kind: kind.protocol)
def test_a_collector_that_is_well(kind: Any) -> None:
    """Queues this small may be full beside it, too; then that is counted."""
    with kind() as receiver:
        report = run(receiver.endpoint, kind.protocol, "none", 5)
        report.check((len(receiver.spans()), len(receiver.records())))
    assert report.said["in_time"]
    assert set(report.said["lost"]) <= {"traces/queue_full", "logs/queue_full"}
    assert report.troubles() == []


# What a collector does, and whether there is anything to warn of before the end.
TROUBLES = [
    pytest.param(faulty.absent, HTTP, 1, id="absent-http"),
    pytest.param(faulty.absent, GRPC, 1, id="absent-grpc"),
    pytest.param(faulty.refusing, HTTP, 1, id="refusing-http"),
    pytest.param(faulty.refusing, GRPC, 1, id="refusing-grpc"),
    pytest.param(faulty.silent, HTTP, 0, id="silent-http"),
    pytest.param(faulty.silent, GRPC, 0, id="silent-grpc"),
    pytest.param(faulty.garbage, HTTP, 1, id="garbage-http"),
    pytest.param(faulty.garbage, GRPC, 1, id="garbage-grpc"),
    pytest.param(faulty.unavailable, HTTP, 1, id="503"),
    pytest.param(faulty.unavailable_grpc, GRPC, 1, id="unavailable-grpc"),
]


@pytest.mark.parametrize(("collector", "protocol", "warnings"), TROUBLES)
def test_a_collector_in_trouble(
    collector: Callable[[], AbstractContextManager[str]], protocol: str, warnings: int
) -> None:
    """No export ends before the program does, and yet all of its jobs do."""
    with collector() as endpoint:
        report = run(endpoint, protocol, "none", 0.5, **PATIENT)
    report.check(NOTHING)
    assert report.said["lost"]["traces/shutdown"] == WAITING + BATCH
    assert report.lost("metrics") > 0
    assert not report.said["in_time"]
    assert report.said["seconds"] < 0.5 + SLACK_S
    troubles = report.troubles()
    assert len(troubles) == warnings, report.log
    assert all("Telemetry has trouble, the work goes on" in line for line in troubles)
    assert "Telemetry did not end within 0.5 s." in report.log[-1]
    assert report.lost("traces") == report.said["spans"]


@pytest.mark.parametrize("protocol", [HTTP, GRPC])
def test_the_end_takes_five_seconds_at_most(protocol: str) -> None:
    with faulty.silent() as endpoint:
        report = run(endpoint, protocol, "none", 5, **PATIENT)
    report.check(NOTHING)
    assert 5 <= report.said["seconds"] < 5 + SLACK_S


def test_answers_with_headers_that_cannot_be_read_are_one_warning() -> None:
    """The library below logs each; and each such line would be a record to export."""
    with faulty.broken() as endpoint:
        report = run(endpoint, HTTP, "none", 5)
    report.check(NOTHING)
    assert report.said["in_time"]
    assert report.said["records"] == JOBS + 1  # one for each job, and the warning
    (trouble,) = report.troubles()
    assert "Telemetry has trouble, the work goes on: Failed to parse headers" in trouble


def test_points_that_were_refused_are_counted_one_by_one() -> None:
    refused: list[tuple[str, bytes]] = []
    with faulty.unavailable(refused) as endpoint:
        report = run(endpoint, HTTP, "none", 2)
    # Each came several times; the attempt on its way at the end need not have come.
    bodies = {body for path, body in refused if path == "/v1/metrics"}
    sent = sum(
        len(getattr(metric, str(metric.WhichOneof("data"))).data_points)
        for body in bodies
        for metric in metrics(ExportMetricsServiceRequest.FromString(body))
    )
    assert len(bodies) >= 1
    assert report.lost("metrics") == sent


def test_the_last_figures_tell_of_all_that_was_lost(receiver: HttpReceiver) -> None:
    """Also of what was lost at the very end: metrics are the last to be exported."""
    nowhere = {
        f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT": f"{receiver.endpoint}/nowhere"
        for signal in ("TRACES", "LOGS")
    }
    report = run(receiver.endpoint, HTTP, "none", 5, **nowhere)
    report.check(NOTHING)
    assert report.said["in_time"]
    told = {
        tuple(text for _, text in attributes): value
        for (name, attributes), value in points(receiver.last()).items()
        if name == "routilux.telemetry.dropped"
    }
    assert told == {
        tuple(reversed(key.split("/"))): count for key, count in report.said["lost"].items()
    }


@pytest.mark.parametrize("kind", RECEIVERS, ids=lambda kind: kind.protocol)
def test_a_collector_that_is_slow(kind: Any) -> None:
    with faulty.slow(kind) as receiver:
        report = run(receiver.endpoint, kind.protocol, "none", 5)
        report.check((len(receiver.spans()), len(receiver.records())))
        last = points(receiver.last())
    assert report.said["in_time"]
    assert report.said["lost"]["traces/queue_full"] > 0
    assert report.troubles() == []
    # Figures are sums: whatever was not collected in between, the last export has all of it.
    assert consumed(last) == {"square": JOBS * ITEMS, "add": JOBS * ITEMS}


def consumed(sent: dict[tuple[str, Any], float]) -> dict[str, float]:
    """Items consumed by each routine that has a slot."""
    return {
        dict(attributes)["routilux.routine.id"]: value
        for (name, attributes), value in sent.items()
        if name == "routilux.slot.items.consumed" and value
    }


def test_a_hook_of_somebody_else_that_raises(receiver: HttpReceiver) -> None:
    report = run(receiver.endpoint, HTTP, "hook", 5)
    report.check((len(receiver.spans()), len(receiver.records())))
    assert report.said["in_time"]
    assert report.said["hook_errors"] >= 2 * JOBS
    warnings = [line for line in report.troubles() if line.startswith("routilux")]
    assert len(warnings) == 1
    assert "raised in job_started and was ignored" in warnings[0]
    assert consumed(points(receiver.last())) == {"square": JOBS * ITEMS, "add": JOBS * ITEMS}


def test_a_callback_that_raises(receiver: HttpReceiver) -> None:
    report = run(receiver.endpoint, HTTP, "callback", 5)
    report.check((len(receiver.spans()), len(receiver.records())))
    assert report.said["in_time"]
    assert report.said["lost"]["metrics/callback_failed"] == receiver.requests.qsize()
    (trouble,) = report.troubles()
    assert "a figure that cannot be read" in trouble
    assert consumed(points(receiver.last())) == {"square": JOBS * ITEMS, "add": JOBS * ITEMS}
