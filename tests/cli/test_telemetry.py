"""Telemetry of the commands: what turns it on, what it says, and which settings are refused."""

from __future__ import annotations

import os
import socket
import threading

import pytest

from routilux.cli import telemetry
from routilux.cli.errors import DONE, USAGE
from tests.cli.programs import call, finish, interrupt, start
from tests.otel.receivers import HttpReceiver

GONE = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}


@pytest.fixture
def root(tmp_path):
    (tmp_path / "a.py").write_text("x = 1\n")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "127.0.0.1:4318"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "-5"),
        ("OTEL_BSP_SCHEDULE_DELAY", "-1"),
        ("OTEL_BLRP_SCHEDULE_DELAY", "abc"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "abc"),
        ("OTEL_TRACES_SAMPLER", "nonsense"),
        ("OTEL_PROPAGATORS", "foo"),
        ("OTEL_METRICS_EXEMPLAR_FILTER", "foo"),
        ("OTEL_TRACES_EXPORTER", "otlp,console"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_its_variable(root, name, said):
    done = finish(start("demo", root, **{**GONE, name: said}))
    assert done.code == USAGE
    assert done.error.startswith(f"telemetry: {name} must be ")
    assert done.error.endswith(f"not {said!r}")


@pytest.mark.parametrize("settings", [{}, GONE], ids=["off", "on"])
@pytest.mark.parametrize("words", [("demo",), ("serve", "--port", "0")], ids=" ".join)
def test_a_misspelt_setting_of_ours_is_refused(words, settings):
    done = finish(start(*words, ROUTILUX_OTEL_LEVL="jobs", **settings))
    assert done.code == USAGE
    assert done.error.endswith("LEVL is no setting: did you mean ROUTILUX_OTEL_LEVEL?")


def test_a_wrong_level_is_refused_without_an_endpoint_too(root):
    done = finish(start("demo", root, ROUTILUX_OTEL_LEVEL="loud"))
    assert done.code == USAGE
    assert "ROUTILUX_OTEL_LEVEL must be one of off, metrics" in done.error
    done = finish(start("demo", root, ROUTILUX_OTEL_LEVEL="jobs"))
    assert (done.code, done.err) == (DONE, "")


@pytest.mark.parametrize("signal", ["TRACES", "METRICS", "LOGS"])
def test_an_endpoint_of_one_signal_turns_on_that_one_alone(root, signal):
    path = f"/v1/{signal.lower()}"
    with HttpReceiver() as receiver:
        endpoint = {f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT": receiver.endpoint + path}
        done = finish(start("demo", root, "--json", **endpoint))
        # The others would have had trouble: nobody waits for them.
        assert (done.code, done.err) == (DONE, "")
        if signal == "METRICS":
            receiver.last()


def test_an_exporter_that_is_asked_for_is_left_alone(monkeypatch):
    for name in (*telemetry.ENDPOINTS, "OTEL_LOGS_EXPORTER", "OTEL_METRICS_EXPORTER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://host")
    monkeypatch.setenv("OTEL_METRICS_EXPORTER", "")
    monkeypatch.setenv("OTEL_LOGS_EXPORTER", "otlp")
    before = dict(os.environ)
    with telemetry._only_where_named():
        changed = {
            name: os.environ[name] for name in os.environ if os.environ[name] != before[name]
        }
    assert changed == {"OTEL_METRICS_EXPORTER": "none"}
    assert dict(os.environ) == before


def test_serve_tells_trouble_once_and_in_its_log():
    settings = {**GONE, "OTEL_METRIC_EXPORT_INTERVAL": "100"}
    process = start("serve", "--port", 0, **settings)
    assert process.stderr is not None
    line = process.stderr.readline()
    while "trouble" not in line:
        line = process.stderr.readline()
    assert " WARNING routilux.otel: Telemetry has trouble, the work goes on: " in line
    done, _ = interrupt(process)
    assert "trouble" not in done.err
    assert "Lost since it began: " in done.err


def test_losses_are_told_when_the_end_was_in_time(root):
    with socket.create_server(("127.0.0.1", 0)) as refusing:
        threading.Thread(target=refuse, args=(refusing,), daemon=True).start()
        endpoint = f"http://127.0.0.1:{refusing.getsockname()[1]}"
        done = finish(start("demo", root, "--json", OTEL_EXPORTER_OTLP_ENDPOINT=endpoint))
    assert done.code == DONE
    trouble, lost = done.err.splitlines()
    assert f"Is a collector at {endpoint} " in trouble
    assert lost.startswith("routilux: telemetry has ended. Lost since it began: ")


def refuse(server):
    """Answer every request with 404, until the server is closed."""
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            connection.recv(1 << 20)
            answer = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            connection.sendall(answer)


@pytest.mark.parametrize("command", ["demo", "run", "serve"])
def test_the_help_names_the_variables(capsys, command):
    told = " ".join(call(capsys, command, "--help").out.split())
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "ROUTILUX_OTEL_LEVEL"):
        assert name in told
