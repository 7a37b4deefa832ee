"""What the repository has is what the code makes."""

from __future__ import annotations

import json

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from tests.dashboards.documents import DOCUMENTS
from tools.dashboards.rendering import FOLDER, render

TESTS_OF_RULES = "rule_tests/alerts.yaml"  # written by hand
TEXTS = render()


@pytest.mark.parametrize("name", TEXTS)
def test_the_file_is_as_it_is_generated(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == TEXTS[name], "run `make dashboards`"


def test_there_is_no_other_file() -> None:
    files = {each.relative_to(FOLDER).as_posix() for each in FOLDER.rglob("*") if each.is_file()}
    assert files == {*TEXTS, TESTS_OF_RULES}


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_nothing_is_lost_when_it_is_read_with_the_types_of_grafana(document) -> None:
    register_default_plugins()
    assert json.loads(JSONEncoder().encode(Dashboard.from_json(document))) == document
