"""Counters that are tied to jobs: exact, bounded, and no set ever falls."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from routilux.activation_policies import batch_size_policy
from routilux.engine.job_sets import JobKey, JobSets
from routilux.engine.ledger import Ledger
from routilux.monitoring.instruments import (
    JOB,
    JOB_REFUSED,
    JOB_RETRIES,
    REFUSED,
    RETRIES,
    SLOT_ATTRIBUTES,
    Instrument,
)
from routilux.monitoring.reading import read
from tests.monitoring.samples import make_flow, make_runtime

if TYPE_CHECKING:
    from routilux.monitoring.reading import Reading


def points(row: Instrument, reading: Reading) -> dict[tuple[str, ...], float]:
    """The points of a row; each set of attributes is there once."""
    found = [(tuple(attributes.values()), value) for value, attributes in row.points(reading)]
    assert len(dict(found)) == len(found)
    return dict(found)


def by_slot(row: Instrument, reading: Reading) -> Counter[tuple[str, ...]]:
    """The sums over jobs."""
    sums: Counter[tuple[str, ...]] = Counter()
    for value, attributes in row.points(reading):
        own = {name: text for name, text in attributes.items() if name != JOB}
        sums[tuple(own.values())] += int(value)
    return sums


def test_ten_thousand_jobs_in_trouble() -> None:
    """Each refuses 2 of its 4 items; and again as many, whose source waits, twice each."""
    ledger = Ledger()
    runtime = make_runtime(ledger)
    refusing = make_flow("refusing", count=4, max_queue_length=2, overflow="reject")
    waiting = make_flow("waiting", count=4, max_queue_length=2)
    count, before = 5_000, dict[tuple[str, ...], float]()
    for number in range(1, count + 1):
        runtime.exec(refusing)
        runtime.exec(waiting)
        runtime.run_until_idle()
        if number % 500 == 0 or number in (1, 250, 499):
            reading = read(ledger)
            for row, of_slot in ((JOB_REFUSED, REFUSED), (JOB_RETRIES, RETRIES)):
                now = points(row, reading)
                assert by_slot(row, reading) == by_slot(of_slot, reading) - Counter()
                assert len(now) <= 500 + 1
                assert all(now[key] >= value for key, value in before.items() if key in now)
                before |= now
    reading = read(ledger)
    assert not ledger.read().jobs
    refused, retries = points(JOB_REFUSED, reading), points(JOB_RETRIES, reading)
    assert sum(refused.values()) == 2 * count
    assert refused["refusing", "sink", "in", "_other", "rejected"] == 2 * (count - 500)
    own = {key: value for key, value in refused.items() if "_other" not in key}
    assert len(own) == 500
    assert set(own.values()) == {2}
    assert len(retries) == 501
    assert sum(retries.values()) == sum(slot.retries for slot in reading.slots) >= count
    assert retries["waiting", "sink", "in", "_other"] > 0


@pytest.mark.parametrize("limit", [0, 1, 2, 5])
def test_a_set_stays_where_it_was_shown(limit: int) -> None:
    """Jobs in trouble while others end: no set falls, and the sums are those of the slots."""
    ledger = Ledger(job_set_limit=limit)
    runtime = make_runtime(ledger, seed=limit)
    flow = make_flow(count=9, max_queue_length=2, overflow="retry")
    before: dict[tuple[str, ...], float] = {}
    for _ in range(8):
        runtime.exec(flow)
        runtime.exec(flow)
        for _ in range(7):
            runtime.run_one()
            reading = read(ledger)
            now = points(JOB_RETRIES, reading)
            assert before.keys() <= now.keys()
            assert all(now[key] >= value for key, value in before.items())
            assert len([key for key in now if "_other" not in key]) <= limit
            assert by_slot(JOB_RETRIES, reading) == by_slot(RETRIES, reading) - Counter()
            before = now
    runtime.run_until_idle()
    assert sum(points(JOB_RETRIES, read(ledger)).values()) > len(before)


def test_a_job_without_trouble_has_no_set() -> None:
    ledger = Ledger()
    runtime = make_runtime(ledger)
    runtime.exec(make_flow(count=3), keep_open=True)
    runtime.run_until_idle()
    reading = read(ledger)
    assert points(JOB_RETRIES, reading) == points(JOB_REFUSED, reading) == {}


def test_counts_of_another_process_are_left_out() -> None:
    """The first has waited for room; the restored one has not yet."""
    flow = make_flow(count=12)
    flow.routines["sink"].set_activation_policy(batch_size_policy(10))
    first = make_runtime()
    job = first.exec(flow)
    while not job.slot("sink", "in").metrics().retries:
        assert first.run_one()
    job.pause(wait=True)
    ledger = Ledger()
    runtime = make_runtime(ledger)
    again = runtime.restore(job.snapshot(in_flight="rerun"), flow, start_paused=True)
    assert again.slot("sink", "in").metrics().retries == 1
    assert points(JOB_RETRIES, read(ledger)) == {}
    again.resume()
    runtime.run_until_idle()
    more = again.slot("sink", "in").metrics().retries - 1
    found = points(JOB_RETRIES, read(ledger))
    assert found == ({("flow", "sink", "in", again.job_id): more} if more else {})


def test_slots_beyond_their_limit_are_one_more_set_for_each_reason() -> None:
    sets = JobSets(limit=1, key_limit=2)
    for number in range(6):
        for reason in ("rejected", "evicted"):
            sets.end(JobKey(f"flow-{number}", "r", "in", f"job-{number}", reason), 1)
    found = sets.copy()
    assert sum(found.values()) == 12
    assert found[JobKey("flow-0", "r", "in", "job-0", "rejected")] == 1
    assert found[JobKey("flow-5", "r", "in", "_other", "evicted")] == 1
    assert found[JobKey("_other", "_other", "_other", "_other", "rejected")] == 4
    assert len(found) == 5


def test_the_attributes_are_those_of_the_slot_and_the_job() -> None:
    assert JOB_RETRIES.attributes == (*SLOT_ATTRIBUTES, "routilux.job.id")
    assert JOB_REFUSED.attributes == (*SLOT_ATTRIBUTES, "routilux.job.id", "error.type")
