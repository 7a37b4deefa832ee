"""Prometheus' own tool on the alerts: they load, fire when they should, and only then."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tools.backends.recipes import PROMETHEUS
from tools.dashboards.alerts import ALERTS, Alert
from tools.dashboards.rendering import FOLDER, RULES, rules

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TESTS = "rule_tests/alerts.yaml"
NAMES = sorted({alert.name for alert in ALERTS})
LASTING = sorted({alert.name for alert in ALERTS if alert.lasting != "0m"})


def promtool(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [str(PROMETHEUS.program("promtool")), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_prometheus_takes_the_rules() -> None:
    done = promtool("check", "rules", "--lint=all", "--lint-fatal", FOLDER / RULES)
    assert done.returncode == 0, done.stderr
    assert f"{len(ALERTS)} rules found" in done.stdout


def test_alerts_fire_when_they_should() -> None:
    done = promtool("test", "rules", FOLDER / TESTS)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def spoiled(tmp_path: Path) -> Callable[[Callable[[Alert], Alert]], str]:
    """Runs the tests of the rules on rules of which some are changed; what they say."""

    def run(change: Callable[[Alert], Alert]) -> str:
        for name, text in ((RULES, rules(map(change, ALERTS))), (TESTS, "")):
            path = tmp_path / name
            path.parent.mkdir()
            path.write_text(text, encoding="utf-8")
        shutil.copy(FOLDER / TESTS, tmp_path / TESTS)
        done = promtool("test", "rules", tmp_path / TESTS)
        assert done.returncode == 1
        return done.stdout + done.stderr

    return run


@pytest.mark.parametrize("name", NAMES)
def test_one_that_never_fires_is_noticed(name: str, spoiled) -> None:
    def never(alert: Alert) -> Alert:
        return replace(alert, condition="> 1e12") if alert.name == name else alert

    assert name in spoiled(never)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "RoutiluxSeriesOverflow"])
def test_one_that_fires_on_anything_is_noticed(name: str, spoiled) -> None:
    def always(alert: Alert) -> Alert:
        return replace(alert, condition=">= 0", lasting="0m") if alert.name == name else alert

    assert name in spoiled(always)


def test_one_that_fires_on_series_that_are_whole_is_noticed(spoiled) -> None:
    def any_series(alert: Alert) -> Alert:
        return replace(alert, query=alert.query.replace('overflow="true"', 'overflow=""'))

    assert "RoutiluxSeriesOverflow" in spoiled(any_series)


@pytest.mark.parametrize("name", LASTING)
def test_one_that_fires_too_early_is_noticed(name: str, spoiled) -> None:
    def hasty(alert: Alert) -> Alert:
        return replace(alert, lasting="0m") if alert.name == name else alert

    assert name in spoiled(hasty)
