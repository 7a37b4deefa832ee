"""Random flows in every order of events: nothing is lost, doubled or reordered."""

from __future__ import annotations

import _thread
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routilux import Runtime
from routilux.errors import JobFinished
from routilux.testing import StepRuntime
from tests.engine.graphs import Graph, Record, build, check_end, check_sums, graphs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routilux import JobState

LONG_S = 20.0
AGES_S = 100_000.0  # of the manual clock

actions = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from(["pause", "resume", "wait", "cancel"])),
    max_size=4,
)


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = _thread._count()
    yield
    while _thread._count() > before:  # a thread that was let go needs a moment to be gone
        os.sched_yield()


def act(runtime: StepRuntime, job: JobState, action: str) -> None:
    """One thing that an operator does; whatever the job's state."""
    try:
        if action == "pause":
            job.pause()
        elif action == "resume":
            job.resume()
        elif action == "cancel":
            job.cancel()
        else:
            runtime.advance(0.004)
    except JobFinished:
        assert job.status.finished


def check_step(job: JobState) -> None:
    check_sums(job)
    if job.status.value == "completed":
        counts = job.counts()
        assert counts.queue_size == counts.unconsumed == counts.held == counts.waiting == 0


def check_outcome(graph: Graph, record: Record, job: JobState, *, cancelled: bool) -> None:
    allowed = {"completed"} | ({"cancelled"} if cancelled else set())
    if job.status.value not in allowed:
        # Where everything waits for everything, and nothing may be refused, the job must say so.
        assert job.error_type == "StalledError", (job.status, job.error, job.diagnose())
        assert graph.has_joins_or_cycles
        assert any(node.overflow == "block" for node in graph.nodes)
    check_end(graph, record, job)


@given(
    graph=graphs(),
    seed=st.integers(0, 1 << 16),
    workers=st.sampled_from([1, 1, 3]),
    doings=actions,
    jobs=st.integers(1, 2),
)
@settings(max_examples=300)
def test_every_item_is_accounted_for_in_every_graph(graph, seed, workers, doings, jobs):
    record = Record()
    flow = build(graph, record)
    with StepRuntime(seed, workers) as runtime:
        states = [runtime.exec(flow) for _ in range(jobs)]
        todo = sorted(doings, reverse=True)
        for step in range(400):
            while todo and todo[-1][0] <= step:
                act(runtime, states[0], todo.pop()[1])
            for job in states:
                check_step(job)
            if not runtime.run_one() and not todo:
                break
        cancelled = states[0].status.value == "cancelled"
        if states[0].status.value == "paused":
            states[0].resume()
        for job in states:
            assert job.wait(AGES_S), job.live.describe_counts()
        check_outcome(graph, record, states[0], cancelled=cancelled)
        for job in states[1:]:
            check_outcome(graph, record, job, cancelled=False)
        assert runtime.pool.free == workers


@given(graph=graphs(plain=True), seed=st.integers(0, 1 << 16))
def test_one_worker_and_slots_of_length_one_suffice_without_joins_and_cycles(graph, seed):
    record = Record()
    with StepRuntime(seed) as runtime:
        job = runtime.exec(build(graph, record))
        assert job.wait(AGES_S)
    assert (job.status.value, job.dead_letter_count) == ("completed", 0)
    check_end(graph, record, job)


@given(graph=graphs(plain=True))
@settings(max_examples=25)
def test_one_real_worker_and_slots_of_length_one_suffice(graph):
    record = Record()
    with Runtime(1) as runtime:
        job = runtime.exec(build(graph, record))
        assert job.wait(LONG_S)
    assert (job.status.value, job.dead_letter_count) == ("completed", 0)
    check_end(graph, record, job)


@given(graph=graphs(), workers=st.integers(1, 4), pauses=st.integers(0, 3))
@settings(max_examples=50)
def test_every_item_is_accounted_for_with_real_workers(graph, workers, pauses):
    record = Record()
    flow = build(graph, record)
    with Runtime(workers) as runtime:
        jobs = [runtime.exec(flow) for _ in range(2)]
        for _ in range(pauses):
            act_live(jobs[0])
        for job in jobs:
            assert job.wait(LONG_S), job.live.describe_counts()
    for job in jobs:
        check_outcome(graph, record, job, cancelled=False)


def act_live(job: JobState) -> None:
    try:
        point = job.pause(wait=LONG_S)
        assert point["still"]
        check_sums(job)
        before = [slot.metrics() for slot in job.live.slots]
        assert [slot.metrics() for slot in job.live.slots] == before
        job.resume()
    except JobFinished:
        assert job.status.finished
