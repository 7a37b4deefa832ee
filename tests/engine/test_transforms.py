"""Connections that rename or copy: the author's code runs without locks, and may raise."""

from __future__ import annotations

import threading

import pytest

from routilux import ExecutionStatus, Flow, Routine, bind
from routilux.errors import ActivationEnded, JobCancelled
from routilux.testing import CollectingSink, ManualRuntime, StepRuntime


class Fragile:
    """Data of which no copy can be made."""

    def __copy__(self):
        raise ValueError("cannot be copied")


class Curious:
    """Data that looks at its job while it is copied."""

    def __init__(self):
        self.job = None

    def __copy__(self):
        self.job.diagnose()
        return "a copy"


class Emitter(Routine):
    """Emits what it was given, one after another, and keeps the errors."""

    def __init__(self, *items, catch=False):
        super().__init__()
        self.define_event("out")
        self.items, self.catch, self.errors = items, catch, []

    def logic(self):
        for item in self.items:
            try:
                self.emit_item("out", item)
            except ValueError as error:
                self.errors.append(str(error))
                if not self.catch:
                    raise


def flow_of(emitter, **connection):
    flow, sink = Flow("transforms"), CollectingSink()
    flow.add_routine(emitter, "emitter")
    flow.add_routine(sink, "sink")
    flow.connect("emitter", "out", "sink", "items", **connection)
    return flow, sink


@pytest.fixture
def runtime():
    with StepRuntime(seed=3) as made:
        yield made


def test_a_copy_that_raises_is_an_error_of_emit(runtime):
    flow, sink = flow_of(Emitter(1, Fragile(), 2), copy=True)
    job = runtime.exec(flow)
    assert job.wait()
    assert job.status is ExecutionStatus.FAILED
    assert "ValueError: cannot be copied" in job.error
    assert [*sink.received, *job.slot("sink", "items").peek_all_new()] == [1]


def test_logic_that_catches_it_goes_on_with_the_next_item(runtime):
    emitter = Emitter(1, Fragile(), 2, catch=True)
    flow, sink = flow_of(emitter, copy=True)
    job = runtime.exec(flow)
    assert job.wait()
    assert job.status is ExecutionStatus.COMPLETED
    assert (emitter.errors, sink.received) == (["cannot be copied"], [1, 2])
    assert job.slot("sink", "items").read_metrics().offered == 2


def test_a_copy_may_look_at_the_job(runtime):
    curious = Curious()
    flow, sink = flow_of(Emitter(curious), copy=True)
    job = curious.job = runtime.exec(flow)
    assert job.wait()
    assert sink.received == ["a copy"]


def test_each_target_gets_its_own_view(runtime):
    flow, sink = flow_of(Emitter({"a": 1}, {"a": 2}), param_mapping={"a": "b"})
    other = CollectingSink()
    flow.add_routine(other, "other")
    flow.connect("emitter", "out", "other", "items")
    assert runtime.exec(flow).wait()
    assert sink.received == [{"b": 1}, {"b": 2}]
    assert other.received == [{"a": 1}, {"a": 2}]


def test_a_batch_is_transformed_item_by_item(runtime):
    class Batch(Emitter):
        def logic(self):
            self.emit_many("out", self.items)

    flow, sink = flow_of(Batch({"a": 1}, {"a": 2}), param_mapping={"a": "b"})
    assert runtime.exec(flow).wait()
    assert sink.received == [{"b": 1}, {"b": 2}]


def test_what_a_cancelled_job_still_emits_is_refused_as_transformed(runtime):
    class Cancelled(Emitter):
        def logic(self, job_state=None):
            job_state.cancel("enough")
            with pytest.raises(JobCancelled):
                self.emit("out", a=1)

    flow, _ = flow_of(Cancelled(), param_mapping={"a": "b"})
    job = runtime.exec(flow)
    assert job.wait()
    assert [(letter.reason, letter.data) for letter in job.dead_letters] == [
        ("cancelled", {"b": 1})
    ]


def test_an_item_in_the_making_does_not_stop_those_of_other_threads():
    made, seen = threading.Event(), threading.Event()

    class Slow:
        def __copy__(self):
            made.set()
            assert seen.wait(30)
            return "slow"

    class Two(Emitter):
        def logic(self):
            thread = threading.Thread(target=bind(lambda: self.emit_item("out", Slow())))
            thread.start()
            assert made.wait(30)
            self.emit_item("out", "quick")
            seen.set()
            thread.join()

    flow, sink = flow_of(Two(), copy=True)
    with ManualRuntime() as runtime:
        job = runtime.exec(flow)
        assert job.wait(30)
    assert sorted(sink.received) == ["quick", "slow"]
    assert job.status is ExecutionStatus.COMPLETED


def test_a_thread_that_outlives_its_activation_takes_no_item_along():
    made, ended, errors = threading.Event(), threading.Event(), []

    class Slow:
        def __copy__(self):
            made.set()
            assert ended.wait(30)
            return "slow"

    class Careless(Emitter):
        def late(self):
            try:
                self.emit_item("out", Slow())
            except ActivationEnded as error:
                errors.append(error)

        def logic(self):
            self.thread = threading.Thread(target=bind(self.late))
            self.thread.start()
            assert made.wait(30)
            self.emit_item("out", "quick")

    careless = Careless()
    flow, sink = flow_of(careless, copy=True)
    with ManualRuntime() as runtime:
        assert runtime.exec(flow).wait(30)
        ended.set()
        careless.thread.join(30)
    assert sink.received == ["quick"]
    assert len(errors) == 1
