"""Why is nothing moving? What `diagnose` says of each way to stand still."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from routilux import ErrorHandler, Flow, Routine
from routilux.activation_policies import all_slots_ready_policy, batch_size_policy
from routilux.errors import StalledError
from routilux.job.diagnosis import STATES
from routilux.runtime import Runtime
from routilux.testing import CollectingSink, StepRuntime
from tests.engine.snapshots import LONG_S, Doubler, Keeper, single

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routilux import JobState
    from routilux.job.diagnosis import Diagnosis, RoutineDiagnosis


def row(job: JobState, routine_id: str) -> RoutineDiagnosis:
    (found,) = (each for each in job.diagnose().routines if each.routine_id == routine_id)
    assert found.state in STATES
    return found


def states(diagnosis: Diagnosis) -> dict[str, str]:
    return {each.routine_id: each.state for each in diagnosis.routines}


def test_the_bottleneck_and_the_chain_back_to_the_source() -> None:
    seen: list[Diagnosis] = []
    flow = Flow("chain", default_slot_max_queue_length=2, default_slot_overflow="block")

    @flow.source
    def source() -> Iterator[int]:
        yield from range(12)

    def slow(routine: Routine, items: list[Any]) -> None:
        never = threading.Lock()
        never.acquire()
        runtime.clock.wait(never, 3.0)  # meanwhile the others do what they can
        seen.append(job.diagnose())

    for name in ("a", "b"):
        flow.add_routine(Doubler(), name)
    flow.add_routine(Keeper(slow), "last")
    flow.connect("source", "out", "a", "items")
    flow.connect("a", "out", "b", "items")
    flow.connect("b", "out", "last", "items")
    with StepRuntime() as runtime:
        job = runtime.exec(flow)
        assert job.wait()
        first = seen[0]
        assert first.bottleneck == "last"
        assert first.chain == ("last", "b", "a", "source")
        assert not first.stalled
        (source_row, *_, last) = first.routines
        assert (source_row.state, source_row.slot, source_row.since) == (
            "waiting for room", "a.items", 3.0
        )  # fmt: skip
        assert source_row.detail == "its logic stands in emit; 2/2 items wait there"
        assert (last.state, last.since) == ("busy", 3.0)
        assert first.summary == (
            "The bottleneck is last: busy for 3.0 s, 2 items wait in front of it; "
            "source, a, b wait for room."
        )
        assert set(states(job.diagnose()).values()) == {"done"}
        assert job.diagnose().summary == "The job is completed."


def test_a_routine_that_is_not_started_for_want_of_room_says_so() -> None:
    with StepRuntime() as runtime:
        flow = Flow("gated", default_slot_max_queue_length=1, default_slot_overflow="block")
        flow.add_routine(Doubler(), "a")
        flow.add_routine(CollectingSink(), "sink")
        flow.connect("a", "out", "sink", "items")
        flow.routines["sink"].set_activation_policy(batch_size_policy(1))
        job = runtime.exec(flow, keep_open=True)
        job.slot("sink", "items").enqueue("full", "test", job.created_at)
        job.post("a", "items", 1)
        runtime.clock.advance_to(runtime.clock.monotonic_ns() + 10**9)
        found = row(job, "a")
        assert (found.state, found.slot, found.since) == ("waiting for room", "sink.items", 1.0)
        assert found.detail == "it is started when there is room; 1/1 items wait there"
        assert row(job, "sink").state == "ready"
        runtime.run_until_idle()
        assert states(job.diagnose()) == {"a": "idle", "sink": "idle"}
        assert "its input is open" in job.diagnose().summary


def test_a_retry_says_when() -> None:
    def fail(routine: Routine, items: list[Any]) -> None:
        raise OSError("no")

    routine = Keeper(fail)
    routine.set_error_handler(ErrorHandler("retry", retry_delay=8.0))
    with StepRuntime() as runtime:
        job = runtime.exec(single(routine), keep_open=True)
        job.post("r", "items", 1)
        runtime.run_until_idle()
        runtime.advance(3.0)
        found = row(job, "r")
        assert (found.state, found.until) == ("retrying", 5.0)
        assert found.detail == "attempt 2 in 5.000 s"
        assert job.diagnose().bottleneck == "r"
        assert "retrying (attempt 2 in 5.000 s)" in job.diagnose().summary


def test_a_policy_says_what_it_lacks() -> None:
    join = Routine().set_logic(lambda left, right: None)
    join.define_slot("left")
    join.define_slot("right")
    join.set_activation_policy(all_slots_ready_policy())
    with StepRuntime() as runtime:
        job = runtime.exec(single(join), keep_open=True)
        assert row(job, "r").state == "idle"
        job.post("r", "left", 1)
        runtime.run_until_idle()
        found = row(job, "r")
        assert (found.state, found.detail) == ("waiting for its policy", "an item in 'right'")
        assert "waiting for its policy (an item in 'right')" in job.diagnose().summary


class Awkward:
    """A policy that never agrees, and misbehaves when it is asked why."""

    def __init__(self, *, raises: bool) -> None:
        self.raises = raises

    def __call__(self, slots: Any, job_state: Any) -> tuple[bool, dict[str, list[Any]], Any]:
        return False, {}, None

    def lacks(self, slots: Any, job_state: Any) -> str:
        slots["items"].consume_all_new()
        if self.raises:
            raise KeyError("what?")
        return "patience"


@pytest.mark.parametrize(
    ("policy", "detail"),
    [
        (Awkward(raises=False), "patience"),
        (Awkward(raises=True), "its policy could not say what it lacks: KeyError: 'what?'"),
        (lambda slots, job_state: (False, {}, None), "<lambda>() decides; it declined what waits"),
    ],
)
def test_a_strange_policy_harms_nothing(policy: Any, detail: str) -> None:
    sink = CollectingSink()
    sink.set_activation_policy(policy)
    with StepRuntime() as runtime:
        job = runtime.exec(single(sink), keep_open=True)
        for item in range(3):
            job.post("r", "items", item)
        runtime.run_until_idle()
        assert row(job, "r").detail == detail
        assert job.slot("r", "items").peek_all_new() == [0, 1, 2], "its items are where they were"
        assert row(job, "r").unconsumed == 3


def test_a_pause_names_who_paused_and_what_still_runs() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def wait(routine: Routine, items: list[Any]) -> None:
        begun.set()
        assert go_on.wait(LONG_S)

    flow = single(Keeper(wait))
    flow.add_routine(CollectingSink(), "sink")
    with Runtime(2) as runtime:
        job = runtime.exec(flow, keep_open=True)
        job.post("r", "items", 1)
        assert begun.wait(LONG_S)
        job.pause("lunch")
        assert states(job.diagnose()) == {"r": "busy", "sink": "paused"}
        assert row(job, "sink").detail == "by operator: lunch"
        summary = job.diagnose().summary
        assert summary.startswith(
            "Paused by operator: lunch; 0 items wait; the logic of r still runs"
        )
        go_on.set()
        job.pause(wait=True)
        assert states(job.diagnose()) == {"r": "paused", "sink": "paused"}


def test_logic_that_stands_at_a_pause_is_shown_with_its_slot() -> None:
    flow = Flow("held", default_slot_max_queue_length=1)
    flow.add_routine(Doubler(max_queue_length=10), "a")
    flow.add_routine(CollectingSink(), "sink")
    flow.connect("a", "out", "sink", "items")
    with StepRuntime() as runtime:
        job = runtime.exec(flow, keep_open=True)
        for item in range(5):
            job.post("a", "items", item)
        runtime.run_one()
        job.pause(wait=True)
        found = row(job, "a")
        assert (found.state, found.slot) == ("paused", "sink.items")
        assert found.detail == "by operator; its logic stands still"
        assert row(job, "sink").held == 1


def loop(**settings: Any) -> Flow:
    """two routines that make two items of each, in a ring of short slots."""
    flow = Flow("ring", default_slot_max_queue_length=1, **settings)
    for name in ("a", "b"):
        routine = Doubler()

        def twice(items: list[int], routine: Routine = routine) -> None:
            for item in items * 2:
                routine.emit_item("out", item)

        flow.add_routine(routine.set_logic(twice), name)
    flow.connect("a", "out", "b", "items")
    flow.connect("b", "out", "a", "items")
    return flow


def test_a_stall_names_its_cycle_when_it_is_left_to_the_operator() -> None:
    with StepRuntime(seed=3) as runtime:
        flow = loop(default_slot_overflow="block", on_stall="wait")
        job = runtime.exec(flow, entry_routine_id="a", entry_params={})
        runtime.run_until_idle()
        diagnosis = job.diagnose()
        assert diagnosis.stalled
        assert set(diagnosis.cycle) == {"a", "b", "a.items", "b.items"}
        assert diagnosis.cycle[0] == diagnosis.cycle[-1]
        assert diagnosis.summary.startswith("Stalled, everything waits for everything: ")
        assert diagnosis.bottleneck is None
        assert diagnosis.to_dict()["stalled"] is True


def test_a_stall_is_seen_behind_an_open_input() -> None:
    with StepRuntime(seed=3) as runtime:
        job = runtime.exec(loop(default_slot_overflow="block"), keep_open=True)
        job.post("a", "items", 1)
        runtime.run_until_idle()
        diagnosis = job.diagnose()
        assert diagnosis.stalled
        assert set(diagnosis.cycle) == {"a", "b", "a.items", "b.items"}
        job.close()
        assert job.wait()
        assert job.error_type == "StalledError"


def joined(runtime: StepRuntime, *, right_from_outside: bool) -> JobState:
    """One source fills the left of a join before the right: with short slots it cannot."""
    flow = Flow("join", default_slot_max_queue_length=1, default_slot_overflow="block",
                on_stall="wait")  # fmt: skip
    source = Routine()
    source.define_event("left")
    source.define_event("right")

    def logic() -> None:
        for event in ("left", "left", "left", "right"):
            source.emit_item(event, 1)

    join = Routine().set_logic(lambda left, right: None)
    join.define_slot("left")
    join.define_slot("right")
    join.set_activation_policy(all_slots_ready_policy())
    flow.add_routine(source.set_logic(logic), "source")
    flow.add_routine(join, "join")
    flow.connect("source", "left", "join", "left")
    if not right_from_outside:
        flow.connect("source", "right", "join", "right")
    job = runtime.exec(flow, keep_open=right_from_outside)
    runtime.run_until_idle()
    return job


def test_a_join_that_waits_for_the_one_that_waits_for_it_is_a_cycle() -> None:
    with StepRuntime() as runtime:
        job = joined(runtime, right_from_outside=False)
        cycle = job.diagnose().cycle
        assert cycle == ("source", "join.left", "join", "join.right", "source")
        assert row(job, "join").detail == "an item in 'right'"


def test_a_join_that_waits_for_an_open_input_is_no_stall() -> None:
    with StepRuntime() as runtime:
        job = joined(runtime, right_from_outside=True)
        diagnosis = job.diagnose()
        assert not diagnosis.stalled
        assert diagnosis.bottleneck == "join"
        assert "an item in 'right'" in diagnosis.summary


def test_the_error_of_a_stall_names_the_same_cycle() -> None:
    with StepRuntime(seed=3) as runtime:
        flow = loop(default_slot_overflow="block")
        job = runtime.exec(flow, entry_routine_id="a", entry_params={})
        assert job.wait()
        assert job.error_type == StalledError.__name__
        for name in ("a.items", "b.items"):
            assert name in str(job.error)


def test_a_job_that_failed_says_why() -> None:
    def fail(routine: Routine, items: list[Any]) -> None:
        raise OSError("disk full")

    with StepRuntime() as runtime:
        job = runtime.exec(single(Keeper(fail)), keep_open=True)
        job.post("r", "items", 1)
        assert job.wait()
        assert "failed: " in job.diagnose().summary
        assert "disk full" in job.diagnose().summary
        assert set(states(job.diagnose()).values()) == {"done"}


def test_lanes_are_told() -> None:
    both = threading.Barrier(3)

    def wait(routine: Routine, items: list[Any]) -> None:
        both.wait(LONG_S)
        both.wait(LONG_S)

    routine = Keeper(wait)
    routine.concurrency = 2
    with Runtime(2) as runtime:
        job = runtime.exec(single(routine), keep_open=True, start_paused=True)
        job.resume()
        job.post("r", "items", 1)
        job.post("r", "items", 2)
        both.wait(LONG_S)
        assert (row(job, "r").state, row(job, "r").detail) == ("busy", "in 2 lanes")
        both.wait(LONG_S)
        job.close()
        assert job.wait(LONG_S)


def test_a_source_before_and_after_it_ran() -> None:
    ran: list[int] = []
    with StepRuntime() as runtime:
        job = runtime.exec(single(Routine().set_logic(lambda: ran.append(1))), keep_open=True)
        assert row(job, "r").state == "ready"
        assert job.diagnose().summary == "Running: r; 0 items wait."
        runtime.run_until_idle()
        assert row(job, "r").state == "done"
        assert ran == [1]
