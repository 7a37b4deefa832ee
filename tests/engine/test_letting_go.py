"""A job that is over goes with its `JobState`, at once: no collector of circles is needed."""

from __future__ import annotations

import gc
import logging
import threading
import weakref
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from routilux import ErrorHandler, ErrorStrategy, Runtime
from routilux.engine.ledger import Ledger
from routilux.errors import JobFinished
from routilux.stores import JobStore
from routilux.testing import StepRuntime
from tests.engine.parts import LONG_S, into_sink, line, made, passer, source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from routilux import JobState


@pytest.fixture
def rt() -> Iterator[StepRuntime]:
    """A runtime whose finished jobs are kept by nobody."""
    with StepRuntime() as runtime:
        runtime.jobs.finished_limit = 0
        yield runtime


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    logging.disable()  # pytest keeps what is logged, and with an error all that its frames hold
    yield
    logging.disable(logging.NOTSET)
    gc.enable()


def completed(rt: StepRuntime) -> JobState:
    flow, _ = into_sink(range(5))
    job = rt.exec(flow)
    rt.run_until_idle()
    return job


def failed(rt: StepRuntime) -> JobState:
    job = rt.exec(line(source(range(5)), made(_fails)))
    rt.run_until_idle()
    assert job.error_type == "ValueError"
    return job


def retried(rt: StepRuntime) -> JobState:
    errors = ErrorHandler(ErrorStrategy.RETRY, max_retries=2, retry_delay=1.0)
    job = rt.exec(line(source(range(5)), made(_fails, errors=errors)))
    rt.run_until_idle()
    rt.advance(10.0)
    assert job.dead_letter_count
    return job


def cancelled_while_it_stands(rt: StepRuntime) -> JobState:
    job = rt.exec(line(source(range(5)), passer(), made(max_queue_length=1)), keep_open=True)
    rt.run_until_idle()
    job.cancel()
    rt.run_until_idle()
    return job


def debugged(rt: StepRuntime) -> JobState:
    flow, _ = into_sink(range(3))
    job = rt.exec(flow, start_paused=True)
    job.breakpoints.add("slot", "r1", slot_name="items")
    job.resume()
    rt.run_until_idle()
    job.debug.drop()
    job.step("over")
    rt.run_until_idle()
    while not job.status.finished:
        job.debug.resume()
        job.resume()
        rt.run_until_idle()
    return job


def restored(rt: StepRuntime) -> JobState:
    flow, _ = into_sink(range(3))
    first = rt.exec(flow, start_paused=True)
    saved = first.snapshot()
    first.cancel()
    job = rt.restore(saved, flow)
    rt.run_until_idle()
    return job


ENDS = [completed, failed, retried, cancelled_while_it_stands, restored]


@pytest.mark.parametrize("end", ENDS, ids=lambda each: each.__name__)
def test_it_goes_at_once(rt: StepRuntime, end: Callable[[StepRuntime], JobState]) -> None:
    job: Any = end(rt)
    assert job.status.finished
    live = job.live
    parts = [weakref.ref(each) for each in (job, live, *live.slots) if _takes_references(each)]
    assert job.diagnose()
    del live, job
    assert [each() for each in parts] == [None] * len(parts)


def test_one_that_was_debugged_has_a_session_which_points_back(rt: StepRuntime) -> None:
    job = debugged(rt)
    gone = weakref.ref(job.live)
    del job
    gc.collect()
    assert gone() is None


def test_no_thread_keeps_the_last_one() -> None:
    """Nor the timer's: this one ends by an alarm, with a worker that has slept meanwhile."""
    with Runtime(1, jobs=JobStore(finished_limit=0)) as runtime:
        errors = ErrorHandler(ErrorStrategy.RETRY, max_retries=1, retry_delay=0.01)
        job: JobState | None = runtime.exec(line(source(range(2)), made(_fails, errors=errors)))
        assert job is not None
        assert job.wait(LONG_S)
        gone = threading.Event()
        finalizer = weakref.finalize(job, gone.set)
        live = threading.Event()
        weakref.finalize(job.live, live.set)
        job = None
        assert gone.wait(LONG_S)
        assert live.wait(LONG_S)
        assert not finalizer.alive


def test_a_reading_that_has_begun_finds_all_of_a_job_that_goes_meanwhile() -> None:
    ledger = Ledger()
    with StepRuntime(jobs=JobStore(finished_limit=0), ledger=ledger) as rt:
        job = rt.exec(into_sink(range(5))[0])
        (listed,) = rt.list_jobs()
        page, gone = ledger.read(), weakref.ref(job)
        assert listed is rt.get_job(job.job_id) is job
        del job, listed
        rt.run_until_idle()
        ((live, _),) = page.jobs
        assert live.ended
        assert [slot.queue.consumed for slot in live.slots] == [5]
        del page, live
        assert gone() is None


def _fails(items: list[int]) -> None:
    raise ValueError(items)


def _takes_references(each: object) -> bool:
    try:
        weakref.ref(each)
    except TypeError:
        return False
    return True


def test_as_long_as_somebody_has_the_state_all_of_it_can_be_looked_at(rt: StepRuntime) -> None:
    job = failed(rt)
    gc.collect()
    assert job.slot("r1", "in").metrics().consumed == 5
    assert [each.data for each in job.dead_letters] == [0, 1, 2, 3, 4]
    assert job.diagnose().status == "failed"
    with pytest.raises(JobFinished):
        job.pause()


def test_who_kept_a_slot_finds_it_as_it_was(rt: StepRuntime) -> None:
    job = completed(rt)
    job_id, slot = job.job_id, job.slot("r1", "items")
    before = slot.metrics()
    gone = weakref.ref(job)
    del job
    assert gone() is None
    assert slot.metrics() == before
    assert (slot.routine_id, slot.name) == ("r1", "items")
    with pytest.raises(JobFinished, match=f"{job_id}.*completed"):
        slot.enqueue(1, "test", datetime.now(UTC))
