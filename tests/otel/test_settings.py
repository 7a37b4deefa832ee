"""What the variables say."""

from __future__ import annotations

import pytest

from routilux_otel.resource import make_resource
from routilux_otel.settings import (
    QueueLimits,
    captures_payloads,
    exporter,
    is_disabled,
    level,
    protocol,
    queue_limits,
)


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("value", "disabled"), [("", False), ("false", False), ("TRUE", True), (" true ", True)]
)
def test_disabled(value: str, disabled: bool) -> None:
    assert is_disabled({"OTEL_SDK_DISABLED": value}) is disabled


def test_exporter() -> None:
    assert exporter("metrics", {}) == "otlp"
    assert exporter("metrics", {"OTEL_METRICS_EXPORTER": " None "}) == "none"
    with pytest.raises(ValueError, match="OTEL_METRICS_EXPORTER must be one of otlp, console"):
        exporter("metrics", {"OTEL_METRICS_EXPORTER": "smoke"})


def test_protocol() -> None:
    general, own = "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL"
    assert protocol("metrics", {}) == "http/protobuf"
    assert protocol("metrics", {general: "grpc"}) == "grpc"
    assert protocol("metrics", {general: "grpc", own: "http/protobuf"}) == "http/protobuf"
    with pytest.raises(ValueError, match="PROTOCOL must be one of http/protobuf, grpc"):
        protocol("metrics", {general: "http/json"})


def test_our_own_name_and_version_are_the_default() -> None:
    said = make_resource().attributes
    assert said["service.name"] == "routilux"
    assert said["service.version"] == "0.1.0"
    assert said["service.instance.id"]


def test_a_program_gives_its_own() -> None:
    said = make_resource("shop", "7").attributes
    assert (said["service.name"], said["service.version"]) == ("shop", "7")
    assert "service.version" not in make_resource("shop").attributes


def test_variables_go_before_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "outside")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id=i-1,service.version=9")
    said = make_resource("shop", "7").attributes
    assert said["service.name"] == "outside"
    assert (said["service.instance.id"], said["service.version"]) == ("i-1", "9")


def test_level() -> None:
    assert level({}) == "activations"
    assert level({"ROUTILUX_OTEL_LEVEL": " Jobs "}) == "jobs"
    with pytest.raises(ValueError, match="ROUTILUX_OTEL_LEVEL must be one of off, metrics, jobs"):
        level({"ROUTILUX_OTEL_LEVEL": "loud"})


@pytest.mark.parametrize(
    ("said", "captured"), [("", False), ("no", False), ("True", True), ("1", True)]
)
def test_payloads(said: str, captured: bool) -> None:
    assert captures_payloads({"ROUTILUX_OTEL_CAPTURE_PAYLOADS": said}) is captured


def test_payloads_that_are_neither_yes_nor_no() -> None:
    with pytest.raises(ValueError, match="must be true or false, not 'maybe'"):
        captures_payloads({"ROUTILUX_OTEL_CAPTURE_PAYLOADS": "maybe"})


def test_queue_limits() -> None:
    assert queue_limits("OTEL_BSP", {}) == QueueLimits(2048, 512)
    assert queue_limits("OTEL_BSP", {"OTEL_BSP_MAX_QUEUE_SIZE": "100"}) == QueueLimits(100, 100)
    both = {"OTEL_BLRP_MAX_QUEUE_SIZE": "100", "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE": "7"}
    assert queue_limits("OTEL_BLRP", both) == QueueLimits(100, 7)
    with pytest.raises(ValueError, match="OTEL_BSP_MAX_QUEUE_SIZE must be a number above 0"):
        queue_limits("OTEL_BSP", {"OTEL_BSP_MAX_QUEUE_SIZE": "0"})
