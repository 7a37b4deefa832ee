"""Logic that waits for jobs: for its own it may not, for others it does not hold its worker."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from routilux import Flow, Runtime
from routilux.errors import SlotPausedError
from routilux.testing import ManualRuntime
from tests.engine.parts import LONG_S, into_sink, letters, line, made, never


def asking(question):
    """A flow whose logic keeps what `question` raises."""
    found = []

    def logic():
        with pytest.raises(RuntimeError) as caught:
            question()
        found.append(str(caught.value))

    return line(made(logic, slots=())), found


@pytest.mark.parametrize("call", ["wait", "wait_until_all_jobs_finished", "shutdown"])
def test_logic_that_waits_for_itself_is_told_so(call):
    with Runtime(1) as runtime:
        flow, found = asking(lambda: getattr(job if call == "wait" else runtime, call)())
        job = runtime.exec(flow, start_paused=True)
        job.resume()
        assert job.wait(LONG_S)
        assert job.status == "completed"
        assert not runtime.is_shut_down
    assert f"{call}() in logic of" in found[0]


def test_logic_may_end_the_runtime_without_waiting():
    with Runtime(1) as runtime:
        flow = line(made(lambda: runtime.shutdown(wait=False), slots=()))
        assert runtime.exec(flow).wait(LONG_S)
    assert runtime.is_shut_down


def test_logic_that_waits_for_another_job_lets_others_have_its_place():
    with Runtime(1) as runtime:
        inner, sink = into_sink([1, 2])
        outer = Flow("outer")

        @outer.source
        def start():
            assert runtime.exec(inner).wait(LONG_S)

        job = runtime.exec(outer)
        assert job.wait(LONG_S)
        assert (job.status, sink.received) == ("completed", [1, 2])


def test_a_caller_that_waits_for_room_is_told_of_a_pause_as_one_that_comes_later():
    """It would wait for ever: a slot that blocks sets no limit."""
    with ManualRuntime(1) as runtime, ThreadPoolExecutor(1) as callers:
        full = made(policy=never, max_queue_length=1, overflow="block")
        job = runtime.exec(line(full), keep_open=True)
        job.post("r0", "in", 1)
        caller = callers.submit(job.post, "r0", "in", 2)
        while not job.slot("r0", "in").metrics().waiting_producers:
            os.sched_yield()
        job.pause()
        while not caller.done():
            runtime.clock.advance(0.5)
            os.sched_yield()
        assert isinstance(caller.exception(), SlotPausedError)
        assert runtime.clock.seconds() >= 5.0
        job.cancel()
    assert letters(job) == []
