"""Promise 7: done means done."""

from __future__ import annotations

import threading

import pytest

from routilux import ErrorHandler, Flow, Runtime
from routilux.activation_policies import (
    all_slots_ready_policy,
    batch_size_policy,
    time_interval_policy,
)
from routilux.errors import JobFinished
from routilux.status import ExecutionStatus
from routilux.testing import CollectingSink, RecordingHook, StepRuntime
from tests.engine.parts import (
    AGES_S,
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


@pytest.mark.parametrize("seed", range(20))
def test_a_job_is_completed_when_nothing_is_left_and_not_earlier(seed):
    flow = line(source(range(12)), passer(max_queue_length=1), passer(concurrency=2))
    sink = CollectingSink(max_queue_length=2)
    flow.add_routine(sink, "sink")
    flow.connect("r2", "out", "sink", "items")
    with StepRuntime(seed, thread_pool_size=2) as rt:
        job = rt.exec(flow)
        while not job.status.finished:
            assert rt.run_one()
        counts = job.counts()
        assert (counts.queue_size, counts.unconsumed, counts.held) == (0, 0, 0)
        assert sorted(sink.received) == list(range(12))
        assert rt.clock.seconds() == 0.0  # at that instant, not by a timer


def test_the_last_activation_ends_the_job(rt):
    statuses = []
    job = rt.exec(line(made(lambda: statuses.append(job.status), slots=())))
    rt.run_until_idle()
    assert statuses == [ExecutionStatus.RUNNING]
    assert job.status == ExecutionStatus.COMPLETED
    assert job.completed_at is not None


@pytest.mark.parametrize("close_first", [True, False])
def test_an_open_input_keeps_the_job(rt, close_first):
    sink = CollectingSink()
    job = rt.exec(line(sink), keep_open=True)
    rt.advance(1e6)
    assert job.status == ExecutionStatus.RUNNING
    job.post("r0", "items", 1)
    if not close_first:
        rt.run_until_idle()
    job.close()
    rt.run_until_idle()
    assert (job.status, sink.received) == (ExecutionStatus.COMPLETED, [1])


def test_an_item_after_the_end_is_refused_with_the_status(rt):
    job = rt.exec(line(CollectingSink()), keep_open=True)
    job.close()
    with pytest.raises(JobFinished) as caught:
        job.post("r0", "items", 1)
    assert (caught.value.job_id, caught.value.status) == (job.job_id, "completed")
    assert figures(job, "r0", "items").offered == 0


def test_acceptance_and_completion_are_decided_together():
    """Each post is either accepted, and then delivered, or refused because the job has ended."""
    accepted = []
    for _ in range(30):
        sink = CollectingSink()
        with Runtime(2) as runtime:
            job = runtime.exec(line(sink), keep_open=True)
            barrier = threading.Barrier(2)

            def post(job=job, barrier=barrier):
                barrier.wait(LONG_S)
                try:
                    for number in range(50):
                        job.post("r0", "items", number)
                        accepted.append(number)
                except JobFinished:
                    return

            accepted.clear()
            thread = threading.Thread(target=post)
            thread.start()
            barrier.wait(LONG_S)
            job.close()
            assert job.wait(LONG_S)
            thread.join(LONG_S)
        assert sink.received == accepted


def test_a_caller_that_waits_for_room_when_the_job_ends_is_told(rt):
    job = rt.exec(line(made(policy=never, max_queue_length=1, overflow="block")), keep_open=True)
    job.post("r0", "in", 1)
    rt.timer.schedule(10**9, lambda: job.cancel())
    with pytest.raises(JobFinished):
        job.post("r0", "in", 2)


def test_an_open_back_off_is_a_scheduled_activation(rt):
    runs = []

    def flaky():
        runs.append(1)
        if len(runs) < 3:
            raise ValueError("again")

    handler = ErrorHandler("retry", retry_delay=5.0, retry_backoff=2.0)
    job = rt.exec(line(made(flaky, slots=(), errors=handler)))
    rt.run_until_idle()
    assert (job.status, job.counts().pending_tasks_count) == (ExecutionStatus.RUNNING, 1)
    rt.advance(14.9)
    assert (len(runs), job.status) == (2, ExecutionStatus.RUNNING)
    rt.advance(0.1)
    assert (len(runs), job.status) == (3, ExecutionStatus.COMPLETED)


def test_wait_returns_when_running_logic_has_ended():
    entered, leave = threading.Event(), threading.Event()

    def logic():
        entered.set()
        assert leave.wait(LONG_S)

    with Runtime(1) as runtime:
        job = runtime.exec(line(made(logic, slots=())))
        assert entered.wait(LONG_S)
        job.cancel("now")
        assert job.status == ExecutionStatus.CANCELLED  # at once
        assert job.wait(0.0) is False
        assert runtime.get_active_routines() == {"r0"}
        leave.set()
        assert job.wait(LONG_S) is True


def test_wait_is_woken_and_does_not_poll(rt):
    hook = RecordingHook()
    with Runtime(1) as runtime:
        runtime.hooks.add(hook)
        job = runtime.exec(into_sink([1])[0])
        assert job.wait() is True
        assert job.wait(0.0) is True
    assert hook.named("job_ended")[0].status == "completed"


def test_a_time_limit_that_expires_fails_the_job(rt):
    job = rt.exec(into_sink([])[0], keep_open=True, timeout=2.0)
    rt.advance(1.9)
    assert job.status == ExecutionStatus.RUNNING
    rt.advance(0.2)
    assert (job.status, job.error_type) == (ExecutionStatus.FAILED, "timeout")
    assert "time limit of 2 s" in job.error


def test_the_flows_own_time_limit_applies_and_does_not_keep_the_job(rt):
    flow, _ = into_sink([1])
    flow.execution_timeout = 3.0
    job = rt.exec(flow)
    assert job.wait()
    assert rt.clock.seconds() == 0.0
    assert job.status == ExecutionStatus.COMPLETED
    late = rt.exec(flow, keep_open=True)
    rt.advance(3.0)
    assert late.error_type == "timeout"


def test_a_flow_without_entry_ends_failed_and_says_so(rt):
    flow = Flow("empty")
    flow.add_routine(made(lambda items: None), "r0")
    job = rt.exec(flow)
    assert job.wait()
    assert rt.clock.seconds() == 0.0
    assert job.status == ExecutionStatus.FAILED
    assert "has no entry" in job.error


# -- the drain step --------------------------------------------------------------------------------


def test_a_batch_policy_lets_its_last_short_batch_go(rt):
    sink = CollectingSink()
    sink.set_activation_policy(batch_size_policy(4))
    job = rt.exec(line(source(range(10)), sink))
    assert job.wait()
    assert rt.clock.seconds() == 0.0
    assert [len(batch) for batch in sink.batches] == [4, 4, 2]
    assert letters(job) == []


def test_an_interval_policy_fires_when_drained(rt):
    sink = CollectingSink()
    sink.set_activation_policy(time_interval_policy(5.0))
    flow = line(source([1]), sink)
    job = rt.exec(flow, keep_open=True)
    rt.advance(1.0)
    job.post("r1", "items", 2)
    job.close()
    assert job.wait()
    assert sink.received == [1, 2]


def test_a_join_leaves_what_has_no_partner(rt):
    flow = Flow("join")
    pairs = []
    join = made(
        lambda left, right: pairs.append((left[0], right[0])),
        slots=("left", "right"),
        policy=all_slots_ready_policy(),
    )
    flow.add_routine(source([1, 2, 3]), "a")
    flow.add_routine(source("xy"), "b")
    flow.add_routine(join, "join")
    flow.connect("a", "out", "join", "left")
    flow.connect("b", "out", "join", "right")
    job = rt.exec(flow)
    assert job.wait()
    assert pairs == [(1, "x"), (2, "y")]
    assert letters(job) == [(3, "unmatched")]
    assert (job.status, job.warnings) == ("completed", ["1 item(s) became dead letters"])


def test_draining_goes_upstream_first_and_begins_anew_after_each_activation(rt):
    order = []

    def step(name):
        routine = made(policy=batch_size_policy(5))

        def logic(items):
            order.append((name, len(items), routine_draining()))
            routine.emit_item("out", name)

        return routine.set_logic(logic)

    def routine_draining():
        return job.draining

    flow = line(source([1, 2]), step("a"), step("b"), step("c"))
    flow.connect("r0", "out", "r3", "in")
    job = rt.exec(flow)
    assert job.wait()
    assert order == [("a", 2, True), ("b", 1, True), ("c", 3, True)]
    assert job.status == ExecutionStatus.COMPLETED


def test_draining_does_not_begin_while_a_back_off_is_open(rt):
    flow = Flow("both")
    sink = CollectingSink()
    sink.set_activation_policy(batch_size_policy(4))
    runs = []

    def flaky():
        runs.append(1)
        if len(runs) < 2:
            raise ValueError("again")

    flow.add_routine(source([1]), "a")
    flow.add_routine(sink, "sink")
    flow.connect("a", "out", "sink", "items")
    handler = ErrorHandler("retry", retry_delay=5.0)
    flow.add_routine(made(flaky, slots=(), errors=handler), "flaky")
    job = rt.exec(flow)
    rt.advance(4.0)
    assert (sink.received, job.draining) == ([], False)
    assert job.wait(AGES_S)
    assert sink.received == [1]


def test_a_policy_that_wants_more_than_it_gets_is_asked_as_items_come(rt):
    asked = []

    def policy(slots, job_state):
        asked.append(slots["items"].get_unconsumed_count())
        return False, {}, None

    sink = CollectingSink()
    sink.set_activation_policy(policy)
    job = rt.exec(line(sink), keep_open=True)
    for number in range(3):
        job.post("r0", "items", number)
        rt.run_until_idle()
    assert asked == [1, 2, 3]
    job.close()
    assert job.wait()
    assert asked == [1, 2, 3, 3]


def test_a_routine_without_room_is_asked_again_after_those_behind_it(rt):
    sink = CollectingSink(max_queue_length=1, overflow="block")
    sink.set_activation_policy(batch_size_policy(5))
    middle = passer(lambda item: ("passed", item), policy=batch_size_policy(2))
    flow = line(source([1]), middle, sink)
    flow.connect("r0", "out", "r2", "items")
    job = rt.exec(flow)
    assert job.wait()
    assert (sink.received, letters(job)) == ([1, ("passed", 1)], [])


def test_a_routine_without_room_gets_it_from_what_nobody_wants(rt):
    middle = passer(lambda item: ("passed", item), policy=batch_size_policy(2))
    flow = line(source([1]), middle, made(policy=never, max_queue_length=1, overflow="block"))
    flow.connect("r0", "out", "r2", "in")
    job = rt.exec(flow)
    assert job.wait()
    assert letters(job) == [(1, "unmatched"), (("passed", 1), "unmatched")]


def test_routines_that_wait_for_each_others_room_while_draining_are_started_all_the_same(rt):
    seen = []

    def ends(name):
        routine = made(policy=batch_size_policy(2), max_queue_length=1, overflow="block")
        return routine.set_logic(lambda items: seen.append((name, items)))

    flow = Flow("ring")
    flow.add_routine(source([1]), "start")
    for name in "ab":
        flow.add_routine(ends(name), name)
        flow.connect("start", "out", name, "in")
    flow.connect("a", "out", "b", "in")
    flow.connect("b", "out", "a", "in")
    job = rt.exec(flow)
    assert job.wait()
    assert (sorted(seen), letters(job)) == ([("a", [1]), ("b", [1])], [])
