"""When there is no snapshot, and when one cannot be restored."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from routilux import Flow, JobState, Routine
from routilux.errors import CodecError, JobFinished, JobNotStill
from routilux.job.plain import Codec
from routilux.runtime import Runtime
from routilux.testing import CollectingSink, StepRuntime
from tests.engine.snapshots import (
    LONG_S,
    Doubler,
    Keeper,
    Snapshot,
    doubling,
    single,
    take,
    through_json,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_job_that_is_not_paused_has_no_snapshot(old: StepRuntime) -> None:
    job = old.exec(doubling()[0], keep_open=True)
    with pytest.raises(JobNotStill, match=r"is not still: pause it first") as raised:
        job.snapshot()
    assert raised.value.routines == ()


def test_logic_that_runs_is_named(old: StepRuntime) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def logic(routine: Routine, items: list[Any]) -> None:
        begun.set()
        assert go_on.wait(LONG_S)

    with Runtime(2) as runtime:
        job = runtime.exec(single(Keeper(logic)), keep_open=True)
        job.post("r", "items", 1)
        assert begun.wait(LONG_S)
        job.pause()
        with pytest.raises(JobNotStill, match=r"\(r\).*runs") as raised:
            job.snapshot(in_flight="rerun")
        assert raised.value.routines == ("r",)
        go_on.set()
        job.pause(wait=True)
        assert job.snapshot()["slots"][0]["consumed"] == 1


def test_logic_cannot_save_its_own_job(old: StepRuntime) -> None:
    errors: list[BaseException] = []

    def logic(routine: Routine, items: list[Any]) -> None:
        job.pause(wait=True)
        with pytest.raises(JobNotStill) as raised:
            job.snapshot(in_flight="rerun")
        errors.append(raised.value)
        job.resume()

    job = old.exec(single(Keeper(logic)), keep_open=True)
    job.post("r", "items", 1)
    old.run_until_idle()
    assert len(errors) == 1


def test_a_job_that_has_ended_has_no_snapshot(old: StepRuntime) -> None:
    job = old.exec(doubling()[0], keep_open=True)
    job.cancel()
    with pytest.raises(JobFinished):
        job.snapshot()


def test_in_flight_is_rerun_or_nothing(old: StepRuntime) -> None:
    job = old.exec(doubling()[0], start_paused=True, keep_open=True)
    with pytest.raises(ValueError, match="in_flight must be None or 'rerun'"):
        job.snapshot(in_flight="drop")


class Complex(Codec):
    """Writes complex numbers; `while_writing` is called first."""

    def __init__(self, while_writing: Callable[[], object] = lambda: None) -> None:
        self.while_writing = while_writing

    def encode(self, value: Any) -> Any:
        self.while_writing()
        if not isinstance(value, complex):
            raise TypeError(f"no {type(value).__name__}")
        return [value.real, value.imag]

    def decode(self, data: Any) -> Any:
        return complex(*data)


def with_item(runtime: StepRuntime, item: object) -> tuple[Flow, CollectingSink, JobState]:
    sink = CollectingSink()
    flow = single(sink)
    job = runtime.exec(flow, keep_open=True)
    job.post("r", "items", 1)
    job.post("r", "items", item)
    job.pause(wait=True)
    return flow, sink, job


def test_an_item_that_is_not_json_is_named(old: StepRuntime) -> None:
    _, _, job = with_item(old, {"z": 1j})
    with pytest.raises(CodecError, match=r"slot 'r\.items', item r\.items#1\['z'\].*complex"):
        job.snapshot()
    _, _, pair = with_item(old, {"z": (1, 2)})
    with pytest.raises(CodecError, match=r"item r\.items#1\['z'\].*a tuple"):
        pair.snapshot()
    _, _, other = with_item(old, b"bytes")
    with pytest.raises(CodecError, match=r"item r\.items#1.*no bytes"):
        other.snapshot(codec=Complex())


def test_a_codec_writes_and_reads_what_json_does_not_know(
    old: StepRuntime, new: StepRuntime
) -> None:
    flow, sink, job = with_item(old, {"z": 1 + 2j})
    snapshot = through_json(job.snapshot(codec=Complex()))
    with pytest.raises(CodecError, match=r"slot 'r\.items'.*same codec"):
        new.restore(snapshot, flow)
    assert new.list_jobs() == [], "nothing was begun"
    restored = new.restore(snapshot, flow, codec=Complex())
    restored.close()
    assert restored.wait()
    assert sink.received == [1, {"z": 1 + 2j}]


def test_a_job_that_is_resumed_while_it_is_written_is_not_saved(old: StepRuntime) -> None:
    _, _, job = with_item(old, 1j)
    with pytest.raises(JobNotStill, match="resumed while its snapshot was written"):
        job.snapshot(codec=Complex(job.resume))
    _, _, other = with_item(old, 1j)
    with pytest.raises(JobFinished):
        other.snapshot(codec=Complex(other.cancel))


@pytest.fixture
def saved(old: StepRuntime) -> Snapshot:
    flow, _ = doubling()
    job = old.exec(flow, keep_open=True)
    for item in range(4):
        job.post("double", "items", item)
    return take(job)


def test_a_flow_that_lacks_something_is_told_what(saved: Snapshot, new: StepRuntime) -> None:
    flow = Flow("doubling")
    flow.add_routine(CollectingSink("things"), "sink")
    with pytest.raises(ValueError) as raised:
        new.restore(saved, flow)
    text = str(raised.value)
    assert "no routine 'double'" in text
    assert "routine 'sink' has no slot 'items'" in text
    assert new.list_jobs() == []


def test_a_slot_that_is_too_short_now_is_named(saved: Snapshot, new: StepRuntime) -> None:
    flow = Flow("doubling")
    flow.add_routine(Doubler(max_queue_length=3), "double")
    flow.add_routine(CollectingSink(), "sink")
    with pytest.raises(ValueError, match=r"'double\.items' has 4 waiting.*now 3.*at least 4"):
        new.restore(saved, flow)


def test_a_flow_may_have_grown(saved: Snapshot, new: StepRuntime) -> None:
    flow, sink = doubling(length=50)
    flow.routines["double"].define_slot("more")
    flow.add_routine(CollectingSink(), "log")
    flow.connect("double", "out", "log", "items")
    flow.routines["double"].set_logic(
        lambda items, more: flow.routines["double"].emit_many("out", [*items, *more])
    )
    restored = new.restore(saved, flow)
    restored.close()
    assert restored.wait()
    assert sink.received == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 99}, "schema 99 is not known, only 3"),
        ({"slots": None}, "snapshot: slots must be a list, not None"),
        ({"slots": [{}]}, r"snapshot: slots\[0\]: 'routine_id' is missing"),
        ({"slots": []}, "slots has 0 entries and not 2"),
        ({"holds": 3}, "snapshot: holds must be a dict, not 3"),
        ({"holds": {}}, "holds is empty"),
        ({"run_ns": float("nan")}, "run_ns must be a whole number of at least 0, not nan"),
        ({"job": {"schema": 1}}, "snapshot: job: 'job_id' is missing"),
    ],
)
def test_what_is_no_snapshot_is_refused(
    saved: Snapshot, new: StepRuntime, change: Snapshot, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        new.restore({**saved, **change}, doubling()[0])
    assert new.list_jobs() == []


def test_counts_that_were_edited_are_refused(saved: Snapshot, new: StepRuntime) -> None:
    saved["slots"][0]["offered"] += 1
    with pytest.raises(ValueError, match=r"'double\.items' do not add up"):
        new.restore(saved, doubling()[0])
    saved["slots"][0]["waiting_items"][0]["emitted_ns"].pop()
    with pytest.raises(ValueError, match="1 items with 0 times"):
        new.restore(saved, doubling()[0])


def test_the_flow_is_found_by_its_id(saved: Snapshot, new: StepRuntime) -> None:
    with pytest.raises(ValueError, match="'doubling'"):
        new.restore(saved)
    flow, sink = doubling()
    new.flows.register(flow)
    try:
        restored = new.restore(saved)
        restored.close()
        assert restored.wait()
    finally:
        new.flows.unregister(flow.flow_id)
    assert sink.received == [0, 2, 4, 6]


def test_a_job_that_still_lives_here_is_not_doubled(old: StepRuntime) -> None:
    flow, _ = doubling()
    job = old.exec(flow, start_paused=True, keep_open=True)
    with pytest.raises(ValueError, match=r"paused.*cancel it first"):
        old.restore(job.snapshot(), flow)
    assert old.list_jobs() == [job]
    assert old.get_job(job.job_id) is job


def test_a_runtime_that_is_shut_down_restores_nothing(saved: Snapshot, new: StepRuntime) -> None:
    new.shutdown()
    with pytest.raises(RuntimeError, match="shut down"):
        new.restore(saved, doubling()[0])
