"""Hits of breakpoints in readings: each breakpoint that acts counts once for each match."""

from __future__ import annotations

from typing import TYPE_CHECKING

from routilux.engine.ledger import Ledger
from routilux.monitoring.instruments import BREAKPOINT_HITS
from routilux.monitoring.reading import read
from tests.monitoring.samples import make_flow, make_runtime

if TYPE_CHECKING:
    from routilux.monitoring.reading import Reading

SINK = {"kind": "slot", "routine_id": "sink", "slot_name": "in"}


def hits(reading: Reading) -> dict[tuple[str, ...], float]:
    return {
        tuple(attributes.values()): value for value, attributes in BREAKPOINT_HITS.points(reading)
    }


def test_every_kind_and_action_counts_by_itself_and_stays() -> None:
    ledger = Ledger()
    runtime = make_runtime(ledger)
    job = runtime.exec(make_flow(count=5))
    job.breakpoints.add(**SINK, action="log")
    job.breakpoints.add(**SINK, action="hold_item", one_shot=True)
    job.breakpoints.add(kind="event", routine_id="source", event_name="out", action="log")
    job.breakpoints.add(kind="routine", routine_id="sink", one_shot=True)
    job.breakpoints.add(
        kind="connection", action="log", source_routine_id="source", source_event_name="out",
        target_routine_id="sink", target_slot_name="in",
    )  # fmt: skip
    runtime.run_until_idle()
    assert hits(read(ledger))["flow", "slot", "hold_item"] == 1
    while not job.status.finished:
        job.debug.resume(job.debug.items[0].id)
        runtime.run_until_idle()
    expected = {
        ("flow", "slot", "log"): 5,
        ("flow", "slot", "hold_item"): 1,
        ("flow", "event", "log"): 5,
        ("flow", "connection", "log"): 5,
        ("flow", "routine", "pause_job"): 1,
    }
    assert not ledger.read().jobs
    assert hits(read(ledger)) == expected
    again = runtime.exec(make_flow(count=2))
    again.breakpoints.add(**SINK, action="log")
    runtime.run_until_idle()
    assert hits(read(ledger)) == expected | {("flow", "slot", "log"): 7}


def test_two_breakpoints_at_one_item_are_two_hits_and_an_ignored_match_is_none() -> None:
    ledger = Ledger()
    runtime = make_runtime(ledger)
    job = runtime.exec(make_flow(count=1))
    job.breakpoints.add(**SINK)
    job.breakpoints.add(**SINK)
    ignoring = job.breakpoints.add(**SINK, ignore_count=1)
    runtime.run_until_idle()
    assert hits(read(ledger)) == {("flow", "slot", "pause_job"): 2}
    assert ignoring.hit_count == 1


def test_what_a_step_stops_is_no_hit_of_a_breakpoint() -> None:
    ledger = Ledger()
    runtime = make_runtime(ledger)
    job = runtime.exec(make_flow(count=1), start_paused=True)
    job.step("into")
    runtime.run_until_idle()
    assert job.debug.items
    assert hits(read(ledger)) == {}


def test_flows_beyond_the_limit_are_counted_together() -> None:
    ledger = Ledger(key_limit=2)
    runtime = make_runtime(ledger)
    for number in range(4):
        job = runtime.exec(make_flow(f"flow-{number}", count=1))
        job.breakpoints.add(**SINK, action="log")
        runtime.run_until_idle()
    assert hits(read(ledger)) == {
        ("_other", "slot", "log"): 3,
        ("flow-3", "slot", "log"): 1,
    }
