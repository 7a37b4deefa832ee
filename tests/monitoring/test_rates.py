"""How fast slots fill."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from routilux.monitoring.rates import SlotRate, TimedReading, rates, read_timed
from tests.monitoring.samples import make_flow, make_runtime

if TYPE_CHECKING:
    from routilux import JobState
    from routilux.testing import StepRuntime


@pytest.fixture
def runtime() -> StepRuntime:
    return make_runtime()


@pytest.fixture
def job(runtime: StepRuntime) -> JobState:
    """A job with open input and a slot of length 10."""
    made = runtime.exec(make_flow(count=0), keep_open=True)
    runtime.run_until_idle()
    return made


def only(before: TimedReading, after: TimedReading) -> SlotRate:
    (rate,) = rates(before, after)
    return rate


def fill(job: JobState, count: int) -> None:
    for number in range(count):
        job.post("sink", "in", number)


def test_a_slot_that_fills(job: JobState, runtime: StepRuntime) -> None:
    before = read_timed(job)
    fill(job, 4)
    runtime.clock.advance(2)
    rate = only(before, read_timed(job))
    assert (rate.offered_per_second, rate.consumed_per_second) == (2, 0)
    assert rate.seconds_until_full == 3  # six more at two a second


def test_what_counts_is_how_the_backlog_grows(job: JobState, runtime: StepRuntime) -> None:
    before = read_timed(job)
    fill(job, 5)
    runtime.run_until_idle()
    fill(job, 1)
    runtime.clock.advance(1)
    rate = only(before, read_timed(job))
    assert (rate.offered_per_second, rate.consumed_per_second) == (6, 5)
    assert rate.seconds_until_full == 9


def test_a_slot_that_empties_is_never_full(job: JobState, runtime: StepRuntime) -> None:
    fill(job, 5)
    before = read_timed(job)
    runtime.run_until_idle()
    runtime.clock.advance(1)
    rate = only(before, read_timed(job))
    assert (rate.consumed_per_second, rate.seconds_until_full) == (5, None)


def test_a_slot_that_stands_still_is_never_full(job: JobState, runtime: StepRuntime) -> None:
    before = read_timed(job)
    runtime.clock.advance(1)
    assert only(before, read_timed(job)).seconds_until_full is None


def test_a_full_slot_is_full_now(job: JobState) -> None:
    fill(job, 10)
    now = read_timed(job)
    rate = only(now, now)
    assert (rate.offered_per_second, rate.consumed_per_second) == (None, None)
    assert rate.seconds_until_full == 0
