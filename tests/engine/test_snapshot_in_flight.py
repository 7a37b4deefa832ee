"""What a restored job does with activations that wait, retry or stand still."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from routilux import ErrorHandler, Flow, JobState, Routine
from routilux.activation_policies import batch_size_policy, time_interval_policy
from routilux.errors import JobNotStill
from routilux.testing import CollectingSink, StepRuntime
from tests.engine.snapshots import (
    Doubler,
    Keeper,
    counts,
    doubling,
    single,
    take,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


def failing(until: int) -> tuple[Flow, list[list[Any]]]:
    """A routine that fails `until` times, with a back-off of 10 s and twice as long each time."""
    calls: list[list[Any]] = []

    def logic(routine: Routine, items: list[Any]) -> None:
        calls.append(items)
        if len(calls) <= until:
            raise OSError("not now")

    routine = Keeper(logic)
    routine.set_error_handler(ErrorHandler("retry", max_retries=3, retry_delay=10.0))
    return single(routine), calls


def test_a_back_off_goes_on_where_it_stopped(old: StepRuntime, new: StepRuntime) -> None:
    flow, calls = failing(until=2)
    job = old.exec(flow, keep_open=True)
    job.post("r", "items", "x")
    old.run_until_idle()
    old.advance(4.0)
    snapshot = take(job)
    assert [each["attempt"] for each in snapshot["activations"]] == [2]
    assert snapshot["at_least_once"] == [], "its turn had not come"

    restored = new.restore(snapshot, flow)
    (row,) = restored.diagnose().routines
    assert (row.state, row.until) == ("retrying", 6.0)
    new.advance(5.5)
    assert len(calls) == 1
    restored.post("r", "items", "y")
    new.advance(1.0)
    assert calls == [["x"], ["x"]]
    new.advance(19.0)
    assert calls == [["x"], ["x"]], "the second back-off is twice as long"
    new.advance(2.0)
    assert calls == [["x"], ["x"], ["x"], ["y"]]
    restored.close()
    assert restored.wait()
    assert restored.dead_letter_count == 0
    assert counts(restored, "r")["consumed"] == 2, "once, however often it ran"


def test_a_retry_that_is_due_runs_at_once(old: StepRuntime, new: StepRuntime) -> None:
    flow, calls = failing(until=1)
    job = old.exec(flow, keep_open=True)
    job.post("r", "items", "x")
    old.run_until_idle()
    old.clock.advance_to(old.clock.next_due_ns() or 0)  # it rings, and no step is done
    snapshot = take(job)
    assert [each["due_ns"] for each in snapshot["activations"]] == [None]
    restored = new.restore(snapshot, flow)
    restored.close()
    assert restored.wait()
    assert calls == [["x"], ["x"]]


def test_an_interval_goes_on_in_the_job_s_own_time(old: StepRuntime, new: StepRuntime) -> None:
    sink = CollectingSink()
    sink.set_activation_policy(time_interval_policy(10.0))
    flow = single(sink)
    job = old.exec(flow, keep_open=True)
    for item in range(3):
        job.post("r", "items", item)
        old.advance(2.0)
    assert sink.batches == [[0]]
    snapshot = take(job)
    assert len(snapshot["policy_alarms"]) >= 1
    restored = new.restore(snapshot, flow)
    new.advance(3.9)
    assert sink.batches == [[0]]
    new.advance(0.2)
    assert sink.batches == [[0], [1, 2]]
    assert restored.run_seconds() == pytest.approx(10.1)


def test_a_batch_that_is_not_full_waits_for_the_rest(old: StepRuntime, new: StepRuntime) -> None:
    sink = CollectingSink()
    sink.set_activation_policy(batch_size_policy(3))
    flow = single(sink)
    job = old.exec(flow, keep_open=True)
    for item in range(2):
        job.post("r", "items", item)
    old.run_until_idle()
    restored = new.restore(take(job), flow)
    new.run_until_idle()
    assert sink.batches == []
    restored.post("r", "items", 2)
    new.run_until_idle()
    assert sink.batches == [[0, 1, 2]]


def test_a_time_limit_goes_on(old: StepRuntime, new: StepRuntime) -> None:
    flow, _ = doubling()
    job = old.exec(flow, keep_open=True, timeout=10.0)
    old.advance(6.0)
    restored = new.restore(take(job), flow)
    new.advance(3.5)
    assert restored.status == "running"
    new.advance(1.0)
    assert (restored.status, restored.error_type) == ("failed", "timeout")
    assert "10 s" in str(restored.error)


def test_an_activation_that_stands_in_emit_runs_again_from_its_start(
    old: StepRuntime, new: StepRuntime
) -> None:
    flow, before = doubling(length=2)
    job = old.exec(flow, keep_open=True)
    for item in range(9):
        job.post("double", "items", item)
    old.run_one()
    point = job.pause(wait=True)
    assert point["standing"] == ["double"]
    with pytest.raises(JobNotStill, match=r"double.*in_flight='rerun'") as raised:
        job.snapshot()
    assert raised.value.routines == ("double",)

    snapshot = take(job, in_flight="rerun")
    assert snapshot["at_least_once"] == ["double@1"]
    (activation,) = snapshot["activations"]
    runs = activation["inputs"][0]["items"]
    assert [item for run in runs for item in run["data"]] == list(range(9))
    again, after = doubling(length=2)
    restored = new.restore(snapshot, again)
    restored.close()
    assert restored.wait()
    kept = [0, 2, 4, 6]  # two waited, two were held; the undelivered rest comes with the rerun
    assert before.received == []
    assert after.received == [*kept, *range(0, 18, 2)]
    assert counts(restored, "double")["consumed"] == 9


def test_a_rerun_leaves_out_what_is_a_dead_letter_already(
    old: StepRuntime, new: StepRuntime
) -> None:
    flow, sink = Flow("picky"), CollectingSink(max_queue_length=1)
    calls: list[list[str]] = []

    @flow.source
    def source() -> Iterator[str]:
        yield from ("bad", "a", "b", "c", "d")

    class Picky(Doubler):
        def _double(self, items: list[Any]) -> None:
            calls.append(items)
            for item in items:
                if item == "bad":
                    self.fail(item, ValueError("bad"))
                else:
                    self.emit_item("out", item)

    flow.add_routine(Picky(), "picky")
    flow.add_routine(sink, "sink")
    flow.connect("source", "out", "picky", "items")
    flow.connect("picky", "out", "sink", "items")
    job = old.exec(flow)
    while not calls:
        old.run_one()
    snapshot = take(job, in_flight="rerun")
    assert snapshot["at_least_once"] == ["picky@1"]
    restored = new.restore(snapshot, flow)
    assert restored.wait()
    assert "bad" in calls[0]
    assert "bad" not in calls[1]
    assert [letter.data for letter in restored.dead_letters] == ["bad"]
    assert set(sink.received) == {"a", "b", "c", "d"}


def test_what_a_policy_showed_is_shown_again_and_is_the_same_object(
    old: StepRuntime, new: StepRuntime
) -> None:
    calls: list[tuple[list[Any], Any]] = []

    def policy(slots: dict[str, Any], job_state: JobState) -> tuple[bool, dict[str, Any], Any]:
        items = slots["items"].consume_all_new()
        return bool(items), {"items": [{"count": len(items)}, *items[-1:]]}, {"why": "asked"}

    routine = Routine()
    routine.define_slot("items")

    def logic(items: list[Any], policy_message: Any) -> None:
        calls.append((items, policy_message))
        if len(calls) == 1:
            raise OSError("again")
        routine.fail(items[1], ValueError("now it is given up"))

    routine.set_logic(logic).set_activation_policy(policy)
    routine.set_error_handler(ErrorHandler("retry"))
    flow = single(routine)
    job = old.exec(flow, keep_open=True)
    for item in range(3):
        job.post("r", "items", [item])
    old.run_until_idle()
    restored = new.restore(take(job), flow)
    restored.close()
    assert restored.wait()
    assert calls[0] == calls[1] == ([{"count": 3}, [2]], {"why": "asked"})
    assert [letter.data for letter in restored.dead_letters] == [[2]]


def test_two_lanes_that_stand_run_again_both(old: StepRuntime, new: StepRuntime) -> None:
    flow, sink = Flow("lanes"), CollectingSink(max_queue_length=1)
    double = Doubler(max_queue_length=10)
    double.concurrency = 2
    flow.add_routine(double, "double")
    flow.add_routine(sink, "sink")
    flow.connect("double", "out", "sink", "items")
    job = old.exec(flow, keep_open=True, start_paused=True)
    job.resume()
    for item in range(8):
        job.post("double", "items", item)
    old.run_one()
    old.run_one()
    snapshot = take(job, in_flight="rerun")
    assert set(snapshot["at_least_once"]) <= {"double@1", "double@2"}
    sink.received.clear()
    restored = new.restore(snapshot, flow)
    restored.close()
    assert restored.wait()
    assert set(sink.received) | {0, 2} >= {4, 6, 8, 10, 12, 14}
    assert counts(restored, "double")["consumed"] == 8
