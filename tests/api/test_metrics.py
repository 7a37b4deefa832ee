"""The instruments in Prometheus' text format."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from routilux.monitoring.exposition import prometheus_name
from routilux.monitoring.instruments import INSTRUMENTS, QUEUE_SIZE
from routilux.monitoring.reading import read
from tests.api.answers import create, good
from tests.api.exposition import Family, labels, parse
from tests.monitoring.samples import make_flow

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from routilux.testing import StepRuntime

NAMES = {
    "routilux_slot_queue_size": "gauge",
    "routilux_slot_queue_unconsumed": "gauge",
    "routilux_slot_queue_limit": "gauge",
    "routilux_slot_queue_utilization_ratio": "gauge",
    "routilux_slot_queue_held": "gauge",
    "routilux_slot_oldest_item_age_seconds": "gauge",
    "routilux_slot_items_offered_total": "counter",
    "routilux_slot_items_consumed_total": "counter",
    "routilux_slot_items_refused_total": "counter",
    "routilux_slot_items_held_total": "counter",
    "routilux_slot_enqueue_retries_total": "counter",
    "routilux_job_items_refused_total": "counter",
    "routilux_job_enqueue_retries_total": "counter",
    "routilux_routine_busy_time_seconds_total": "counter",
    "routilux_routine_blocked_time_seconds_total": "counter",
    "routilux_breakpoint_hits_total": "counter",
    "routilux_job_count": "gauge",
    "routilux_worker_limit": "gauge",
    "routilux_worker_usage": "gauge",
    "routilux_worker_blocked": "gauge",
}
SINK = {"routilux_routine_id": "sink", "routilux_slot_name": "in"}


def scrape(client: TestClient) -> dict[str, Family]:
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return parse(response.content.decode("utf-8"))


@pytest.fixture
def busy(client: TestClient, runtime: StepRuntime) -> None:
    """Two jobs with waiting, held and refused items, and one that has ended."""
    flow = make_flow("full", count=15, overflow="reject")
    flow.routines["sink"].set_activation_policy(lambda slots, job_state: (False, {}, None))
    runtime.flows.register(flow)
    for name in ("full", "flow"):
        create(client, flow_id=name, keep_open=True)
    looked_at = create(client, start_paused=True)["job_id"]
    place = {"kind": "slot", "routine_id": "sink", "slot_name": "in"}
    runtime.jobs.get(looked_at).breakpoints.add(**place, action="log")
    good(client.post(f"/api/jobs/{looked_at}/resume"))
    runtime.run_until_idle()
    paused = create(client, keep_open=True)["job_id"]
    runtime.run_one()
    good(client.post(f"/api/jobs/{paused}/pause"))
    runtime.clock.advance(3)


def test_every_row_of_the_table_has_its_name_and_kind(client: TestClient, busy: None) -> None:
    assert {family.name: family.kind for family in scrape(client).values()} == NAMES
    assert {prometheus_name(row) for row in INSTRUMENTS} == set(NAMES)
    for row in INSTRUMENTS:
        assert scrape(client)[prometheus_name(row)].help == row.meaning


def test_the_figures_are_those_of_the_instruments(
    client: TestClient, busy: None, runtime: StepRuntime
) -> None:
    families, reading = scrape(client), read(runtime.ledger)
    for row in INSTRUMENTS:
        expected = {
            labels(**{name.replace(".", "_"): text for name, text in attributes.items()}): value
            for value, attributes in row.points(reading)
        }
        assert families[prometheus_name(row)].samples == expected


def test_the_figures_are_those_of_the_queue_status(client: TestClient, busy: None) -> None:
    families = scrape(client)
    for flow_id in ("flow", "full"):
        (slot,) = good(client.get(f"/api/flows/{flow_id}/queues/status"))["slots"]
        key = labels(routilux_flow_id=flow_id, **SINK)
        for name, field in (
            ("routilux_slot_queue_size", "queue_size"),
            ("routilux_slot_queue_unconsumed", "unconsumed_count"),
            ("routilux_slot_queue_limit", "max_length"),
        ):
            assert families[name].samples[key] == slot[field]
    refused = families["routilux_slot_items_refused_total"].samples
    assert refused == {labels(routilux_flow_id="full", error_type="rejected", **SINK): 5}
    age = families["routilux_slot_oldest_item_age_seconds"].samples
    assert age[labels(routilux_flow_id="full", **SINK)] == 3


def test_a_row_without_a_point_is_left_out(client: TestClient) -> None:
    assert set(scrape(client)) == {name for name in NAMES if "worker" in name}


@pytest.mark.parametrize("name", ['a"b', "a\\b", "a\nb", "\\n", '"', "\u2603 ü", "a,b={}", "a\rb"])
def test_names_of_a_program_are_escaped(
    client: TestClient, runtime: StepRuntime, name: str
) -> None:
    runtime.flows.register(make_flow(name))
    create(client, flow_id=name, start_paused=True)
    family = scrape(client)[prometheus_name(QUEUE_SIZE)]
    assert list(family.samples) == [labels(routilux_flow_id=name, **SINK)]


def test_half_of_a_character_in_a_name(client: TestClient, runtime: StepRuntime) -> None:
    runtime.exec(make_flow("\ud800"), start_paused=True)
    (key,) = scrape(client)[prometheus_name(QUEUE_SIZE)].samples
    assert dict(key)["routilux_flow_id"] == "\\ud800"
