"""Items in hand over HTTP: looked at, changed, evaluated, dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.api.answers import good, problem
from tests.api.debugging import AT_ROUTINE, AT_SRC, ITEMS, PLACES, Debugged
from tests.engine.parts import figures

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from routilux.testing import StepRuntime

ODD_NAMES = ["a b", "a/b", "a#b?c", "é漢", "a%b", "a.b#1", "..", "'\"<>&"]


@pytest.fixture
def job(client: TestClient, runtime: StepRuntime) -> Debugged:
    """A job that has not begun."""
    return Debugged(client, runtime)


def put(job: Debugged, name: str, value: Any, **more: Any) -> Any:
    return job.send("PUT", f"debug/variables/{quote(name, safe='')}", {"value": value, **more})


def value_of(job: Debugged, expression: str, **more: Any) -> Any:
    return good(job.post("debug/evaluate", expression=expression, **more))["result"]


# -- looking ---------------------------------------------------------------------------------------


def test_variables(job: Debugged) -> None:
    job.job.update_shared_data("limit", 3)
    job.job.update_routine_state("sink", {"seen": 2})
    job.stop()
    told = job.get("debug/variables")
    assert told["item"]["data"] == {"n": 0}
    assert [(each["item_id"], each["data"]) for each in told["items"]] == [
        ("sink.items#0", {"n": 0})
    ]
    assert (told["state"]["data"], told["shared"]["data"]) == ({"seen": 2}, {"limit": 3})
    assert job.get("debug/variables", item_id="sink.items#0") == told


def test_of_a_job_with_nothing_in_hand_only_what_is_shared(job: Debugged) -> None:
    job.job.update_shared_data("limit", 3)
    told = job.get("debug/variables")
    assert (told["item"]["data"], told["items"], told["state"]["data"]) == (None, [], {})
    assert told["shared"]["data"] == {"limit": 3}


def test_one_of_several_items(job: Debugged) -> None:
    job.stop(AT_ROUTINE)
    assert job.in_hand() == ["sink.items#0", "sink.items#1", "sink.items#2"]
    assert job.get("debug/variables", item_id="sink.items#2")["item"]["data"] == {"n": 2}
    assert value_of(job, "data.n", item_id="sink.items#2") == 2
    good(put(job, "item.n", 20, item_id="sink.items#2"))
    told = problem(put(job, "item.n", 7), 409, "Several items", "name one")
    assert told["item_ids"] == ["sink.items#0", "sink.items#1", "sink.items#2"]
    assert job.finish() == [{"n": 0}, {"n": 1}, {"n": 20}]


@pytest.mark.parametrize("stands", [True, False])
def test_an_item_that_does_not_stand(job: Debugged, stands: bool) -> None:
    if stands:
        job.stop()
    there = ["sink.items#0"] if stands else []
    for response in (
        job.client.get(f"{job.base}/debug/variables", params={"item_id": "sink.items#9"}),
        put(job, "item", 1, item_id="sink.items#9"),
        put(job, "item.n", 1, item_id="sink.items#9"),
        put(job, "state.n", 1, item_id="sink.items#9"),
        job.post("debug/evaluate", expression="1", item_id="sink.items#9"),
        job.send("DELETE", job.item_path("sink.items#9")),
    ):
        assert problem(response, 404, "'sink.items#9' not found")["item_ids"] == there
    assert job.job.routine_data("sink") == {}


# -- changing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", PLACES)
def test_a_changed_item_is_delivered_as_it_was_changed(job: Debugged, kind: str) -> None:
    job.stop(PLACES[kind], condition="data.n == 1")
    item_id = "sink.items#1"
    told = good(put(job, "item.n", 10, item_id=item_id))
    assert told == {"job_id": job.id, "name": "item.n", "changed": True}
    good(put(job, "item.more", [None, {"x": 1.5}], item_id=item_id))
    assert value_of(job, "data.more[1].x", item_id=item_id) == 1.5
    assert job.finish() == [{"n": 0}, {"n": 10, "more": [None, {"x": 1.5}]}, {"n": 2}]


@pytest.mark.parametrize("value", [None, 7, "text", [1, [2]], {}, {"a": {"b": None}}])
def test_a_whole_item_can_be_any_json(job: Debugged, value: Any) -> None:
    job.stop()
    good(put(job, "item", value))
    assert job.get("debug/variables")["item"]["data"] == value
    assert job.finish() == [value, *ITEMS[1:]]


def test_state_and_shared_data(job: Debugged) -> None:
    good(put(job, "shared.limit", 3))
    job.stop()
    good(put(job, "state.seen", {"deep": [1]}))
    told = job.get("debug/variables")
    assert (told["state"]["data"], told["shared"]["data"]) == (
        {"seen": {"deep": [1]}},
        {"limit": 3},
    )
    assert value_of(job, "state.seen.deep[0] + shared.limit") == 4
    assert job.job.get_shared_data("limit") == 3


@pytest.mark.parametrize("name", ["nope", "state", "shared", "nope.x", "item2.x", "state."])
def test_a_variable_that_there_is_not(job: Debugged, name: str) -> None:
    job.stop()
    told = problem(put(job, name, 1), 404, f"Variable '{name}' not found", "item.KEY")
    assert "errors" not in told


def test_variables_that_need_something_in_hand(job: Debugged) -> None:
    problem(put(job, "item", 1), 404, "No item of job", "stands at a breakpoint")
    problem(put(job, "item.n", 1), 404, "No item of job", "stands at a breakpoint")
    problem(put(job, "state.x", 1), 404, "nothing stands at a routine")


def test_an_item_without_keys(job: Debugged) -> None:
    job.stop()
    good(put(job, "item", [1]))
    problem(put(job, "item.n", 1), 422, "has no keys", "set 'item' as a whole")


@pytest.mark.parametrize(
    "body", [{}, {"value": 1, "x": 2}, {"value": 1, "item_id": ""}, {"value": 1, "item_id": 7}]
)
def test_what_is_no_value(job: Debugged, body: dict[str, Any]) -> None:
    job.stop()
    problem(job.send("PUT", "debug/variables/item", body), 422, "body.")
    assert job.finish() == list(ITEMS)


# -- expressions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("data.n", 1),
        ("data.n + 1", 2),
        ("n == 1 && meta.slot == 'items'", True),
        ("data", {"n": 1}),
        ("meta.item_id", "sink.items#1"),
        ("[data.n, 'x', null]", [1, "x", None]),
    ],
)
def test_the_value_of_an_expression(job: Debugged, expression: str, value: Any) -> None:
    job.stop(condition="data.n == 1")
    assert value_of(job, expression) == value
    assert job.finish() == list(ITEMS)


@pytest.mark.parametrize(
    ("expression", "column", "words"),
    [
        ("data.n +", 9, "expression: it ends too early (column 9)"),
        ("data.n == 1 and true", 13, "&&"),
        ("nope", None, "expression: there is no nope"),
        ("data.nope", None, "nope"),
        ("1 / 0", None, "expression: "),
    ],
)
def test_an_expression_without_a_value(
    job: Debugged, expression: str, column: int | None, words: str
) -> None:
    job.stop()
    told = problem(job.post("debug/evaluate", expression=expression), 422, words)
    assert told["column"] == column


@pytest.mark.parametrize("expression", ["", "x" * 1_025, 7, None])
def test_what_is_no_expression(job: Debugged, expression: Any) -> None:
    job.stop()
    body = {"expression": expression}
    problem(job.send("POST", "debug/evaluate", body), 422, "body.expression")


def test_values_of_secrets_are_left_out(client: TestClient, runtime: StepRuntime) -> None:
    job = Debugged(client, runtime, [{"user": "ann", "password": "tr0ub4dor"}])
    job.stop()
    for expression in ("data", "data.password", "password + '!'", "[data]"):
        assert "tr0ub4dor" not in job.post("debug/evaluate", expression=expression).text
    assert value_of(job, "data.password == 'tr0ub4dor'") is False
    assert value_of(job, "data.user") == "ann"


# -- dropping --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", PLACES)
def test_a_dropped_item_is_a_dead_letter_that_can_be_redelivered(job: Debugged, kind: str) -> None:
    job.stop(PLACES[kind], condition="data.n == 1")
    told = good(job.send("DELETE", job.item_path("sink.items#1")))
    assert told == {"job_id": job.id, "item_id": "sink.items#1", "changed": True}
    (letter,) = job.get("dead-letters")["dead_letters"]
    assert (letter["reason"], letter["data"]) == ("dropped_in_debugger", {"n": 1})
    assert job.status == "paused"
    assert "sink.items#1" not in job.in_hand()
    assert figures(job.job, "sink", "items").refused_by == {"dropped_in_debugger": 1}
    entries = [each["data"] for each in job.get("logs")["logs"]]
    assert {"type": "item_dropped", "item": "sink.items#1", "identity": None}.items() <= (
        next(each for each in entries if each["type"] == "item_dropped").items()
    )
    problem(job.send("DELETE", job.item_path("sink.items#1")), 404, "'sink.items#1' not found")
    good(job.send("DELETE", "breakpoints"))
    assert good(job.post("dead-letters/redeliver", ids=[letter["id"]]))["count"] == 1
    assert sorted(each["n"] for each in job.finish()) == [0, 1, 2]
    assert job.get("dead-letters")["total"] == 0


def test_dropping_the_last_held_item_lets_the_slot_go_on(job: Debugged) -> None:
    made = job.stop(action="hold_item", condition="data.n == 0")
    good(job.send("DELETE", f"breakpoints/{made['breakpoint_id']}"))
    good(job.send("DELETE", job.item_path("sink.items#0")))
    job.runtime.run_until_idle()
    assert job.status == "completed"
    assert job.sink.received == list(ITEMS[1:])


def test_where_there_is_no_item_none_can_be_dropped(job: Debugged) -> None:
    job.stop({"type": "routine", "routine_id": "src"})
    (hit,) = job.hits()
    assert hit["items"] == []
    problem(job.send("DELETE", job.item_path(hit["hit_id"])), 404, "not found at a breakpoint")
    assert job.finish() == list(ITEMS)


def test_what_an_event_emits_is_dropped_as_one(client: TestClient, runtime: StepRuntime) -> None:
    job = Debugged(client, runtime, through=True)
    job.stop(AT_SRC)
    assert good(job.send("DELETE", job.item_path("mid.in#0")))["item_id"] == "mid.in#0"
    assert job.finish() == list(ITEMS[1:])


# -- names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_of_routines(client: TestClient, runtime: StepRuntime, name: str) -> None:
    job = Debugged(client, runtime, sink_id=name)
    made = job.stop({"type": "slot", "routine_id": name, "slot_name": "items"})
    assert made["verified"] is True
    assert job.in_hand() == [f"{name}.items#0"]
    assert value_of(job, "data.n", item_id=f"{name}.items#0") == 0
    good(put(job, f"item.{name}", 1, item_id=f"{name}.items#0"))
    assert job.get("debug/variables")["item"]["data"] == {"n": 0, name: 1}
    good(job.send("DELETE", job.item_path(f"{name}.items#0")))
    path = f"slots/{quote(name, safe='').replace('.', '%2E')}/items/items"
    held = job.get(path, state="held")
    assert [each["item_id"] for each in held["items"]] == [f"{name}.items#{n}" for n in (1, 2)]
    job.proceed()
    assert job.in_hand() == [f"{name}.items#1"]
    job.proceed(item_id=f"{name}.items#1")
    assert job.finish() == list(ITEMS[1:])
    assert job.get("dead-letters", routine_id=name)["total"] == 1
