"""What is left of a hit when a part of it is gone, and of breakpoints when their job is."""

from __future__ import annotations

import json

import pytest

from routilux import Flow
from routilux.debugger.job_breakpoints import JobBreakpoints
from routilux.errors import JobFinished, NothingInHand
from routilux.status import ExecutionStatus
from routilux.testing import CollectingSink
from tests.engine.parts import into_sink, line, made, source
from tests.engine.test_promise_5_breakpoints import (
    at_routine,
    check_books,
    edge,
    event,
    paused_before,
)


def fork(items, first=None, second=None):
    """A source ``s`` that feeds the sinks ``x`` and ``y``, with these mappings."""
    flow = Flow("fork")
    sinks = CollectingSink(), CollectingSink()
    flow.add_routine(source(items), "s")
    for name, sink, mapping in zip("xy", sinks, (first, second), strict=True):
        flow.add_routine(sink, name)
        flow.connect("s", "out", name, "items", mapping)
    return flow, *sinks


def test_an_edit_of_an_event_maps_for_the_slots_whose_items_are_left(rt):
    flow, x, y = fork([{"a": 1}], {"a": "b"}, {"a": "c"})
    job, *_ = paused_before(rt, flow, event("s", "out"), edge("s", "out", "x", "items"))
    rt.run_until_idle()
    at_event, at_edge = job.debug.hits
    job.debug.drop(at_edge.id)
    job.debug.edit({"a": 2}, at_event.id)
    job.debug.resume()
    rt.run_until_idle()
    assert (x.received, y.received) == ([], [{"c": 2}])
    assert job.status is ExecutionStatus.COMPLETED
    check_books(job)


def test_a_job_whose_stopped_activation_lost_all_items_is_saved_and_restored(rt):
    flow, sink = into_sink([1, 2], max_queue_length=1)
    job, _ = paused_before(rt, flow, at_routine("r1"))
    rt.run_until_idle()
    job.debug.drop()
    (hit,) = job.debug.hits
    assert (hit.items, hit.activation_id) == ((), None)
    snapshot = json.loads(json.dumps(job.snapshot()))
    job.cancel()
    restored = rt.restore(snapshot, flow)
    (hit,) = restored.debug.hits
    assert (hit.kind, hit.items) == ("routine", ())
    assert restored.debug.resume().holds == ()
    rt.run_until_idle()
    assert [each.data for each in restored.debug.items] == [2]
    restored.debug.resume()
    rt.run_until_idle()
    assert sink.received == [2]
    assert restored.status is ExecutionStatus.COMPLETED
    check_books(restored)


def test_a_step_out_of_an_activation_that_lost_all_items_ends_with_the_next(rt):
    flow, sink = into_sink(range(3), max_queue_length=1)
    job, mark = paused_before(rt, flow, at_routine("r1"))
    rt.run_until_idle()
    mark.enabled = False
    job.debug.drop()
    job.debug.step_out()
    rt.run_until_idle()
    assert job.debug.state().reason == "step"
    assert sink.received == [1]


def test_what_a_removed_breakpoint_has_stopped_holds_the_restored_job(rt):
    flow, x, y = fork([1])
    job, removed, kept = paused_before(
        rt, flow, edge("s", "out", "x", "items"), edge("s", "out", "y", "items")
    )
    rt.run_until_idle()
    job.breakpoints.remove(removed.id)
    snapshot = json.loads(json.dumps(job.snapshot()))
    job.cancel()
    restored = rt.restore(snapshot, flow)
    first, second = restored.debug.hits
    assert (first.breakpoint_ids, second.breakpoint_ids) == ((removed.id,), (kept.id,))
    answer = restored.debug.resume(second.id)
    assert (answer.status, answer.holds) == ("paused", (f"breakpoint:{removed.id}",))
    rt.run_until_idle()
    assert (x.received, y.received) == ([], [])
    assert restored.debug.resume(first.id).status == "resumed"
    rt.run_until_idle()
    assert (x.received, y.received) == ([1], [1])
    assert restored.status is ExecutionStatus.COMPLETED


def test_a_hit_whose_only_item_is_emitted_again_does_not_hold_a_restored_job(rt):
    flow, sink = into_sink(range(3), max_queue_length=1)
    job, mark = paused_before(rt, flow, event("r0", "out"), action="hold_item")
    rt.run_until_idle()
    assert len(job.debug.hits) == 2, "the second waits with its producer: no more can be held"
    job.pause()
    snapshot = json.loads(json.dumps(job.snapshot(in_flight="rerun")))
    job.cancel()
    restored = rt.restore(snapshot, flow)
    restored.breakpoints.remove(mark.id)
    (hit,) = restored.debug.hits
    restored.resume()
    restored.debug.resume(hit.id)
    rt.run_until_idle()
    assert sink.received == [0, 0, 1, 2]
    assert restored.status is ExecutionStatus.COMPLETED
    check_books(restored)


def test_a_hit_with_several_items_or_none_is_no_name_for_one(rt):
    flow, sink = into_sink([1, 2])
    job, *_ = paused_before(rt, flow, at_routine("r0"), at_routine("r1"))
    rt.run_until_idle()
    (hit,) = job.debug.hits
    for touch in (lambda: job.debug.edit(9, hit.id), lambda: job.debug.drop(hit.id)):
        with pytest.raises(NothingInHand, match=r"Item 'hit-1' not found at a breakpoint"):
            touch()
    job.debug.resume()
    rt.run_until_idle()
    (hit,) = job.debug.hits
    for touch in (lambda: job.debug.edit(9, hit.id), lambda: job.debug.drop(hit.id)):
        with pytest.raises(NothingInHand, match=r"Several items .* r1.items#0, r1.items#1"):
            touch()
    job.debug.resume()
    rt.run_until_idle()
    assert sink.received == [1, 2]


def test_an_event_that_leads_nowhere_has_nothing_to_edit(rt):
    flow = Flow("alone")
    flow.add_routine(source([1]), "s")
    job, _ = paused_before(rt, flow, event("s", "out"))
    rt.run_until_idle()
    (hit,) = job.debug.hits
    with pytest.raises(NothingInHand, match=r"Item 'hit-1' not found at a breakpoint"):
        job.debug.edit(2, hit.id)


def test_a_key_of_an_emitted_item_is_set_as_it_was_emitted_also_after_a_restore(rt):
    flow, x, y = fork([{"a": 1, "b": 2}], {"a": "b", "b": "a"}, {"a": "c"})
    job, _ = paused_before(rt, flow, event("s", "out"))
    rt.run_until_idle()
    assert job.debug.get_variables()["item"] == {"a": 1, "b": 2}
    job.debug.set_variable("item.a", 5)
    snapshot = json.loads(json.dumps(job.snapshot()))
    job.cancel()
    restored = rt.restore(snapshot, flow)
    assert restored.debug.evaluate("data.a") == 5
    restored.debug.set_variable("item.b", 6)
    assert restored.debug.get_variables()["items"] == {
        "x.items#0": {"b": 5, "a": 6},
        "y.items#0": {"c": 5, "b": 6},
    }
    restored.debug.resume()
    rt.run_until_idle()
    assert (x.received, y.received) == ([{"b": 5, "a": 6}], [{"c": 5, "b": 6}])


def test_a_job_that_has_ended_takes_no_breakpoints_and_none_are_kept_for_it(rt):
    flow, _ = into_sink([1])
    job = rt.exec(flow)
    rt.run_until_idle()
    assert job.status.finished
    with pytest.raises(JobFinished):
        job.breakpoints.add("routine", "r1")
    assert len(job.breakpoints) == 0
    assert not rt.monitoring.breakpoint_manager.has_early(job.job_id)


def test_breakpoints_go_with_their_job_also_if_it_ends_while_they_are_set(rt):
    flow, _ = into_sink([1])
    job = rt.exec(flow, start_paused=True)
    manager = rt.monitoring.breakpoint_manager
    breakpoints = JobBreakpoints(manager, job, lambda: None)  # it was live a moment ago
    job.cancel()
    breakpoints.add("routine", "r1")
    assert not manager.has_early(job.job_id)
    assert len(job.breakpoints) == 1, "the job has it"


def test_of_equal_items_that_a_policy_shows_only_the_one_that_is_meant_changes(rt):
    seen = []

    def all_but_the_last(slots, state):
        data = slots["in"].consume_all_new()
        return bool(data), {"in": data[:-1]}, None

    taker = made(seen.append, events=(), policy=all_but_the_last)
    job, _ = paused_before(rt, line(source([1, 1, 1, 5]), taker), at_routine("r1"))
    rt.run_until_idle()
    job.debug.edit(7, "r1.in#1")
    job.debug.drop("r1.in#0")
    job.debug.resume()
    rt.run_until_idle()
    assert seen == [[7, 1]]
    assert job.status is ExecutionStatus.COMPLETED
