"""Dead letters over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import pytest

from routilux import ErrorHandler, JobState
from routilux.api.models.dead_letter import LetterReason
from routilux.job.dead_letters import REASONS
from tests.api.answers import create, good, problem
from tests.monitoring.samples import make_flow

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from routilux.testing import StepRuntime


class Moody:
    """Logic that raises until it is told better."""

    def __init__(self) -> None:
        self.works = False
        self.done: list[Any] = []

    def __call__(self, items: list[Any]) -> None:
        if not self.works:
            raise ValueError("tr0ub4dor is no good")
        self.done.extend(items)


@pytest.fixture
def moody(runtime: StepRuntime) -> Moody:
    """The logic of the sink of the flow ``moody``."""
    logic = Moody()
    flow = make_flow("moody", count=0)
    sink = flow.routines["sink"].set_logic(logic)
    sink.set_error_handler(ErrorHandler("continue"))
    runtime.flows.register(flow)
    return logic


@pytest.fixture
def job(client: TestClient, runtime: StepRuntime, moody: Moody) -> JobState:
    """A job with open input, three failed items and one refused one."""
    made = runtime.jobs.get(create(client, flow_id="moody", keep_open=True)["job_id"])
    assert made is not None
    for number in range(3):
        made.post("sink", "in", {"n": number, "password": "tr0ub4dor"})
        runtime.run_until_idle()
    return made


@pytest.fixture
def path(job: JobState) -> str:
    return f"/api/jobs/{job.job_id}/dead-letters"


def listed(client: TestClient, path: str, **query: Any) -> list[dict[str, Any]]:
    found = good(client.get(path, params=query))["dead_letters"]
    assert isinstance(found, list)
    return found


def test_the_reasons_are_those_of_the_engine() -> None:
    assert get_args(LetterReason) == REASONS


def test_the_list_says_what_failed_why_and_when(client: TestClient, path: str) -> None:
    page = good(client.get(path))
    assert (page["total"], page["let_go"], page["next_cursor"]) == (3, 0, None)
    letter = page["dead_letters"][0]
    assert letter == {
        "id": "dl-1",
        "item_id": "sink.in#0",
        "routine_id": "sink",
        "slot_name": "in",
        "reason": "logic_error",
        "error": "tr0ub4dor is no good",
        "error_type": "ValueError",
        "emitted_from": "post",
        "emitted_at": letter["emitted_at"],
        "at": letter["at"],
        "attempt": 1,
        "activation_id": "sink@1",
        "event": None,
        "data": {"n": 0, "password": "[redacted]"},
        "truncated": False,
        "redacted": False,
    }


def test_without_the_right_neither_data_nor_the_text_of_the_error(
    blind: TestClient, path: str
) -> None:
    for letter in listed(blind, path):
        assert "data" not in letter
        assert letter["redacted"] is True
        assert (letter["error_type"], letter["reason"]) == ("ValueError", "logic_error")
        assert "tr0ub4dor" not in str(letter)


def test_without_the_right_errors_of_the_engine_are_shown(
    blind: TestClient, client: TestClient, runtime: StepRuntime
) -> None:
    flow = make_flow("refusing", count=3, max_queue_length=1, overflow="reject")
    flow.routines["sink"].set_activation_policy(lambda slots, job_state: (False, {}, None))
    runtime.flows.register(flow)
    job_id = create(client, flow_id="refusing", keep_open=True)["job_id"]
    runtime.run_until_idle()
    letters = listed(blind, f"/api/jobs/{job_id}/dead-letters")
    assert [letter["reason"] for letter in letters] == ["rejected", "rejected"]
    assert "queue is full" in letters[0]["error"]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"reason": "logic_error"}, 3),
        ({"reason": "evicted"}, 0),
        ({"routine_id": "sink"}, 3),
        ({"routine_id": "source"}, 0),
        ({"slot_name": "in", "reason": "logic_error"}, 3),
        ({"slot_name": "out"}, 0),
    ],
)
def test_the_list_can_be_narrowed(
    client: TestClient, path: str, query: dict[str, str], count: int
) -> None:
    page = good(client.get(path, params=query))
    assert page["total"] == len(page["dead_letters"]) == count


def test_a_reason_that_there_is_not(client: TestClient, path: str) -> None:
    problem(client.get(path, params={"reason": "bad luck"}), 422, "query.reason")


def test_pages_of_letters(client: TestClient, path: str) -> None:
    first = good(client.get(path, params={"limit": 2}))
    assert [letter["id"] for letter in first["dead_letters"]] == ["dl-1", "dl-2"]
    rest = good(client.get(path, params={"limit": 2, "cursor": first["next_cursor"]}))
    assert [letter["id"] for letter in rest["dead_letters"]] == ["dl-3"]
    assert (rest["total"], rest["next_cursor"]) == (3, None)


def test_all_are_put_back(
    client: TestClient, path: str, job: JobState, moody: Moody, runtime: StepRuntime
) -> None:
    moody.works = True
    answer = good(client.post(f"{path}/redeliver", json={"reason": "mended"}))
    assert answer == {"count": 3, "job_id": job.job_id, "missing": []}
    runtime.run_until_idle()
    assert [item["n"] for item in moody.done] == [0, 1, 2]
    assert listed(client, path) == []
    (entry,) = job.get_shared_log(lambda entry: entry["type"] == "redelivered")
    assert (entry["reason"], entry["count"]) == ("mended", 3)


def test_some_are_put_back(
    client: TestClient, path: str, moody: Moody, runtime: StepRuntime
) -> None:
    moody.works = True
    answer = good(client.post(f"{path}/redeliver", json={"ids": ["dl-2", "dl-9"]}))
    assert (answer["count"], answer["missing"]) == (1, ["dl-9"])
    runtime.run_until_idle()
    assert [item["n"] for item in moody.done] == [1]
    assert [letter["id"] for letter in listed(client, path)] == ["dl-1", "dl-3"]


def test_putting_back_twice_with_one_key_is_one_change(
    client: TestClient, path: str, moody: Moody, runtime: StepRuntime
) -> None:
    key = {"Idempotency-Key": "k"}
    first = good(client.post(f"{path}/redeliver", headers=key))
    runtime.run_until_idle()
    assert [letter["attempt"] for letter in listed(client, path)] == [2, 2, 2]
    assert good(client.post(f"{path}/redeliver", headers=key)) == first
    runtime.run_until_idle()
    assert [letter["attempt"] for letter in listed(client, path)] == [2, 2, 2]


def test_putting_back_twice_without_a_key_finds_nothing_more(
    client: TestClient, path: str, moody: Moody, runtime: StepRuntime
) -> None:
    moody.works = True
    assert good(client.post(f"{path}/redeliver"))["count"] == 3
    assert good(client.post(f"{path}/redeliver"))["count"] == 0


def test_what_is_put_back_shows_its_attempt(client: TestClient, path: str, job: JobState) -> None:
    job.pause()
    assert good(client.post(f"{path}/redeliver"))["count"] == 3
    items = good(client.get(f"/api/jobs/{job.job_id}/slots/sink/in/items?state=held"))["items"]
    assert [(item["item_id"], item["attempt"]) for item in items] == [
        ("sink.in#0", 2), ("sink.in#1", 2), ("sink.in#2", 2)
    ]  # fmt: skip


def test_a_finished_job_takes_nothing_back_and_a_new_one_does(
    client: TestClient, path: str, job: JobState, moody: Moody, runtime: StepRuntime
) -> None:
    job.close()
    told = problem(client.post(f"{path}/redeliver"), 409, "completed")
    assert told["job_status"] == "completed"
    assert len(job.dead_letters) == 3
    moody.works = True
    answer = good(client.post(f"{path}/redeliver", json={"new_job": True}))
    assert (answer["count"], answer["job_id"] != job.job_id) == (3, True)
    anew = good(client.get(f"/api/jobs/{answer['job_id']}"))
    assert anew["redelivery_of"] == job.job_id
    runtime.run_until_idle()
    assert [item["n"] for item in moody.done] == [0, 1, 2]


def test_no_new_job_once_the_runtime_is_shut_down(
    client: TestClient, path: str, job: JobState, runtime: StepRuntime
) -> None:
    runtime.shutdown()
    problem(client.post(f"{path}/redeliver", json={"new_job": True}), 503, "shut down")
    assert len(job.dead_letters) == 3


def test_an_error_of_the_engine_is_ours(
    client: TestClient, path: str, job: JobState, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(job.live, "redeliver", fail)
    assert "secret" not in str(problem(client.post(f"{path}/redeliver"), 500))


def test_some_are_thrown_away(client: TestClient, path: str, job: JobState) -> None:
    query = {"ids": ["dl-1", "dl-3", "dl-9"]}
    assert good(client.delete(path, params=query)) == {"job_id": job.job_id, "count": 2}
    assert good(client.delete(path, params=query))["count"] == 0
    assert [letter["id"] for letter in listed(client, path)] == ["dl-2"]


def test_all_are_thrown_away_also_of_a_finished_job(
    client: TestClient, path: str, job: JobState
) -> None:
    job.close()
    assert good(client.delete(path))["count"] == 3
    assert good(client.delete(path))["count"] == 0


def test_an_empty_id_throws_nothing_away(client: TestClient, path: str) -> None:
    assert good(client.delete(f"{path}?ids="))["count"] == 0


def test_too_many_ids(client: TestClient, path: str) -> None:
    query = {"ids": [f"dl-{number}" for number in range(201)]}
    problem(client.delete(path, params=query), 422, "query.ids")
    problem(client.post(f"{path}/redeliver", json={"ids": ["x"] * 10_001}), 422, "body.ids")


@pytest.mark.parametrize(("method", "end"), [("GET", ""), ("DELETE", ""), ("POST", "/redeliver")])
def test_a_job_that_there_is_not(client: TestClient, method: str, end: str) -> None:
    problem(client.request(method, f"/api/jobs/nope/dead-letters{end}"), 404, "'nope' not found")


def test_letters_of_a_job_that_was_only_loaded(
    client: TestClient, path: str, job: JobState, runtime: StepRuntime
) -> None:
    loaded = JobState.deserialize({**job.serialize(), "job_id": "loaded"})
    runtime.jobs.add(loaded)
    assert len(listed(client, "/api/jobs/loaded/dead-letters")) == 3
    problem(client.post("/api/jobs/loaded/dead-letters/redeliver"), 409, "Runtime.exec")
    assert good(client.delete("/api/jobs/loaded/dead-letters"))["count"] == 3
