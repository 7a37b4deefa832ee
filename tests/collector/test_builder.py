"""The distribution: one train of versions, and all that the configurations use."""

from __future__ import annotations

import re

import pytest

from tests.collector.files import read, resolved

BUILDER = read("builder.yaml")
KINDS = ("receivers", "processors", "connectors", "exporters", "extensions", "providers")
MODULES = [(kind, *each["gomod"].split()) for kind in KINDS for each in BUILDER[kind]]
# The type that a configuration names, and the end of its module's path.
ENDS = {"otlp_grpc": "otlp", "otlp_http": "otlphttp", "file_storage": "filestorage"}


def module_end(kind: str, name: str) -> str:
    """The last part of the path of the module that makes `name`, as ``file/logs``."""
    base = name.partition("/")[0]
    if base == "file_storage":
        return "filestorage"
    return ENDS.get(base, base.replace("_", "")) + kind.removesuffix("s")


def test_components_are_of_one_train():
    versions = {version for kind, _, version in MODULES if kind != "providers"}
    versions.add(BUILDER["telemetry"]["gomod"].split()[1])
    assert versions == {f"v{BUILDER['dist']['version']}"}


def test_providers_are_of_the_same_release():
    """The stable modules of a release count six beside the others: 1.67 is 0.161's."""
    assert {version for kind, _, version in MODULES if kind == "providers"} == {"v1.67.0"}
    assert BUILDER["dist"]["version"] == "0.161.0"


def test_every_module_is_named_once():
    paths = [path for _, path, _ in MODULES]
    assert sorted(set(paths)) == sorted(paths)


def test_nothing_is_replaced_or_taken_from_a_path():
    assert set(BUILDER) == {"dist", "telemetry", *KINDS}
    assert all(set(each) == {"gomod"} for kind in KINDS for each in BUILDER[kind])


@pytest.mark.parametrize("name", ["config.yaml", "config.dev.yaml"])
def test_what_a_configuration_uses_is_built_in(name):
    config = resolved(name)
    ends = {(kind, path.rpartition("/")[2]) for kind, path, _ in MODULES}
    used = {
        (kind, module_end(kind, component))
        for kind in ("receivers", "processors", "connectors", "exporters", "extensions")
        for component in config.get(kind, {})
    }
    assert used <= ends


def test_the_container_image_is_of_the_same_version():
    image = read("compose.yaml")["services"]["collector"]["image"]
    assert re.fullmatch(r"\S+:(\S+)", image)[1] == BUILDER["dist"]["version"]
