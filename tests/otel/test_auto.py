"""``opentelemetry-instrument``: a program that knows nothing of telemetry is watched, too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from routilux.monitoring.instruments import INSTRUMENTS
from tests.demo.folders import make_folder
from tests.otel.receivers import RECEIVERS, Receiver, metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

CONSUMED = "routilux.slot.items.consumed"
BIN = Path(sys.executable).parent
PLAIN = """
from routilux import Flow, Runtime
flow = Flow("plain")
@flow.source
def numbers():
    yield from range(3)
@flow.step(after=numbers)
def sink(number):
    pass
with Runtime(1) as runtime:
    assert runtime.exec(flow).wait(20)
"""
OWN = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.metrics import set_meter_provider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
set_meter_provider(MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())]))
"""


def instrumented(command: Sequence[str], receiver: Receiver) -> subprocess.CompletedProcess[str]:
    """Run a command as ``opentelemetry-instrument`` does."""
    known = {key: each for key, each in os.environ.items() if not key.startswith("OTEL_")}
    settings = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint,
        "OTEL_EXPORTER_OTLP_PROTOCOL": receiver.protocol,
    }
    return subprocess.run(
        [str(BIN / "opentelemetry-instrument"), *command],
        env={**known, **settings}, capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("kind", RECEIVERS, ids=lambda kind: kind.protocol)
def test_the_demo_is_watched(kind: type[Receiver], tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "root")
    with kind() as receiver:
        done = instrumented([str(BIN / "routilux"), "demo", str(folder), "--json"], receiver)
        assert done.returncode == 0, done.stderr
        spans = receiver.spans()
        figures = {each.name for each in metrics(receiver.last())}
    assert {row.name for row in INSTRUMENTS if row.name.startswith("routilux.worker")} <= figures
    assert CONSUMED in figures  # of observables: histograms alone would come without a reading
    assert json.loads(done.stdout)
    jobs = [span for span in spans if span.name.startswith("job ")]
    assert len(jobs) == 1
    below = [span for span in spans if span.name.startswith("process ")]
    assert below
    assert {span.parent_span_id for span in below} == {jobs[0].span_id}
    assert {span.trace_id for span in spans} == {jobs[0].trace_id}


def test_a_program_of_its_own_providers_is_watched_with_them() -> None:
    kind = RECEIVERS[0]
    with kind() as receiver:
        done = instrumented([sys.executable, "-c", OWN + PLAIN], receiver)
        assert done.returncode == 0, done.stderr
        names = sorted({span.name for span in receiver.spans()})
        figures = {each.name for each in metrics(receiver.last())}
    assert names == ["job plain", "process numbers", "process sink"]
    assert CONSUMED in figures
