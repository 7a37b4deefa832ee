"""What the repository has is what the code makes."""

from __future__ import annotations

import pytest

from tools.dashboards.rendering import FOLDER, render

TESTS_OF_RULES = "rule_tests/alerts.yaml"  # written by hand
TEXTS = render()


@pytest.mark.parametrize("name", TEXTS)
def test_the_file_is_as_it_is_generated(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == TEXTS[name], "run `make dashboards`"


def test_there_is_no_other_file() -> None:
    files = {each.relative_to(FOLDER).as_posix() for each in FOLDER.rglob("*") if each.is_file()}
    assert files == {*TEXTS, TESTS_OF_RULES}
