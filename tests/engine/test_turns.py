"""Workers, turns between jobs, and producers that stand with a thread each."""

from __future__ import annotations

import threading

import pytest

from routilux import Flow, Runtime
from routilux.runtime import get_runtime_instance
from routilux.status import ExecutionStatus
from routilux.testing import CollectingSink, ManualRuntime, RecordingHook, StepRuntime
from tests.engine.parts import LONG_S, into_sink, line, made, never, passer, source


def slow_source(rt, sink, items, seconds):
    """A source whose every item takes so long on the manual clock."""
    slow = made(slots=())

    def logic():
        for item in range(items):
            rt.clock.advance(seconds)
            slow.emit_item("out", item)

    return line(slow.set_logic(logic), sink)


def starts(hook, *jobs):
    """Which job's activations started, in order."""
    ids = [job.job_id for job in jobs]
    return [(ids.index(each.job_id), each.routine_id) for each in hook.named("activation_started")]


@pytest.mark.parametrize(("seconds", "first"), [(0.001, 6), (0.005, 2), (0.1, 2)])
def test_an_activation_gives_its_place_up_after_five_milliseconds(rt, seconds, first):
    """With others in line, it is stopped at its next emit; they came 5 ms ago at the most."""
    sink, others = CollectingSink(), CollectingSink()
    rt.exec(slow_source(rt, sink, 20, seconds))
    rt.run_one()  # it goes first, and its sink is in line from its first item on
    assert len(sink.received) == 0
    newcomer = rt.exec(line(source([1]), others))
    emitted = round(rt.clock.seconds() / seconds)
    assert emitted <= first
    assert newcomer.wait()


def test_an_activation_that_nobody_waits_for_is_not_interrupted(rt):
    slow = made(slots=())

    def logic():
        for _ in range(20):
            rt.clock.advance(1.0)
            slow.emit_item("out", 1)

    job = rt.exec(line(slow.set_logic(logic)))
    assert rt.run_one()
    assert job.status == ExecutionStatus.COMPLETED


def test_an_activation_that_buffers_is_asked_to_give_its_place_up(rt):
    """Nothing is handed over for long, but another job waits: the nudge lowers the limit."""
    flow = Flow("buffers")
    buffering = made(slots=())
    emitted = []

    def logic():
        for item in range(100):
            buffering.emit_item("out", item)
            if item == 10:
                rt.exec(into_sink([1])[0])
            if item > 10:
                rt.clock.advance(0.001)
            emitted.append(rt.clock.seconds())

    sink = CollectingSink()
    flow.add_routine(buffering.set_logic(logic), "r0")
    flow.add_routine(sink, "r1")
    flow.connect("r0", "out", "r1", "items")
    job = rt.exec(flow)
    rt.run_one()
    assert len(emitted) < 30
    assert job.wait()
    assert sink.received == list(range(100))


@pytest.mark.parametrize("seed", range(5))
def test_a_newcomer_is_delayed_by_one_activation_a_worker(seed):
    """Jobs stand in line once each, however much they have to do."""
    hook = RecordingHook()
    with StepRuntime(seed) as rt:
        rt.hooks.add(hook)
        big = Flow("big")
        big.add_routine(source(range(50)), "a")
        big.add_routine(made(lambda items: None, policy=one_by_one), "b")
        big.connect("a", "out", "b", "in")
        rt.exec(big)
        rt.run_one()
        assert len(rt.pool.line) == 1
        rt.exec(into_sink([1])[0])
        assert len(rt.pool.line) == 2


def one_by_one(slots, job_state):
    taken = slots["in"].consume_n_new(1)
    return bool(taken), {"in": taken}, None


def test_real_workers_take_jobs_in_turn():
    """One worker: an endless job cannot keep a newcomer out."""
    stop = threading.Event()
    endless = made(slots=())

    def logic():
        while not stop.is_set():
            endless.emit_item("out", 1)

    with Runtime(1) as runtime:
        sink = CollectingSink(max_queue_length=8, overflow="block")
        job = runtime.exec(line(endless.set_logic(logic), sink))
        sink.wait_for(1)
        flow, other = into_sink([1, 2, 3])
        newcomer = runtime.exec(flow)
        assert newcomer.wait(LONG_S)
        assert other.received == [1, 2, 3]
        stop.set()
        assert job.wait(LONG_S)


def test_a_worker_that_waits_inside_emit_does_not_count_against_the_pool():
    with Runtime(1) as runtime:
        stuck = [
            runtime.exec(
                line(source([1, 2]), made(policy=never, max_queue_length=1, overflow="block")),
                keep_open=True,
            )
            for _ in range(5)
        ]
        flow, sink = into_sink(range(5))
        assert runtime.exec(flow).wait(LONG_S)
        assert sink.received == [0, 1, 2, 3, 4]
        assert runtime.pool.in_use <= 1
        for job in stuck:
            job.cancel()
            assert job.wait(LONG_S)


def full_behind(rt, count):
    """A job with `count` sources that stand before full slots, one behind the other by turns."""
    flow = Flow("crowd")
    for number in range(count):
        flow.add_routine(source([1, 2]), f"s{number}")
        full = made(policy=never, max_queue_length=1, overflow="block")
        flow.add_routine(full, f"f{number}")
        flow.connect(f"s{number}", "out", f"f{number}", "in")
    return flow


def test_at_most_so_many_producers_stand_and_the_next_waits_without_a_thread():
    with StepRuntime(standing_limit=3) as rt:
        flow = full_behind(rt, 5)
        job = rt.exec(flow, keep_open=True)
        rt.run_until_idle()
        counts = job.counts()
        assert (counts.standing, rt.pool.standing) == (3, 3)
        standing = [f"f{n}" for n in range(5) if len(job.slot(f"f{n}", "in").legs)]
        assert len(standing) == 3
        job.slot(standing[0], "in").consume_one_new()
        rt.run_until_idle()
        assert job.counts().standing == 3  # one went on, the next came
        job.cancel()
        assert job.wait()


def test_a_job_whose_routine_was_put_off_is_not_done():
    with StepRuntime(standing_limit=1) as rt:
        crowd = rt.exec(full_behind(rt, 1), keep_open=True)
        rt.run_until_idle()
        flow, sink = into_sink([1, 2], overflow="block")
        job = rt.exec(flow)
        rt.run_until_idle()
        assert (job.status, sink.received) == (ExecutionStatus.RUNNING, [])
        crowd.slot("f0", "in").consume_one_new()
        rt.run_until_idle()
        assert (job.status, sink.received) == (ExecutionStatus.COMPLETED, [1, 2])
        crowd.cancel()


def three_in_a_line():
    """A source and two steps, with slots of length 1 that block."""
    sink = CollectingSink(max_queue_length=1, overflow="block")
    return line(source(range(5)), passer(max_queue_length=1, overflow="block"), sink), sink


@pytest.mark.parametrize("limit", [1, 2, 3])
@pytest.mark.parametrize("seed", range(8))
def test_routines_that_others_wait_for_are_never_put_off(limit, seed):
    """Else all would stand before routines that wait for a place among those who stand."""
    with StepRuntime(seed, standing_limit=limit) as rt:
        made_of = [three_in_a_line() for _ in range(4)]
        jobs = [rt.exec(flow) for flow, _ in made_of]
        assert rt.wait_until_all_jobs_finished()
        assert [sink.received for _, sink in made_of] == [list(range(5))] * 4
        assert {job.status for job in jobs} == {ExecutionStatus.COMPLETED}
        assert (rt.pool.standing, list(rt.pool.deferred)) == (0, [])


@pytest.mark.parametrize("workers", [1, 4])
def test_many_more_jobs_than_producers_that_may_stand(workers):
    with Runtime(workers, standing_limit=3) as runtime:
        made_of = [three_in_a_line() for _ in range(60)]
        for flow, _ in made_of:
            runtime.exec(flow)
        assert runtime.wait_until_all_jobs_finished(LONG_S)
        assert all(sink.received == list(range(5)) for _, sink in made_of)
        assert runtime.pool.standing == 0


@pytest.mark.parametrize("size", [0, -1, 1.5, "2"])
def test_a_pool_has_at_least_one_worker(size):
    with pytest.raises(ValueError, match="thread_pool_size must be a whole number of at least 1"):
        Runtime(size)
    with pytest.raises(ValueError, match="standing_limit must be"):
        Runtime(1, standing_limit=size)


def test_as_many_activations_run_at_once_as_there_are_workers():
    together, seen = threading.Barrier(3), []

    def logic(items):
        together.wait(LONG_S)
        seen.extend(items)

    with ManualRuntime(3) as runtime:
        flow = Flow("wide")
        for number in range(3):
            flow.add_routine(made(logic), f"r{number}")
        job = runtime.exec(flow, keep_open=True)
        for number in range(3):
            job.post(f"r{number}", "in", number)
        job.close()
        assert job.wait(LONG_S)
    assert sorted(seen) == [0, 1, 2]


def test_concurrency_lets_one_routine_run_in_several_workers():
    together, seen = threading.Barrier(2), []

    def logic(items):
        together.wait(LONG_S)
        seen.extend(items)

    with Runtime(4) as runtime:
        job = runtime.exec(line(made(logic, concurrency=2)), keep_open=True)
        for number in range(2):
            job.post("r0", "in", number)
        job.close()
        assert job.wait(LONG_S)
    assert sorted(seen) == [0, 1]


def test_the_process_wide_runtime_is_made_anew_after_its_shutdown():
    first = get_runtime_instance()
    assert get_runtime_instance() is first
    first.shutdown()
    second = get_runtime_instance()
    assert second is not first
    second.shutdown()


def test_shutdown_twice_is_shutdown_once():
    runtime = Runtime(1)
    flow, sink = into_sink([1])
    runtime.exec(flow)
    assert runtime.shutdown(wait=True)
    assert runtime.shutdown()
    assert sink.received == [1]
    with pytest.raises(RuntimeError, match="Runtime is shut down"):
        runtime.exec(flow)


def test_shutdown_closes_open_inputs_and_cancels_paused_jobs(rt):
    flow, sink = into_sink([1])
    opened, paused = rt.exec(flow, keep_open=True), rt.exec(flow, start_paused=True)
    assert rt.shutdown()
    assert (opened.status, paused.status) == ("completed", "cancelled")
    assert sink.received == [1]


def test_shutdown_without_waiting_returns_at_once():
    entered, leave = threading.Event(), threading.Event()

    def logic():
        entered.set()
        assert leave.wait(LONG_S)

    runtime = Runtime(1)
    job = runtime.exec(line(made(logic, slots=())))
    assert entered.wait(LONG_S)
    assert runtime.shutdown(wait=False) is False
    assert runtime.shutdown(wait=True, timeout=0.01) is False
    assert job.status == ExecutionStatus.CANCELLED
    leave.set()
    assert job.wait(LONG_S)
    assert runtime.wait_until_all_jobs_finished(LONG_S)


def test_jobs_of_a_runtime(rt):
    flow, _ = into_sink([1])
    jobs = [rt.exec(flow, start_paused=True) for _ in range(2)]
    assert rt.list_jobs() == jobs
    assert rt.get_job(jobs[0].job_id) is jobs[0]
    assert rt.get_job("unknown") is None
    for job in jobs:
        job.resume()
    assert rt.wait_until_all_jobs_finished()
    assert rt.list_jobs() == []
    assert rt.get_job(jobs[0].job_id) is jobs[0]
    assert rt.get_active_routines() == set()
