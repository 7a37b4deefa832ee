"""Lane times of hand-made jobs: how long each routine was busy, and what blocked it how long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from routilux import ErrorHandler, ErrorStrategy, Flow
from routilux.activation import checkpoint
from routilux.activation_policies import batch_size_policy
from routilux.clock import NANOSECONDS
from routilux.engine.lane_times import BLOCK_REASONS, LaneTimes
from routilux.testing import StepRuntime
from tests.engine.parts import line, made, source
from tests.engine.snapshots import through_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from routilux import JobState, Routine


def times(job: JobState, routine_id: str) -> dict[str, float]:
    """Seconds by state, now; only of states that there were."""
    live: Any = job.live
    spent = live.routines[routine_id].times.read(live.clock.monotonic_ns())
    return {
        state: each / NANOSECONDS
        for state, each in zip(("busy", *BLOCK_REASONS), spent, strict=True)
        if each
    }


def takes(rt: StepRuntime, seconds: float, **settings: Any) -> Routine:
    """A routine whose logic takes so long for each item."""

    def logic(items: list[Any]) -> None:
        rt.clock.advance(seconds * len(items))

    return made(logic, **settings)


def slow_source(rt: StepRuntime, count: int, seconds: float) -> Routine:
    """A source that works so long on each of its items."""
    routine = made(slots=())

    def logic() -> None:
        for number in range(count):
            rt.clock.advance(seconds)
            routine.emit_item("out", number)

    return routine.set_logic(logic)


def sleeps(rt: StepRuntime, seconds: float, **settings: Any) -> Routine:
    """A routine whose logic waits so long for each item, while others go on."""

    def logic(items: list[Any]) -> None:
        for _ in items:
            rt.wait_until(lambda: False, seconds)

    return made(logic, **settings)


# -- full ------------------------------------------------------------------------------------------


def test_a_faster_source_is_blocked_while_its_consumer_works(rt: StepRuntime) -> None:
    """Three items through a slot of one: the source waits while the first two are worked on."""
    flow = line(source(range(3)), takes(rt, 2, max_queue_length=1, overflow="block"))
    job = rt.exec(flow)
    assert job.wait()
    assert times(job, "r0") == {"full": 4.0}
    assert times(job, "r1") == {"busy": 6.0}


def test_a_slower_source_is_never_blocked(rt: StepRuntime) -> None:
    job = rt.exec(line(slow_source(rt, 3, 2.0), takes(rt, 1, max_queue_length=3)))
    assert job.wait()
    assert times(job, "r0")["busy"] == 6.0
    assert "full" not in times(job, "r0")
    assert times(job, "r1")["busy"] == 3.0


def test_a_routine_that_is_not_started_for_room_is_blocked_if_it_has_work(rt: StepRuntime) -> None:
    flow = line(
        made(),
        made(lambda items: None, max_queue_length=9),
        made(policy=lambda slots, job: (False, {}, None), max_queue_length=1, overflow="block"),
    )
    job = rt.exec(flow, keep_open=True)
    job.post("r2", "in", "fills it")
    rt.advance(3)
    assert times(job, "r1") == {}, "it waits for room, too, but has nothing to do"
    job.post("r1", "in", "work")
    rt.advance(5)
    assert times(job, "r1") == {"full": 5.0}
    assert times(job, "r2") == {}, "its policy declines: that is idle"


# -- worker ----------------------------------------------------------------------------------------


def test_one_worker_and_two_ready_routines(rt: StepRuntime) -> None:
    """Whichever is first: the other waits for the worker as long as the first is busy."""
    flow, own = Flow("two"), {"a": 3.0, "b": 5.0}
    for name, seconds in own.items():
        flow.add_routine(takes(rt, seconds), name)
    job = rt.exec(flow, keep_open=True)
    for name in own:
        job.post(name, "in", 1)
    rt.run_until_idle()
    first, second = ("a", "b") if "worker" in times(job, "b") else ("b", "a")
    assert times(job, first) == {"busy": own[first]}
    assert times(job, second) == {"busy": own[second], "worker": own[first]}


def test_an_activation_that_gives_its_turn_up_waits_for_a_worker() -> None:
    """The source has run for 5 ms when the sink is in line: one of both goes on, by chance."""
    found = set()
    for seed in range(8):
        with StepRuntime(seed) as rt:
            job = rt.exec(line(slow_source(rt, 1, 0.006), takes(rt, 2)))
            assert job.wait()
            spent = times(job, "r0")
            assert spent.pop("busy") == 0.006
            assert times(job, "r1") == {"busy": 2.0}
            found.add(tuple(spent.items()))
    assert found == {(), (("worker", 2.0),)}


# -- paused ----------------------------------------------------------------------------------------


def test_a_paused_job_blocks_who_has_work(rt: StepRuntime) -> None:
    job = rt.exec(line(made(), takes(rt, 1)), keep_open=True)
    job.post("r1", "in", 1)
    job.pause()
    rt.advance(4)
    assert times(job, "r0") == {}, "it has nothing to do"
    assert times(job, "r1") == {"paused": 4.0}
    job.resume()
    rt.run_until_idle()
    assert times(job, "r1") == {"paused": 4.0, "busy": 1.0}


def test_held_items_are_work_and_logic_stands_at_the_gate(rt: StepRuntime) -> None:
    first = made(slots=())

    def logic() -> None:
        job.pause()
        rt.clock.advance(1)
        first.emit_item("out", "held")
        checkpoint()
        rt.clock.advance(2)

    job = rt.exec(line(first.set_logic(logic), takes(rt, 8)))
    rt.advance(4)
    assert times(job, "r0") == {"busy": 1.0, "paused": 3.0}
    assert times(job, "r1") == {"paused": 3.0}
    job.resume()
    assert job.wait()
    total = times(job, "r0")
    assert total.pop("busy") == 3.0
    assert sum(total.values()) in (3.0, 11.0), "the sink's 8 s come after it, or before"


def test_a_producer_that_stands_is_paused_and_goes_on_being_blocked_for_room(
    rt: StepRuntime,
) -> None:
    flow = line(
        source(range(9)), made(policy=batch_size_policy(99), max_queue_length=2, overflow="block")
    )
    job = rt.exec(flow, keep_open=True)
    rt.advance(1)
    job.pause()
    rt.advance(2)
    job.resume()
    rt.advance(4)
    assert times(job, "r0") == {"full": 5.0, "paused": 2.0}


# -- breakpoint ------------------------------------------------------------------------------------


def test_an_item_that_stands_blocks_its_consumer(rt: StepRuntime) -> None:
    job = rt.exec(line(made(), takes(rt, 1)), keep_open=True)
    job.breakpoints.add(kind="slot", routine_id="r1", slot_name="in", action="hold_item")
    job.post("r1", "in", 1)
    rt.advance(7)
    assert times(job, "r1") == {"breakpoint": 7.0}
    (item,) = job.debug.items
    job.debug.resume(item.id)
    rt.run_until_idle()
    assert times(job, "r1") == {"breakpoint": 7.0, "busy": 1.0}
    rt.advance(5)
    assert times(job, "r1") == {"breakpoint": 7.0, "busy": 1.0}


def test_an_item_that_is_dropped_blocks_nobody(rt: StepRuntime) -> None:
    job = rt.exec(line(made(), takes(rt, 1)), keep_open=True)
    job.breakpoints.add(kind="slot", routine_id="r1", slot_name="in", action="hold_item")
    job.post("r1", "in", 1)
    job.pause()
    rt.advance(7)
    job.debug.drop()
    rt.advance(5)
    assert times(job, "r1") == {"breakpoint": 7.0}


def test_a_draft_that_is_dropped_blocks_nobody(rt: StepRuntime) -> None:
    job = rt.exec(line(takes(rt, 1)), keep_open=True)
    job.breakpoints.add(kind="routine", routine_id="r0")
    job.post("r0", "in", 1)
    rt.advance(2)
    job.debug.drop()
    rt.advance(3)
    assert times(job, "r0") == {"breakpoint": 2.0}


def test_a_draft_that_stands_blocks_its_routine_and_pauses_the_others(rt: StepRuntime) -> None:
    flow = Flow("two")
    flow.add_routine(takes(rt, 1), "a")
    flow.add_routine(takes(rt, 1), "b")
    job = rt.exec(flow, keep_open=True)
    job.breakpoints.add(kind="routine", routine_id="a")
    job.post("a", "in", 1)
    rt.run_until_idle()
    rt.advance(2)
    assert times(job, "a") == {"breakpoint": 2.0}
    assert times(job, "b") == {}
    job.step("over")
    rt.run_until_idle()
    assert times(job, "a") == {"breakpoint": 2.0, "busy": 1.0}


def test_an_emit_stands_behind_an_item_that_is_held(rt: StepRuntime) -> None:
    job = rt.exec(
        line(source(range(3)), takes(rt, 1, max_queue_length=1, overflow="block")), keep_open=True
    )
    job.breakpoints.add(
        kind="slot", routine_id="r1", slot_name="in", action="hold_item", one_shot=True
    )
    rt.advance(6)
    assert times(job, "r0") == {"breakpoint": 6.0}
    assert times(job, "r1") == {"breakpoint": 6.0}


# -- retry -----------------------------------------------------------------------------------------


def fails_first(rt: StepRuntime, seconds: float, **settings: Any) -> Routine:
    """A routine whose first attempt fails after so long."""
    attempts: list[int] = []

    def logic(items: list[Any]) -> None:
        attempts.append(1)
        rt.clock.advance(seconds)
        if len(attempts) == 1:
            raise ValueError("not yet")

    again = ErrorHandler(ErrorStrategy.RETRY, max_retries=3, retry_delay=10.0)
    return made(logic, errors=again, **settings)


def test_a_back_off_blocks_its_lane_and_stands_still_in_a_pause(rt: StepRuntime) -> None:
    job = rt.exec(line(fails_first(rt, 1)), keep_open=True)
    job.post("r0", "in", 1)
    rt.run_until_idle()
    rt.advance(4)
    job.pause()
    rt.advance(30)
    assert times(job, "r0") == {"busy": 1.0, "retry": 4.0, "paused": 30.0}
    job.resume()
    rt.advance(100)
    assert times(job, "r0") == {"busy": 2.0, "retry": 10.0, "paused": 30.0}


def test_what_is_due_waits_for_a_worker_beside_new_items(rt: StepRuntime) -> None:
    """No step is taken after the failure: only the clock moves."""
    job = rt.exec(line(fails_first(rt, 1, concurrency=2)), keep_open=True)
    job.post("r0", "in", 1)
    rt.run_until_idle()
    rt.clock.advance(9)
    job.post("r0", "in", 2)
    rt.clock.advance(3)
    assert times(job, "r0") == {"busy": 1.0, "retry": 10.0, "worker": 3.0 + 2.0}


def test_what_is_due_alone_waits_for_a_worker(rt: StepRuntime) -> None:
    job = rt.exec(line(fails_first(rt, 1)), keep_open=True)
    job.post("r0", "in", 1)
    rt.run_until_idle()
    rt.clock.advance(15)
    assert times(job, "r0") == {"busy": 1.0, "retry": 10.0, "worker": 5.0}


# -- lanes -----------------------------------------------------------------------------------------


def test_three_lanes_count_each(rt: StepRuntime) -> None:
    job = rt.exec(line(sleeps(rt, 2, concurrency=3)), keep_open=True)
    for number in range(3):
        job.post("r0", "in", number)
    rt.advance(1)
    assert times(job, "r0") == {"busy": 3.0}, "in mid-activation"
    job.post("r0", "in", 3)
    rt.advance(0.5)
    assert times(job, "r0") == {"busy": 4.5}, "no lane is left that could wait for anything"
    rt.advance(10)
    assert times(job, "r0") == {"busy": 8.0}


def test_a_lane_in_its_back_off_leaves_the_others_alone(rt: StepRuntime) -> None:
    job = rt.exec(line(fails_first(rt, 1, concurrency=3)), keep_open=True)
    job.post("r0", "in", 1)
    rt.run_until_idle()
    rt.advance(3)
    job.post("r0", "in", 2)
    rt.run_until_idle()
    assert times(job, "r0") == {"busy": 2.0, "retry": 4.0}


# -- through the end, and through a snapshot -------------------------------------------------------


@pytest.mark.parametrize("end", ["cancel", "complete"])
def test_nothing_counts_after_the_end(rt: StepRuntime, end: str) -> None:
    job = rt.exec(line(source(range(3)), takes(rt, 1, max_queue_length=1, overflow="block")))
    if end == "cancel":
        job.pause()
        rt.advance(2)
        job.cancel()
    assert job.wait()
    rt.run_until_idle()
    before = [times(job, name) for name in ("r0", "r1")]
    rt.advance(9)
    assert [times(job, name) for name in ("r0", "r1")] == before != [{}, {}]


def test_a_restored_job_goes_on_with_its_times(old: StepRuntime, new: StepRuntime) -> None:
    clock = [old]
    make: Callable[[], Flow] = lambda: line(  # noqa: E731
        made(), made(lambda items: clock[0].clock.advance(3))
    )
    job = old.exec(make(), keep_open=True)
    job.post("r1", "in", 1)
    old.run_until_idle()
    job.post("r1", "in", 2)
    job.pause()
    old.advance(4)
    saved = through_json(job.snapshot())
    assert times(job, "r1") == {"busy": 3.0, "paused": 4.0}
    new.clock.advance(1_000)
    clock[0] = new
    again = new.restore(saved, make(), start_paused=True)
    assert times(again, "r1") == {"busy": 3.0, "paused": 4.0}
    new.advance(5)
    again.resume()
    new.run_until_idle()
    assert times(again, "r1") == {"busy": 6.0, "paused": 9.0}


def test_an_untouched_routine_has_no_times() -> None:
    assert LaneTimes().read(1 << 60) == [0] * 6
