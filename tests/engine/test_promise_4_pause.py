"""Promise 4: pause is a gate, and it belongs to one job."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from routilux import ErrorHandler, Flow, Runtime, checkpoint
from routilux.activation_policies import time_interval_policy
from routilux.errors import JobFinished, SlotPausedError
from routilux.status import ExecutionStatus
from routilux.testing import CollectingSink, RecordingHook, Sequencer, StepRuntime
from tests.engine.parts import (
    LONG_S,
    figures,
    into_sink,
    letters,
    line,
    made,
    never,
    passer,
    source,
)

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def running(rt, items=9, **slot):
    """A job whose source ``r0`` emits one item a step: after each it comes to a checkpoint."""
    flow, sink = into_sink(range(items), **slot)
    return rt.exec(flow), sink


# -- nothing starts, nothing enters, nothing leaves ------------------------------------------------


@pytest.mark.parametrize("steps", range(8))
def test_after_pause_nothing_starts_and_nothing_enters_or_leaves_a_slot(steps):
    hook = RecordingHook()
    with StepRuntime(steps, thread_pool_size=3) as rt:
        rt.hooks.add(hook)
        job, sink = running(rt, max_queue_length=2, overflow="block")
        for _ in range(steps):
            rt.run_one()
        job.pause("look")
        before = figures(job, "r1", "items")
        started = len(hook.named("activation_started"))
        rt.advance(1000.0)
        after = figures(job, "r1", "items")
        assert len(hook.named("activation_started")) == started
        assert (after.unconsumed, after.consumed) == (before.unconsumed, before.consumed)
        assert job.status == ExecutionStatus.PAUSED
        job.resume()
        assert job.wait()
        assert sink.received == list(range(9))


def test_what_running_logic_emits_is_held_at_once_up_to_the_slots_length(rt):
    sink = CollectingSink(max_queue_length=3, overflow="block")
    emitter = made(slots=())

    def logic():
        for number in range(9):
            if number == 2:
                assert job.pause()["still"] is False
            emitter.emit_item("out", number)
            emitted.append(number)

    emitted = []
    job = rt.exec(line(emitter.set_logic(logic), sink))
    rt.run_until_idle()
    read = figures(job, "r1", "items")
    assert (read.unconsumed, read.held, read.consumed) == (1, 3, 0)
    assert emitted == [0, 1, 2, 3]  # the emit of 4 stands still
    assert job.counts().standing == 1
    job.resume()
    assert job.wait()
    assert sink.received == list(range(9))
    assert figures(job, "r1", "items").times_held >= 3


def test_held_items_go_in_first_and_in_order(rt):
    wanted = made(policy=never, max_queue_length=2, overflow="block")
    job = rt.exec(line(source(range(5)), wanted), keep_open=True)
    rt.run_until_idle()
    job.pause()
    rt.run_until_idle()
    slot = job.slot("r1", "in")
    assert [point.data for point in slot.points()] == [0, 1, 2, 3]
    assert [point.enqueued_at is None for point in slot.points()] == [False, False, True, True]
    job.resume()
    rt.run_until_idle()
    taken = []
    for _ in range(5):
        taken.append(slot.consume_one_new())
        rt.run_until_idle()
        assert figures(job, "r1", "in").unconsumed <= 2
    assert taken == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("overflow", "refused", "left"),
    [("reject", [4], [0, 1]), ("drop_oldest", [0, 1, 2], [3, 4])],
)
def test_at_resume_a_slot_that_never_holds_back_does_not_either(rt, overflow, refused, left):
    emitter = made(slots=())

    def logic():
        for number in range(5):
            if number == 2:
                job.pause()
            emitter.emit_item("out", number)

    target = made(policy=never, max_queue_length=2, overflow=overflow)
    job = rt.exec(line(emitter.set_logic(logic), target), keep_open=True)
    rt.run_until_idle()
    read = figures(job, "r1", "in")
    assert (read.unconsumed, read.held, job.counts().standing) == (2, 2, 1)
    job.resume()
    rt.run_until_idle()
    assert job.counts().standing == 0
    assert [data for data, _ in letters(job)] == refused
    assert job.slot("r1", "in").peek_all_new() == left


def test_held_items_behind_a_policy_that_declines_are_asked_about_at_the_end(rt):
    wanted = made(policy=never, max_queue_length=1, overflow="block")
    job = rt.exec(line(source([1, 2]), wanted), keep_open=True)
    rt.run_one()
    job.pause()
    rt.run_until_idle()
    assert figures(job, "r1", "in").held == 1
    job.close()
    job.resume()
    assert job.wait()
    assert letters(job) == [(1, "unmatched"), (2, "unmatched")]
    assert figures(job, "r1", "in").held == 0


# -- pause(wait=True) ------------------------------------------------------------------------------


def test_pause_that_waits_returns_when_all_have_ended_or_stand_and_says_which(rt):
    flow = Flow("two")
    flow.add_routine(source([1, 2]), "stands")
    flow.add_routine(made(policy=never, max_queue_length=1, overflow="block"), "full")
    flow.add_routine(source([]), "ends")
    flow.connect("stands", "out", "full", "in")
    job = rt.exec(flow, keep_open=True)
    rt.run_until_idle()
    rt.advance(0)
    job.slot("full", "in")
    point = job.pause("look", wait=True)
    assert (point["still"], point["running"], point["standing"]) == (True, [], [])
    assert figures(job, "full", "in").held == 1  # what it stood with is held, so it could end


def test_pause_that_waits_names_those_that_stand_still(rt):
    job, _ = running(rt, max_queue_length=1, overflow="block")
    while not job.counts().standing:
        rt.run_one()
    point = job.pause(wait=True)
    assert (point["still"], point["running"], point["standing"]) == (True, [], ["r0"])


def test_pause_that_waits_gives_up_after_its_seconds():
    entered, leave = threading.Event(), threading.Event()

    def burn():
        entered.set()
        assert leave.wait(LONG_S)

    with Runtime(1) as runtime:
        job = runtime.exec(line(made(burn, slots=())))
        assert entered.wait(LONG_S)
        point = job.pause(wait=0.01)
        assert (point["still"], point["running"]) == (False, ["r0"])
        leave.set()
        assert job.pause(wait=LONG_S)["still"] is True
        job.resume()
        assert job.wait(LONG_S)


def test_pause_from_own_logic_does_not_wait_for_its_caller(rt):
    points = []

    def logic():
        points.append(job.pause(wait=True))

    job = rt.exec(line(made(logic, slots=())))
    rt.run_until_idle()
    assert points[0]["running"] == ["r0"]
    assert job.status == ExecutionStatus.PAUSED
    job.resume()
    assert job.wait()


# -- others do not notice --------------------------------------------------------------------------


def test_two_jobs_of_one_flow_one_paused(rt):
    flow, sink = into_sink(range(20), max_queue_length=1, overflow="block")
    paused, other = rt.exec(flow, start_paused=True), rt.exec(flow)
    rt.run_until_idle()
    assert (paused.status, other.status) == (ExecutionStatus.PAUSED, ExecutionStatus.COMPLETED)
    assert (sink.received_by(paused), sink.received_by(other)) == ([], list(range(20)))
    assert paused.slot("r1", "items").is_paused()
    assert not flow.routines["r1"].slots["items"].is_paused()
    paused.resume()
    assert paused.wait()
    assert sink.received_by(paused) == list(range(20))


def test_two_jobs_of_one_flow_one_paused_in_the_middle_with_real_workers():
    flow, sink = into_sink(range(300), max_queue_length=1, overflow="block")
    with Runtime(1) as runtime:
        first = runtime.exec(flow)
        first.pause(wait=LONG_S)
        second = runtime.exec(flow)
        assert second.wait(LONG_S)
        seen = len(sink.received_by(first))
        assert first.status == ExecutionStatus.PAUSED
        assert len(sink.received_by(first)) == seen
        first.resume()
        assert first.wait(LONG_S)
    assert sink.received_by(first) == sink.received_by(second) == list(range(300))


# -- callers from outside --------------------------------------------------------------------------


def test_a_caller_from_outside_waits_five_seconds_and_is_told(rt):
    sink = CollectingSink()
    job = rt.exec(line(sink), keep_open=True, start_paused=True)
    with pytest.raises(SlotPausedError, match=f"job '{job.job_id}' is paused") as caught:
        job.slot("r0", "items").enqueue(1, "test", NOW)
    assert rt.clock.seconds() == 5.0
    assert (caught.value.slot_name, caught.value.job_id) == ("items", job.job_id)
    read = figures(job, "r0", "items")
    assert (read.refused_by, read.returned_to_caller, letters(job)) == ({"paused": 1}, 1, [])


def test_a_pause_of_less_than_that_lets_the_caller_in(rt):
    sink = CollectingSink()
    job = rt.exec(line(sink), keep_open=True, start_paused=True)
    rt.timer.schedule(4 * 10**9, job.resume)
    job.slot("r0", "items").enqueue(1, "test", NOW)
    assert 4.0 <= rt.clock.seconds() < 5.0
    job.close()
    assert job.wait()
    assert sink.received == [1]


def test_the_callers_time_is_the_slots_setting(rt):
    job = rt.exec(
        line(CollectingSink(pause_enqueue_timeout=0.5)), keep_open=True, start_paused=True
    )
    with pytest.raises(SlotPausedError):
        job.post("r0", "items", 1)
    assert rt.clock.seconds() == 0.5


@pytest.mark.parametrize("overflow", ["reject", "drop_oldest", "block", "retry"])
def test_a_caller_that_waited_at_a_paused_job_meets_the_slots_overflow(rt, overflow):
    target = made(policy=never, max_queue_length=1, overflow=overflow)
    job = rt.exec(line(target), keep_open=True)
    job.post("r0", "in", "old")
    job.pause()
    rt.timer.schedule(10**9, job.resume)
    if overflow == "drop_oldest":
        job.post("r0", "in", "new")
        assert job.slot("r0", "in").peek_all_new() == ["new"]
        assert letters(job) == [("old", "evicted")]
        return
    timeout = 2.0 if overflow == "block" else None
    with pytest.raises(Exception, match="queue is full") as caught:
        job.post("r0", "in", "new", timeout=timeout)
    assert not isinstance(caught.value, SlotPausedError)
    assert job.slot("r0", "in").peek_all_new() == ["old"]
    assert rt.clock.seconds() == pytest.approx(
        {"reject": 1.0, "block": 2.0, "retry": 1.6}[overflow]
    )


# -- time stands still, nothing is lost ------------------------------------------------------------


@pytest.mark.parametrize("seconds", [1.0, 3600.0, 1e6])
def test_pause_stops_entries_and_loses_nothing_however_long_it_lasts(rt, seconds):
    flow, sink = into_sink(range(30), max_queue_length=2)
    job = rt.exec(flow)
    for _ in range(3):
        rt.run_one()
    job.pause()
    rt.advance(seconds)
    job.resume()
    assert job.wait()
    assert (sink.received, letters(job)) == (list(range(30)), [])


def test_waits_for_room_stand_still(rt):
    job = rt.exec(line(source([1, 2]), made(policy=never, max_queue_length=1)), keep_open=True)
    rt.advance(0.5)  # of 0.6
    job.pause()
    rt.advance(1000.0)
    assert figures(job, "r1", "in").held == 1
    job.resume()
    rt.advance(1000.0)
    assert letters(job) == []  # held items are never refused


def test_back_off_interval_and_time_limit_stand_still(rt):
    runs = []

    def flaky():
        runs.append(rt.clock.seconds())
        if len(runs) < 2:
            raise ValueError("later")

    fires = []
    flow = Flow("clocks")
    flow.add_routine(made(flaky, slots=(), errors=ErrorHandler("retry", retry_delay=10.0)), "flaky")
    timed = made(lambda items: fires.append(rt.clock.seconds()), policy=time_interval_policy(8.0))
    flow.add_routine(timed, "timed")
    job = rt.exec(flow, keep_open=True, timeout=20.0)
    job.post("timed", "in", 1)
    rt.advance(4.0)
    job.post("timed", "in", 2)
    rt.run_until_idle()
    job.pause()
    rt.advance(100.0)
    assert (runs, fires) == ([0.0], [0.0])
    job.resume()
    rt.advance(15.0)
    assert (runs, fires) == ([0.0, 110.0], [0.0, pytest.approx(108.0)])
    assert (job.status, job.run_seconds()) == (ExecutionStatus.RUNNING, 19.0)
    rt.advance(1.0)
    assert (job.status, job.error_type) == (ExecutionStatus.FAILED, "timeout")


def test_an_alarm_that_rings_while_paused_and_resumed_again_is_not_early(rt):
    runs = []

    def flaky():
        runs.append(rt.clock.seconds())
        if len(runs) < 2:
            raise ValueError("later")

    handler = ErrorHandler("retry", retry_delay=10.0)
    job = rt.exec(line(made(flaky, slots=(), errors=handler)))
    for _ in range(5):
        rt.advance(1.0)
        job.pause()
        rt.advance(1.0)
        job.resume()
    assert job.wait()
    assert runs == [0.0, 15.0]


# -- checkpoint ------------------------------------------------------------------------------------


def test_checkpoint_stands_still_while_the_job_is_paused(rt):
    reached = []

    def logic():
        for number in range(3):
            if number == 1:
                job.pause()
            checkpoint()
            reached.append(number)

    job = rt.exec(line(made(logic, slots=())))
    rt.run_until_idle()
    assert (reached, job.counts().standing) == ([0], 1)
    job.resume()
    job.pause()  # before it has woken: it stands again
    rt.run_until_idle()
    assert (reached, job.counts().standing) == ([0], 1)
    assert job.pause(wait=1.0)["standing"] == ["r0"]
    job.resume()
    assert job.wait()
    assert reached == [0, 1, 2]


def test_checkpoint_holds_what_was_emitted_before(rt):
    sink = CollectingSink(max_queue_length=9)
    emitter = made(slots=())

    def logic():
        emitter.emit_item("out", 1)
        emitter.emit_item("out", 2)
        job.pause()
        emitter.emit_item("out", 3)
        emitter.checkpoint()

    job = rt.exec(line(emitter.set_logic(logic), sink))
    rt.run_until_idle()
    read = figures(job, "r1", "items")
    assert (read.unconsumed + read.held, job.counts().standing) == (3, 1)
    job.resume()
    assert job.wait()
    assert sink.received == [1, 2, 3]


def test_checkpoint_outside_of_logic_does_nothing():
    checkpoint()
    made().checkpoint()


# -- states and answers ----------------------------------------------------------------------------


def test_a_paused_job_never_completes(rt):
    job, sink = running(rt, items=0)
    job.pause()
    rt.advance(1000.0)
    assert job.status == ExecutionStatus.PAUSED
    job.resume()
    assert (job.status, sink.received) == (ExecutionStatus.RUNNING, [])
    assert job.wait()
    assert job.status == ExecutionStatus.COMPLETED


def test_a_job_that_started_paused_runs_nothing_before_resume(rt):
    flow, sink = into_sink([1])
    job = rt.exec(flow, start_paused=True)
    rt.advance(10.0)
    assert (sink.received, job.run_seconds()) == ([], 0.0)
    job.resume()
    assert job.wait()
    assert sink.received == [1]


def test_pausing_twice_is_pausing_once_and_resuming_twice_too(rt):
    job, _ = running(rt)
    job.pause("first")
    job.pause("second")
    assert [point["reason"] for point in job.pause_points] == ["first"]
    first, second = job.resume(), job.resume()
    assert (first.changed, first.status, second.changed, second.status) == (
        True, "resumed", False, "resumed",
    )  # fmt: skip
    assert job.wait()


def test_the_same_request_twice_is_one_change(rt):
    job, _ = running(rt)
    first = job.pause("why", request_id="p1", identity="ann")
    job.resume(request_id="r1")
    again = job.pause("why", request_id="p1", identity="ann")
    assert (again, job.status) == (first, ExecutionStatus.RUNNING)
    assert job.resume(request_id="r1").changed is True
    assert len(job.pause_points) == 1
    assert job.pause_points[0]["identity"] == "ann"


def test_commands_to_a_finished_job_are_refused(rt):
    job, _ = running(rt)
    assert job.wait()
    for verb in (job.pause, job.resume, job.cancel):
        with pytest.raises(JobFinished, match="is completed"):
            verb()


def test_resume_warns_of_full_slots(rt, caplog):
    job, _ = running(rt, max_queue_length=2, overflow="block")
    rt.run_one()
    job.pause()
    rt.run_until_idle()
    (warning,) = job.resume().warnings
    assert warning.startswith("Slot r1.items is full (2/2 waiting, 2 held)")
    assert "Resuming job" in caplog.text
    assert job.wait()


def test_cancel_ends_a_paused_job(rt):
    job, _ = running(rt, max_queue_length=1, overflow="block")
    while not job.counts().standing:
        rt.run_one()
    job.pause()
    assert job.cancel("enough") is True
    assert job.status == ExecutionStatus.CANCELLED
    assert job.wait()
    assert job.cancel() is False


def test_a_routine_that_was_ready_starts_after_resume(rt):
    sink = CollectingSink()
    job = rt.exec(line(sink), keep_open=True)
    job.post("r0", "items", 1)
    job.pause()
    rt.run_until_idle()
    assert sink.received == []
    job.resume()
    rt.run_until_idle()
    assert sink.received == [1]


def test_logic_that_waits_for_its_turn_stands_still_at_the_gate(rt):
    slow = made(slots=())

    def logic():
        for number in range(4):
            rt.clock.advance(0.006)
            slow.emit_item("out", number)

    sink = CollectingSink(max_queue_length=1)
    job = rt.exec(line(slow.set_logic(logic), sink))
    other = rt.exec(into_sink([1])[0])
    rt.run_one()
    job.pause()
    assert other.wait()
    job.resume()
    assert job.wait()
    assert sink.received == [0, 1, 2, 3]


def test_pause_while_logic_ends_is_not_lost():
    turn, sink = Sequencer(), CollectingSink()
    emitter = made(slots=())

    def logic():
        emitter.emit_many("out", [1, 2, 3])
        with turn(0):
            pass
        with turn(2):
            emitter.emit_item("out", 4)

    with Runtime(1) as runtime:
        job = runtime.exec(line(emitter.set_logic(logic), sink))
        with turn(1):
            job.pause()
        assert job.pause(wait=LONG_S)["still"] is True
        read = figures(job, "r1", "items")
        assert read.consumed + read.unconsumed + read.held == 4
        job.resume()
        assert job.wait(LONG_S)
    assert sink.received == [1, 2, 3, 4]


def test_passing_routines_in_the_middle_lose_nothing():
    flow = line(source(range(40)), passer(max_queue_length=1), passer(max_queue_length=2))
    sink = CollectingSink(max_queue_length=1, overflow="block")
    flow.add_routine(sink, "sink")
    flow.connect("r2", "out", "sink", "items")
    with StepRuntime(7, thread_pool_size=2) as rt:
        job = rt.exec(flow)
        while not job.status.finished:
            job.pause()
            rt.run_until_idle()
            job.resume()
            rt.run_one() or rt.advance(0.01)
    assert sink.received == list(range(40))
