"""A paused job as JSON data, and the job that goes on from it."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from routilux import ErrorHandler, Flow, JobState, Routine
from routilux.activation_policies import batch_size_policy, time_interval_policy
from routilux.errors import CodecError, JobFinished, JobNotStill
from routilux.job.plain import Codec
from routilux.runtime import Runtime
from routilux.testing import CollectingSink, StepRuntime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LONG_S = 20.0  # nobody waits so long; a test that does has failed

Snapshot = dict[str, Any]


def through_json(snapshot: Snapshot) -> Snapshot:
    """What another process would read."""
    copy = json.loads(json.dumps(snapshot, allow_nan=False))
    assert copy == snapshot, "the snapshot is not plain JSON data"
    return copy


class Doubler(Routine):
    """Emits each item twice as large."""

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        self.define_slot("items", **settings)
        self.define_event("out")
        self.set_logic(self._double)

    def _double(self, items: list[int]) -> None:
        for item in items:
            self.emit_item("out", item * 2)


class Keeper(Routine):
    """Calls `logic` with the items of its only slot."""

    def __init__(self, logic: Callable[[Routine, list[Any]], object], **settings: Any) -> None:
        super().__init__()
        self.define_slot("items", **settings)
        self.set_logic(lambda items: logic(self, items))


def doubling(length: int = 3) -> tuple[Flow, CollectingSink]:
    """double -> sink, with short slots."""
    flow, sink = Flow("doubling", default_slot_max_queue_length=length), CollectingSink()
    flow.add_routine(Doubler(max_queue_length=100), "double")
    flow.add_routine(sink, "sink")
    flow.connect("double", "out", "sink", "items")
    return flow, sink


def single(routine: Routine) -> Flow:
    flow = Flow("single")
    flow.add_routine(routine, "r")
    return flow


@pytest.fixture
def old() -> Iterator[StepRuntime]:
    with StepRuntime(seed=1) as runtime:
        yield runtime


@pytest.fixture
def new() -> Iterator[StepRuntime]:
    with StepRuntime(seed=2) as runtime:
        yield runtime


def take(job: JobState, **options: Any) -> Snapshot:
    """Pause a job, take its snapshot and let the old job go."""
    job.pause("to be saved", wait=True)
    snapshot = through_json(job.snapshot(**options))
    job.cancel()
    return snapshot


COUNTS = ("offered", "consumed", "unconsumed", "held", "refused", "refused_by", "retries")


def counts(job: JobState, routine_id: str, name: str = "items") -> dict[str, Any]:
    metrics = job.slot(routine_id, name).metrics()
    return {each: getattr(metrics, each) for each in COUNTS}


# -- what is saved goes on ---------------------------------------------------------------------------


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


# -- alarms ------------------------------------------------------------------------------------------


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


# -- logic that stands still -------------------------------------------------------------------------


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
    with pytest.raises(JobNotStill, match="double.*in_flight='rerun'") as raised:
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


# -- when there is no snapshot -----------------------------------------------------------------------


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


# -- when it cannot be restored ----------------------------------------------------------------------


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
        ({"schema": 99}, "schema 99 is not known, only 1"),
        ({"slots": None}, "wrong type"),
        ({"slots": [{}]}, "'routine_id' is missing"),
        ({"holds": 3}, "wrong type"),
        ({"job": {"schema": 1}}, "saved job: 'job_id' is missing"),
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
    with pytest.raises(ValueError, match="paused.*cancel it first"):
        old.restore(job.snapshot(), flow)
    assert old.list_jobs() == [job]
    assert old.get_job(job.job_id) is job


def test_a_runtime_that_is_shut_down_restores_nothing(saved: Snapshot, new: StepRuntime) -> None:
    new.shutdown()
    with pytest.raises(RuntimeError, match="shut down"):
        new.restore(saved, doubling()[0])


# -- save and load -----------------------------------------------------------------------------------


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
