"""Each alert has a page, a test for when it fires and when not, and says what a person needs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.dashboards.checking import KNOWN, labels_of
from tools.dashboards.alerts import ALERTS, RUNBOOKS, Alert
from tools.dashboards.queries import Asked
from tools.dashboards.rendering import FOLDER, RULES

ROOT = Path(__file__).resolve().parents[2]
RULE_FILE = yaml.safe_load((FOLDER / RULES).read_text(encoding="utf-8"))
TEST_FILE = yaml.safe_load((FOLDER / "rule_tests" / "alerts.yaml").read_text(encoding="utf-8"))
NAMES = sorted({alert.name for alert in ALERTS})
HEADINGS = ["What it means", "What to look at", "What to do"]

every_alert = pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.summary)


def cases(name: str) -> list[dict[str, object]]:
    return [
        case
        for test in TEST_FILE["tests"]
        for case in test.get("alert_rule_test", ())
        if case["alertname"] == name
    ]


def test_there_are_the_alerts_that_were_asked_for() -> None:
    assert NAMES == [
        "RoutiluxCollectorDown",
        "RoutiluxItemsRefused",
        "RoutiluxJobPausedTooLong",
        "RoutiluxNoProgress",
        "RoutiluxOldestItemTooOld",
        "RoutiluxSeriesOverflow",
        "RoutiluxSlotNearlyFull",
        "RoutiluxTelemetryLost",
    ]


def test_each_has_a_page_and_each_page_an_alert() -> None:
    pages = {path.relative_to(ROOT).as_posix() for path in (ROOT / RUNBOOKS).glob("*.md")}
    assert pages == {alert.runbook for alert in ALERTS}


@every_alert
def test_its_page_is_about_it(alert: Alert) -> None:
    text = (ROOT / alert.runbook).read_text(encoding="utf-8")
    assert text.startswith(f"# {alert.name}\n")
    assert re.findall("^## (.+)$", text, re.M) == HEADINGS


@pytest.mark.parametrize("path", sorted((ROOT / RUNBOOKS).glob("*.md")), ids=lambda path: path.stem)
def test_a_page_names_only_metrics_that_there_are(path: Path) -> None:
    named = re.findall(r"\b(?:routilux|otelcol)_\w+", path.read_text(encoding="utf-8"))
    labels = {label for each in KNOWN.values() for label in each}
    assert set(named) - set(KNOWN) - labels - {"routilux_otel"} == set()


@every_alert
def test_its_texts_use_labels_that_it_has(alert: Alert) -> None:
    used = re.findall(r"\$labels\.(\w+)", alert.summary + alert.description)
    assert set(used) <= labels_of(Asked("", alert.expression).filled())


def test_rules_of_one_name_are_told_apart_by_their_labels() -> None:
    rules = [(alert.name, tuple(sorted(alert.also.items()))) for alert in ALERTS]
    assert len(set(rules)) == len(rules)


def test_the_rule_file_has_each_of_them() -> None:
    [group] = RULE_FILE["groups"]
    assert [rule["alert"] for rule in group["rules"]] == [alert.name for alert in ALERTS]
    for rule, alert in zip(group["rules"], ALERTS, strict=True):
        assert rule == alert.rule()  # nothing is lost where a long line is folded


@pytest.mark.parametrize("name", NAMES)
def test_it_is_tested_when_it_fires_and_when_it_does_not(name: str) -> None:
    fires = [bool(case.get("exp_alerts")) for case in cases(name)]
    assert set(fires) == {True, False}


def test_the_tests_of_rules_name_only_series_that_there_are() -> None:
    for test in TEST_FILE["tests"]:
        for each in test["input_series"]:
            labels_of(each["series"])


def test_the_tests_of_rules_are_about_this_file() -> None:
    [path] = TEST_FILE["rule_files"]
    assert (FOLDER / "rule_tests" / path).resolve() == FOLDER / RULES
