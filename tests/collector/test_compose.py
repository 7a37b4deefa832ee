"""compose.yaml and what it mounts: containers do not run everywhere, but their form is checked."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from tests.collector.files import FOLDER, read, variables
from tools.backends import recipes

COMPOSE = read("compose.yaml")
SERVICES = COMPOSE["services"]
EACH = pytest.mark.parametrize("name", SERVICES)
PROVISIONING = FOLDER / "grafana" / "provisioning"
INSIDE = {"collector": 8888, "prometheus": 9090, "jaeger": 14269}


def mounts(name: str) -> list[tuple[str, str, str]]:
    """Source, place and mode of what a service mounts."""
    found = [each.split(":") for each in SERVICES[name].get("volumes", [])]
    return [(source, place, mode[0] if mode else "rw") for source, place, *mode in found]


def data_sources() -> dict[str, dict]:
    """Grafana's data sources by their uids."""
    path = PROVISIONING / "datasources" / "datasources.yaml"
    sources = yaml.safe_load(path.read_text(encoding="utf-8"))["datasources"]
    return {source["uid"]: source for source in sources}


def test_it_starts_the_four():
    assert set(SERVICES) == {"collector", "jaeger", "prometheus", "grafana"}


@EACH
def test_every_image_is_pinned_to_a_whole_version(name):
    assert re.fullmatch(r"[a-z0-9/-]+:v?\d+\.\d+\.\d+", SERVICES[name]["image"])


@EACH
def test_every_port_is_published_on_this_machine_only(name):
    assert SERVICES[name]["ports"]
    for port in SERVICES[name]["ports"]:
        assert re.fullmatch(r"127\.0\.0\.1:(\d+):\1", port)


def test_no_port_is_published_twice():
    ports = [port for each in SERVICES.values() for port in each["ports"]]
    assert sorted(set(ports)) == sorted(ports)


@EACH
def test_nothing_has_more_rights_than_it_needs(name):
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "network_mode", "pid", "cap_add"} & set(service)


@EACH
def test_what_is_mounted_is_there_and_cannot_be_changed(name):
    for source, _, mode in mounts(name):
        if source.startswith("."):
            assert (FOLDER / source).exists(), source
            assert mode == "ro"
        else:
            assert source in COMPOSE["volumes"]


def test_every_volume_is_used():
    used = {source for name in SERVICES for source, _, _ in mounts(name)}
    assert set(COMPOSE["volumes"]) <= used


def test_variables_of_the_collector_exist():
    given = set(SERVICES["collector"]["environment"])
    assert given <= set(variables("config.yaml"))


def test_versions_are_those_that_are_built():
    versions = {name: each["image"].rpartition(":")[2] for name, each in SERVICES.items()}
    assert versions["jaeger"] == recipes.JAEGER_VERSION
    assert versions["prometheus"] == f"v{recipes.PROMETHEUS_VERSION}"
    assert versions["collector"] == recipes.COLLECTOR_VERSION


def test_prometheus_finds_beside_its_configuration_what_it_names():
    config = read("prometheus.yaml")
    places = {place for _, place, _ in mounts("prometheus")}
    command = SERVICES["prometheus"]["command"]
    (home,) = [each.partition("=")[2] for each in command if each.startswith("--config.file=")]
    folder = home.rpartition("/")[0]
    assert {home, f"{folder}/rules", f"{folder}/targets"} <= places
    assert config["rule_files"] == ["rules/*.yaml"]
    for job in config["scrape_configs"]:
        name = job["job_name"]
        assert job["file_sd_configs"] == [{"files": [f"targets/{name}.yaml"]}]
        assert read(f"targets/{name}.yaml") == [{"targets": [f"{name}:{INSIDE[name]}"]}]


def test_prometheus_takes_otlp_and_keeps_exemplars():
    assert {"--web.enable-otlp-receiver", "--enable-feature=exemplar-storage"} <= set(
        SERVICES["prometheus"]["command"]
    )
    config = read("prometheus.yaml")
    assert config["otlp"]["translation_strategy"] == "UnderscoreEscapingWithSuffixes"
    assert config["storage"]["exemplars"]["max_exemplars"] > 0


def test_exemplars_lead_to_jaeger_and_spans_back_to_metrics():
    sources = data_sources()
    assert {uid: each["type"] for uid, each in sources.items()} == {
        "prometheus": "prometheus",
        "jaeger": "jaeger",
    }
    (link,) = sources["prometheus"]["jsonData"]["exemplarTraceIdDestinations"]
    assert (link["name"], link["datasourceUid"]) == ("trace_id", "jaeger")
    back = sources["jaeger"]["jsonData"]["tracesToMetrics"]
    assert back["datasourceUid"] == "prometheus"
    assert {tag["key"].replace(".", "_") for tag in back["tags"]} == {
        tag["value"] for tag in back["tags"]
    }
    assert all("$$__tags" in query["query"] for query in back["queries"])


def test_data_sources_are_where_compose_puts_them():
    for uid, source in data_sources().items():
        assert source["url"].startswith(f"http://{uid}:")


def test_dashboards_are_read_from_where_they_are_mounted():
    path = PROVISIONING / "dashboards" / "dashboards.yaml"
    (provider,) = yaml.safe_load(path.read_text(encoding="utf-8"))["providers"]
    places = {place: source for source, place, _ in mounts("grafana")}
    folder = FOLDER / places[provider["options"]["path"]]
    assert provider["allowUiUpdates"] is False
    for found in folder.rglob("*.json"):
        assert json.loads(found.read_text(encoding="utf-8"))
