"""Bodies that are no good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from routilux.api.models.plain import DEEPEST
from tests.api.answers import create, good, problem

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

JSON = {"Content-Type": "application/json"}


def send(client: TestClient, text: str, path: str = "/api/jobs") -> Any:
    return client.post(path, content=text, headers=JSON)


@pytest.mark.parametrize(
    "text",
    [
        r'{"flow_id": "\ud800"}',
        r'{"flow_id": "flow", "entry_params": {"\udc00": 1}}',
        r'{"flow_id": "flow", "entry_params": {"a": ["\ud83d x"]}}',
        r'{"\ud800": 1}',
        r'"\ud800"',
    ],
)
def test_half_of_a_character_is_invalid(client: TestClient, text: str) -> None:
    problem(send(client, text), 422, "body: ", "half of a character")
    assert good(client.get("/api/jobs"))["total"] == 0


def test_both_halves_are_a_character(client: TestClient) -> None:
    problem(send(client, r'{"flow_id": "\ud83d\ude00"}'), 404, "Flow '\U0001f600' not found")


@pytest.mark.parametrize("depth", [DEEPEST + 1, 500, 100_000])
def test_a_body_is_not_nested_too_deeply(client: TestClient, depth: int) -> None:
    inside = "[" * (depth - 2) + "]" * (depth - 2)
    deep = f'{{"flow_id": "flow", "entry_routine_id": "sink", "entry_params": {{"a": {inside}}}}}'
    problem(send(client, deep), 422, f"Nested deeper than {DEEPEST}")
    job_id = create(client, start_paused=True)["job_id"]
    answer = send(client, f'{{"checkpoint": {{"a": {inside}}}}}', f"/api/jobs/{job_id}/pause")
    problem(answer, 422, f"Nested deeper than {DEEPEST}")


def test_a_body_may_be_nested_as_deeply_as_that(client: TestClient) -> None:
    data: Any = "x"
    for _ in range(DEEPEST - 2):
        data = [data]
    create(client, entry_routine_id="sink", entry_params={"a": data})


@pytest.mark.parametrize(("text", "place"), [("{bad", "1"), ("[1", "2"), ("{", "1")])
def test_what_is_no_json_is_told_with_its_place(client: TestClient, text: str, place: str) -> None:
    body = problem(
        send(client, text), 422, "body: No JSON", f"at character {place}", "send one JSON object"
    )
    assert [error["where"] for error in body["errors"]] == ["body"]
