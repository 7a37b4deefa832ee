"""What the variables say."""

from __future__ import annotations

import pytest

from routilux_otel.resource import make_resource
from routilux_otel.settings import (
    QueueLimits,
    captures_payloads,
    check_metrics,
    check_otlp,
    check_own,
    check_propagators,
    check_sampler,
    endpoint,
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
    with pytest.raises(ValueError, match=r"otlp, console, none \(a list is not taken\)"):
        exporter("traces", {"OTEL_TRACES_EXPORTER": "otlp,console"})


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
    assert queue_limits("OTEL_BSP", {}) == QueueLimits(2048, 512, 1000)
    assert queue_limits("OTEL_BSP", {"OTEL_BSP_MAX_QUEUE_SIZE": "100"}) == QueueLimits(100, 100)
    both = {"OTEL_BLRP_MAX_QUEUE_SIZE": "100", "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE": "7"}
    assert queue_limits("OTEL_BLRP", both) == QueueLimits(100, 7)
    with pytest.raises(ValueError, match="OTEL_BSP_MAX_QUEUE_SIZE must be a number above 0"):
        queue_limits("OTEL_BSP", {"OTEL_BSP_MAX_QUEUE_SIZE": "0"})


@pytest.mark.parametrize("name", ["SCHEDULE_DELAY", "EXPORT_TIMEOUT"])
@pytest.mark.parametrize("said", ["-1", "0", "abc", "1.5"])
def test_times_of_a_queue(name: str, said: str) -> None:
    wrong = f"OTEL_BLRP_{name} must be a whole number of milliseconds above 0, not '{said}'"
    with pytest.raises(ValueError, match=wrong):
        queue_limits("OTEL_BLRP", {f"OTEL_BLRP_{name}": said})
    known = {"SCHEDULE_DELAY": QueueLimits(2048, 512, 200), "EXPORT_TIMEOUT": QueueLimits()}
    assert queue_limits("OTEL_BLRP", {f"OTEL_BLRP_{name}": "200"}) == known[name]


def test_an_endpoint_is_the_signals_own_or_the_general_one() -> None:
    general, own = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"
    assert endpoint("logs", {}) == (general, None)
    assert endpoint("logs", {general: "a"}) == (general, "a")
    assert endpoint("logs", {general: "a", own: "b"}) == (own, "b")
    assert endpoint(None, {general: "a", own: "b"}) == (general, "a")


@pytest.mark.parametrize(
    "said", ["127.0.0.1:4318", "localhost", "ftp://host", "http://", "http://[::1"]
)
def test_an_endpoint_of_http_is_an_address(said: str) -> None:
    settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": said}
    with pytest.raises(
        ValueError, match="OTEL_EXPORTER_OTLP_ENDPOINT must be an address with http"
    ):
        check_otlp("traces", settings)
    check_otlp("traces", {**settings, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})
    check_otlp("traces", {**settings, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://host/v1"})


def test_a_password_in_an_endpoint_is_not_told() -> None:
    with pytest.raises(ValueError, match="'host:4318'") as told:
        check_otlp("logs", {"OTEL_EXPORTER_OTLP_ENDPOINT": "me:secret@host:4318"})
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("said", ["abc", "-5", "0", "nan", "inf"])
def test_intervals_and_timeouts(said: str) -> None:
    for name in ("OTEL_METRIC_EXPORT_INTERVAL", "OTEL_METRIC_EXPORT_TIMEOUT"):
        with pytest.raises(ValueError, match=f"{name} must be a number of milliseconds above 0"):
            check_metrics({name: said})
    for name in ("OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT"):
        with pytest.raises(ValueError, match=f"{name} must be a number of seconds above 0"):
            check_otlp("metrics", {name: said})


def test_intervals_and_timeouts_that_are_right() -> None:
    check_metrics({})
    check_metrics({"OTEL_METRIC_EXPORT_INTERVAL": "200.5", "OTEL_METRIC_EXPORT_TIMEOUT": ""})
    check_otlp("metrics", {"OTEL_EXPORTER_OTLP_TIMEOUT": "0.5"})


def test_the_filter_of_exemplars() -> None:
    check_metrics({"OTEL_METRICS_EXEMPLAR_FILTER": "always_off"})
    with pytest.raises(ValueError, match="EXEMPLAR_FILTER must be one of trace_based, always_on"):
        check_metrics({"OTEL_METRICS_EXEMPLAR_FILTER": "foo"})


def test_samplers() -> None:
    name, argument = "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"
    check_sampler({})
    check_sampler({name: "TraceIdRatio", argument: "0.5"})
    check_sampler({name: "always_on", argument: "not read"})
    with pytest.raises(ValueError, match="OTEL_TRACES_SAMPLER must be one of always_on, "):
        check_sampler({name: "nonsense"})
    for said in ("abc", "2", "-1"):
        with pytest.raises(ValueError, match="SAMPLER_ARG must be a number from 0 to 1"):
            check_sampler({name: "parentbased_traceidratio", argument: said})


def test_propagators() -> None:
    for right in ("", "none", "baggage, tracecontext", "baggage,None"):
        check_propagators({"OTEL_PROPAGATORS": right})
    with pytest.raises(
        ValueError, match=r"OTEL_PROPAGATORS must be none or a list, .* tracecontext"
    ):
        check_propagators({"OTEL_PROPAGATORS": "tracecontext,foo"})


@pytest.mark.parametrize(
    "name", ["ROUTILUX_OTEL_LEVL", "ROUTILUX_OTEL_LEVELS", "routilux_otel_level"]
)
def test_a_slip_of_the_pen_is_no_setting(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is no setting: did you mean ROUTILUX_OTEL_LEVEL"):
        check_own({name: "jobs"})


def test_our_own_settings() -> None:
    check_own({"ROUTILUX_OTEL_LEVEL": "jobs", "ROUTILUX_OTEL_HOST": "x", "OTEL_LEVEL": "y"})
    with pytest.raises(ValueError, match="did you mean ROUTILUX_OTEL_CAPTURE_PAYLOADS"):
        check_own({"ROUTILUX_OTEL_PAYLOADS": "true"})
    with pytest.raises(ValueError, match="LEVEL must be one of"):
        check_own({"ROUTILUX_OTEL_LEVEL": "loud"})
    with pytest.raises(ValueError, match="must be true or false"):
        check_own({"ROUTILUX_OTEL_CAPTURE_PAYLOADS": "maybe"})
