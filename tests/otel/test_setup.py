"""Configuring, and the end, each in a process of its own: a provider can be set only once."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

import pytest

from tests.otel.receivers import HttpReceiver, points

OWN_PROVIDER = """
from opentelemetry.metrics import get_meter_provider, set_meter_provider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
import routilux_otel
reader = InMemoryMetricReader()
provider = MeterProvider([reader])
set_meter_provider(provider)
telemetry = routilux_otel.configure()
assert provider is get_meter_provider() and provider not in telemetry.providers
assert routilux_otel.shutdown()
names = {m.name for m in reader.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics}
assert 'routilux.worker.limit' in names, names
"""

TWICE = """
import routilux_otel, sys
telemetry = routilux_otel.configure()
assert telemetry is routilux_otel.configure()
assert telemetry.state() == {"state": "on", "owned": True, "lost": {}}
assert telemetry.shutdown() and telemetry.shutdown() and routilux_otel.shutdown()
assert telemetry.state() == {"state": "ended", "owned": True, "lost": {}}
print("again", file=sys.stderr, flush=True)
assert telemetry is routilux_otel.configure()
"""

NOTHING = """
import routilux_otel
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.metrics import get_meter_provider
telemetry = routilux_otel.configure()
assert telemetry is None or not telemetry.owned
assert not isinstance(get_meter_provider(), MeterProvider)
assert routilux_otel.shutdown()
"""

AT_EXIT = """
import routilux_otel
from routilux import Flow, Routine, Runtime
class Sink(Routine):
    def __init__(self):
        super().__init__()
        self.define_slot('trigger')
    def logic(self, items):
        pass
flow = Flow('short')
flow.add_routine(Sink(), 'sink')
routilux_otel.configure()
with Runtime(1) as runtime:
    assert runtime.exec(flow).wait(20)
del runtime
"""

DEAD = """
import routilux_otel, time
telemetry = routilux_otel.configure()
began = time.monotonic()
assert telemetry.shutdown(0.3) is False
assert telemetry.shutdown() is False
assert time.monotonic() - began < 4
"""

CONSOLE = "import routilux_otel; routilux_otel.configure(); routilux_otel.shutdown()"
WRONG = "import routilux_otel; routilux_otel.configure()"


def run(program: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a program with these ``OTEL_`` variables, and no other."""
    environment = {key: each for key, each in os.environ.items() if not key.startswith("OTEL_")}
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**environment, **{f"OTEL_{key}": value for key, value in variables.items()}},
        capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip


def test_a_provider_that_exists_is_used_and_never_replaced() -> None:
    done = run(OWN_PROVIDER, TRACES_EXPORTER="none", LOGS_EXPORTER="none")
    assert (done.returncode, done.stderr) == (0, "")


def test_variables_of_a_provider_that_exists_are_not_ours_to_check() -> None:
    own = {"EXPORTER_OTLP_METRICS_ENDPOINT": "127.0.0.1:4317", "METRIC_EXPORT_INTERVAL": "never"}
    done = run(OWN_PROVIDER, TRACES_EXPORTER="none", LOGS_EXPORTER="none", **own)
    assert (done.returncode, done.stderr) == (0, "")


def test_configuring_and_ending_twice_is_once() -> None:
    with HttpReceiver() as receiver:
        done = run(TWICE, EXPORTER_OTLP_ENDPOINT=receiver.endpoint)
        assert done.returncode == 0, done.stderr
        first, _, again = done.stderr.partition("again\n")
        assert first == ""
        assert again.startswith(
            "Telemetry was shut down, and OpenTelemetry sets its providers once"
        )
        assert receiver.requests.qsize() == 1


NONE = {f"{signal}_EXPORTER": "none" for signal in ("METRICS", "TRACES", "LOGS")}


@pytest.mark.parametrize("variables", [{"SDK_DISABLED": "true"}, NONE])
def test_telemetry_that_is_turned_off(variables: dict[str, str]) -> None:
    done = run(NOTHING, **variables)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_end_of_the_process_sends_the_last_figures_of_jobs_and_runtimes_that_are_gone() -> None:
    with HttpReceiver() as receiver:
        done = run(AT_EXIT, EXPORTER_OTLP_ENDPOINT=receiver.endpoint)
        assert (done.returncode, done.stderr) == (0, "")
        sent = points(receiver.last())
    consumed = [each for (name, _), each in sent.items() if name.endswith("items.consumed")]
    assert consumed == [1]


def test_a_collector_that_never_answers_does_not_hold_the_program() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        done = run(DEAD, EXPORTER_OTLP_ENDPOINT=endpoint)
        assert done.returncode == 0, done.stderr
        assert "Telemetry did not end within 0.3 s" in done.stderr
        assert time.monotonic() - began < 20


def test_the_console_exporter() -> None:
    done = run(CONSOLE, METRICS_EXPORTER="console")
    assert done.returncode == 0, done.stderr
    assert "routilux.worker.limit" in done.stdout


def test_a_variable_that_is_wrong() -> None:
    done = run(WRONG, EXPORTER_OTLP_PROTOCOL="carrier/pigeon")
    assert done.returncode == 1
    assert "OTEL_EXPORTER_OTLP_PROTOCOL must be one of http/protobuf, grpc" in done.stderr


def test_propagators_that_are_wrong_are_told_with_their_variable() -> None:
    done = run("import routilux_otel", PROPAGATORS="foo")
    assert done.stderr.splitlines()[-1].startswith("ValueError: OTEL_PROPAGATORS must be none or ")
