"""The harness of the benchmarks: its arithmetic, its table, and workloads that count right."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks import cli, driver, stats, table
from benchmarks.baselines import bounded_queue, direct_call, event_loop, parking, simple_queue
from benchmarks.child import Options, Timer, WrongResultError, latency, throughput
from benchmarks.figures import FIGURES
from benchmarks.model import Experiment, Figure, Outcome, Spec
from benchmarks.process import MeasurementError, measure

if TYPE_CHECKING:
    from types import ModuleType

    from benchmarks.child import Reading

ROOT = Path(__file__).resolve().parents[2]
BASELINES = [bounded_queue, simple_queue, event_loop, parking, direct_call]
SUBJECT = Spec("subject", "A", 1_000, pool=4)
BASELINE = Spec("baseline", "A", 1_000)
EXPERIMENT = Experiment(SUBJECT, BASELINE, replace(SUBJECT, pool=0))
FIGURE = Figure("f", "items_per_s", "x", "higher", 3.0, 4.0, "by hand", EXPERIMENT)


class Readings:
    """Answers measurements from a list, and notes in which order they were asked for."""

    def __init__(self, *values: float) -> None:
        self.values = list(values)
        self.asked: list[Spec] = []

    def __call__(self, spec: Spec) -> Reading:
        self.asked.append(spec)
        return {"items_per_s": self.values.pop(0)}


def test_ratios_are_taken_within_a_round_before_their_median() -> None:
    # The machine halves its speed in the second round: the ratios do not notice.
    ratios = stats.pairwise([400.0, 200.0, 390.0], [100.0, 50.0, 130.0])
    assert ratios == [4.0, 4.0, 3.0]
    assert stats.spread(ratios) == stats.Spread(median=4.0, low=3.0, high=4.0)


@pytest.mark.parametrize(
    ("measured", "baseline"), [([1.0], []), ([1.0], [0.0]), ([1.0, 2.0], [1.0])]
)
def test_readings_that_cannot_be_paired_are_refused(
    measured: list[float], baseline: list[float]
) -> None:
    with pytest.raises(ValueError):
        stats.pairwise(measured, baseline)


def test_percentiles_take_the_nearest_rank() -> None:
    values = list(range(101))[::-1]
    assert [stats.percentile(values, p) for p in (0, 50, 99, 100)] == [0, 50, 99, 100]
    assert stats.percentile([7], 99) == 7


def test_no_readings_have_no_percentile_and_no_median() -> None:
    with pytest.raises(ValueError):
        stats.percentile([], 50)
    with pytest.raises(ValueError):
        stats.spread([])


def test_a_percentile_outside_of_the_hundred_is_refused() -> None:
    with pytest.raises(ValueError, match=r"within 0\.\.100"):
        stats.percentile([1], 101)


def test_rounds_alternate_and_the_baseline_stands_between_the_columns() -> None:
    readings = Readings(300, 100, 200, 500, 100, 400)
    [outcome] = driver.run_figures([FIGURE], rounds=2, measure_one=readings)
    assert readings.asked == [SUBJECT, BASELINE, replace(SUBJECT, pool=0)] * 2
    assert outcome.value == stats.Spread(median=4.0, low=3.0, high=5.0)
    assert outcome.second == stats.Spread(median=3.0, low=2.0, high=4.0)
    assert outcome.absolute == stats.Spread(median=400, low=300, high=500)
    assert outcome.verdict == "aim"


def test_figures_of_one_experiment_share_its_rounds() -> None:
    readings = Readings(300, 100, 200)
    twice = [FIGURE, replace(FIGURE, name="g", must=5.0)]
    outcomes = driver.run_figures(twice, rounds=1, measure_one=readings)
    assert [outcome.verdict for outcome in outcomes] == ["ok", "miss"]
    assert len(readings.asked) == 3


def test_a_figure_without_baseline_is_the_reading_itself() -> None:
    figure = replace(FIGURE, experiment=Experiment(SUBJECT), better="lower")
    [outcome] = driver.run_figures([figure], rounds=1, measure_one=Readings(3.5))
    assert outcome.value == stats.Spread(3.5, 3.5, 3.5)
    assert outcome.verdict == "miss"


def test_a_measurement_that_fails_makes_its_figure_an_error() -> None:
    def fail(_: Spec) -> Reading:
        raise MeasurementError("items at the sinks: expected 10, got 9")

    [outcome] = driver.run_figures([FIGURE], rounds=1, measure_one=fail)
    assert (outcome.verdict, outcome.value) == ("error", None)
    assert "expected 10, got 9" in table.report([outcome])
    assert cli.exit_code([outcome], strict=False) == 1


def test_a_reading_without_the_number_makes_its_figure_an_error() -> None:
    figure = replace(FIGURE, key="p99_us")
    [outcome] = driver.run_figures([figure], rounds=1, measure_one=Readings(1, 1, 1))
    assert outcome.verdict == "error"
    assert "p99_us" in outcome.error


@pytest.mark.parametrize(
    ("better", "value", "verdict"),
    [
        ("higher", 4.0, "aim"),
        ("higher", 3.0, "ok"),
        ("higher", 2.9, "miss"),
        ("lower", 2.0, "aim"),
        ("lower", 3.0, "ok"),
        ("lower", 3.1, "miss"),
    ],
)
def test_verdicts_know_their_direction(better: str, value: float, verdict: str) -> None:
    aim = 4.0 if better == "higher" else 2.0
    figure = replace(FIGURE, better="higher" if better == "higher" else "lower", aim=aim)
    assert figure.judge(value) == verdict


def test_a_figure_without_limit_is_only_reported() -> None:
    assert replace(FIGURE, must=None).judge(0.0) == "reported"


def test_a_miss_fails_only_when_asked_to() -> None:
    miss = Outcome(FIGURE, "miss", value=stats.Spread(1, 1, 1))
    assert cli.exit_code([miss], strict=False) == 0
    assert cli.exit_code([miss], strict=True) == 1


def test_lost_items_and_missing_samples_are_no_figures() -> None:
    with Timer() as timer:
        pass
    with pytest.raises(WrongResultError, match="expected 10, got 9"):
        throughput(timer, 9, 10)
    with pytest.raises(WrongResultError, match="at least 3"):
        latency([1, 2], 3)
    assert latency([1_000, 3_000, 2_000], 3)["p50_us"] == 2.0


def test_the_table_and_the_document_say_the_same() -> None:
    outcome = Outcome(FIGURE, "ok", value=stats.Spread(3.25, 3.0, 3.5))
    name, must, aim, measured, _, _, verdict = table.row(outcome)
    assert (name, must, aim, measured, verdict) == ("f", ">= 3x", ">= 4x", "3.25x", "ok")
    written = json.loads(json.dumps(table.entry(outcome)))
    assert written["measured"] == {"median": 3.25, "low": 3.0, "high": 3.5}
    assert (written["must"], written["verdict"]) == (3.0, "ok")


def test_names_of_figures_are_unique_and_can_be_matched() -> None:
    names = [figure.name for figure in FIGURES]
    assert len(set(names)) == len(names)
    assert [figure.name for figure in cli.choose(["C-p*"], everything=False)][:2] == [
        "C-p50",
        "C-p99",
    ]
    assert not any(figure.extra for figure in cli.choose([], everything=False))
    with pytest.raises(ValueError, match="no figure is named 'nothing'"):
        cli.choose(["nothing"], everything=True)


def test_list_names_every_figure_and_measures_none() -> None:
    command = [sys.executable, "-m", "benchmarks", "--list"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [figure.name for figure in FIGURES]
    assert done.stderr == ""


@pytest.mark.parametrize("module", BASELINES, ids=lambda module: module.__name__)
def test_baselines_deliver_every_item(module: ModuleType) -> None:
    workloads = module.WORKLOADS
    assert workloads["A"](Options(2_500))["items"] == 2_500
    assert workloads["B"](Options(150))["items"] == 1_500
    assert workloads["C"](Options(5))["samples"] == 5
    assert workloads["D"](Options(20, jobs=7))["items"] == 140


def test_a_measurement_runs_in_a_process_of_its_own() -> None:
    reading = measure(Spec("baselines.direct_call", "A", 100))
    assert reading["items"] == 100
    assert reading["peak_mb"] > 1


def test_a_measurement_that_cannot_run_says_why() -> None:
    with pytest.raises(MeasurementError, match="no_such_module"):
        measure(Spec("baselines.no_such_module", "A", 1))
