"""Steps: the job goes on for a little, and holds still again."""

from __future__ import annotations

import pytest

from routilux import ErrorHandler, Flow
from routilux.activation_policies import batch_size_policy
from routilux.errors import JobFinished, NotPaused
from routilux.status import ExecutionStatus
from routilux.testing import CollectingSink
from tests.engine.parts import figures, line, made, passer, source


def steady(rt, flow, **options):
    """A paused job whose source has run: its items wait before ``r1``."""
    job = rt.exec(flow, **options)
    mark = job.breakpoints.add("routine", "r1", one_shot=True)
    rt.run_until_idle()
    assert job.status == ExecutionStatus.PAUSED
    return job, mark


def one_by_one(change=lambda item: item):
    """A routine that takes one item an activation."""
    routine = made()

    def logic(items):
        for item in items:
            routine.emit_item("out", change(item))

    return routine.set_logic(logic).set_activation_policy(batch_size_policy(1))


def three(items=5):
    return line(source(range(items)), one_by_one(), CollectingSink())


def activations(job):
    return {node.id: node.activations for node in job.live.routines.values()}


# -- step over -------------------------------------------------------------------------------------


def test_step_over_runs_one_activation_and_holds_still(rt):
    flow = three()
    job, _ = steady(rt, flow)
    before = figures(job, "r1", "in").consumed
    answer = job.debug.step_over()
    assert answer.status == "stepping"
    rt.run_until_idle()
    assert job.status == ExecutionStatus.PAUSED
    assert figures(job, "r1", "in").consumed == before + 1
    state = job.debug.state()
    assert (state.status, state.reason, state.step_mode, state.step_count) == (
        "paused", "step", "over", 1
    )  # fmt: skip
    assert state.description == "activation r1@1 has ended"
    assert state.holds == ("step",)
    assert flow.routines["r2"].received == []


def test_steps_over_run_the_whole_job_one_activation_each(rt):
    flow = three()
    job, _ = steady(rt, flow)
    started = sum(activations(job).values())
    while not job.status.finished:
        before = sum(n.activations for n in job.live.routines.values() if not n.caught)
        job.debug.step_over()
        rt.run_until_idle()
        after = sum(n.activations for n in job.live.routines.values())
        assert after - before <= 1
    assert flow.routines["r2"].received == list(range(5))
    assert job.debug.step_count > started
    assert job.status == ExecutionStatus.COMPLETED


def test_step_over_an_operators_pause_leaves_the_pause_as_it_was(rt):
    flow = three()
    job = rt.exec(flow, start_paused=True)
    job.step()
    rt.run_until_idle()
    assert job.status == ExecutionStatus.PAUSED
    assert set(job.debug.state().holds) == {"operator", "step"}
    assert activations(job) == {"r0": 1, "r1": 0, "r2": 0}
    assert job.debug.resume().holds == ("operator",)
    job.resume()
    assert job.wait()
    assert flow.routines["r2"].received == list(range(5))


def test_step_over_an_item_at_a_slot_runs_the_one_who_takes_it(rt):
    flow = three(1)
    job = rt.exec(flow, start_paused=True)
    job.breakpoints.add("slot", "r2", slot_name="items")
    job.resume()
    rt.run_until_idle()
    assert flow.routines["r2"].received == []
    job.debug.step_over()
    rt.run_until_idle()
    assert flow.routines["r2"].received == [0]


def test_step_over_goes_to_another_routine_if_the_wanted_one_declines(rt):
    pairs = CollectingSink()
    pairs.set_activation_policy(batch_size_policy(2))
    flow = line(source(range(3)), one_by_one(), pairs)
    job = rt.exec(flow, start_paused=True)
    job.breakpoints.add("slot", "r2", slot_name="items", one_shot=True)
    job.resume()
    rt.run_until_idle()
    before = activations(job)
    job.debug.step_over()
    rt.run_until_idle()
    after = activations(job)
    assert job.status == ExecutionStatus.PAUSED
    assert after["r2"] == 0
    assert sum(after.values()) == sum(before.values()) + 1


def test_a_step_whose_logic_finds_no_room_ends_where_it_stands(rt):
    flow = line(
        source(range(1)),
        made(slots=("in",), events=("out",)),
        CollectingSink(max_queue_length=2, overflow="block"),
    )
    routine = flow.routines["r1"]

    def logic(items):
        for number in range(5):
            routine.emit_item("out", number)

    routine.set_logic(logic)
    job, _ = steady(rt, flow)
    job.debug.step_over()
    rt.run_until_idle()
    assert job.status == ExecutionStatus.PAUSED
    assert "no room" in job.debug.state().description
    job.debug.resume()
    assert job.wait()
    assert flow.routines["r2"].received == [0, 1, 2, 3, 4]


def test_a_step_over_is_not_over_when_one_that_stood_has_ended(rt):
    routine = made().set_activation_policy(batch_size_policy(1))

    def logic(items):
        for number in range(5):
            routine.emit_item("out", number)

    routine.set_logic(logic)
    flow = line(source(range(3)), routine, CollectingSink(max_queue_length=2, overflow="block"))
    job = rt.exec(flow, start_paused=True)
    job.breakpoints.add("event", "r0", event_name="out", condition="data > 99")
    job.breakpoints.add("slot", "r1", slot_name="in", one_shot=True)
    job.resume()
    rt.run_until_idle()
    assert job.live.names(standing=True) == ["r0"]  # at the gate, with what it emits
    job.debug.step_over()
    rt.run_until_idle()
    assert job.live.names(standing=True) == ["r1"]  # and r0 has ended
    assert "no room" in job.debug.state().description
    job.debug.resume()
    assert job.wait()
    assert flow.routines["r2"].received == [0, 1, 2, 3, 4] * 3


def test_a_breakpoint_ends_a_step(rt):
    flow = three()
    job, _ = steady(rt, flow)
    mark = job.breakpoints.add("event", "r1", event_name="out")
    job.debug.step_over()
    rt.run_until_idle()
    state = job.debug.state()
    assert (state.status, state.reason) == ("paused", "breakpoint")
    assert state.hits[0].breakpoint_ids == (mark.id,)


def test_a_step_of_a_job_that_runs_is_refused(rt):
    job = rt.exec(three(), keep_open=True)
    with pytest.raises(NotPaused, match="is running: pause it first"):
        job.step()
    job.pause()
    with pytest.raises(ValueError, match="A step is one of over, into, out, not 'back'"):
        job.step("back")
    assert job.status == ExecutionStatus.PAUSED
    job.cancel()
    with pytest.raises(JobFinished):
        job.step()


def test_pausing_in_a_step_ends_it(rt):
    flow = three()
    job = rt.exec(flow, start_paused=True)
    job.step("out")
    assert job.debug.status == "stepping"
    job.pause("enough")
    assert job.debug.status == "paused"
    rt.run_until_idle()
    assert job.status == ExecutionStatus.PAUSED
    assert activations(job)["r1"] == 0
    job.resume()
    assert job.wait()
    assert flow.routines["r2"].received == list(range(5))


def test_the_same_step_twice_is_one(rt):
    job, _ = steady(rt, three())
    first = job.debug.step_over(request_id="a")
    rt.run_until_idle()
    assert job.debug.step_over(request_id="a") == first
    rt.run_until_idle()
    assert job.debug.step_count == 1


# -- step into -------------------------------------------------------------------------------------


def test_step_into_stops_at_the_next_delivery(rt):
    flow = three()
    job, _ = steady(rt, flow)
    job.debug.step_into()
    rt.run_until_idle()
    assert job.status == ExecutionStatus.PAUSED
    (hit,) = job.debug.hits
    assert (hit.kind, hit.routine_id, hit.name) == ("step", "r2", "items")
    assert [item.data for item in hit.items] == [0]
    assert hit.activation_id == "r1@1"
    assert job.debug.state().reason == "step"
    assert flow.routines["r2"].received == []


def test_steps_into_go_from_delivery_to_delivery(rt):
    flow = three(3)
    job = rt.exec(flow, start_paused=True)
    seen = []
    while not job.status.finished:
        job.debug.step_into()
        rt.run_until_idle()
        seen += [(hit.routine_id, item.data) for hit in job.debug.hits for item in hit.items]
    assert sorted(seen) == sorted([(r, n) for r in ("r1", "r2") for n in range(3)])
    assert flow.routines["r2"].received == [0, 1, 2]


# -- step out --------------------------------------------------------------------------------------


def test_step_out_lasts_until_what_it_fed_has_ended(rt):
    flow = three()
    job, _ = steady(rt, flow)
    job.debug.step_out()
    rt.run_until_idle()
    assert job.status == ExecutionStatus.PAUSED
    assert job.debug.state().description == "what it fed has ended"
    assert flow.routines["r2"].received[:1] == [0]


def test_step_out_of_a_job_that_is_done_then_lets_it_complete(rt):
    flow = three(1)
    job, _ = steady(rt, flow)
    job.debug.step_out()
    rt.run_until_idle()
    job.debug.resume() if not job.status.finished else None
    rt.run_until_idle()
    assert job.status == ExecutionStatus.COMPLETED
    assert flow.routines["r2"].received == [0]


def test_a_step_of_an_open_job_that_has_nothing_to_do_holds_still(rt):
    flow = line(CollectingSink())
    job = rt.exec(flow, keep_open=True, start_paused=True)
    job.step()
    rt.run_until_idle()
    assert job.status == ExecutionStatus.PAUSED
    assert job.debug.state().description == "nothing more can run"


def test_a_step_over_an_activation_that_will_be_tried_again_ends_with_its_attempt(rt):
    tries = []

    def logic(items):
        tries.append(items)
        if len(tries) < 2:
            raise OSError("not yet")

    routine = made(logic, errors=ErrorHandler("retry", retry_delay=5.0))
    job, _ = steady(rt, line(source([1]), routine))
    job.debug.step_over()
    rt.run_until_idle()
    assert tries == [[1]]
    assert job.status == ExecutionStatus.PAUSED
    job.debug.resume()
    assert job.wait()
    assert tries == [[1], [1]]


# -- the chain of activations ----------------------------------------------------------------------


def test_the_call_stack_names_the_activations_that_led_here(rt):
    flow = three(1)
    job = rt.exec(flow, start_paused=True)
    job.breakpoints.add("slot", "r2", slot_name="items")
    job.resume()
    rt.run_until_idle()
    frames = job.debug.get_call_stack()
    assert [frame.activation_id for frame in frames] == ["r1@1", "r0@1"]
    assert frames[0].fed_by == ("r0@1",)
    assert all(frame.started_at is not None for frame in frames)


def test_of_activations_from_before_the_debugging_only_the_id_is_known(rt):
    flow = Flow("old")
    flow.add_routine(source(range(2)), "r0")
    flow.add_routine(passer(), "r1")
    flow.add_routine(CollectingSink(), "r2")
    flow.connect("r0", "out", "r1", "in")
    flow.connect("r1", "out", "r2", "items")
    job = rt.exec(flow)
    rt.run_one()
    job.breakpoints.add("routine", "r1", one_shot=True)
    rt.run_until_idle()
    frames = job.debug.call_stack
    assert frames[0].activation_id == "r1@1"
    assert job.debug.items[0].activation_id == "r0@1"
    job.cancel()


# -- waiting for it --------------------------------------------------------------------------------


def test_wait_returns_when_something_stands_and_when_a_step_is_over(rt):
    flow = three()
    job = rt.exec(flow, start_paused=True)
    job.breakpoints.add("slot", "r2", slot_name="items", action="hold_item", one_shot=True)
    assert job.debug.wait()  # it is paused
    job.resume()
    assert job.debug.wait()
    assert [item.data for item in job.debug.items] == [0]
    job.pause()
    job.step()
    assert job.debug.wait()
    assert job.debug.state().reason in ("step", "breakpoint")
    job.debug.resume(job.debug.items[0].id)
    job.debug.resume()
    job.resume()
    assert not job.debug.wait()  # it ended
    assert flow.routines["r2"].received == list(range(5))


def test_wait_gives_up_after_a_time(rt):
    job = rt.exec(line(CollectingSink()), keep_open=True)
    assert not job.debug.wait(5.0)
    job.cancel()


def test_waiting_in_the_jobs_own_logic_is_refused(rt):
    told = []

    def logic(items, job_state):
        try:
            job_state.debug.wait()
        except RuntimeError as error:
            told.append(str(error))

    job = rt.exec(line(source([1]), made(logic)))
    assert job.wait()
    assert "would never return" in told[0]
