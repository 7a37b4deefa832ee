"""Items of a slot over HTTP: put in, and looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.answers import create, good, problem
from tests.engine.parts import figures
from tests.monitoring.samples import make_flow

if TYPE_CHECKING:
    from fastapi.testclient import TestClient
    from httpx2 import Response

    from routilux import JobState
    from routilux.testing import StepRuntime


class Slot:
    """The slot ``sink.in`` of a job with open input, through HTTP."""

    def __init__(self, client: TestClient, job: JobState) -> None:
        self.client, self.job = client, job
        self.path = f"/api/jobs/{job.job_id}/slots/sink/in/items"

    def post(self, data: Any, **headers: str) -> Response:
        return self.client.post(self.path, json={"data": data}, headers=headers)

    def items(self, **query: Any) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = good(self.client.get(self.path, params=query))["items"]
        return listed


def job_of(client: TestClient, runtime: StepRuntime, **body: Any) -> JobState:
    job = runtime.jobs.get(create(client, **body)["job_id"])
    assert job is not None
    runtime.run_until_idle()
    return job


@pytest.fixture
def slot(client: TestClient, runtime: StepRuntime) -> Slot:
    """A slot of length 3, and a sink that takes nothing."""
    flow = make_flow("full", count=0, max_queue_length=3, overflow="reject")
    flow.routines["sink"].set_activation_policy(lambda slots, job_state: (False, {}, None))
    runtime.flows.register(flow)
    return Slot(client, job_of(client, runtime, flow_id="full", keep_open=True))


@pytest.fixture
def taken(client: TestClient, runtime: StepRuntime) -> Slot:
    """A slot whose items are taken at the next step."""
    return Slot(client, job_of(client, runtime, keep_open=True, entry_routine_id="sink"))


# -- putting in ------------------------------------------------------------------------------------


def test_an_item_that_is_accepted(slot: Slot) -> None:
    answer = slot.post({"a": [1, None, "\U0001f600"]})
    assert answer.status_code == 202
    assert answer.json() == {
        "job_id": slot.job.job_id,
        "routine_id": "sink",
        "slot_name": "in",
        "item_id": "sink.in#0",
    }
    assert slot.job.slot("sink", "in").peek_all_new() == [{"a": [1, None, "\U0001f600"]}]


@pytest.mark.parametrize("overflow", ["reject", "retry", "block"])
def test_a_full_slot_refuses_at_once_and_says_when_to_come_again(
    client: TestClient, runtime: StepRuntime, overflow: str
) -> None:
    flow = make_flow(overflow, count=0, max_queue_length=2, overflow=overflow)
    flow.routines["sink"].set_activation_policy(lambda slots, job_state: (False, {}, None))
    runtime.flows.register(flow)
    slot = Slot(client, job_of(client, runtime, flow_id=overflow, keep_open=True))
    assert [slot.post(number).status_code for number in range(2)] == [202, 202]
    before = runtime.clock.monotonic_ns()
    answer = slot.post(2)
    told = problem(answer, 429, "full", "Send the item again later")
    assert (told["max_length"], told["unconsumed_count"]) == (2, 2)
    assert answer.headers["Retry-After"] == "1"
    assert runtime.clock.monotonic_ns() == before
    read = figures(slot.job, "sink", "in")
    assert (read.unconsumed, read.refused, read.returned_to_caller) == (2, 1, 1)
    assert len(slot.job.dead_letters) == 0


def test_a_slot_that_drops_its_oldest_takes_every_item(
    client: TestClient, runtime: StepRuntime
) -> None:
    flow = make_flow("new", count=0, max_queue_length=1, overflow="drop_oldest")
    flow.routines["sink"].set_activation_policy(lambda slots, job_state: (False, {}, None))
    runtime.flows.register(flow)
    slot = Slot(client, job_of(client, runtime, flow_id="new", keep_open=True))
    assert [slot.post(number).status_code for number in range(2)] == [202, 202]
    assert slot.job.slot("sink", "in").peek_all_new() == [1]
    assert slot.job.dead_letters.counts() == {"evicted": 1}


def test_a_paused_job_takes_nothing(slot: Slot) -> None:
    slot.job.pause()
    told = problem(slot.post(1), 423, "is paused", "resume it first")
    assert told["max_length"] == 3
    assert figures(slot.job, "sink", "in").refused_by == {"paused": 1}
    slot.job.resume()
    assert slot.post(1).status_code == 202


@pytest.mark.parametrize("status", ["completed", "cancelled"])
def test_a_finished_job_takes_nothing(slot: Slot, runtime: StepRuntime, status: str) -> None:
    if status == "cancelled":
        slot.job.cancel()
    else:
        slot.job.close()
        runtime.run_until_idle()
    told = problem(slot.post(1), 409, status, "Start a new job")
    assert told["job_status"] == status


@pytest.mark.parametrize("name", ["nope/in", "sink/nope", "source/in"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_slot_that_there_is_not(client: TestClient, slot: Slot, name: str, method: str) -> None:
    path = f"/api/jobs/{slot.job.job_id}/slots/{name}/items"
    json = {"data": 1} if method == "POST" else None
    shown = name.replace("/", ".")
    problem(client.request(method, path, json=json), 404, f"Slot '{shown}' not found", "/api/flows")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_job_that_there_is_not(client: TestClient, method: str) -> None:
    json = {"data": 1} if method == "POST" else None
    answer = client.request(method, "/api/jobs/nope/slots/sink/in/items", json=json)
    problem(answer, 404, "Job 'nope' not found")


@pytest.mark.parametrize("text", ["{}", '{"data": 1, "x": 2}', "[]", '{"data": NaN}', ""])
def test_what_is_no_item(client: TestClient, slot: Slot, text: str) -> None:
    headers = {"Content-Type": "application/json"}
    problem(client.post(slot.path, content=text, headers=headers), 422, "body")
    assert slot.items() == []


# -- looking ---------------------------------------------------------------------------------------


def test_waiting_and_consumed_items(taken: Slot, runtime: StepRuntime) -> None:
    runtime.advance(1)
    taken.post({"n": 1})
    consumed, waiting = taken.items()
    assert (consumed["state"], consumed["item_id"], consumed["data"]) == (
        "consumed", "sink.in#0", {}
    )  # fmt: skip
    assert consumed["emitted_from"] == "entry"
    assert consumed["consumed_at"] is not None
    assert waiting == {
        "item_id": "sink.in#1",
        "state": "waiting",
        "data": {"n": 1},
        "truncated": False,
        "redacted": False,
        "emitted_from": "post",
        "emitted_at": waiting["emitted_at"],
        "enqueued_at": waiting["emitted_at"],
        "consumed_at": None,
        "attempt": 1,
    }
    assert consumed["enqueued_at"] < waiting["enqueued_at"]
    runtime.run_until_idle()
    assert [item["state"] for item in taken.items()] == ["consumed", "consumed"]


def test_looking_takes_nothing(slot: Slot) -> None:
    slot.post(1)
    before = slot.job.slot("sink", "in").metrics()
    for _ in range(3):
        slot.items()
    assert slot.job.slot("sink", "in").metrics() == before


def test_held_items_have_not_entered(client: TestClient, runtime: StepRuntime) -> None:
    job = job_of(client, runtime, start_paused=True)
    slot = Slot(client, job)
    job.resume()
    runtime.run_one()
    job.pause()
    held = slot.items(state="held")
    assert held
    assert {item["enqueued_at"] for item in held} == {None}
    assert len(held) == figures(job, "sink", "in").held


def test_only_items_in_one_state(taken: Slot) -> None:
    taken.post(1)
    for state, count in (("consumed", 1), ("waiting", 1), ("held", 0)):
        page = good(taken.client.get(taken.path, params={"state": state}))
        assert (page["total"], len(page["items"])) == (count, count)
    problem(taken.client.get(f"{taken.path}?state=asleep"), 422, "query.state")


def test_pages_of_items(taken: Slot) -> None:
    for number in range(6):
        taken.post(number)
    seen, cursor = [], None
    while cursor is not None or not seen:
        query = {"limit": 3} if cursor is None else {"limit": 3, "cursor": cursor}
        page = good(taken.client.get(taken.path, params=query))
        assert page["total"] == 7
        seen += [item["item_id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [f"sink.in#{number}" for number in range(7)]


@pytest.mark.parametrize("cursor", ["x", "WyJhIl0=", "WyJhIiwgImIiXQ=="])
def test_a_cursor_of_something_else(taken: Slot, cursor: str) -> None:
    problem(taken.client.get(taken.path, params={"cursor": cursor}), 422, "cursor")


def test_secrets_in_items_are_left_out(slot: Slot) -> None:
    slot.post({"user": "ann", "password": "tr0ub4dor", "token": {"deep": ["tr0ub4dor"]}})
    (item,) = slot.items()
    assert "tr0ub4dor" not in str(item)
    assert item["data"]["user"] == "ann"


def test_a_long_item_is_cut(slot: Slot) -> None:
    slot.post("x" * 100_000)
    (item,) = slot.items()
    assert item["truncated"] is True
    assert len(item["data"]) < 10_000


def test_any_object_of_a_program_can_be_looked_at(slot: Slot) -> None:
    slot.job.post("sink", "in", object())
    slot.job.post("sink", "in", float("nan"))
    slot.job.post("sink", "in", {1, 2})
    assert len(slot.items()) == 3


def test_without_the_right_items_show_no_data(slot: Slot, blind: TestClient) -> None:
    slot.post("tr0ub4dor")
    (item,) = good(blind.get(slot.path))["items"]
    assert "data" not in item
    assert (item["redacted"], item["item_id"], item["state"]) == (True, "sink.in#0", "waiting")
    assert blind.post(slot.path, json={"data": 1}).status_code == 202


def test_a_finished_job_still_shows_its_items(slot: Slot) -> None:
    slot.post(1)
    slot.job.cancel()
    assert [item["data"] for item in slot.items()] == [1]
