"""What strangers raise (hooks, log handlers, errors that cannot be told) costs no worker."""

from __future__ import annotations

import logging

import pytest

from routilux import ErrorHandler, Runtime
from routilux.hooks import PROCESS_HOOKS, Hook
from routilux.status import ExecutionStatus
from tests.engine.parts import LONG_S, into_sink, letters, line, made, source

METHODS = [
    "job_started",
    "job_ended",
    "job_paused",
    "job_resumed",
    "activation_started",
    "activation_ended",
    "items_held",
    "context",
]


NOT_CALLED = ("items_held", "context")  # nothing is held here, and nothing is posted


class Raising(Hook):
    """Raises what is no `Exception`, in one of its methods."""

    def __init__(self, method, error):
        self.calls = 0

        def fail(*_):
            self.calls += 1
            raise error

        setattr(self, method, fail)


@pytest.mark.parametrize("error", [SystemExit(1), GeneratorExit(), KeyboardInterrupt()])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("everywhere", [False, True])
def test_whatever_a_hook_raises_is_counted_and_nothing_else_happens(method, error, everywhere):
    if isinstance(error, KeyboardInterrupt) and method.startswith("job_"):
        return  # told on the main thread, where it is Ctrl-C
    with Runtime(1) as runtime:
        hooks = PROCESS_HOOKS if everywhere else runtime.hooks
        hook = Raising(method, error)
        before = hooks.errors
        hooks.add(hook)
        try:
            for _ in range(2):
                flow, sink = into_sink([1, 2])
                job = runtime.exec(flow, start_paused=True)
                job.resume()
                assert job.wait(LONG_S)
                assert (job.status, sink.received) == (ExecutionStatus.COMPLETED, [1, 2])
        finally:
            hooks.remove(hook)
    assert hooks.errors - before == hook.calls
    assert (hook.calls > 0) == (method not in NOT_CALLED)


def test_what_a_hook_raises_when_an_item_is_posted_is_counted(rt):
    hook = Raising("context", ValueError("no"))
    rt.hooks.add(hook)
    job = rt.exec(into_sink([])[0], keep_open=True)
    assert job.post("r1", "items", 1) == "r1.items#0"
    assert (hook.calls, rt.hooks.errors) == (1, 1)
    job.cancel()


def test_ctrl_c_in_a_hook_on_the_main_thread_is_the_programs(rt):
    rt.hooks.add(Raising("job_started", KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        rt.exec(into_sink([1])[0])
    (job,) = rt.list_jobs()
    assert (job.status, job.error) == (ExecutionStatus.CANCELLED, "Interrupted at its start")


class Broken(logging.Handler):
    def emit(self, record):
        raise RuntimeError("log handler")


@pytest.fixture
def broken_log(monkeypatch):
    monkeypatch.setattr(logging, "raiseExceptions", False)
    handler = Broken()
    logging.getLogger("routilux").addHandler(handler)
    yield
    logging.getLogger("routilux").removeHandler(handler)


@pytest.mark.usefixtures("broken_log")
def test_a_log_handler_that_raises_costs_nothing():
    def logic(items):
        raise ValueError("bad")

    with Runtime(1) as runtime:
        for _ in range(2):
            failing = made(logic, errors=ErrorHandler("continue"))
            job = runtime.exec(line(source([1]), failing))
            assert job.wait(LONG_S)
            assert (job.status, letters(job)) == ("completed", [(1, "logic_error")])
        flow, sink = into_sink([1])
        assert runtime.exec(flow).wait(LONG_S)
        assert sink.received == [1]


class Mute(Exception):
    def __str__(self):
        raise RuntimeError("no words")


@pytest.mark.parametrize("strategy", ["stop", "continue", "skip", "retry"])
def test_an_error_that_cannot_be_told_is_an_error_like_others(rt, strategy):
    def logic(items):
        raise Mute

    handler = ErrorHandler(strategy, max_retries=1, retry_delay=0.1)
    job = rt.exec(line(source([1]), made(logic, errors=handler)))
    assert job.wait()
    assert job.status == ("failed" if strategy == "stop" else "completed")
    (letter,) = job.dead_letters
    assert (letter.data, letter.error, letter.error_type) == (1, "(it cannot say why)", "Mute")


def test_a_mistake_of_the_engine_fails_the_job_and_keeps_the_worker(monkeypatch, caplog):
    def fail(*_):
        raise RuntimeError("ours")

    with Runtime(1) as runtime:
        job = runtime.exec(into_sink([1])[0], start_paused=True)
        with monkeypatch.context() as patch:
            patch.setattr("routilux.engine.claim.Claim.lists", fail)
            patch.setattr("routilux.engine.running.settle_failure", fail)
            job.resume()
            assert job.wait(LONG_S)
        assert (job.status, job.error) == ("failed", "Internal error: RuntimeError: ours")
        flow, sink = into_sink([1])
        assert runtime.exec(flow).wait(LONG_S)
        assert sink.received == [1]
    assert "the engine failed" in caplog.text
