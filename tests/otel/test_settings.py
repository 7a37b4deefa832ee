"""What the variables say."""

from __future__ import annotations

import pytest

from routilux_otel.resource import make_resource
from routilux_otel.settings import is_disabled, metrics_exporter, metrics_protocol


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
    assert metrics_exporter({}) == "otlp"
    assert metrics_exporter({"OTEL_METRICS_EXPORTER": " None "}) == "none"
    with pytest.raises(ValueError, match="OTEL_METRICS_EXPORTER must be one of otlp, console"):
        metrics_exporter({"OTEL_METRICS_EXPORTER": "smoke"})


def test_protocol() -> None:
    general, own = "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL"
    assert metrics_protocol({}) == "http/protobuf"
    assert metrics_protocol({general: "grpc"}) == "grpc"
    assert metrics_protocol({general: "grpc", own: "http/protobuf"}) == "http/protobuf"
    with pytest.raises(ValueError, match="PROTOCOL must be one of http/protobuf, grpc"):
        metrics_protocol({general: "http/json"})


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
