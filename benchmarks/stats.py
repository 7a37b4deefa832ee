"""The arithmetic of the figures: percentiles, and medians of pairwise ratios."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Spread:
    """The median of repeated readings, and the range they fell in."""

    median: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """Sum up repeated readings; raises ValueError when there are none."""
    if not values:
        raise ValueError("no readings to sum up")
    return Spread(median(values), min(values), max(values))


def pairwise(measured: Sequence[float], baseline: Sequence[float]) -> list[float]:
    """Divide each reading by the baseline's reading of the same round.

    The machine drifts between rounds, hardly within one: so the ratios are taken first and the
    median afterwards.  Raises ValueError when a reading has no partner or a baseline is not above
    zero.
    """
    if len(measured) != len(baseline):
        raise ValueError(f"{len(measured)} readings cannot pair with {len(baseline)} baselines")
    if any(value <= 0 for value in baseline):
        raise ValueError("a baseline reading is not above zero")
    return [value / base for value, base in zip(measured, baseline, strict=True)]


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the reading at ``percent`` (0..100) of the sorted values, to the nearest rank."""
    if not values:
        raise ValueError("no readings to take a percentile of")
    if not 0 <= percent <= 100:
        raise ValueError(f"percent must be within 0..100, not {percent}")
    ordered = sorted(values)
    return ordered[round(percent / 100 * (len(ordered) - 1))]
