"""Figures that arrive over real OTLP equal what REST answers, item for item."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from routilux.monitoring.instruments import INSTRUMENTS
from tests.otel.receivers import RECEIVERS, Points, Receiver, metrics, points, resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
        ExportMetricsServiceRequest,
    )

ROOT = Path(__file__).parents[2]
CUMULATIVE = 2


class Program:
    """The paused program, and what it sent and answered."""

    def __init__(self, receiver: Receiver) -> None:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("OTEL_")
        }
        environment |= {
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint,
            "OTEL_EXPORTER_OTLP_PROTOCOL": receiver.protocol,
            "OTEL_METRIC_EXPORT_INTERVAL": "200",
            "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test",
        }
        self.receiver = receiver
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.otel.paused_program"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment,
        )  # fmt: skip
        assert self.process.stdout is not None
        facts = json.loads(self.process.stdout.readline())
        self.url, self.job_id = facts["url"], facts["job_id"]
        self.request: ExportMetricsServiceRequest = receiver.next()

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path) as answer:
            return json.load(answer)

    def end(self) -> dict[str, Any]:
        """Let it end; what it printed last."""
        out, _ = self.process.communicate(timeout=30)
        assert self.process.returncode == 0
        last: dict[str, Any] = json.loads(out)
        return last


@pytest.fixture(params=RECEIVERS, ids=lambda kind: kind.protocol)
def program(request: pytest.FixtureRequest) -> Iterator[Program]:
    with request.param() as receiver:
        made = Program(receiver)
        yield made
        made.process.kill()
        made.process.communicate()


def value(sent: Points, name: str, routine: str, slot: str, **more: str) -> float:
    """One point of a slot."""
    attributes = {
        "routilux.flow.id": "census",
        "routilux.routine.id": routine,
        "routilux.slot.name": slot,
        **{key.replace("_", "."): each for key, each in more.items()},
    }
    return sent[name, tuple(sorted(attributes.items()))]


def test_otlp_equals_rest_and_the_pause_point(program: Program) -> None:
    sent = points(program.request)
    status = program.get(f"/api/jobs/{program.job_id}/queues/status")
    assert program.get("/api/flows/census/queues/status")["slots"] == status["slots"]
    again = program.get(f"/api/jobs/{program.job_id}")
    assert again["status"] == "paused"
    held = 0
    for slot in status["slots"]:
        place = slot["routine_id"], slot["slot_name"]
        of = {
            name: value(sent, f"routilux.slot.queue.{name}", *place)
            for name in ("size", "unconsumed", "limit", "held", "utilization")
        }
        assert of["size"] == slot["queue_size"]
        assert of["unconsumed"] == slot["unconsumed_count"]
        assert of["limit"] == slot["max_length"]
        assert of["utilization"] == slot["unconsumed_count"] / slot["max_length"]
        assert round(of["size"] / of["limit"] * 100, 2) == slot["usage_percent"]
        held += int(of["held"])
    assert again["counts"]["held"] == held
    assert again["counts"]["unconsumed"] == sum(
        slot["unconsumed_count"] for slot in status["slots"]
    )
    point = program.get(f"/api/jobs/{program.job_id}/queues/status")
    assert point == status


def test_the_counters_add_up_for_every_slot(program: Program) -> None:
    sent = points(program.request)
    read = {
        name: value(sent, f"routilux.slot.{name}", "read", "files")
        for name in ("items.offered", "items.consumed", "items.held", "queue.held",
                     "queue.unconsumed")
    }  # fmt: skip
    assert read["items.consumed"] > 0
    assert read["queue.held"] == read["items.held"] == 8
    assert read["items.offered"] == (
        read["items.consumed"] + read["queue.unconsumed"] + read["queue.held"]
    )
    offered = value(sent, "routilux.slot.items.offered", "parse", "texts")
    waiting = value(sent, "routilux.slot.queue.unconsumed", "parse", "texts")
    name = "routilux.slot.items.refused"
    refused = value(sent, name, "parse", "texts", error_type="rejected")
    assert waiting == 5
    assert refused > 0
    assert offered == waiting + refused
    assert read["items.consumed"] == offered


def test_every_instrument_arrives_with_its_unit_kind_and_meaning(program: Program) -> None:
    arrived = {metric.name: metric for metric in metrics(program.request)}
    assert set(arrived) == {row.name for row in INSTRUMENTS}
    for row in INSTRUMENTS:
        metric = arrived[row.name]
        assert (metric.unit, metric.description) == (row.unit, row.meaning)
        assert metric.WhichOneof("data") == {"gauge": "gauge", "counter": "sum"}[row.kind]
        if row.kind == "counter":
            assert metric.sum.is_monotonic
            assert metric.sum.aggregation_temporality == CUMULATIVE


def test_who_sends(program: Program) -> None:
    said = resource(program.request)
    assert said["service.name"] == "census-program"
    assert said["service.version"] == "1.2.3"
    assert said["service.instance.id"]
    assert said["deployment.environment.name"] == "test"


def test_the_last_figures_are_sent_at_the_end_and_no_counter_has_fallen(program: Program) -> None:
    before = points(program.request)
    assert program.end() == {"in_time": True}
    after = points(program.receiver.last())
    for (name, attributes), count in before.items():
        if ".items." in name or name.endswith("retries"):
            assert after[name, attributes] >= count
    assert not [name for name, _ in after if name.startswith("routilux.slot.queue")]
