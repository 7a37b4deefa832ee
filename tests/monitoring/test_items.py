"""A look into a slot."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from routilux.job.dead_letters import LetterFacts
from routilux.monitoring.items import FIRST, ItemReading, look
from tests.monitoring.samples import make_flow, make_runtime

if TYPE_CHECKING:
    from routilux import JobState
    from routilux.testing import StepRuntime


@pytest.fixture
def runtime() -> StepRuntime:
    return make_runtime()


def job_of(runtime: StepRuntime, length: int = 100, **settings: Any) -> JobState:
    """A job with open input, whose sink takes two items at a time."""

    def two(slots: Any, job_state: JobState) -> Any:
        if slots["in"].get_unconsumed_count() < 2:
            return False, {}, None
        return True, {"in": slots["in"].consume_n_new(2)}, None

    flow = make_flow(count=0, max_queue_length=length, **settings)
    flow.routines["sink"].set_activation_policy(two)
    job = runtime.exec(flow, keep_open=True)
    runtime.run_until_idle()
    return job


def walk(job: JobState, limit: int) -> list[ItemReading]:
    """All items, page by page."""
    seen: list[ItemReading] = []
    after = FIRST
    while True:
        page = look(job, "sink", "in", limit=limit, after=after)
        assert len(page.items) <= limit
        seen += page.items
        if not page.more:
            return seen
        after = page.items[-1].place


def test_an_item_is_what_the_slot_says_of_it(runtime: StepRuntime) -> None:
    job = job_of(runtime)
    for number in range(3):
        job.post("sink", "in", number)
    runtime.run_until_idle()
    points = job.slot("sink", "in").points()
    items = look(job, "sink", "in", limit=10).items
    assert [item.state for item in items] == ["consumed", "consumed", "waiting"]
    for item, point in zip(items, points, strict=True):
        assert (item.id, item.data, item.attempt) == (point.id, point.data, point.attempt)
        assert (item.emitted_at, item.emitted_from) == (point.emitted_at, point.emitted_from)
        assert (item.enqueued_at, item.consumed_at) == (point.enqueued_at, point.consumed_at)


def redeliver(job: JobState, number: int, attempt: int) -> None:
    """Put item `number` in again, as one that failed before."""
    facts = LetterFacts("sink", "in", "logic_error", 0, "source", attempt=attempt)
    job.dead_letter_box.add(facts, f"again {number}", 0, number)
    assert job.dead_letters.redeliver().count == 1


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 200])
@pytest.mark.parametrize("seed", range(5))
def test_page_by_page_each_item_is_seen_once_and_in_order(
    runtime: StepRuntime, limit: int, seed: int
) -> None:
    chance = random.Random(seed)
    job = job_of(runtime)
    for number in range(30):
        job.post("sink", "in", number)
        if number and chance.random() < 0.2:
            redeliver(job, chance.randrange(number), chance.randrange(1, 5) * 100 + number)
        if chance.random() < 0.3:
            runtime.run_until_idle()
    seen = walk(job, limit)
    places = [item.place for item in seen]
    assert places == sorted(set(places))
    points = job.slot("sink", "in").points()
    assert sorted((point.id, point.attempt) for point in points) == sorted(
        (item.id, item.attempt) for item in seen
    )


def test_held_items_come_last_and_have_not_entered(runtime: StepRuntime) -> None:
    flow = make_flow(count=25)
    job = runtime.exec(flow, start_paused=True)
    job.resume()
    job.pause()
    runtime.run_until_idle()
    page = look(job, "sink", "in", limit=200)
    held = job.slot("sink", "in").metrics().held
    assert [item.state for item in page.items] == ["held"] * held
    assert {item.enqueued_at for item in page.items} <= {None}


def test_only_one_state_is_counted(runtime: StepRuntime) -> None:
    job = job_of(runtime)
    for number in range(5):
        job.post("sink", "in", number)
    runtime.run_until_idle()
    page = look(job, "sink", "in", limit=2, only="consumed")
    assert (page.total, page.more, [item.data for item in page.items]) == (4, True, [0, 1])
    assert look(job, "sink", "in", limit=2, only="waiting").total == 1
    assert look(job, "sink", "in", limit=2, only="held") == ([], 0, False)


def test_a_slot_that_there_is_not(runtime: StepRuntime) -> None:
    with pytest.raises(ValueError, match=r"'sink\.nope' not found"):
        look(job_of(runtime), "sink", "nope", limit=1)
