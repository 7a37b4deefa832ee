"""Everything waits for everything: what the engine does then."""

from __future__ import annotations

import pytest

from routilux import ErrorHandler, Flow
from routilux.activation_policies import all_slots_ready_policy
from routilux.status import ExecutionStatus
from routilux.testing import CollectingSink
from tests.engine.parts import AGES_S, figures, letters, line, made, never, source


def doubling_loop(**slot):
    """Each item makes two new ones in the same slot, until they are 4 old."""
    again = made(max_queue_length=1, **slot)

    def logic(items):
        for item in items:
            if item < 4:
                again.emit_item("out", item + 1)
                again.emit_item("out", item + 1)

    flow = line(source([0]), again.set_logic(logic))
    flow.connect("r1", "out", "r1", "in")
    return flow


def test_a_loop_of_full_slots_that_block_ends_the_job_and_names_the_cycle(rt):
    job = rt.exec(doubling_loop(overflow="block"))
    assert job.wait()
    assert (job.status, job.error_type) == (ExecutionStatus.FAILED, "StalledError")
    assert "r1 -> r1.in -> r1" in job.error
    assert figures(job, "r1", "in").unconsumed == 1  # items are kept


def test_a_loop_of_slots_that_retry_refuses_after_its_waits_and_goes_on(rt):
    job = rt.exec(doubling_loop(overflow="retry"))
    assert job.wait(AGES_S)
    assert job.status == ExecutionStatus.COMPLETED
    assert {reason for _, reason in letters(job)} == {"queue_full"}


@pytest.mark.parametrize("overflow", ["reject", "drop_oldest"])
def test_a_loop_of_slots_that_never_hold_back_does_not_stall(rt, overflow):
    job = rt.exec(doubling_loop(overflow=overflow))
    assert job.wait()
    assert (job.status, rt.clock.seconds()) == (ExecutionStatus.COMPLETED, 0.0)


def test_on_stall_wait_leaves_it_to_the_operator(rt):
    flow = doubling_loop(overflow="block")
    flow.on_stall = "wait"
    job = rt.exec(flow)
    rt.advance(1e6)
    assert (job.status, job.counts().standing) == (ExecutionStatus.RUNNING, 1)
    assert job.diagnose().stalled
    while job.status == ExecutionStatus.RUNNING:
        assert job.slot("r1", "in").consume_one_new() is not None
        rt.run_until_idle()
    assert job.status == ExecutionStatus.COMPLETED


def test_a_join_that_starves_one_side_is_a_stall(rt):
    """`a` fills the left slot and stands; only then would it feed the right one."""
    flow = Flow("join")
    start = made(slots=(), events=("left", "right"))

    def logic():
        start.emit_many("left", [1, 2, 3])
        start.emit_many("right", [1, 2, 3])

    joined = []
    join = made(
        lambda left, right: joined.append((left[0], right[0])),
        slots=("left", "right"),
        policy=all_slots_ready_policy(),
        max_queue_length=1,
        overflow="block",
    )
    flow.add_routine(start.set_logic(logic), "start")
    flow.add_routine(join, "join")
    flow.connect("start", "left", "join", "left")
    flow.connect("start", "right", "join", "right")
    job = rt.exec(flow)
    assert job.wait()
    assert job.error_type == "StalledError"
    assert "start -> join.left" in job.error
    assert joined == []


def test_waits_for_two_events_at_the_end_of_an_activation_are_attended_together(rt):
    """One event waits before a slot that blocks, the other before one that retries."""

    def busy(items):
        raise ValueError("its back-off keeps the routine from taking more")

    def logic(items):
        start.emit_item("left", 1)
        start.emit_item("right", 1)
        for name in ("left", "right"):
            job.post(name, "in", 0)

    flow = Flow("two")
    start = made(events=("left", "right"))
    flow.add_routine(start.set_logic(logic), "start")
    for name, overflow in (("left", "block"), ("right", "retry")):
        handler = ErrorHandler("retry", retry_delay=1000.0)
        target = made(busy, errors=handler, max_queue_length=2, overflow=overflow)
        flow.add_routine(target, name)
        flow.connect("start", name, name, "in")
    job = rt.exec(flow, keep_open=True)
    for name in ("left", "right"):
        job.post(name, "in", "first")
        rt.run_until_idle()
        job.post(name, "in", "second")
    job.post("start", "in", "go")
    rt.run_until_idle()
    assert [len(job.slot(name, "in").legs) for name in ("left", "right")] == [1, 1]
    rt.advance(1.0)
    assert letters(job) == [(1, "queue_full")]
    assert (figures(job, "right", "in").retries, job.counts().standing) == (3, 1)


def test_a_stall_is_not_seen_while_an_input_is_open(rt):
    flow = line(source([1, 2]), made(policy=never, max_queue_length=1, overflow="block"))
    job = rt.exec(flow, keep_open=True)
    rt.advance(100.0)
    assert job.status == ExecutionStatus.RUNNING
    job.close()
    assert job.wait()
    assert (job.status, job.error_type) == (ExecutionStatus.FAILED, "StalledError")
    assert job.slot("r1", "in").peek_all_new() == [1]
    assert letters(job) == [(2, "cancelled")]


def test_shutdown_cancels_a_job_that_waits_for_an_operator(rt):
    flow = doubling_loop(overflow="block")
    flow.on_stall = "wait"
    job = rt.exec(flow)
    rt.run_until_idle()
    assert rt.shutdown()
    assert (job.status, job.error) == (ExecutionStatus.CANCELLED, "The runtime was shut down")


def test_a_stall_of_one_job_does_not_touch_another(rt):
    sink = CollectingSink()
    stalled = rt.exec(doubling_loop(overflow="block"))
    other = rt.exec(line(source([1]), sink))
    assert other.wait()
    assert stalled.wait()
    assert (stalled.error_type, other.status) == ("StalledError", ExecutionStatus.COMPLETED)
