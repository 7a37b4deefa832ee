"""Bursts: a few sums for many refusals, and nothing lost."""

from __future__ import annotations

import itertools
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from routilux.api.events.bursts import SPACING_NS, Bursts, Told
from tests.api.events.samples import refusal


def counts(told: list[Told]) -> list[int]:
    return [record.count for _, record in told]


def test_the_first_is_told_at_once_and_the_rest_as_a_sum() -> None:
    bursts = Bursts()
    assert counts(bursts.offer("refused", refusal(2), 0)) == [2]
    assert bursts.next_due_ns() is None
    for unconsumed in (10, 11):
        assert bursts.offer("refused", refusal(3, unconsumed=unconsumed), 1) == []
    assert bursts.next_due_ns() == SPACING_NS
    assert bursts.due(SPACING_NS - 1) == []
    told = bursts.due(SPACING_NS)
    assert told == [("refused", refusal(6, unconsumed=11))]
    assert bursts.due(3 * SPACING_NS) == []


def test_one_that_comes_late_enough_is_told_with_what_waited() -> None:
    bursts = Bursts()
    bursts.offer("refused", refusal(1), 0)
    bursts.offer("refused", refusal(2), 1)
    assert counts(bursts.offer("refused", refusal(4), SPACING_NS)) == [6]
    assert bursts.offer("refused", refusal(8), SPACING_NS + 1) == []
    assert counts(bursts.offer("refused", refusal(16), 2 * SPACING_NS)) == [24]


def test_jobs_slots_reasons_and_kinds_are_told_apart() -> None:
    bursts = Bursts()
    others = [
        ("refused", refusal()),
        ("held", refusal()),
        ("refused", refusal(job_id="k")),
        ("refused", refusal(routine_id="other")),
        ("refused", refusal(slot_name="other")),
        ("refused", refusal(reason="rejected")),
    ]
    assert [bursts.offer(*each, 1) for each in others] == [[each] for each in others]


def test_the_end_of_a_job_tells_what_waited() -> None:
    bursts = Bursts()
    for record in (refusal(1), refusal(2), refusal(1, job_id="k"), refusal(2, job_id="k")):
        bursts.offer("refused", record, 0)
    assert bursts.end("j", 1) == [("refused", refusal(2))]
    assert bursts.end("j", 1) == []
    assert bursts.due(SPACING_NS) == [("refused", refusal(2, job_id="k"))]


def test_what_is_quiet_is_forgotten_without_anybody_asking() -> None:
    bursts = Bursts()
    for number in range(100):
        bursts.offer("refused", refusal(job_id=f"j{number}"), number * SPACING_NS)
    assert len(bursts._jobs) <= 2


@given(st.lists(st.tuples(st.integers(0, SPACING_NS), st.sampled_from("jk"), st.integers(1, 5))))
def test_sums_are_right_and_seldom(steps: list[tuple[int, str, int]]) -> None:
    bursts, now, offered = Bursts(), 0, Counter[str]()
    told: list[tuple[int, Told]] = []
    for later, job_id, count in steps:
        now += later
        offered[job_id] += count
        told += [(now, each) for each in bursts.offer("refused", refusal(count, job_id), now)]
    now += SPACING_NS
    told += [(now, each) for each in bursts.due(now)]
    assert bursts.next_due_ns() is None
    seen = Counter[str]()
    for _, (_, record) in told:
        seen[record.job_id] += record.count
    assert seen == offered
    for job_id in "jk":
        times = [at for at, (_, record) in told if record.job_id == job_id]
        assert all(b - a >= SPACING_NS for a, b in itertools.pairwise(times))
