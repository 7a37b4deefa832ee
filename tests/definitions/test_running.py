"""Flows of the decorator form and of flow files, run: errors, policies, pause and cancel."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from routilux import flowfile
from routilux.activation_policies import (
    all_slots_ready_policy,
    batch_size_policy,
    custom_policy,
    immediate_policy,
    time_interval_policy,
)
from routilux.error_handler import ErrorHandler
from routilux.flow import Flow
from routilux.runtime import Runtime
from routilux.status import ExecutionStatus
from tests.definitions.samples import HERE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routilux.job_state import JobState

LONG_S = 20.0  # nothing here takes that long, unless it hangs
SOON = {"retry_delay": 0.001}


@pytest.fixture
def runtime() -> Iterator[Runtime]:
    with Runtime(thread_pool_size=2) as made:
        yield made


def finished(job: JobState) -> JobState:
    assert job.wait(LONG_S), job.diagnose()
    return job


class Division:
    """0, 1, ... 5 go into a step that cannot do 3 at first; what comes out is kept."""

    def __init__(self, errors: Any, bad_runs: int = 100, **settings: Any) -> None:
        self.flow = Flow("division")
        self.runs: list[int] = []
        self.out: list[int] = []

        @self.flow.source
        def numbers() -> Iterator[int]:
            yield from range(6)

        @self.flow.step(after=numbers, errors=errors, **settings)
        def times_ten(x: int) -> int:
            self.runs.append(x)
            if x == 3 and self.runs.count(3) <= bad_runs:
                raise ValueError("three")
            return 10 * x

        self.flow.step(after=times_ten, name="keep")(self.out.append)

    def run(self, runtime: Runtime) -> tuple[JobState, list[Any]]:
        """The finished job, and the data of its dead letters."""
        job = finished(runtime.exec(self.flow))
        return job, [letter.data for letter in job.dead_letters.list()]


@pytest.mark.parametrize("errors", [None, "continue", "skip"])
def test_a_bad_item_is_a_dead_letter_of_its_own(runtime, errors):
    division = Division(errors)
    job, dead = division.run(runtime)
    assert job.status == ExecutionStatus.COMPLETED
    assert dead == [3]
    assert division.out == [0, 10, 20, 40, 50]
    assert division.runs == [0, 1, 2, 3, 4, 5]


def test_stop_fails_the_job_and_leaves_the_items_behind_it(runtime):
    division = Division("stop")
    job, dead = division.run(runtime)
    assert job.status == ExecutionStatus.FAILED
    assert job.error == "Logic error in routine 'times_ten': ValueError: three"
    assert dead == [3]
    assert division.runs == [0, 1, 2, 3]
    assert job.slot("times_ten", "items").peek_all_new() == [4, 5]


def test_retry_runs_the_bad_item_alone_again_and_keeps_the_order(runtime):
    division = Division(ErrorHandler("retry", **SOON), bad_runs=2)
    job, dead = division.run(runtime)
    assert (job.status, dead) == (ExecutionStatus.COMPLETED, [])
    assert division.runs == [0, 1, 2, 3, 3, 3, 4, 5]
    assert division.out == [0, 10, 20, 30, 40, 50]


def test_a_retry_that_does_not_help_goes_on_without_the_item(runtime):
    division = Division(ErrorHandler("retry", max_retries=1, **SOON))
    job, dead = division.run(runtime)
    assert (job.status, dead) == (ExecutionStatus.COMPLETED, [3])
    assert division.runs == [0, 1, 2, 3, 3, 4, 5]
    assert division.out == [0, 10, 20, 40, 50]


def test_a_critical_retry_that_does_not_help_fails_the_job(runtime):
    division = Division(ErrorHandler("retry", max_retries=1, is_critical=True, **SOON))
    job, dead = division.run(runtime)
    assert (job.status, dead) == (ExecutionStatus.FAILED, [3])
    assert job.slot("times_ten", "items").peek_all_new() == [4, 5]


def test_with_several_lanes_the_other_items_do_not_wait_for_a_retry(runtime):
    division = Division(ErrorHandler("retry", **SOON), bad_runs=2, concurrency=3)
    job, dead = division.run(runtime)
    assert (job.status, dead) == (ExecutionStatus.COMPLETED, [])
    assert sorted(division.out) == [0, 10, 20, 30, 40, 50]
    assert sorted(division.runs) == [0, 1, 2, 3, 3, 3, 4, 5]


@pytest.mark.parametrize("strategy", ["continue", "skip"])
def test_a_list_step_loses_its_whole_list(runtime, strategy):
    flow, out = Flow("lists"), []

    @flow.source
    def numbers() -> list[int]:
        return [1, 2, 0, 4, 5, 6]

    @flow.step(after=numbers, each=False, policy=batch_size_policy(2), errors=strategy)
    def divide(pair: list[int]) -> float:
        return pair[1] / pair[0]

    flow.step(after=divide, name="keep")(out.append)
    job = finished(runtime.exec(flow))
    assert job.status == ExecutionStatus.COMPLETED
    assert [letter.data for letter in job.dead_letters.list()] == [0, 4]
    assert out == [2.0, 1.2]


def test_what_a_failed_run_has_yielded_is_emitted_and_again_by_the_retry(runtime):
    flow, out, runs = Flow("yields"), [], []

    @flow.source
    def one() -> list[int]:
        return [1]

    @flow.step(after=one, errors=ErrorHandler("retry", **SOON))
    def twice(x: int) -> Iterator[int]:
        runs.append(x)
        yield x
        if len(runs) < 2:
            raise ValueError("once more")
        yield x + 1

    flow.step(after=twice, name="keep")(out.append)
    assert finished(runtime.exec(flow)).status == ExecutionStatus.COMPLETED
    assert out == [1, 1, 2]


@pytest.mark.parametrize(
    ("policy", "sizes"),
    [
        (batch_size_policy(4), [4, 4, 2]),
        (all_slots_ready_policy(), [1] * 10),
        (time_interval_policy(3600.0), None),
        (immediate_policy(), None),
        (custom_policy(lambda slots, job: slots["items"].get_unconsumed_count() >= 1), None),
    ],
)
def test_every_policy_delivers_every_item_once_and_in_order(runtime, policy, sizes):
    flow, batches = Flow("policies"), []

    @flow.source
    def numbers() -> Iterator[int]:
        yield from range(10)

    flow.step(after=numbers, name="keep", each=False, policy=policy)(batches.append)
    job = finished(runtime.exec(flow))
    assert (job.status, job.dead_letter_count) == (ExecutionStatus.COMPLETED, 0)
    assert [item for batch in batches for item in batch] == list(range(10))
    assert sizes is None or [len(batch) for batch in batches] == sizes


def test_a_custom_policy_that_never_agrees_leaves_dead_letters(runtime):
    flow = Flow("never")
    flow.source(name="numbers")(lambda: [1, 2])
    flow.step(after="numbers", name="keep", policy=custom_policy(lambda slots, job: False))(print)
    job = finished(runtime.exec(flow))
    assert job.status == ExecutionStatus.COMPLETED
    assert [(dead.data, dead.reason) for dead in job.dead_letters.list()] == [
        (1, "unmatched"),
        (2, "unmatched"),
    ]


class Endless:
    """A source that never ends by itself, and says when it runs."""

    def __init__(self, value: Any, *, heard: bool) -> None:
        self.running, self.over = threading.Event(), threading.Event()
        self.flow = Flow("endless")

        @self.flow.source
        def poll() -> Iterator[Any]:
            while not self.over.is_set():
                self.running.set()
                yield value

        if heard:
            self.flow.step(after=poll, name="forget", overflow="block")(lambda item: None)


@pytest.mark.parametrize(
    ("value", "heard"), [(None, True), (None, False), (1, False), (1, True)]
)  # fmt: skip
def test_an_endless_source_stands_still_for_a_pause_and_ends_for_a_cancel(runtime, value, heard):
    endless = Endless(value, heard=heard)
    job = runtime.exec(endless.flow)
    try:
        assert endless.running.wait(LONG_S)
        assert job.pause(wait=LONG_S)["still"] is True
        job.resume()
        job.cancel()
        assert job.wait(LONG_S)
    finally:
        endless.over.set()
    assert job.status == ExecutionStatus.CANCELLED


def test_a_flow_file_runs(runtime, tmp_path):
    path = tmp_path / "census.yaml"
    path.write_text(
        f"routines:\n  reader: {{class: '{HERE}:Reader'}}\n  sink: {{class: '{HERE}:Sink'}}\n"
        "connections: [{from: reader.file, to: sink.items, map: {path: name}}]\n"
    )
    job = finished(runtime.exec(flowfile.load(path, allow=[f"{HERE}:*"])))
    assert (job.status, job.flow_id) == (ExecutionStatus.COMPLETED, "census")
    assert job.get_shared_data("seen") == [{"name": "a.py"}]
