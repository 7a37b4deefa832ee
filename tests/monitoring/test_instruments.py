"""The table of instruments: every row is there, and every row has its points."""

from __future__ import annotations

import re

import pytest

from routilux.engine.ledger import Ledger
from routilux.monitoring.instruments import INSTRUMENTS, Instrument
from routilux.monitoring.reading import Reading, read
from tests.monitoring.samples import make_flow, make_runtime

# name -> kind, unit: what dashboards are built on. A row that changes here breaks them.
EXPECTED = {
    "routilux.slot.queue.size": ("gauge", "{item}"),
    "routilux.slot.queue.unconsumed": ("gauge", "{item}"),
    "routilux.slot.queue.limit": ("gauge", "{item}"),
    "routilux.slot.queue.utilization": ("gauge", "1"),
    "routilux.slot.queue.held": ("gauge", "{item}"),
    "routilux.slot.oldest_item.age": ("gauge", "s"),
    "routilux.slot.items.offered": ("counter", "{item}"),
    "routilux.slot.items.consumed": ("counter", "{item}"),
    "routilux.slot.items.refused": ("counter", "{item}"),
    "routilux.slot.items.held": ("counter", "{item}"),
    "routilux.slot.enqueue.retries": ("counter", "{retry}"),
    "routilux.job.items.refused": ("counter", "{item}"),
    "routilux.job.enqueue.retries": ("counter", "{retry}"),
    "routilux.routine.busy.time": ("counter", "s"),
    "routilux.routine.blocked.time": ("counter", "s"),
    "routilux.breakpoint.hits": ("counter", "{hit}"),
    "routilux.job.count": ("gauge", "{job}"),
    "routilux.worker.limit": ("gauge", "{worker}"),
    "routilux.worker.usage": ("gauge", "{worker}"),
    "routilux.worker.blocked": ("gauge", "{worker}"),
}
ROWS = {row.name: row for row in INSTRUMENTS}
SLOT = {"routilux.flow.id": "flow", "routilux.routine.id": "sink", "routilux.slot.name": "in"}


@pytest.fixture
def reading() -> Reading:
    """A job whose slot is full, with a producer that waits; before it one with refusals, and one
    whose items were looked at."""
    runtime = make_runtime(Ledger())
    refusing = make_flow("refusing", count=30, overflow="reject")
    runtime.exec(refusing)
    runtime.run_until_idle()
    looked_at = runtime.exec(make_flow("looked_at", count=2), start_paused=True)
    looked_at.breakpoints.add(kind="slot", routine_id="sink", slot_name="in", action="log")
    looked_at.resume()
    runtime.run_until_idle()
    flow = make_flow(count=12)
    flow.routines["sink"].set_activation_policy(lambda slots, job_state: (False, {}, None))
    runtime.exec(flow, keep_open=True)
    runtime.run_until_idle()
    runtime.clock.advance(2)
    return read(runtime.ledger)


def values(row: Instrument, reading: Reading) -> dict[str, float]:
    """The points of the flow that runs, by what its attributes say beside the slot."""
    found = {}
    for value, attributes in row.points(reading):
        own = {key: each for key, each in attributes.items() if SLOT.get(key) != each}
        found["/".join(own.values())] = value
    return found


def test_no_row_is_missing_and_none_has_changed() -> None:
    assert {row.name: (row.kind, row.unit) for row in INSTRUMENTS} == EXPECTED
    assert len(ROWS) == len(INSTRUMENTS)


@pytest.mark.parametrize("row", INSTRUMENTS, ids=lambda row: row.name)
def test_names_and_meanings_follow_the_conventions(row: Instrument) -> None:
    assert re.fullmatch(r"routilux(\.[a-z_]+){2,3}", row.name)
    assert not row.name.endswith("_total")
    assert row.meaning.endswith(".")
    assert "\n" not in row.meaning


@pytest.mark.parametrize("row", INSTRUMENTS, ids=lambda row: row.name)
def test_every_row_has_points_with_the_attributes_that_it_names(
    row: Instrument, reading: Reading
) -> None:
    points = list(row.points(reading))
    assert points
    for value, attributes in points:
        assert value >= 0
        assert tuple(attributes) == row.attributes


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("routilux.slot.queue.size", 10),
        ("routilux.slot.queue.unconsumed", 10),
        ("routilux.slot.queue.limit", 10),
        ("routilux.slot.queue.utilization", 1.0),
        ("routilux.slot.queue.held", 0),
        ("routilux.slot.oldest_item.age", 2),
        ("routilux.slot.items.offered", 10),
        ("routilux.slot.items.consumed", 0),
        ("routilux.slot.items.held", 0),
        ("routilux.slot.enqueue.retries", 1),
    ],
)
def test_values_of_a_slot(name: str, value: float, reading: Reading) -> None:
    assert values(ROWS[name], reading)[""] == value


def test_refusals_carry_their_reason(reading: Reading) -> None:
    offered = values(ROWS["routilux.slot.items.offered"], reading)["refusing"]
    consumed = values(ROWS["routilux.slot.items.consumed"], reading)["refusing"]
    refused = values(ROWS["routilux.slot.items.refused"], reading)
    assert list(refused) == ["refusing/rejected"]
    assert offered == 30
    assert consumed + refused["refusing/rejected"] == 30


def test_counts_of_jobs_add_up_to_those_of_their_slots(reading: Reading) -> None:
    for job_row, slot_row in [
        ("routilux.job.items.refused", "routilux.slot.items.refused"),
        ("routilux.job.enqueue.retries", "routilux.slot.enqueue.retries"),
    ]:
        by_job = list(ROWS[job_row].points(reading))
        total = sum(value for value, _ in ROWS[slot_row].points(reading))
        assert sum(value for value, _ in by_job) == total > 0
        assert all(len(attributes["routilux.job.id"]) == 36 for _, attributes in by_job)


def test_times_of_a_routine(reading: Reading) -> None:
    blocked = values(ROWS["routilux.routine.blocked.time"], reading)
    assert blocked == {"source/full": 2.0}, "the sink has nothing to do: its policy declines"
    busy = values(ROWS["routilux.routine.busy.time"], reading)
    assert busy["source"] == 0, "the clock stands still while logic runs"


def test_hits_of_breakpoints(reading: Reading) -> None:
    assert values(ROWS["routilux.breakpoint.hits"], reading) == {"looked_at/slot/log": 2}


def test_jobs_and_workers(reading: Reading) -> None:
    counts = values(ROWS["routilux.job.count"], reading)
    assert counts == {"pending": 0, "running": 1, "paused": 0}
    assert values(ROWS["routilux.worker.limit"], reading) == {"": 1}
    assert values(ROWS["routilux.worker.usage"], reading) == {"": 0}
    assert values(ROWS["routilux.worker.blocked"], reading) == {"": 1}


def test_a_status_that_no_live_job_has_any_more_is_told_until_the_last_job_ends() -> None:
    runtime, row = make_runtime(Ledger()), ROWS["routilux.job.count"]
    runtime.exec(make_flow("other"), start_paused=True)
    job = runtime.exec(make_flow(), start_paused=True)

    def counts(flow_id: str) -> dict[str, float]:
        points = row.points(read(runtime.ledger))
        return {
            attributes["routilux.job.status"]: value
            for value, attributes in points
            if attributes["routilux.flow.id"] == flow_id
        }

    assert counts("flow") == {"pending": 0, "running": 0, "paused": 1}
    job.resume()
    assert counts("flow") == {"pending": 0, "running": 1, "paused": 0}
    runtime.run_until_idle()
    assert counts("flow") == {}
    assert counts("other") == {"pending": 0, "running": 0, "paused": 1}


def test_an_empty_slot_has_no_oldest_item() -> None:
    runtime = make_runtime(Ledger())
    runtime.exec(make_flow(), start_paused=True)
    empty = read(runtime.ledger)
    assert list(ROWS["routilux.slot.oldest_item.age"].points(empty)) == []
    assert values(ROWS["routilux.slot.queue.size"], empty) == {"": 0}


def test_without_a_live_job_no_gauge_has_a_point_for_the_slot() -> None:
    runtime = make_runtime(Ledger())
    runtime.exec(make_flow())
    runtime.run_until_idle()
    left = read(runtime.ledger)
    rows = [row for row in INSTRUMENTS if row.name.startswith("routilux.slot")]
    shown = {row.name for row in rows if list(row.points(left))}
    counters = {row.name for row in rows if row.kind == "counter"}
    assert shown == counters - {"routilux.slot.items.refused"}
