"""The collector's configuration: its order, its bounds, and nothing open to the world."""

from __future__ import annotations

import pytest

from tests.collector.files import resolved, text, variables

CONFIG = resolved("config.yaml")
DEV = resolved("config.dev.yaml")
BOTH = pytest.mark.parametrize("config", [CONFIG, DEV], ids=["config", "dev"])
PIPELINES = CONFIG["service"]["pipelines"]


def endpoints(config: dict) -> list[str]:
    """Where a collector listens."""
    protocols = config["receivers"]["otlp"]["protocols"]
    (reader,) = config["service"]["telemetry"]["metrics"]["readers"]
    own = reader["pull"]["exporter"]["prometheus"]
    return [
        protocols["grpc"]["endpoint"],
        protocols["http"]["endpoint"],
        config["extensions"]["health_check"]["endpoint"],
        f"{own['host']}:{own['port']}",
    ]


@BOTH
def test_it_listens_on_this_machine_only(config):
    assert endpoints(config) == [
        "127.0.0.1:4317",
        "127.0.0.1:4318",
        "127.0.0.1:13133",
        "127.0.0.1:8888",
    ]


@pytest.mark.parametrize("name", ["config.yaml", "config.dev.yaml"])
def test_every_variable_has_one_default_and_is_explained(name):
    found = variables(name)
    assert all(len(defaults) == 1 and "" not in defaults for defaults in found.values())
    told = text("config.yaml").partition("\nextensions:")[0] + text("config.dev.yaml")
    assert [variable for variable in found if variable not in told] == []


@BOTH
def test_the_memory_limiter_is_the_first_everywhere(config):
    for pipeline in config["service"]["pipelines"].values():
        assert pipeline["processors"][0] == "memory_limiter"


@BOTH
def test_there_are_no_leftovers(config):
    """Everything that is defined is used."""
    pipelines = config["service"]["pipelines"].values()
    ends = {name for each in pipelines for end in ("receivers", "exporters") for name in each[end]}
    for kind in ("receivers", "exporters", "connectors"):
        assert set(config.get(kind, {})) <= ends
    used = {name for each in pipelines for name in each["processors"]}
    assert set(config["processors"]) == used
    assert set(config["extensions"]) == set(config["service"]["extensions"])


def test_span_metrics_see_what_sampling_lets_go():
    before = PIPELINES["traces/figures"]
    assert before["exporters"] == ["span_metrics"]
    assert "tail_sampling" not in before["processors"]
    assert "span_metrics" in PIPELINES["metrics"]["receivers"]


def test_signals_go_where_they_belong():
    ends = {name: each["exporters"] for name, each in PIPELINES.items()}
    assert ends == {
        "traces/figures": ["span_metrics"],
        "traces": ["otlp_grpc/jaeger"],
        "metrics": ["otlp_http/prometheus"],
        "logs": ["file/logs"],
    }


@pytest.mark.parametrize("name", ["otlp_grpc/jaeger", "otlp_http/prometheus"])
def test_what_is_not_delivered_waits_on_disk_within_bounds(name):
    exporter = CONFIG["exporters"][name]
    assert exporter["sending_queue"]["storage"] == "file_storage"
    assert exporter["sending_queue"]["sizer"] == "bytes"
    assert exporter["sending_queue"]["queue_size"] > 0
    assert exporter["retry_on_failure"]["max_elapsed_time"] == 0


def test_no_batch_is_kept_in_memory_before_the_queue():
    """What a batch processor has is lost with the process."""
    assert all("batch" not in each["processors"] for each in PIPELINES.values())
    for name in ("otlp_grpc/jaeger", "otlp_http/prometheus"):
        assert CONFIG["exporters"][name]["sending_queue"]["batch"]


def test_logs_are_bounded():
    rotation = CONFIG["exporters"]["file/logs"]["rotation"]
    assert rotation["max_megabytes"] * rotation["max_backups"] <= 100


def test_a_trace_that_was_let_go_is_looked_at_again():
    sampling = CONFIG["processors"]["tail_sampling"]
    assert sampling["sampling_strategy"] == "span-ingest"
    assert sampling["decision_cache"]["non_sampled_cache_size"] == 0


def test_what_is_printed_needs_no_back_end():
    assert set(DEV["exporters"]) == {"debug"}
