"""The plan's own case: a breakpoint stops the job, upstream goes on sending, nothing is lost."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from routilux import Flow, Runtime
from routilux.api.main import create_app
from routilux.engine.ledger import Ledger
from routilux.flow_registry import FlowRegistry
from routilux.monitoring.registry import MonitoringRegistry
from routilux.stores import JobStore
from routilux.testing import CollectingSink
from tests.api.answers import create, good, problem
from tests.engine.parts import LONG_S, figures, made

if TYPE_CHECKING:
    from collections.abc import Iterator

LENGTH = 10  # of the slot
COUNT = 50  # items that upstream sends: far more than the slot and what it may hold


class Upstream:
    """A program with a routine that sends on and on, and somebody outside who does so too."""

    def __init__(self, runtime: Runtime) -> None:
        self.sink = CollectingSink(max_queue_length=LENGTH)  # all else as by default
        self.sent = threading.Semaphore(0)
        sender = made(slots=("trigger",))

        def logic(_: list[Any]) -> None:
            for number in range(COUNT):
                self.sent.release()
                sender.emit_item("out", {"n": number})

        flow = Flow("flow")
        flow.add_routine(sender.set_logic(logic), "sender")
        flow.add_routine(self.sink, "sink")
        flow.connect("sender", "out", "sink", "items")
        runtime.flows.register(flow)
        self.client = TestClient(create_app(runtime), raise_server_exceptions=False)
        told = create(self.client, keep_open=True, start_paused=True)
        self.job_id = str(told["job_id"])
        job = runtime.jobs.get(self.job_id)
        assert job is not None
        self.job = job
        self.base = f"/api/jobs/{self.job_id}"

    def post(self, number: int) -> Any:
        """Send an item from outside."""
        path = f"{self.base}/slots/sink/items/items"
        return self.client.post(path, json={"data": {"n": number}})

    def wait_for_sent(self, count: int) -> None:
        """Wait until the routine is about to send so many more items."""
        for _ in range(count):
            assert self.sent.acquire(timeout=LONG_S)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """It runs on real workers."""
    with Runtime(
        2,
        flows=FlowRegistry(),
        jobs=JobStore(),
        ledger=Ledger(),
        monitoring=MonitoringRegistry(),
    ) as runtime:
        yield Upstream(runtime)
        runtime.shutdown(timeout=5)


def test_a_breakpoint_stops_the_job_upstream_goes_on_sending_and_nothing_is_lost(
    upstream: Upstream,
) -> None:
    client, base = upstream.client, upstream.base
    place = {"type": "slot", "routine_id": "sink", "slot_name": "items"}
    made = client.post(f"{base}/breakpoints", json={**place, "condition": "data.n == 3"})
    assert made.status_code == 201
    good(client.post(f"{base}/resume"))

    # Upstream sends until the slot holds as many as it is long; then it stands still in `emit`.
    upstream.wait_for_sent(3 + LENGTH + 1)
    point = good(client.post(f"{base}/pause", json={"wait": LONG_S}))
    assert (point["still"], point["standing"]) == (True, ["sender"])
    good(client.post(f"{base}/resume"))
    session = good(client.get(f"{base}/debug/session"))
    assert (session["status"], session["reason"]) == ("paused", "breakpoint")
    assert session["hits"][0]["items"][0]["data"] == {"n": 3}

    # Whoever sends from outside is told, and loses nothing.
    told = problem(upstream.post(100), 423, "is paused", "resume it first")
    assert told["max_length"] == LENGTH

    # The queue: nothing of what was sent has gone.
    (slot,) = [
        each
        for each in good(client.get(f"{base}/queues/status"))["slots"]
        if each["routine_id"] == "sink"
    ]
    assert (slot["max_length"], slot["is_full"]) == (LENGTH, False)
    assert slot["unconsumed_count"] <= 3
    assert len(upstream.sink.received) + slot["unconsumed_count"] == 3
    assert len(good(client.get(f"{base}/dead-letters"))["dead_letters"]) == 0

    # Resume says what to expect, and everything arrives: once, and in order.
    answer = good(client.post(f"{base}/debug/resume", json={"reason": "seen enough"}))
    assert set(answer) >= {"status", "job_id", "queue_status", "warnings"}
    assert (answer["status"], answer["job_id"]) == ("resumed", upstream.job_id)
    assert set(answer["queue_status"]) == {"total_slots", "full_slots", "near_full_slots"}
    assert answer["queue_status"]["total_slots"] == 2
    (warning,) = answer["warnings"]
    assert "sink.items is full once its held items are in" in warning
    assert f"{LENGTH} held" in warning
    upstream.sink.wait_for(COUNT)
    assert upstream.post(100).status_code == 202
    good(client.post(f"{base}/close"))
    assert upstream.job.wait(LONG_S)
    assert [item["n"] for item in upstream.sink.received] == [*range(COUNT), 100]
    found = figures(upstream.job, "sink", "items")
    assert (found.consumed, found.held, found.unconsumed) == (COUNT + 1, 0, 0)
    assert found.refused_by == {"paused": 1}
    assert good(client.get(f"{base}/dead-letters"))["total"] == 0
