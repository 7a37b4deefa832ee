"""Flows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api.answers import create, good, problem
from tests.monitoring.samples import Sink, make_flow

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from routilux.testing import StepRuntime


def test_a_flow_as_a_graph(client: TestClient) -> None:
    flow = good(client.get("/api/flows/flow"))
    assert flow["flow_id"] == "flow"
    source, sink = flow["routines"]
    assert (source["routine_id"], source["type"], source["slots"]) == ("source", "Source", [])
    assert source["events"] == [{"name": "out", "output_params": []}]
    assert sink["policy"]["type"] == "none"
    assert sink["slots"] == [
        {
            "name": "in",
            "max_queue_length": 10,
            "watermark": 0.8,
            "overflow": "block",
            "max_enqueue_retries": 3,
            "enqueue_retry_delay": 0.1,
            "pause_enqueue_timeout": 5.0,
        }
    ]
    assert flow["connections"] == [
        {
            "source_routine_id": "source",
            "source_event_name": "out",
            "target_routine_id": "sink",
            "target_slot_name": "in",
            "param_mapping": {},
            "copy_data": False,
        }
    ]


def test_an_unknown_flow(client: TestClient) -> None:
    problem(client.get("/api/flows/nope"), 404, "Flow 'nope' not found", "GET /api/flows")


def test_the_list_says_how_many_jobs_live(client: TestClient) -> None:
    create(client, start_paused=True)
    found = good(client.get("/api/flows"))
    assert found == {
        "flows": [
            {"flow_id": "flow", "routine_count": 2, "connection_count": 1, "live_job_count": 1}
        ],
        "total": 1,
        "next_cursor": None,
    }


def test_a_flow_that_was_run_without_being_registered_is_known(
    client: TestClient, runtime: StepRuntime
) -> None:
    runtime.exec(make_flow("unregistered"))
    runtime.run_until_idle()
    assert good(client.get("/api/flows/unregistered"))["flow_id"] == "unregistered"
    listed = good(client.get("/api/flows"))["flows"]
    assert [flow["flow_id"] for flow in listed] == ["flow", "unregistered"]


def test_pages_of_flows_go_on_where_the_last_one_ended(
    client: TestClient, runtime: StepRuntime
) -> None:
    for name in "edcba":
        runtime.flows.register(make_flow(name))
    first = good(client.get("/api/flows?limit=2"))
    assert [flow["flow_id"] for flow in first["flows"]] == ["a", "b"]
    assert first["total"] == 6
    runtime.flows.unregister("b")
    rest = good(client.get("/api/flows", params={"limit": 4, "cursor": first["next_cursor"]}))
    assert [flow["flow_id"] for flow in rest["flows"]] == ["c", "d", "e", "flow"]
    assert rest["next_cursor"] is None


def test_a_limit_or_cursor_that_is_wrong(client: TestClient) -> None:
    problem(client.get("/api/flows?limit=201"), 422, "query.limit", "200")
    problem(client.get("/api/flows?limit=0"), 422, "query.limit")
    for cursor in ("x", "e30=", "WzFd"):  # no base64; no list; a list of numbers
        problem(client.get(f"/api/flows?cursor={cursor}"), 422, "cursor", "leave it out")


def test_the_routines_and_connections_of_a_flow(client: TestClient) -> None:
    flow = good(client.get("/api/flows/flow"))
    routines = good(client.get("/api/flows/flow/routines"))
    assert (routines["total"], routines["next_cursor"]) == (2, None)
    assert [each["routine_id"] for each in routines["routines"]] == ["sink", "source"]
    assert sorted(routines["routines"], key=str) == sorted(flow["routines"], key=str)
    connections = good(client.get("/api/flows/flow/connections"))
    assert connections == {
        "connections": flow["connections"], "total": 1, "next_cursor": None
    }  # fmt: skip


@pytest.mark.parametrize("what", ["routines", "connections"])
def test_pages_of_a_flow(client: TestClient, runtime: StepRuntime, what: str) -> None:
    flow = make_flow("wide")
    for number in range(4):
        flow.add_routine(Sink(), f"sink-{number}")
        flow.connect("source", "out", f"sink-{number}", "in")
    runtime.flows.register(flow)
    whole = good(client.get(f"/api/flows/wide/{what}"))[what]
    seen, cursor = [], None
    while cursor is not None or not seen:
        query = {"limit": 2} if cursor is None else {"limit": 2, "cursor": cursor}
        page = good(client.get(f"/api/flows/wide/{what}", params=query))
        assert (len(page[what]) <= 2, page["total"]) == (True, len(whole))
        seen += page[what]
        cursor = page["next_cursor"]
    assert seen == whole


@pytest.mark.parametrize("what", ["routines", "connections"])
def test_the_parts_of_an_unknown_flow(client: TestClient, what: str) -> None:
    problem(client.get(f"/api/flows/nope/{what}"), 404, "Flow 'nope' not found")
    problem(client.get(f"/api/flows/flow/{what}?cursor=x"), 422, "cursor")
    problem(client.get(f"/api/flows/flow/{what}?limit=201"), 422, "query.limit")
