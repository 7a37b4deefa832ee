"""Breakpoints of a job over HTTP: one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from routilux.api.main import create_app
from routilux.api.settings import ApiSettings
from tests.api.answers import good, problem
from tests.api.debugging import AT_SINK, AT_SRC, ON_EDGE, PLACES, Debugged

if TYPE_CHECKING:
    from routilux.testing import StepRuntime

LIMIT = 1_000


@pytest.fixture
def job(client: TestClient, runtime: StepRuntime) -> Debugged:
    """A job that has not begun."""
    return Debugged(client, runtime)


# -- the shapes that programs know -----------------------------------------------------------------


def test_the_old_shape_of_an_answer(job: Debugged) -> None:
    made = job.add(condition="data.n == 1", enabled=False)
    assert made == {
        "breakpoint_id": made["breakpoint_id"],
        "job_id": job.id,
        "type": "slot",
        "routine_id": "sink",
        "slot_name": "items",
        "event_name": None,
        "source_routine_id": None,
        "source_event_name": None,
        "target_routine_id": None,
        "target_slot_name": None,
        "condition": "data.n == 1",
        "enabled": False,
        "hit_count": 0,
        "ignore_count": 0,
        "one_shot": False,
        "log_message": None,
        "action": "pause_job",
        "verified": True,
        "message": None,
        "error_count": 0,
        "last_error": None,
    }
    assert job.breakpoint(made["breakpoint_id"]) == made
    assert job.get("breakpoints") == {"breakpoints": [made], "total": 1, "next_cursor": None}


def test_enabled_in_the_query(job: Debugged) -> None:
    made = job.add()
    path = f"breakpoints/{made['breakpoint_id']}"
    for enabled in (False, True):
        told = good(job.client.put(f"{job.base}/{path}", params={"enabled": enabled}))
        assert told == {**made, "enabled": enabled}
    told = good(job.client.put(f"{job.base}/{path}?enabled=false", json={"enabled": None}))
    assert told["enabled"] is False
    told = good(job.client.put(f"{job.base}/{path}?enabled=false", json={"enabled": True}))
    assert told["enabled"] is True
    problem(job.client.put(f"{job.base}/{path}?enabled=perhaps"), 422, "query.enabled")


@pytest.mark.parametrize("kind", PLACES)
def test_each_type_stops_the_job(job: Debugged, kind: str) -> None:
    made = job.stop(PLACES[kind])
    assert made["verified"] is True
    (hit,) = job.hits()
    assert (hit["kind"], hit["breakpoint_ids"]) == (kind, [made["breakpoint_id"]])
    assert job.status == "paused"
    assert job.breakpoint(made["breakpoint_id"])["hit_count"] >= 1
    assert job.finish() == [{"n": 0}, {"n": 1}, {"n": 2}]


@pytest.mark.parametrize("kind", PLACES)
@pytest.mark.parametrize("given", [True, False])
def test_a_field_that_its_type_needs(job: Debugged, kind: str, given: bool) -> None:
    for name in PLACES[kind].keys() - {"type"}:
        body = {**PLACES[kind], name: ""} if given else dict(PLACES[kind])
        if not given:
            del body[name]
        needed = "connection fields" if kind == "connection" else f"{name} is required"
        problem(job.send("POST", "breakpoints", body), 422, f"body.{name}" if given else needed)
    assert job.get("breakpoints")["total"] == 0


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"type": "line"}, ["body.type", "'routine', 'slot', 'event' or 'connection'"]),
        ({"action": "stop"}, ["body.action"]),
        ({"ignore_count": -1}, ["body.ignore_count"]),
        ({"ignore_count": True}, ["body.ignore_count"]),
        ({"enabled": 1}, ["body.enabled"]),
        ({"hit_count": 3}, ["body.hit_count"]),
        ({"condition": 5}, ["body.condition: write a CEL expression"]),
        ({"condition": "x" * 1_025}, ["condition", "1024"]),
        ({"log_message": "x", "action": "pause_job"}, ["tracepoint", "leave action"]),
        ({"log_message": "x" * 1_001}, ["body.log_message"]),
        ({"log_message": "{data.n"}, ["log_message: this { is not closed", "(column 1)"]),
        ({"routine_id": "r" * 501}, ["body.routine_id"]),
    ],
)
def test_what_is_no_breakpoint(job: Debugged, fields: dict[str, Any], words: list[str]) -> None:
    problem(job.send("POST", "breakpoints", {**AT_SINK, **fields}), 422, *words)
    assert job.get("breakpoints")["total"] == 0


# -- conditions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "column", "place"),
    [
        ("data.n >", 9, None),
        ("data.n == 1 and true", 13, None),
        ("data.n == None", 11, None),
        ({"path": "data.n", "op": "wat", "value": 1}, None, "op"),
        ({"all": [{"path": "data.n", "op": "eq", "value": 1}, {"not": 1}]}, None, "all[1].not"),
    ],
)
@pytest.mark.parametrize("changed", [False, True])
def test_a_bad_condition_says_where(
    job: Debugged, condition: Any, column: int | None, place: str | None, changed: bool
) -> None:
    made = job.add(condition="data.n == 1") if changed else None
    path = f"breakpoints/{made['breakpoint_id']}" if made else "breakpoints"
    body = {"condition": condition} if made else {**AT_SINK, "condition": condition}
    told = problem(job.send("PUT" if made else "POST", path, body), 422, "condition: ")
    assert (told["column"], told["place"]) == (column, place)
    assert f"(column {column})" in told["detail"] or f"(at {place})" in told["detail"]
    kept = job.get("breakpoints")["breakpoints"]
    assert [each["condition"] for each in kept] == (["data.n == 1"] if changed else [])


@pytest.mark.parametrize("condition", ["data.n == 1", {"path": "data.n", "op": "eq", "value": 1}])
def test_a_condition_stops_what_it_matches(job: Debugged, condition: Any) -> None:
    made = job.stop(condition=condition)
    assert job.in_hand() == ["sink.items#1"]
    shown = job.breakpoint(made["breakpoint_id"])
    assert (shown["condition"], shown["hit_count"], shown["error_count"]) == (condition, 1, 0)


def test_an_error_at_run_time_is_no_match_and_is_shown(job: Debugged) -> None:
    made = job.stop(condition="data.missing > 1")
    assert job.status == "completed"
    shown = job.breakpoint(made["breakpoint_id"])
    assert (shown["hit_count"], shown["error_count"]) == (0, 3)
    assert "missing" in shown["last_error"]


def test_a_condition_can_be_changed_and_taken_away(job: Debugged) -> None:
    made = job.add(condition="data.n == 2")
    path = f"breakpoints/{made['breakpoint_id']}"
    assert good(job.send("PUT", path, {"ignore_count": 1}))["condition"] == "data.n == 2"
    assert good(job.send("PUT", path, {"condition": None}))["condition"] is None
    job.go()
    assert job.in_hand() == ["sink.items#1"]


# -- counts, actions -------------------------------------------------------------------------------


def test_ignored_matches_are_counted(job: Debugged) -> None:
    made = job.stop(ignore_count=2)
    assert job.in_hand() == ["sink.items#2"]
    assert job.breakpoint(made["breakpoint_id"])["hit_count"] == 3
    reset = job.send("PUT", f"breakpoints/{made['breakpoint_id']}", {"hit_count": 0})
    assert good(reset)["hit_count"] == 0


def test_a_one_shot_breakpoint_stops_once(job: Debugged) -> None:
    made = job.stop(one_shot=True)
    assert job.breakpoint(made["breakpoint_id"])["enabled"] is False
    job.proceed()
    assert job.status == "completed"


def test_hold_item_lets_the_job_go_on(job: Debugged) -> None:
    made = job.stop(action="hold_item")
    assert made["action"] == "hold_item"
    session = job.get("debug/session")
    assert (session["job_status"], session["status"]) == ("running", "running")
    assert session["hits"][0]["pauses"] is False
    assert good(job.post("debug/resume"))["changed"] is False
    good(job.send("DELETE", "breakpoints"))
    job.proceed(item_id=job.in_hand()[0])
    assert job.status == "completed"


def test_a_tracepoint_reports_and_stops_nothing(job: Debugged, blind: TestClient) -> None:
    made = job.stop(log_message="n is {data.n} of {meta.item_id}")
    assert (made["action"], job.status) == ("log", "completed")
    logs = [each for each in job.get("logs")["logs"] if each["type"] == "tracepoint"]
    assert [each["data"]["message"] for each in logs] == [
        f"n is {number} of sink.items#{number}" for number in range(3)
    ]
    seen = good(blind.get(f"{job.base}/logs"))["logs"]
    assert "n is" not in str(seen)
    (first, *_) = [each["data"] for each in seen if each["type"] == "tracepoint"]
    assert (first["breakpoint_id"], first["place"]) == (made["breakpoint_id"], "sink.items")


def test_without_the_right_conditions_and_messages_are_hidden(
    job: Debugged, blind: TestClient
) -> None:
    job.add(condition="data.name == 'tr0ub4dor'", log_message="tr0ub4dor {data.n}")
    job.add()
    told = good(blind.get(f"{job.base}/breakpoints"))
    assert "tr0ub4dor" not in str(told)
    assert [each["condition"] is None for each in told["breakpoints"]] == [False, True]
    assert [each["log_message"] is None for each in told["breakpoints"]] == [False, True]


# -- places that there are not ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "has"),
    [
        ({"type": "routine", "routine_id": "nope"}, "routine sink"),
        ({**AT_SINK, "slot_name": "nope"}, "slot sink.items"),
        ({**AT_SRC, "event_name": "nope"}, "event src.out"),
        ({**ON_EDGE, "target_slot_name": "nope"}, "src.out -> sink.items"),
    ],
)
def test_a_place_that_there_is_not(job: Debugged, body: dict[str, Any], has: str) -> None:
    made = job.stop(body)
    assert made["verified"] is False
    assert "nope" in made["message"]
    assert has in made["message"]
    assert job.status == "completed"


# -- lists and removal -----------------------------------------------------------------------------


def test_pages_stay_right_when_breakpoints_go(job: Debugged) -> None:
    ids = [job.add()["breakpoint_id"] for _ in range(6)]
    first = job.get("breakpoints", limit=3)
    assert [each["breakpoint_id"] for each in first["breakpoints"]] == ids[:3]
    for gone in ids[:2]:
        good(job.send("DELETE", f"breakpoints/{gone}"))
    rest = job.get("breakpoints", limit=3, cursor=first["next_cursor"])
    assert [each["breakpoint_id"] for each in rest["breakpoints"]] == ids[3:]
    assert (rest["total"], rest["next_cursor"]) == (4, None)
    for bad in ({"limit": 0}, {"limit": 201}, {"cursor": "x"}):
        problem(job.client.get(f"{job.base}/breakpoints", params=bad), 422)


def test_removing_takes_the_breakpoint_and_leaves_what_it_stopped(job: Debugged) -> None:
    made = job.stop()
    path = f"breakpoints/{made['breakpoint_id']}"
    assert good(job.send("DELETE", path)) == {"job_id": job.id, "count": 1}
    problem(job.send("DELETE", path), 404, made["breakpoint_id"], "not found", "GET")
    assert job.in_hand() == ["sink.items#0"]
    assert job.status == "paused"
    assert job.finish() == [{"n": 0}, {"n": 1}, {"n": 2}]


def test_all_can_be_removed_at_once_and_twice(job: Debugged) -> None:
    for _ in range(3):
        job.add()
    assert [good(job.send("DELETE", "breakpoints"))["count"] for _ in range(2)] == [3, 0]
    assert job.get("breakpoints") == {"breakpoints": [], "total": 0, "next_cursor": None}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_breakpoint_that_there_is_not(job: Debugged, method: str) -> None:
    other = Debugged(job.client, job.runtime).add()
    for name in ("nope", other["breakpoint_id"]):
        json = {"enabled": True} if method == "PUT" else None
        problem(
            job.send(method, f"breakpoints/{name}", json), 404, f"Breakpoint '{name}' not found"
        )


def test_the_same_key_sets_one_breakpoint(job: Debugged) -> None:
    answers = [job.post("breakpoints", key="k", **AT_SINK) for _ in range(2)]
    assert {answer.status_code for answer in answers} == {201}
    assert answers[0].json() == answers[1].json()
    assert job.get("breakpoints")["total"] == 1
    problem(job.post("breakpoints", key="k", **AT_SRC), 422, "Idempotency-Key was used")
    job.add()
    assert job.get("breakpoints")["total"] == 2


# -- limits and states -----------------------------------------------------------------------------


def fill(job: Debugged, count: int) -> None:
    for _ in range(count // 100):
        assert job.post("breakpoints/batch", breakpoints=[AT_SINK] * 100).status_code == 201


def test_a_thousand_breakpoints_and_no_more(job: Debugged) -> None:
    fill(job, LIMIT)
    told = problem(job.send("POST", "breakpoints", AT_SINK), 409, "1000 are allowed", "remove")
    assert told["status"] == 409
    problem(job.post("breakpoints/batch", breakpoints=[AT_SINK]), 409, "1000 are allowed")
    assert job.get("breakpoints")["total"] == LIMIT
    gone = job.get("breakpoints")["breakpoints"][0]["breakpoint_id"]
    good(job.send("DELETE", f"breakpoints/{gone}"))
    job.add()
    job.go()
    assert len(job.hits()[0]["breakpoint_ids"]) == LIMIT


@pytest.mark.parametrize("allowed", [2, LIMIT])
def test_a_limit_of_ones_own(runtime: StepRuntime, client: TestClient, allowed: int) -> None:
    job = Debugged(client, runtime)
    least = min(allowed, LIMIT)
    fill(job, LIMIT if least == LIMIT else 0)
    for _ in range(least if least < LIMIT else 0):
        job.add()
    job.client = TestClient(create_app(runtime, settings=ApiSettings(breakpoints_per_job=allowed)))
    problem(job.send("POST", "breakpoints", AT_SINK), 409, "remove some first")
    problem(job.post("breakpoints/batch", breakpoints=[AT_SINK]), 409, "remove some first")


@pytest.mark.parametrize("ending", ["completed", "cancelled"])
def test_a_finished_job_gets_no_more_breakpoints(job: Debugged, ending: str) -> None:
    made = job.add(enabled=False)
    if ending == "completed":
        job.go()
    else:
        job.job.cancel()
    path, ids = f"breakpoints/{made['breakpoint_id']}", [made["breakpoint_id"]]
    for response in (
        job.send("POST", "breakpoints", AT_SINK),
        job.post("breakpoints/batch", breakpoints=[AT_SINK]),
        job.post("breakpoints/batch-enable", ids=ids, enabled=True),
        job.send("PUT", path, {"enabled": True}),
    ):
        assert problem(response, 409, ending, "Start a new job")["job_status"] == ending
    assert job.breakpoint(made["breakpoint_id"])["enabled"] is False
    assert good(job.send("DELETE", path))["count"] == 1


def test_while_monitoring_is_off_each_path_says_so(job: Debugged) -> None:
    job.runtime.monitoring.disable()
    made = job.job.breakpoints.add("slot", "sink", slot_name="items")
    ids = {"ids": [made.id]}
    for method, path, body in (
        ("POST", "breakpoints", AT_SINK),
        ("GET", "breakpoints", None),
        ("DELETE", "breakpoints", None),
        ("POST", "breakpoints/batch", {"breakpoints": [AT_SINK]}),
        ("POST", "breakpoints/batch-delete", ids),
        ("POST", "breakpoints/batch-enable", {**ids, "enabled": False}),
        ("GET", f"breakpoints/{made.id}", None),
        ("PUT", f"breakpoints/{made.id}", {"enabled": False}),
        ("DELETE", f"breakpoints/{made.id}", None),
    ):
        told = problem(job.send(method, path, body), 409, "MonitoringRegistry.enable()")
        assert told["job_status"] == "paused"
    job.go()
    assert job.status == "completed"
    assert made.hit_count == 0
    assert made.enabled
