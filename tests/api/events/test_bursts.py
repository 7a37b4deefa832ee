"""Bursts: a few sums for many refusals, and nothing lost."""

from __future__ import annotations

import itertools
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from routilux.api.events.bursts import REPORTS, SPACING_NS, Bursts, Told
from tests.api.events.samples import hit, refusal


def counts(told: list[Told]) -> list[int]:
    return [each.total for each in told]


def test_the_first_is_told_at_once_and_the_rest_as_a_sum() -> None:
    bursts = Bursts()
    assert counts(bursts.offer("refused", refusal(2), 0)) == [2]
    assert bursts.next_due_ns() is None
    for unconsumed in (10, 11):
        assert bursts.offer("refused", refusal(3, unconsumed=unconsumed), 1) == []
    assert bursts.next_due_ns() == SPACING_NS
    assert bursts.due(SPACING_NS - 1) == []
    told = bursts.due(SPACING_NS)
    assert told == [("refused", refusal(3, unconsumed=11), 6)]
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
    assert [bursts.offer(*each, 1) for each in others] == [[(*each, 1)] for each in others]


def test_the_end_of_a_job_tells_what_waited() -> None:
    bursts = Bursts()
    for record in (refusal(1), refusal(2), refusal(1, job_id="k"), refusal(2, job_id="k")):
        bursts.offer("refused", record, 0)
    assert bursts.end("j") == [("refused", refusal(2), 2)]
    assert bursts.end("j") == []
    assert bursts.due(SPACING_NS) == [("refused", refusal(2, job_id="k"), 2)]


def test_of_many_reports_the_first_and_the_last_are_told() -> None:
    bursts = Bursts()
    told = [bursts.offer("hit", hit(number), number) for number in range(100)]
    assert told == [[("hit", hit(number), 1)] for number in range(REPORTS)] + [[]] * (100 - REPORTS)
    assert bursts.due(SPACING_NS) == [("hit", hit(99), 100 - REPORTS)]
    more = [bursts.offer("hit", hit(number), SPACING_NS + number) for number in range(9)]
    assert sum(map(len, more)) == REPORTS - 1


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
    for _, (_, record, total) in told:
        seen[record.job_id] += total
    assert seen == offered
    for job_id in "jk":
        times = [at for at, (_, record, _) in told if record.job_id == job_id]
        assert all(b - a >= SPACING_NS for a, b in itertools.pairwise(times))
