"""A paused job as JSON data, and the job that goes on from it."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from routilux import Flow, JobState, Routine
from routilux.engine.ledger import Ledger
from routilux.runtime import Runtime
from routilux.testing import CollectingSink, RecordingHook, StepRuntime
from tests.engine.snapshots import (
    LONG_S,
    Keeper,
    counts,
    doubling,
    single,
    take,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_each_item_is_delivered_once_and_the_counts_go_on(
    old: StepRuntime, new: StepRuntime
) -> None:
    flow, before = doubling(length=8)
    job = old.exec(flow, keep_open=True)
    for item in range(5):
        job.post("double", "items", item)
    old.run_one()
    job.pause()
    figures = counts(job, "double"), counts(job, "sink")
    snapshot = take(job)
    assert snapshot["at_least_once"] == []

    again, after = doubling(length=8)
    restored = new.restore(snapshot, again, start_paused=True)
    assert (counts(restored, "double"), counts(restored, "sink")) == figures
    assert restored.job_id == job.job_id
    assert restored.status == "paused"
    assert restored.resume().changed
    assert restored.close(), "the input was open and stays so"
    assert restored.wait()
    assert before.received + after.received == [0, 2, 4, 6, 8]
    assert counts(restored, "double")["consumed"] == 5
    assert restored.slot("sink", "items").metrics().offered == 5


def test_without_start_paused_the_job_runs_at_once(old: StepRuntime, new: StepRuntime) -> None:
    flow, _ = doubling()
    job = old.exec(flow, start_paused=True, entry_routine_id="double", entry_params={})
    snapshot = take(job)
    again, _ = doubling()
    assert new.restore(snapshot, again).status == "running"


def test_held_items_go_in_first_and_in_order(new: StepRuntime) -> None:
    gate = threading.Barrier(2)
    sink = CollectingSink(max_queue_length=10)
    flow = Flow("held")
    source = Routine()
    source.define_event("out")

    def logic() -> None:
        source.emit_item("out", "before")
        gate.wait(LONG_S)
        gate.wait(LONG_S)
        for item in "abc":
            source.emit_item("out", item)

    source.set_logic(logic)
    flow.add_routine(source, "source")
    flow.add_routine(sink, "sink")
    flow.connect("source", "out", "sink", "items")
    with Runtime(2) as runtime:
        job = runtime.exec(flow)
        gate.wait(LONG_S)
        assert sink.wait_for(1) == ["before"]
        job.pause()
        gate.wait(LONG_S)
        assert job.pause(wait=LONG_S)["still"]
        snapshot = take(job)
    assert [each["held"] for each in snapshot["slots"]] == [3]
    sink.received.clear()
    restored = new.restore(snapshot, flow, start_paused=True)
    assert counts(restored, "sink")["held"] == 3
    restored.resume()
    assert restored.wait()
    assert sink.received == ["a", "b", "c"]
    assert counts(restored, "sink")["offered"] == 4


def test_an_item_keeps_its_number_its_time_and_its_origin(
    old: StepRuntime, new: StepRuntime
) -> None:
    flow, _ = doubling()
    job = old.exec(flow, keep_open=True, start_paused=False)
    for item in range(3):
        job.post("double", "items", item)
    old.run_one()
    job.pause(wait=True)
    points = job.slot("sink", "items").points()
    snapshot = take(job)
    restored = new.restore(snapshot, doubling()[0], start_paused=True)
    assert restored.slot("sink", "items").points() == points
    assert [each.id for each in points] == ["sink.items#0", "sink.items#1", "sink.items#2"]
    assert {each.emitted_from for each in points} == {"double"}


def test_a_source_that_has_not_run_runs_once(old: StepRuntime, new: StepRuntime) -> None:
    ran: list[str] = []
    source = Routine().set_logic(lambda: ran.append("ran"))
    flow = single(source)
    snapshot = take(old.exec(flow, start_paused=True))
    assert not ran
    assert new.restore(snapshot, flow).wait()
    assert ran == ["ran"]


def test_the_data_of_the_job_is_there_again(old: StepRuntime, new: StepRuntime) -> None:
    def count(routine: Routine, items: list[int]) -> None:
        routine.state["seen"] = routine.state.get("seen", 0) + len(items)

    flow = single(Keeper(count))
    job = old.exec(flow, keep_open=True)
    job.update_shared_data("limit", [1, 2])
    job.append_to_shared_log({"note": "kept"})
    job.record_execution("r", "own", {"n": 1})
    job.warnings.append("a warning")
    job.post("r", "items", 1)
    old.run_until_idle()
    job.pause("for lunch", {"page": 3}, identity="ann", request_id="pause-1", wait=True)
    snapshot = take(job)

    restored = new.restore(snapshot, flow, start_paused=True)
    assert restored.get_shared_data("limit") == [1, 2]
    assert restored.get_shared_log(lambda entry: "note" in entry)[0]["note"] == "kept"
    assert restored.get_execution_history("r")[0].data == {"n": 1}
    assert "a warning" in restored.warnings
    assert restored.pause_points[0]["checkpoint"] == {"page": 3}
    assert restored.started_at == job.started_at
    assert restored.diagnose().routines[0].detail == "by operator: for lunch"
    again = restored.pause("for lunch", {"page": 3}, identity="ann", request_id="pause-1")
    assert again["timestamp"] == restored.pause_points[0]["timestamp"], "the same request"
    assert len(restored.pause_points) == 1
    restored.resume()
    restored.post("r", "items", 2)
    new.run_until_idle()
    assert restored.routine_data("r") == {"seen": 2}


def test_dead_letters_come_along_and_can_be_redelivered(old: StepRuntime, new: StepRuntime) -> None:
    seen: list[Any] = []

    def picky(routine: Routine, items: list[Any]) -> None:
        for item in items:
            if item == "bad" and item not in seen:
                seen.append(item)
                routine.fail(item, ValueError("not this one"))
            else:
                seen.append(item)

    flow = single(Keeper(picky))
    job = old.exec(flow, keep_open=True)
    for item in ("good", "bad"):
        job.post("r", "items", item)
    old.run_until_idle()
    (letter,) = job.dead_letters.list()
    snapshot = take(job)

    restored = new.restore(snapshot, flow)
    assert restored.dead_letters.list() == [letter]
    assert restored.dead_letters.redeliver().count == 1
    restored.close()
    assert restored.wait()
    assert sorted(seen) == ["bad", "bad", "good"]
    assert restored.dead_letter_count == 0


def test_a_saved_job_can_be_loaded_and_restored(
    old: StepRuntime, new: StepRuntime, tmp_path: Path
) -> None:
    flow, sink = doubling()
    job = old.exec(flow, keep_open=True)
    job.post("double", "items", 21)
    job.pause(wait=True)
    path = tmp_path / "job.json"
    job.save(path)
    loaded = JobState.load(path)
    assert loaded.saved_snapshot is not None
    assert loaded.status == "paused"
    for data in (loaded.saved_snapshot, json.loads(path.read_text("utf-8"))):
        sink.received.clear()
        with StepRuntime() as runtime:
            restored = runtime.restore(data, flow)
            restored.close()
            assert restored.wait()
        assert sink.received == [42]


def test_a_saved_job_that_was_not_paused_cannot_be_restored(
    old: StepRuntime, new: StepRuntime
) -> None:
    job = old.exec(doubling()[0], keep_open=True)
    with pytest.raises(ValueError, match="only a job that is paused"):
        new.restore(job.serialize(), doubling()[0])


def test_counters_of_the_process_count_only_this_process(old: StepRuntime) -> None:
    flow, _ = doubling()
    job = old.exec(flow, keep_open=True)
    for item in range(3):
        job.post("double", "items", item)
    old.run_until_idle()
    snapshot = take(job)
    ledger = Ledger()
    with StepRuntime(ledger=ledger) as runtime:
        restored = runtime.restore(snapshot, flow)
        restored.post("double", "items", 3)
        restored.close()
        assert restored.wait()
        assert restored.slot("double", "items").metrics().offered == 4
    totals = ledger.read().ended["doubling", "double", "items"]
    assert (totals.offered, totals.consumed) == (1, 1)


def test_the_flow_may_have_another_id_now(old: StepRuntime, new: StepRuntime) -> None:
    job = old.exec(single(CollectingSink()), keep_open=True)
    job.post("r", "items", 1)
    snapshot = take(job)
    sink, flow = CollectingSink(), Flow("renamed")
    flow.add_routine(sink, "r")
    restored = new.restore(snapshot, flow)
    restored.close()
    assert restored.wait()
    assert restored.flow_id == "renamed"
    assert sink.received == [1]


def test_hooks_hear_that_the_job_goes_on(old: StepRuntime, new: StepRuntime) -> None:
    flow, _ = doubling()
    snapshot = take(old.exec(flow, keep_open=True))
    hook = RecordingHook()
    new.hooks.add(hook)
    restored = new.restore(snapshot, flow)
    restored.close()
    assert restored.wait()
    heard = [(name, each.reason) for name, each in hook.records if name.startswith("job_")]
    assert heard == [("job_started", "restored"), ("job_resumed", "restored"), ("job_ended", "")]
