"""The lock and pyproject.toml: hashes for all, no address, one release train, nothing left out."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / "locks" / "dev.txt").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
WANTED = [
    *PROJECT["build-system"]["requires"],
    *PROJECT["dependency-groups"]["dev"],
    *(line for extra, lines in EXTRAS.items() if extra != "all" for line in lines),
]
# A pin with its hashes on one line: lines that end with a backslash go on.
ENTRIES = re.findall(r"^(\S+)==(\S+)(.*)$", LOCK.replace("\\\n", ""), re.MULTILINE)
VERSIONS = {name.partition("[")[0]: version for name, version, _ in ENTRIES}


def test_every_line_is_a_pin_or_a_hash():
    lines = LOCK.splitlines()
    odd = [
        line
        for line in lines
        if not re.match(r"[a-z0-9._-]+(\[[a-z0-9,_-]+\])?==|    --hash=sha256:", line)
    ]
    assert odd == []
    assert len(VERSIONS) == sum("==" in line for line in lines)


def test_every_pin_has_hashes():
    assert ENTRIES
    assert [name for name, _, rest in ENTRIES if "--hash=sha256:" not in rest] == []


def test_a_package_that_is_wanted_with_an_extra_is_pinned_with_it():
    """Else older pips look for the newest one, and refuse it as not pinned."""
    assert "coverage[toml]==" in LOCK


def test_there_is_no_address_and_no_path():
    assert not re.search(r"://|--index|--extra-index|--find-links|--trusted| @ |/", LOCK)


@pytest.mark.parametrize("line", sorted(set(WANTED)))
def test_the_lock_fits_the_project(line):
    wanted = Requirement(line)
    locked = VERSIONS[canonicalize_name(wanted.name)]
    assert wanted.specifier.contains(locked), f"{line} is locked at {locked}: run `make lock`"


def test_the_engine_needs_nothing():
    assert PROJECT["project"]["dependencies"] == []


def test_telemetry_comes_from_one_release_train():
    pins = [Requirement(line) for line in EXTRAS["otel"]]
    # A train has a version for what is stable, and one for what is not yet.
    assert {pin.name: str(pin.specifier) for pin in pins} == {
        "opentelemetry-api": "==1.45.2",
        "opentelemetry-exporter-otlp-proto-grpc": "==1.45.2",
        "opentelemetry-exporter-otlp-proto-http": "==1.45.2",
        "opentelemetry-instrumentation": "==0.66b2",
        "opentelemetry-instrumentation-fastapi": "==0.66b2",
        "opentelemetry-instrumentation-logging": "==0.66b2",
        "opentelemetry-sdk": "==1.45.2",
    }
    assert VERSIONS["opentelemetry-semantic-conventions"] == "0.66b2"


def test_all_is_every_other_extra():
    (line,) = EXTRAS["all"]
    assert Requirement(line).extras == set(EXTRAS) - {"all"}
