"""StepRuntime: one thing at a time, the same run for the same seed."""

from __future__ import annotations

import _thread
import os
import threading

import pytest

from routilux import ErrorHandler, Flow, bind
from routilux.status import ExecutionStatus
from routilux.testing import CollectingSink, ManualRuntime, RecordingHook, StepRuntime


def chain(length: int = 1, items: int = 20) -> tuple[Flow, CollectingSink]:
    """A source, a step and a sink, with slots of that length."""
    flow = Flow("chain", default_slot_max_queue_length=length, default_slot_overflow="block")
    flow.source(name="numbers")(lambda: range(items))
    flow.step(after="numbers", name="double")(lambda x: 2 * x)
    sink = CollectingSink()
    flow.add_routine(sink, "sink")
    flow.connect("double", "out", "sink", "items")
    return flow, sink


def trace(seed: int, workers: int) -> list[str]:
    """The order of activations of two jobs."""
    flow, sink = chain()
    hook = RecordingHook()
    with StepRuntime(seed, workers) as runtime:
        runtime.hooks.add(hook)
        jobs = [runtime.exec(flow), runtime.exec(flow)]
        assert all(job.wait() for job in jobs)
        order = [jobs[0].job_id, jobs[1].job_id]
        assert [sink.received_by(job) for job in jobs] == [list(range(0, 40, 2))] * 2
    return [
        f"{name} {order.index(record.job_id)} {getattr(record, 'activation_id', '')}"
        for name, record in hook.records
    ]


@pytest.mark.parametrize("workers", [1, 3])
def test_the_same_seed_gives_the_same_run_and_another_seed_another(workers):
    first = trace(1, workers)
    assert trace(1, workers) == first
    assert any(trace(seed, workers) != first for seed in range(2, 5))


def test_nothing_happens_between_steps():
    flow, sink = chain(length=100)
    with StepRuntime() as runtime:
        job = runtime.exec(flow)
        assert (job.status, sink.received) == (ExecutionStatus.RUNNING, [])
        assert runtime.run_one()
        assert job.slot("double", "items").get_unconsumed_count() == 20
        assert runtime.run_until_idle() > 0
        assert not runtime.run_one()
        assert job.status == ExecutionStatus.COMPLETED


def test_logic_that_stands_in_emit_does_not_block_the_test():
    flow, sink = chain(length=1)
    with StepRuntime() as runtime:
        job = runtime.exec(flow)
        while not job.counts().standing:
            assert runtime.run_one()
        assert job.pause(wait=True)["standing"]
        job.resume()
        assert job.wait()
    assert len(sink.received) == 20


def test_exactly_one_thread_of_the_runtime_runs_at_any_time():
    running, most = set(), []
    flow = Flow("alone", default_slot_max_queue_length=1, default_slot_overflow="block")

    @flow.source
    def numbers():
        for number in range(20):
            most.append(len(running))
            yield number

    @flow.step(after=numbers, concurrency=4)
    def busy(x):
        running.add(threading.get_ident())
        most.append(len(running))
        running.discard(threading.get_ident())

    with StepRuntime(3, thread_pool_size=4) as runtime:
        assert runtime.exec(flow).wait()
    assert max(most) == 1


def test_no_thread_is_left_behind():
    before = _thread._count()
    flow, _ = chain()
    with StepRuntime() as runtime:
        job = runtime.exec(flow)
        while not job.counts().standing:
            runtime.run_one()
        runtime.cancel_job(job.job_id)
    while _thread._count() > before:  # a thread that was let go needs a moment to be gone
        os.sched_yield()


def test_waiting_lets_time_pass():
    flow = Flow("late")
    runs = []

    @flow.source(errors=_retry_after(10.0))
    def flaky():
        runs.append(runtime.clock.seconds())
        if len(runs) < 2:
            raise ValueError("not yet")
        return []

    with StepRuntime() as runtime:
        job = runtime.exec(flow)
        assert job.wait(5.0) is False
        assert runtime.clock.seconds() == 5.0
        assert job.wait() is True
    assert runs == [0.0, 10.0]


def _retry_after(seconds: float):
    return ErrorHandler("retry", retry_delay=seconds)


def test_a_wait_that_nothing_can_end_is_an_error():
    flow, _ = chain()
    with StepRuntime() as runtime:
        job = runtime.exec(flow, start_paused=True)
        with pytest.raises(RuntimeError, match="This wait has no end"):
            job.wait()
        assert job.wait(3.0) is False
        assert not runtime.wait_until_all_jobs_finished()
        assert not runtime.wait_until_all_jobs_finished(1.0)
        job.resume()
        assert runtime.wait_until_all_jobs_finished()


def test_a_caller_from_outside_that_waits_for_room_lets_the_job_go_on():
    sink = CollectingSink(max_queue_length=1, overflow="block")
    flow = Flow("posts")
    flow.add_routine(sink, "sink")
    with StepRuntime() as runtime:
        job = runtime.exec(flow, keep_open=True)
        for number in range(5):
            job.post("sink", "items", number)
        job.close()
        assert job.wait()
    assert sink.received == [0, 1, 2, 3, 4]


def test_logic_may_wait_for_another_job():
    inner, sink = chain()
    outer = Flow("outer")

    @outer.source
    def start():
        assert runtime.exec(inner).wait()
        return [len(sink.received)]

    lengths = CollectingSink()
    outer.add_routine(lengths, "lengths")
    outer.connect("start", "out", "lengths", "items")
    with StepRuntime() as runtime:
        assert runtime.exec(outer).wait()
    assert lengths.received == [20]


def test_steps_from_inside_logic_are_refused():
    flow, errors = Flow("inside"), []

    @flow.source
    def start():
        with pytest.raises(RuntimeError, match="Logic of this runtime is running") as caught:
            runtime.run_one()
        errors.append(caught.value)
        return []

    with StepRuntime() as runtime:
        assert runtime.exec(flow).wait()
    assert len(errors) == 1


def test_a_flow_without_end_is_an_error():
    flow = Flow("loop")

    @flow.source
    def start():
        return [0]

    flow.step(after=start, name="again", max_queue_length=2)(lambda x: x + 1)
    flow.connect("again", "out", "again", "items")
    with StepRuntime() as runtime:
        job = runtime.exec(flow)
        with pytest.raises(RuntimeError, match="Not idle after 50 steps"):
            runtime.run_until_idle(50)
        job.cancel()


def test_logic_may_move_the_clock():
    flow = Flow("slow")
    flow.source(name="slow")(lambda: runtime.clock.advance(2.0))
    with StepRuntime() as runtime:
        job = runtime.exec(flow)
        runtime.run_until_idle()
        assert (job.completed_at - job.started_at).total_seconds() == 2.0


def test_a_manual_runtime_has_real_workers_and_time_by_hand():
    flow, sink = chain()
    runs = []

    @flow.source(errors=_retry_after(10.0))
    def threads():
        runs.append(runtime.clock.seconds())
        if len(runs) == 1:
            raise ValueError("later")
        thread = threading.Thread(target=bind(runs.append), args=("thread",))
        thread.start()
        thread.join()
        return []

    with ManualRuntime(2) as runtime:
        hook = RecordingHook()
        runtime.hooks.add(hook)
        job = runtime.exec(flow)
        hook.wait_for("activation_ended", 1)
        runtime.wait_until_all_jobs_finished(0)
        while not job.counts().timed:
            hook.wait_for("activation_ended", len(hook.named("activation_ended")))
        runtime.clock.advance(10.0)
        assert job.wait(20.0)
    assert runs == [0.0, 10.0, "thread"]
    assert len(sink.received) == 20
