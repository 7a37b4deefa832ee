"""The servers themselves check the configuration files."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tools.backends.collector import CONFIG, DEV_CONFIG
from tools.backends.ports import Ports
from tools.backends.prometheus import lay_out
from tools.backends.recipes import COLLECTOR_VERSION, OTELCOL, PROMETHEUS

if TYPE_CHECKING:
    from pathlib import Path


def run(*command: object) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=50, check=False
    )


@pytest.mark.parametrize("config", [CONFIG, DEV_CONFIG], ids=lambda path: path.name)
def test_the_collector_accepts_its_configuration(config):
    done = run(OTELCOL.program("otelcol"), "validate", f"--config={config}")
    assert done.returncode == 0, done.stderr
    assert "deprecated" not in done.stderr.lower()


def test_the_collector_refuses_what_is_wrong(tmp_path: Path):
    """The check above can fail."""
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(CONFIG.read_text("utf-8").replace("span-ingest", "sometimes"), "utf-8")
    done = run(OTELCOL.program("otelcol"), "validate", f"--config={wrong}")
    assert done.returncode != 0
    assert "sampling_strategy" in done.stderr


def test_the_collector_is_of_the_version_that_was_asked_for():
    assert COLLECTOR_VERSION in run(OTELCOL.program("otelcol"), "--version").stdout


def test_prometheus_accepts_its_configuration(tmp_path: Path):
    done = run(PROMETHEUS.program("promtool"), "check", "config", lay_out(tmp_path, Ports()))
    assert done.returncode == 0, done.stdout + done.stderr
