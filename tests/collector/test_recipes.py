"""How back ends are built: once, again when something changed, and never half."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tools.backends.build import build, missing
from tools.backends.go import BuildError, find_go, run
from tools.backends.places import ROOT, VARIABLE
from tools.backends.recipes import OTELCOL, RECIPES, Recipe

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where things are built, instead of the real place."""
    folder = tmp_path / "built"
    monkeypatch.setenv(VARIABLE, str(folder))
    return folder


def make(folder: Path) -> None:
    """Build a program."""
    (folder / "bin" / "program").write_text("one")
    (folder / "left over").write_text("something")


def fail(folder: Path) -> None:
    """Build half of it."""
    make(folder)
    raise BuildError("no")


def recipe(version: str = "1.0", source: Path | None = None, build=make) -> Recipe:
    """A recipe that needs no compiler."""
    return Recipe("thing", version, ("program",), build, source)


def test_what_is_built_is_not_missing(home):
    assert missing([recipe()]) == ["thing"]
    build(recipe())
    assert missing([recipe()]) == []
    assert recipe().program("program").read_text() == "one"
    assert [each.name for each in home.iterdir()] == [recipe().folder.name]
    assert [each.name for each in recipe().folder.iterdir()] == ["bin"]


def test_another_version_is_built_again_and_the_old_one_goes(home):
    build(recipe("1.0"))
    assert missing([recipe("1.1")]) == ["thing"]
    build(recipe("1.1"))
    assert list(home.iterdir()) == [recipe("1.1").folder]


def test_another_source_is_built_again(tmp_path):
    source = tmp_path / "builder.yaml"
    source.write_text("receivers: []")
    build(recipe(source=source))
    assert missing([recipe(source=source)]) == []
    source.write_text("receivers: [otlp]")
    assert missing([recipe(source=source)]) == ["thing"]


def test_a_build_that_fails_leaves_nothing(home):
    with pytest.raises(BuildError):
        build(recipe(build=fail))
    assert missing([recipe()]) == ["thing"]
    assert list(home.iterdir()) == []


def test_half_a_folder_is_not_taken_for_built():
    recipe().folder.mkdir(parents=True)
    assert missing([recipe()]) == ["thing"]
    build(recipe())
    assert missing([recipe()]) == []


def test_the_collector_depends_on_its_list_of_components():
    assert OTELCOL.source == ROOT / "collector" / "builder.yaml"


def test_a_command_that_fails_says_what_it_said(tmp_path):
    program = "import sys; print('first'); print('the reason'); sys.exit(3)"
    with pytest.raises(BuildError, match=r"ended with 3:\nfirst\nthe reason"):
        run(tmp_path, sys.executable, "-c", program)


def test_without_go_it_says_what_to_install(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BuildError, match="install Go"):
        find_go()


def command(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m tools.backends``."""
    return subprocess.run(
        [sys.executable, "-m", "tools.backends", *words],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def test_the_command_fails_without_go():
    done = command(PATH="")
    assert done.returncode == 1
    assert done.stderr.startswith(f"collector {OTELCOL.version}: ")
    assert "install Go" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_check_says_in_one_line_what_is_missing(home):
    done = command("--check")
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert "make backends" in done.stderr
    assert all(each.name in done.stderr for each in RECIPES)


def test_the_check_is_content_with_what_is_built():
    for each in RECIPES:
        (each.folder / "bin").mkdir(parents=True)
        for name in each.programs:
            each.program(name).touch()
    done = command("--check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
