"""Measure figures: rounds of fresh processes, never two at once, ratios within a round."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchmarks.child import Reading
from benchmarks.model import Experiment, Figure, Outcome, Spec
from benchmarks.process import MeasurementError, measure
from benchmarks.stats import pairwise, spread

Measure = Callable[[Spec], Reading]
Progress = Callable[[str], None]


@dataclass
class Rounds:
    """The readings of one experiment, one entry a round; or why there are none."""

    subject: list[Reading] = field(default_factory=list)
    baseline: list[Reading] = field(default_factory=list)
    second: list[Reading] = field(default_factory=list)
    error: str = ""


def run_rounds(experiment: Experiment, rounds: int, measure_one: Measure = measure) -> Rounds:
    """Run an experiment ``rounds`` times, its processes strictly one after another.

    The baseline stands between the two columns, so that both have it as their neighbour.
    """
    result = Rounds()
    columns = (
        (experiment.subject, result.subject),
        (experiment.baseline, result.baseline),
        (experiment.second, result.second),
    )
    try:
        for _ in range(rounds):
            for spec, readings in columns:
                if spec is not None:
                    readings.append(measure_one(spec))
    except MeasurementError as error:
        result.error = str(error)
    return result


def evaluate(figure: Figure, rounds: Rounds) -> Outcome:
    """Turn the readings of a figure's experiment into its row."""
    if rounds.error:
        return Outcome(figure, "error", error=rounds.error)
    try:
        subject = [reading[figure.key] for reading in rounds.subject]
        baseline = [reading[figure.key] for reading in rounds.baseline]
        second = [reading[figure.key] for reading in rounds.second]
        value = spread(_against(subject, baseline))
        beside = spread(_against(second, baseline)) if second else None
    except (KeyError, ValueError) as error:
        return Outcome(figure, "error", error=f"unusable reading: {error}")
    return Outcome(
        figure,
        figure.judge(value.median),
        value=value,
        second=beside,
        absolute=spread(subject),
        baseline=spread(baseline) if baseline else None,
    )


def _against(measured: list[float], baseline: list[float]) -> list[float]:
    return pairwise(measured, baseline) if baseline else measured


def run_figures(
    figures: Sequence[Figure],
    rounds: int,
    scale: float = 1.0,
    progress: Progress = lambda _: None,
    measure_one: Measure = measure,
) -> list[Outcome]:
    """Measure the figures in order; figures of one experiment share its rounds."""
    done: dict[Experiment, Rounds] = {}
    outcomes = []
    for figure in figures:
        experiment = figure.experiment.scaled(scale)
        if experiment not in done:
            progress(f"{figure.name}: {rounds} rounds")
            done[experiment] = run_rounds(experiment, rounds, measure_one)
        outcomes.append(evaluate(figure, done[experiment]))
    return outcomes
