"""What a figure is, and what came out of measuring it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from benchmarks.stats import Spread

Better = Literal["higher", "lower"]
Verdict = Literal["aim", "ok", "miss", "reported", "error"]


@dataclass(frozen=True)
class Spec:
    """One measurement in a fresh process: ``python -m MODULE WORKLOAD``.

    ``n`` is the workload's size (items, samples or requests), ``jobs`` how many jobs share the
    process, ``pool`` the worker threads of the runtime (0: the runtime's own default).
    """

    module: str
    workload: str
    n: int
    jobs: int = 1
    pool: int = 0

    def arguments(self) -> list[str]:
        """Return the arguments that follow the interpreter on the command line."""
        sizes = {"--n": self.n, "--jobs": self.jobs, "--pool": self.pool}
        flags = [part for flag, value in sizes.items() for part in (flag, str(value))]
        return ["-m", f"benchmarks.{self.module}", self.workload, *flags]

    def scaled(self, scale: float) -> Spec:
        """Return the same measurement with ``n`` times ``scale``, at least 1."""
        return replace(self, n=max(1, round(self.n * scale)))


@dataclass(frozen=True)
class Experiment:
    """The processes of one round, run one after another.

    ``baseline`` turns readings into ratios.  ``second`` is the same workload on a runtime with the
    default number of workers, shown beside the figure and not judged.
    """

    subject: Spec
    baseline: Spec | None = None
    second: Spec | None = None

    def scaled(self, scale: float) -> Experiment:
        """Return the same experiment with every size times ``scale``."""
        return Experiment(
            self.subject.scaled(scale),
            self.baseline and self.baseline.scaled(scale),
            self.second and self.second.scaled(scale),
        )


@dataclass(frozen=True)
class Figure:
    """One row of the table: a reading of an experiment, and what it is judged by."""

    name: str
    key: str  # which number of the reading
    unit: str
    better: Better
    must: float | None
    aim: float | None
    how: str
    experiment: Experiment
    extra: bool = False  # for orientation: only measured when asked for

    def judge(self, value: float) -> Verdict:
        """Say whether ``value`` reaches the aim, the limit, or neither."""
        if self.must is None:
            return "reported"
        if self._reaches(value, self.must):
            return "aim" if self.aim is not None and self._reaches(value, self.aim) else "ok"
        return "miss"

    def _reaches(self, value: float, limit: float) -> bool:
        return value >= limit if self.better == "higher" else value <= limit


@dataclass(frozen=True)
class Outcome:
    """A figure with what was measured, or with the reason why it could not be."""

    figure: Figure
    verdict: Verdict
    value: Spread | None = None
    second: Spread | None = None
    absolute: Spread | None = None  # the measured reading itself, before the ratio
    baseline: Spread | None = None
    error: str = ""
