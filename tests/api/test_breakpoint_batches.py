"""Many breakpoints at once over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from routilux.api.main import create_app
from routilux.api.settings import ApiSettings
from tests.api.answers import good, problem
from tests.api.debugging import AT_SINK, AT_SRC, ON_EDGE, Debugged

if TYPE_CHECKING:
    from routilux.testing import StepRuntime

GOOD = [AT_SINK, AT_SRC, ON_EDGE]
BAD: list[Any] = [
    {"type": "slot", "routine_id": "sink"},
    {"type": "line"},
    {**AT_SINK, "condition": "data.n >"},
    {**AT_SINK, "condition": {"path": "data.n", "op": "wat", "value": 1}},
    {**AT_SINK, "slot": "items"},
    7,
    None,
]
REASONS = [
    "slot_name is required",
    "type: Input should be 'routine'",
    "condition: it ends too early (column 9)",
    "unknown operator 'wat'",
    "slot: there is no such field here",
    "send an object with the fields of a breakpoint",
    "send an object with the fields of a breakpoint",
]
BATCH = 100


@pytest.fixture
def job(client: TestClient, runtime: StepRuntime) -> Debugged:
    """A job that has not begun."""
    return Debugged(client, runtime)


def ids_of(job: Debugged) -> list[str]:
    return [each["breakpoint_id"] for each in job.get("breakpoints", limit=200)["breakpoints"]]


# -- creating --------------------------------------------------------------------------------------


@pytest.mark.parametrize("atomic", [False, True])
def test_all_are_set(job: Debugged, atomic: bool) -> None:
    response = job.post("breakpoints/batch", breakpoints=GOOD, atomic=atomic)
    assert response.status_code == 201
    told = response.json()
    assert set(told) == {"created", "failed", "total", "success_count", "failure_count"}
    assert [each["type"] for each in told["created"]] == ["slot", "event", "connection"]
    assert (told["failed"], told["total"]) == ([], 3)
    assert (told["success_count"], told["failure_count"]) == (3, 0)
    assert job.get("breakpoints")["breakpoints"] == told["created"]


def test_some_are_set(job: Debugged) -> None:
    mixed = [entry for pair in zip(BAD[:3], GOOD, strict=True) for entry in pair]
    response = job.post("breakpoints/batch", breakpoints=mixed)
    assert response.status_code == 207
    told = response.json()
    assert (told["total"], told["success_count"], told["failure_count"]) == (6, 3, 3)
    assert [each["type"] for each in told["created"]] == ["slot", "event", "connection"]
    assert [each["breakpoint"] for each in told["failed"]] == BAD[:3]
    for failure, reason in zip(told["failed"], REASONS, strict=False):
        assert reason in failure["error"]
    assert ids_of(job) == [each["breakpoint_id"] for each in told["created"]]


def test_none_is_set(job: Debugged) -> None:
    told = problem(job.post("breakpoints/batch", breakpoints=BAD), 422, "each is wrong", "`failed`")
    assert (told["created"], told["success_count"], told["failure_count"]) == ([], 0, len(BAD))
    assert [each["breakpoint"] for each in told["failed"]] == BAD
    for failure, reason in zip(told["failed"], REASONS, strict=True):
        assert reason in failure["error"]
        assert not failure["error"].startswith(":")
    assert ids_of(job) == []


def test_all_or_none(job: Debugged) -> None:
    response = job.post("breakpoints/batch", breakpoints=[*GOOD, BAD[0]], atomic=True)
    told = problem(response, 422, "all or none")
    assert (told["created"], told["total"]) == ([], 4)
    assert (told["success_count"], told["failure_count"]) == (0, 4)
    assert [each["breakpoint"] for each in told["failed"]] == [BAD[0]]
    assert ids_of(job) == []


def test_places_that_there_are_not_are_kept_and_say_so(job: Debugged) -> None:
    response = job.post("breakpoints/batch", breakpoints=[{"type": "routine", "routine_id": "x"}])
    assert response.status_code == 201
    (made,) = response.json()["created"]
    assert made["verified"] is False
    assert "No routine x" in made["message"]


@pytest.mark.parametrize(
    "body", [{}, {"breakpoints": []}, {"breakpoints": {}}, {"breakpoints": GOOD, "atomic": 1}]
)
def test_what_is_no_batch(job: Debugged, body: dict[str, Any]) -> None:
    problem(job.send("POST", "breakpoints/batch", body), 422, "body.")
    assert ids_of(job) == []


def test_a_batch_takes_effect_at_once(job: Debugged) -> None:
    job.post("breakpoints/batch", breakpoints=[AT_SINK, AT_SINK])
    job.go()
    assert job.hits()[0]["breakpoint_ids"] == ids_of(job)
    assert len(ids_of(job)) == 2


def test_the_same_key_is_one_batch(job: Debugged) -> None:
    answers = [job.post("breakpoints/batch", "k", breakpoints=[*GOOD, 7]) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [207, 207]
    assert answers[0].json() == answers[1].json()
    assert len(ids_of(job)) == 3
    problem(job.post("breakpoints/batch", "k", breakpoints=GOOD), 422, "Idempotency-Key was used")


# -- limits ----------------------------------------------------------------------------------------


def test_a_hundred_at_once_and_no_more(job: Debugged) -> None:
    assert job.post("breakpoints/batch", breakpoints=[AT_SINK] * BATCH).status_code == 201
    ids = ids_of(job)
    for path, body in (
        ("batch", {"breakpoints": [AT_SINK] * (BATCH + 1)}),
        ("batch-enable", {"ids": [*ids, "x"], "enabled": False}),
        ("batch-delete", {"ids": [*ids, "x"]}),
    ):
        told = problem(job.post(f"breakpoints/{path}", **body), 413, "101", "100 are allowed")
        assert "several batches" in told["detail"]
    assert ids_of(job) == ids
    assert all(each["enabled"] for each in job.get("breakpoints")["breakpoints"])
    good(job.post("breakpoints/batch-enable", ids=ids, enabled=False))
    assert len(good(job.post("breakpoints/batch-delete", ids=ids))["changed_ids"]) == BATCH


def test_a_batch_that_the_job_has_no_room_for_sets_none(
    job: Debugged, runtime: StepRuntime
) -> None:
    job.client = TestClient(create_app(runtime, settings=ApiSettings(breakpoints_per_job=4)))
    job.add()
    problem(job.post("breakpoints/batch", breakpoints=[*GOOD, AT_SINK]), 409, "has 1 breakpoints")
    assert len(ids_of(job)) == 1
    assert job.post("breakpoints/batch", breakpoints=GOOD).status_code == 201


# -- removing, enabling ----------------------------------------------------------------------------


def test_many_are_removed_twice(job: Debugged) -> None:
    ids = [job.add()["breakpoint_id"] for _ in range(3)]
    told = good(job.post("breakpoints/batch-delete", ids=[ids[0], "x", ids[2], ids[0]]))
    assert told == {
        "job_id": job.id, "changed_ids": [ids[0], ids[2]], "missing": ["x"], "changed": True
    }  # fmt: skip
    again = good(job.post("breakpoints/batch-delete", ids=[ids[0], "x"]))
    assert (again["changed"], again["missing"]) == (False, [ids[0], "x"])
    assert ids_of(job) == [ids[1]]


def test_many_are_disabled_and_enabled_twice(job: Debugged) -> None:
    ids = [job.add()["breakpoint_id"] for _ in range(3)]
    for enabled in (False, True):
        body = {"ids": [*ids, "x", ids[0]], "enabled": enabled}
        told = good(job.post("breakpoints/batch-enable", **body))
        assert (told["changed_ids"], told["missing"], told["changed"]) == (ids, ["x"], True)
        again = good(job.post("breakpoints/batch-enable", **body))
        assert (again["changed_ids"], again["changed"]) == ([], False)
        assert {each["enabled"] for each in job.get("breakpoints")["breakpoints"]} == {enabled}
    good(job.post("breakpoints/batch-enable", ids=ids, enabled=False))
    job.go()
    assert job.status == "completed"


@pytest.mark.parametrize("path", ["batch-delete", "batch-enable"])
def test_the_same_key_changes_them_once(job: Debugged, path: str) -> None:
    ids = [job.add()["breakpoint_id"]]
    body: dict[str, Any] = (
        {"ids": ids} if path == "batch-delete" else {"ids": ids, "enabled": False}
    )
    first = good(job.post(f"breakpoints/{path}", "k", **body))
    assert first["changed"] is True
    assert good(job.post(f"breakpoints/{path}", "k", **body)) == first
    body["ids"] = ["other"]
    problem(job.post(f"breakpoints/{path}", "k", **body), 422, "Idempotency-Key was used")


def test_breakpoints_of_another_job_are_not_touched(job: Debugged, runtime: StepRuntime) -> None:
    other = Debugged(job.client, runtime)
    ids = [other.add()["breakpoint_id"]]
    for path, more in (("batch-delete", {}), ("batch-enable", {"enabled": False})):
        told = good(job.post(f"breakpoints/{path}", ids=ids, **more))
        assert (told["changed"], told["missing"]) == (False, ids)
    assert other.breakpoint(ids[0])["enabled"] is True
