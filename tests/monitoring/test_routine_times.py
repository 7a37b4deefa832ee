"""Busy and blocked time of routines in readings: over jobs, through their end and their restore."""

from __future__ import annotations

from time import monotonic_ns
from typing import TYPE_CHECKING, Any

from routilux import Runtime
from routilux.clock import NANOSECONDS
from routilux.engine.ledger import Ledger
from routilux.flow_registry import FlowRegistry
from routilux.monitoring.instruments import BLOCKED_TIME, BUSY_TIME
from routilux.monitoring.reading import read
from routilux.stores import JobStore
from tests.engine.parts import line, made, passer, source
from tests.monitoring.samples import make_flow, make_runtime

if TYPE_CHECKING:
    from routilux import Flow
    from routilux.monitoring.reading import Reading
    from routilux.testing import StepRuntime


def slow_flow(runtime: StepRuntime, count: int = 3, flow_id: str = "slow") -> Flow:
    """A source that waits for its consumer, which works 2 s on each item."""

    def logic(items: list[Any]) -> None:
        runtime.clock.advance(2 * len(items))

    sink = made(logic, max_queue_length=1, overflow="block")
    return line(source(range(count)), sink, flow_id=flow_id)


def seconds(reading: Reading) -> dict[tuple[str, ...], float]:
    """All points of both rows, by routine, and reason or busy."""
    found = {}
    for row in (BUSY_TIME, BLOCKED_TIME):
        for value, attributes in row.points(reading):
            _, routine_id, *reason = attributes.values()
            found[routine_id, *(reason or ["busy"])] = value
    return found


def test_jobs_add_up_and_what_has_ended_stays() -> None:
    ledger = Ledger()
    runtime = make_runtime(ledger)
    flow = slow_flow(runtime)
    runtime.exec(flow)
    runtime.run_until_idle()
    assert not ledger.read().jobs
    one = {("r0", "busy"): 0.0, ("r0", "full"): 4.0, ("r1", "busy"): 6.0}
    assert seconds(read(ledger)) == one
    runtime.exec(flow)
    runtime.run_until_idle()
    assert seconds(read(ledger)) == {key: 2 * value for key, value in one.items()}


def test_no_time_ever_falls() -> None:
    ledger = Ledger()
    runtime = make_runtime(ledger, seed=5)
    flow = slow_flow(runtime, count=6)
    before: dict[tuple[str, ...], float] = {}
    for _ in range(3):
        job = runtime.exec(flow)
        for number in range(40):
            runtime.run_one()
            if number == 6:
                job.pause()
                runtime.clock.advance(1)
                job.resume()
            runtime.clock.advance(0.25)
            now = seconds(read(ledger))
            assert all(now[key] >= value for key, value in before.items())
            before = now
    assert before["r1", "paused"] == 3.0


def test_time_in_another_process_is_left_out() -> None:
    first = make_runtime()
    job = first.exec(line(made(), made(lambda items: None)), keep_open=True)
    job.post("r1", "in", 1)
    job.pause()
    first.clock.advance(9)
    document = job.snapshot()
    ledger = Ledger()
    runtime = make_runtime(ledger)
    flow = line(made(), made(lambda items: runtime.clock.advance(4)))
    again: Any = runtime.restore(document, flow, start_paused=True).live
    assert again.routines["r1"].times.read(0)[2] == 9_000_000_000
    runtime.clock.advance(2)
    assert seconds(read(ledger))["r1", "paused"] == 2.0
    again.resume()
    runtime.run_until_idle()
    again.close()
    assert not ledger.read().jobs
    assert seconds(read(ledger)) == {
        ("r0", "busy"): 0.0,
        ("r1", "busy"): 4.0,
        ("r1", "paused"): 2.0,
    }


def test_routines_beyond_the_limit_are_counted_together() -> None:
    """The same jobs in the same order, with room for all of their routines and for four."""
    readings = []
    for limit in (10_000, 4):
        ledger = Ledger(key_limit=limit)
        runtime = make_runtime(ledger, seed=9)
        for number in range(5):
            runtime.exec(slow_flow(runtime, flow_id=f"flow-{number}"))
            runtime.run_until_idle()
        readings.append(read(ledger))
    apart, folded = readings
    assert len(apart.routines) == 10
    assert {each.flow_id for each in folded.routines} == {"_other", "flow-3", "flow-4"}
    assert len(folded.routines) == 4
    assert sum(each.busy for each in folded.routines) == 5 * 6.0
    blocked = [sum(each.blocked["full"] for each in r.routines if each.blocked) for r in readings]
    assert blocked[0] == blocked[1] > 0


def test_on_real_workers_times_never_fall_and_fit_into_the_clock() -> None:
    """Three lanes and producers that stand, looked at all the time while they run."""
    ledger = Ledger()
    begun = monotonic_ns()
    with Runtime(2, flows=FlowRegistry(), jobs=JobStore(), ledger=ledger) as runtime:
        flow = line(
            source(range(2_000)),
            passer(concurrency=3, max_queue_length=3, overflow="block"),
            made(lambda items: None, max_queue_length=2, overflow="block"),
        )
        jobs = [runtime.exec(flow) for _ in range(3)]
        before: dict[tuple[str, ...], float] = {}
        while not all(job.status.finished for job in jobs):
            now = seconds(read(ledger))
            assert all(now[key] >= value for key, value in before.items())
            before = now
        assert all(job.wait(20) and job.status.value == "completed" for job in jobs)
    passed = (monotonic_ns() - begun) / NANOSECONDS
    after = read(ledger)
    assert not ledger.read().jobs
    assert all(seconds(after)[key] >= value for key, value in before.items())
    for routine in after.routines:
        lanes = 3 * len(jobs) if routine.routine_id == "r1" else len(jobs)
        assert 0 < routine.busy + sum(routine.blocked.values()) <= passed * lanes


def test_a_reading_of_one_flow_has_its_routines_only() -> None:
    ledger = Ledger()
    runtime = make_runtime(ledger)
    for name in ("a", "b"):
        runtime.exec(make_flow(name))
        runtime.run_until_idle()
    reading = read(ledger, flow_id="a")
    assert {(each.flow_id, each.routine_id) for each in reading.routines} == {
        ("a", "source"),
        ("a", "sink"),
    }
