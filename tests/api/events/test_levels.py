"""Levels: what has changed, the whole where something was missed, and the last state always."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from routilux.api.events.levels import NOTHING_SEEN, Levels, Seen
from routilux.api.events.views import View
from routilux.api.views import queue_status
from routilux.monitoring.reading import job_slots
from tests.api.events.samples import Event, events
from tests.monitoring.samples import Sink, make_flow

if TYPE_CHECKING:
    from routilux.job_state import JobState
    from routilux.testing import StepRuntime

ALL = View()
ROOM = 1 << 20


@pytest.fixture
def levels(runtime: StepRuntime) -> Levels:
    return Levels(runtime.clock)


def start(runtime: StepRuntime, flow_id: str = "two") -> JobState:
    """A job with the slots sink.in and other.in, whose items wait."""
    flow = make_flow(flow_id, count=0)
    flow.add_routine(Sink(max_queue_length=5), "other")
    for name in ("sink", "other"):
        flow.routines[name].set_activation_policy(lambda slots, job_state: (False, {}, None))
    return runtime.exec(flow, keep_open=True)


def since(levels: Levels, seen: Seen, view: View = ALL) -> tuple[list[Event], Seen]:
    found, seen = levels.since(view, seen, ROOM)
    return events(b"".join(b"id: e-0\n" + each for each in found)), seen


def sizes(event: Event) -> dict[str, int]:
    return {slot["routine_id"]: slot["queue_size"] for slot in event.data["slots"]}


def test_first_all_slots_then_those_that_changed(runtime: StepRuntime, levels: Levels) -> None:
    job = start(runtime)
    assert levels.read([job]) == 2
    (first,), seen = since(levels, NOTHING_SEEN)
    assert (first.data["full"], sizes(first)) == (True, {"sink": 0, "other": 0})
    assert since(levels, seen) == ([], seen)
    job.post("other", "in", 1)
    levels.read([job])
    (second,), seen = since(levels, seen)
    assert (second.data["full"], sizes(second)) == (False, {"other": 1})
    levels.read([job])
    assert since(levels, seen) == ([], seen)


def test_one_that_missed_something_gets_the_whole(runtime: StepRuntime, levels: Levels) -> None:
    job = start(runtime)
    levels.read([job])
    _, seen = since(levels, NOTHING_SEEN)
    for name in ("sink", "other"):
        job.post(name, "in", 1)
        levels.read([job])
    (event,), _ = since(levels, seen)
    assert (event.data["full"], sizes(event)) == (True, {"sink": 1, "other": 1})


def test_portions_that_are_cut_lose_nothing(runtime: StepRuntime, levels: Levels) -> None:
    jobs = [start(runtime) for _ in range(3)]
    levels.read(jobs)
    _, seen = since(levels, NOTHING_SEEN)
    for job in jobs:
        job.post("sink", "in", 1)
    levels.read(jobs)
    told: dict[str, Any] = {}
    for again in range(9):
        found, seen = levels.since(ALL, seen, 1)
        for event in events(b"".join(b"id: e-0\n" + each for each in found)):
            told[event.data["job_id"]] = (event.data["full"], sizes(event))
        if again == 0:  # it has changed again before the reader came to it
            jobs[1].post("other", "in", 1)
            levels.read(jobs)
    assert told == {
        jobs[0].job_id: (False, {"sink": 1}),
        jobs[1].job_id: (True, {"sink": 1, "other": 1}),
        jobs[2].job_id: (False, {"sink": 1}),
    }
    assert seen == Seen(levels.version, levels.version)


def test_a_view_gets_its_jobs_only(runtime: StepRuntime, levels: Levels) -> None:
    one, two = start(runtime, "one"), start(runtime, "two")
    levels.read([one, two])
    (event,), seen = since(levels, NOTHING_SEEN, View(flow_id="two"))
    assert event.data["job_id"] == two.job_id
    (event,), _ = since(levels, NOTHING_SEEN, View(one.job_id))
    assert event.data["job_id"] == one.job_id
    one.post("sink", "in", 1)
    levels.read([one, two])
    assert since(levels, seen, View(flow_id="two"))[0] == []


def test_they_are_what_queues_status_says(runtime: StepRuntime, levels: Levels) -> None:
    job = start(runtime)
    for number in range(4):
        job.post("other", "in", number)
    job.pause()
    levels.read([job])
    (event,), _ = since(levels, NOTHING_SEEN)
    status = queue_status(job.flow_id, job.job_id, job_slots(job)).model_dump()["slots"]
    assert [{**slot, "held": 0} for slot in status] == event.data["slots"]
    assert event.data["slots"][1]["is_near_full"]


def test_held_items_show(runtime: StepRuntime, levels: Levels) -> None:
    job = runtime.exec(make_flow(count=3), start_paused=True)
    runtime.run_until_idle()
    levels.read([job])
    job.resume()
    runtime.run_one()
    job.pause()
    runtime.run_until_idle()
    levels.read([job])
    held = sum(slot.held for slot in job_slots(job))
    (event,), _ = since(levels, NOTHING_SEEN)
    assert event.data["slots"][0]["held"] == held


def test_jobs_that_nobody_watches_are_let_go(runtime: StepRuntime, levels: Levels) -> None:
    one, two = start(runtime), start(runtime)
    levels.read([one, two])
    levels.read([two])
    assert one.job_id not in levels
    assert two.job_id in levels
    assert levels.take_ended() == []


def test_the_last_levels_of_a_job_are_an_event_to_be_kept(
    runtime: StepRuntime, levels: Levels
) -> None:
    job = start(runtime)
    levels.read([job])
    job.post("sink", "in", 1)
    job.cancel()
    levels.read([])
    assert job.job_id in levels
    (entry,) = levels.take_ended()
    assert job.job_id not in levels
    (event,) = events(entry.encoded("e", True))
    assert (event.data["full"], event.data["final"]) == (True, True)
    assert sizes(event) == {"sink": 1, "other": 0}
