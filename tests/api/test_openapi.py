"""The document of the application: complete, and as the repository has it."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, NamedTuple

import pytest

from routilux.api.main import create_app
from tools.openapi import PATH, main, render

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


class Operation(NamedTuple):
    method: str
    path: str
    told: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.told["operationId"])

    @property
    def parameters(self) -> set[tuple[str, str]]:
        return {(each["in"], each["name"]) for each in self.told.get("parameters", ())}

    @property
    def statuses(self) -> set[str]:
        return set(self.told["responses"])


DOCUMENT = create_app().openapi()
OPERATIONS = [
    Operation(method, path, told)
    for path, methods in DOCUMENT["paths"].items()
    for method, told in methods.items()
]
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)


def test_the_repository_has_the_document() -> None:
    assert json.loads(PATH.read_text("utf-8")) == json.loads(render()), (
        "docs/openapi.json is of another state: run python -m tools.openapi"
    )


def test_the_document_is_written(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tools.openapi.PATH", tmp_path / "openapi.json")
    main()
    assert (tmp_path / "openapi.json").read_text("utf-8") == render()
    assert capsys.readouterr().out == "Wrote docs/openapi.json\n"


def test_no_name_comes_twice() -> None:
    assert [name for name, n in Counter(each.name for each in OPERATIONS).items() if n > 1] == []


@each_operation
def test_it_says_what_it_does(operation: Operation) -> None:
    assert len(operation.told["tags"]) == 1
    assert operation.told["summary"]
    assert operation.told["description"].endswith(".")


@each_operation
def test_its_errors_are_problems(operation: Operation) -> None:
    for status, answer in operation.told["responses"].items():
        if status >= "400":
            assert answer["content"] == PROBLEM, status
    assert "ValidationError" not in str(operation.told)


@each_operation
def test_it_has_the_statuses_that_all_of_its_kind_have(operation: Operation) -> None:
    statuses = operation.statuses
    good = sorted(status for status in statuses if status < "300")
    assert len(good) == 1 or good == ["201", "207"]  # a batch may be done in part
    assert ("404" in statuses) == ("{" in operation.path) or operation.method == "post"
    assert ("410" in statuses) == ("{job_id}" in operation.path) or "{flow_id}" in operation.path
    assert "403" in statuses
    assert ("401" in statuses) != operation.path.startswith("/api/health/")
    assert (statuses >= {"408", "413", "415", "503"}) == (operation.method != "get")
    assert ("400" in statuses) == ("requestBody" in operation.told)
    if operation.method == "post" or ("query", "limit") in operation.parameters:
        assert "422" in statuses


@each_operation
def test_a_list_has_pages(operation: Operation) -> None:
    pages = {("query", "limit"), ("query", "cursor")} & operation.parameters
    assert len(pages) == (2 if operation.name.startswith("list") else 0)
    for each in operation.told.get("parameters", ()):
        if each["name"] == "limit":
            assert each["schema"]["maximum"] == 200


@each_operation
def test_every_post_takes_a_key(operation: Operation) -> None:
    has_key = ("header", "Idempotency-Key") in operation.parameters
    assert has_key == (operation.method == "post")


@pytest.mark.parametrize("name", ["createJob", "restoreJob"])
def test_a_new_job_leads_to_all_about_it(name: str) -> None:
    (operation,) = (each for each in OPERATIONS if each.name == name)
    links = operation.told["responses"]["201"]["links"]
    assert set(links) == {each.name for each in OPERATIONS if "{job_id}" in each.path}
    for target, link in links.items():
        assert link == {
            "operationId": target, "parameters": {"job_id": "$response.body#/job_id"}
        }  # fmt: skip


def test_a_new_breakpoint_leads_to_all_about_it() -> None:
    (operation,) = (each for each in OPERATIONS if each.name == "createBreakpoint")
    links = operation.told["responses"]["201"]["links"]
    assert set(links) == {"getBreakpoint", "updateBreakpoint", "deleteBreakpoint"}
    for target, link in links.items():
        assert link == {
            "operationId": target,
            "parameters": {
                "job_id": "$response.body#/job_id",
                "breakpoint_id": "$response.body#/breakpoint_id",
            },
        }
