"""A step that is called with one item at a time takes as many as are processed soon, not all."""

from __future__ import annotations

import pytest

from routilux import Flow
from routilux.engine.job_routine import PORTION_NS, JobRoutine
from routilux.status import ExecutionStatus
from routilux.testing import RecordingHook
from tests.engine.parts import figures, letters

MILLISECOND_S = 0.001


def slow_step(rt, seconds, seen, *, then=lambda item: None, **settings):
    """A flow of one step, whose every item takes so long on the manual clock."""
    flow = Flow("slow")

    @flow.step(name="slow", **settings)
    def slow(item):
        rt.clock.advance(seconds)
        seen.append(item)
        then(item)

    return flow


def opened(rt, flow, items):
    job = rt.exec(flow, keep_open=True)
    for item in items:
        job.post("slow", "items", item)
    return job


def test_a_slow_step_has_one_item_in_hand(rt):
    """So a cancel leaves the others in the slot, and nothing is lost."""
    seen = []
    job = opened(rt, slow_step(rt, 0.01, seen), range(50))
    for _ in range(9):
        rt.run_one()
    job.cancel()
    assert job.wait()
    read = figures(job, "slow", "items")
    assert (seen, read.consumed, read.unconsumed) == (list(range(9)), 9, 41)
    assert job.slot("slow", "items").peek_all_new() == list(range(9, 50))
    assert letters(job) == []


def test_a_slow_step_stands_still_between_two_items(rt):
    """A pause and a snapshot need not wait for its whole slot, and nothing runs again."""
    seen = []
    flow = slow_step(rt, 0.01, seen, then=lambda item: item == 3 and job.pause("look"))
    job = opened(rt, flow, range(10))
    rt.run_until_idle()
    point = job.pause_points[-1]
    saved = job.snapshot()
    assert (seen, point["reason"]) == ([0, 1, 2, 3], "look")
    assert saved.get("at_least_once", []) == []
    job.cancel()
    again = rt.restore(saved, flow)
    again.close()
    assert again.wait()
    assert seen == list(range(10))


def test_a_quick_step_takes_more_and_more(rt):
    """Each activation twice as many as the one before, until there are no more."""
    hook = RecordingHook()
    rt.hooks.add(hook)
    seen = []
    job = opened(rt, slow_step(rt, 0.0, seen), range(100))
    rt.run_until_idle()
    taken = [record.items for record in hook.named("activation_ended")]
    assert taken == [1, 2, 4, 8, 16, 32, 37]
    assert seen == list(range(100))
    job.cancel()


@pytest.mark.parametrize(
    ("taken", "busy_ns", "then"),
    [
        (8, 0, 16),  # quick, and there was more to take
        (3, 0, 8),  # there was not
        (8, PORTION_NS * 3 // 4, 8),  # about right
        (8, PORTION_NS + 1, 4),  # slow
    ],
)
def test_a_portion_follows_the_time_that_it_takes(rt, taken, busy_ns, then):
    job = opened(rt, slow_step(rt, 0.0, []), [])
    node: JobRoutine = job.live.routines["slow"]
    assert node.portion == 1
    node.portion = 8
    node.measure_portion(taken, busy_ns)
    assert node.portion == then
    node.portion = 1
    node.measure_portion(1, PORTION_NS * 100)
    assert node.portion == 1
    job.cancel()


@pytest.mark.parametrize("lanes", [1, 3])
def test_every_item_comes_once_whatever_the_portions(rt, lanes):
    seen = []
    flow = Flow("mixed")

    @flow.source
    def numbers():
        yield from range(300)

    @flow.step(after=numbers, concurrency=lanes)
    def mixed(number):
        rt.clock.advance(MILLISECOND_S if 100 <= number < 110 else 0.0)
        seen.append(number)

    job = rt.exec(flow)
    assert job.wait()
    assert (job.status, sorted(seen)) == (ExecutionStatus.COMPLETED, list(range(300)))
    if lanes == 1:
        assert seen == sorted(seen)
