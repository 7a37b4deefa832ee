"""RecordingHook, CollectingSink and Sequencer."""

from __future__ import annotations

import threading

import pytest

from routilux import Flow, Runtime
from routilux.testing import CollectingSink, RecordingHook, Sequencer, StepRuntime


def flow_into(sink: CollectingSink) -> Flow:
    flow = Flow("feeding")
    flow.source(name="numbers")(lambda: [1, 2, 3])
    flow.add_routine(sink, "sink")
    flow.connect("numbers", "out", "sink", next(iter(sink.slots)))
    return flow


def test_a_sink_keeps_what_it_gets_apart_by_job():
    sink = CollectingSink("in", max_queue_length=2)
    flow = flow_into(sink)
    with StepRuntime() as runtime:
        jobs = [runtime.exec(flow), runtime.exec(flow)]
        assert all(job.wait() for job in jobs)
    assert sorted(sink.received) == [1, 1, 2, 2, 3, 3]
    assert [sink.received_by(job) for job in jobs] == [[1, 2, 3], [1, 2, 3]]
    assert [item for batch in sink.batches for item in batch] == sink.received
    assert sink.slots["in"].max_queue_length == 2


def test_waiting_for_items_of_a_sink():
    sink = CollectingSink()
    with Runtime(1) as runtime:
        runtime.exec(flow_into(sink))
        assert sink.wait_for(2) == [1, 2]
    with pytest.raises(TimeoutError, match="3 items came"):
        sink.wait_for(4, timeout=0.0)


def test_a_recording_hook_keeps_every_record_in_order():
    sink, hook = CollectingSink(), RecordingHook(trace_context="trace")
    with StepRuntime() as runtime:
        runtime.hooks.add(hook)
        job = runtime.exec(flow_into(sink), start_paused=True)
        job.resume()
        job.wait()
    names = hook.names()
    assert names[:3] == ["job_started", "job_paused", "job_resumed"]
    assert names[-1] == "job_ended"
    assert {"activation_started", "activation_ended"} < set(names)
    assert hook.named("activation_started")[-1].contexts == ("trace",)


def test_a_recording_hook_keeps_what_happens_to_items():
    hook = RecordingHook()
    flow = Flow("full")
    flow.source(name="numbers")(lambda: range(9))
    flow.step(
        after="numbers", name="never", max_queue_length=2, policy=lambda s, j: (False, {}, 0)
    )(lambda x: None)
    with StepRuntime() as runtime:
        runtime.hooks.add(hook)
        job = runtime.exec(flow)
        runtime.run_until_idle()
        job.pause()
        runtime.run_until_idle()
        job.cancel()
    assert {"enqueue_retried", "items_held", "items_refused"} <= set(hook.names())


def test_waiting_for_a_record():
    hook = RecordingHook()
    with Runtime(1) as runtime:
        runtime.hooks.add(hook)
        runtime.exec(flow_into(CollectingSink()))
        assert hook.wait_for("job_ended")[0].status == "completed"
    with pytest.raises(TimeoutError, match="job_ended was called 1 times"):
        hook.wait_for("job_ended", 2, timeout=0.0)


def test_a_sequencer_forces_the_order_of_two_threads():
    turn, done = Sequencer(), []

    def odd() -> None:
        for number in (1, 3):
            with turn(number):
                done.append(number)

    thread = threading.Thread(target=odd)
    thread.start()
    for number in (0, 2, 4):
        with turn(number):
            done.append(number)
    thread.join()
    assert done == [0, 1, 2, 3, 4]


def test_a_turn_that_does_not_come_is_an_error():
    with pytest.raises(TimeoutError, match="Turn 1 did not come"), Sequencer(timeout=0.0)(1):
        pass


def test_a_turn_is_used_once():
    turn = Sequencer()
    with turn(0):
        pass
    with pytest.raises(ValueError, match="Turn 0 is over"), turn(0):
        pass
