"""A line about a collector that does not answer says what to look at."""

from __future__ import annotations

import logging

import pytest

from routilux_otel.quiet import Complaints, hint

GENERAL = "OTEL_EXPORTER_OTLP_ENDPOINT"
TRACES, PROTOCOL = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL"
GONE = "http://127.0.0.1:9"


def test_the_hint_names_the_address_and_its_variable() -> None:
    assert hint("logs", {GENERAL: GONE}) == f"Is a collector at {GONE} ({GENERAL})?"
    assert hint("traces", {GENERAL: "x", TRACES: GONE}) == f"Is a collector at {GONE} ({TRACES})?"


def test_the_hint_names_where_the_sdk_looks_by_itself() -> None:
    told = "Is a collector at http://localhost:{} ({} is not set)?"
    assert hint(None, {}) == told.format(4318, GENERAL)
    assert hint(None, {PROTOCOL: "grpc"}) == told.format(4317, GENERAL)


@pytest.mark.parametrize(
    ("port", "protocol", "other"),
    [("4317", "http/protobuf", "grpc"), ("4318/", "grpc", "http/protobuf")],
)
def test_the_port_of_the_other_protocol(port: str, protocol: str, other: str) -> None:
    told = hint("metrics", {GENERAL: f"http://host:{port}", PROTOCOL: protocol})
    assert told.endswith(
        "Port 4317 is for gRPC and 4318 for HTTP: change the port, or set "
        f"OTEL_EXPORTER_OTLP_PROTOCOL={other}."
    )


def test_an_address_is_shown_without_secrets() -> None:
    told = hint(None, {GENERAL: "https://me:secret@host:4318/base?token=secret"})
    assert told == f"Is a collector at https://host:4318/base ({GENERAL})?"


@pytest.mark.parametrize(
    ("name", "text", "variable"),
    [
        ("opentelemetry.exporter.otlp.proto.http.trace_exporter", "no answer", TRACES),
        ("opentelemetry.exporter.otlp.proto.grpc.exporter", "exporting traces to host", TRACES),
        ("opentelemetry.exporter.otlp.proto.http.metric_exporter", "no answer", GENERAL),
        ("urllib3.connectionpool", "broken answer", GENERAL),
    ],
)
def test_what_the_exporters_log_gets_the_hint(
    name: str,
    text: str,
    variable: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.delenv(PROTOCOL, raising=False)
    monkeypatch.setenv(GENERAL, "http://general")
    monkeypatch.setenv(TRACES, "http://traces")
    Complaints().emit(logging.LogRecord(name, logging.WARNING, "", 0, text, None, None))
    assert caplog.messages[0].endswith(f"{text}. {expected(variable)}")


def expected(variable: str) -> str:
    """The hint, where each variable says its own."""
    where = "http://traces" if variable == TRACES else "http://general"
    return f"Is a collector at {where} ({variable})?"


def test_a_variable_that_nobody_has_checked_costs_the_hint_only(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(PROTOCOL, "smoke")
    name = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
    Complaints().emit(logging.LogRecord(name, logging.WARNING, "", 0, "gone", None, None))
    assert caplog.messages == ["Telemetry has trouble, the work goes on: gone."]
