"""What `diagnose` says of a job with something at a breakpoint: what, where, since when."""

from __future__ import annotations

import pytest

from tests.engine.parts import into_sink, line, made, passer, source
from tests.engine.test_debugger_left import fork
from tests.engine.test_diagnosis import row, states
from tests.engine.test_promise_5_breakpoints import at_routine, edge, event, paused_before, slot


def test_items_on_their_way_name_their_breakpoint_and_the_slot_that_it_closes(rt):
    flow, _ = into_sink(range(3))
    job, mark = paused_before(rt, flow, slot("r1", "items"))
    rt.run_until_idle()
    rt.clock.advance_to(rt.clock.monotonic_ns() + 2 * 10**9)
    found = row(job, "r1")
    assert (found.state, found.slot, found.since) == ("held at a breakpoint", "r1.items", 2.0)
    assert found.detail == f"item r1.items#0 stands at slot r1.items, breakpoint {mark.id}"
    assert row(job, "r0").state == "paused"
    assert job.diagnose().summary == (
        f"Paused by breakpoint {mark.id} at slot r1.items; 0 items wait, {found.held} held. "
        "debug.resume() lets it go on."
    )
    job.pause("lunch")
    assert job.diagnose().summary.endswith("debug.resume() and resume() together let it go on.")
    job.debug.resume()
    assert job.diagnose().summary.endswith(". resume() lets it go on.")
    assert states(job.diagnose()) == {"r0": "paused", "r1": "paused"}


@pytest.mark.parametrize("place", [event("s", "out"), edge("s", "out", "x", "items")])
def test_what_was_stopped_on_its_way_out_is_told_of_the_routines_that_it_is_for(rt, place):
    flow, *_ = fork([1])
    job, mark = paused_before(rt, flow, place)
    rt.run_until_idle()
    kind, told = ("event", "s.out") if place[0] == "event" else ("connection", "x.items")
    found = row(job, "x")
    assert (found.state, found.slot) == ("held at a breakpoint", "x.items")
    assert found.detail == f"item x.items#0 stands at {kind} {told}, breakpoint {mark.id}"
    assert row(job, "y").state == ("held at a breakpoint" if kind == "event" else "paused")
    job.debug.drop("x.items#0")
    nothing = row(job, "s" if kind == "event" else "x")
    assert nothing.detail == f"nothing is in hand at {kind} {told}, breakpoint {mark.id}"


def test_an_activation_that_is_held_alone_says_how_it_goes_on(rt):
    flow, sink = into_sink(range(2), max_queue_length=1)
    job, mark = paused_before(rt, flow, at_routine("r1"), action="hold_item")
    rt.run_until_idle()
    found = row(job, "r1")
    assert (found.state, found.slot) == ("held at a breakpoint", None)
    assert found.detail == (
        f"activation r1@1, with 1 item(s), stands at routine r1, breakpoint {mark.id}"
    )
    told = job.diagnose()
    assert not told.stalled
    assert told.bottleneck == "r1"
    assert told.summary.startswith("The bottleneck is r1: held at a breakpoint for 0.0 s (")
    assert told.summary.endswith(
        "r1.items#0 stands at a breakpoint; debug.resume('r1.items#0') lets it go on."
    )
    mark.enabled = False
    job.debug.resume("r1.items#0")
    rt.run_until_idle()
    assert sink.received == [0, 1]
    assert job.diagnose().summary == "The job is completed."


def test_a_source_that_is_held_alone_goes_on_by_its_hit(rt):
    flow, _ = into_sink(range(2))
    job, _ = paused_before(rt, flow, at_routine("r0"), action="hold_item")
    rt.run_until_idle()
    assert row(job, "r0").detail.startswith("activation r0@1, with 0 item(s), stands at routine r0")
    (hit,) = job.debug.hits
    assert f"debug.resume('{hit.id}')" in job.diagnose().summary
    assert job.debug.resume(hit.id).changed


def test_a_producer_behind_a_held_item_says_which_breakpoint_keeps_it_waiting(rt):
    flow, _ = into_sink(range(5), max_queue_length=2)
    job, mark = paused_before(rt, flow, slot("r1", "items"), action="hold_item")
    rt.run_until_idle()
    told = job.diagnose()
    assert states(told) == {"r0": "waiting for room", "r1": "held at a breakpoint"}
    assert (told.bottleneck, told.chain) == ("r1", ("r1", "r0"))
    assert row(job, "r0").detail == (
        f"its logic stands in emit; 0/2 items wait there, 2 are held at breakpoint {mark.id}"
    )


def test_a_routine_with_other_work_does_that_and_other_routines_are_not_held(rt):
    flow = line(source(range(2)), passer(), made(lambda items: None))
    job, _ = paused_before(rt, flow, slot("r1", "in"), action="hold_item", one_shot=True)
    rt.run_until_idle()
    assert states(job.diagnose()) == {"r0": "done", "r1": "held at a breakpoint", "r2": "idle"}
    job.debug.resume("r1.in#0")
    assert states(job.diagnose())["r1"] == "ready"


def test_many_hits_are_named_in_part(rt):
    flow, _ = into_sink(range(6))
    job, _ = paused_before(rt, flow, event("r0", "out"), action="hold_item")
    rt.run_until_idle()
    assert row(job, "r1").detail.endswith("; and 3 more")
    assert job.diagnose().summary.endswith(
        "r1.items#0, r1.items#1, r1.items#2, and 3 more stand at breakpoints; "
        "debug.resume(item_id) lets one of them go on."
    )


def test_the_end_of_a_step_is_told(rt):
    flow, _ = into_sink(range(2))
    job = rt.exec(flow, start_paused=True)
    job.step("into")
    rt.run_until_idle()
    job.resume()
    assert row(job, "r1").detail == (
        "item r1.items#0 stands in front of r1.items, where a step has ended"
    )
    assert "Paused by step" in job.diagnose().summary
    assert job.diagnose().summary.endswith("debug.resume() lets it go on.")


def test_a_job_in_a_step_is_not_called_paused(rt):
    flow, _ = into_sink(range(2))
    job = rt.exec(flow, start_paused=True)
    job.step("over")
    assert job.status == "running"
    assert "Paused" not in job.diagnose().summary
