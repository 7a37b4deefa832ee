"""The commands, their help and `docs/cli.md` tell the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from routilux.api.settings import ELSEWHERE
from routilux.cli import errors
from routilux.cli.app import app
from routilux.cli.errors import DONE, EXIT_CODES
from tests.cli.programs import call

DOCS = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")


def commands(group=None, *before):
    """Each command with its words."""
    group = group if group is not None else typer.main.get_command(app)
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, *before, name)
        else:
            yield (*before, name), command


ALL = dict(commands())
ASKING = [
    words for words, command in ALL.items() if "url" in {each.name for each in command.params}
]


def test_there_are_the_commands_that_talk_to_a_server():
    looks = {"ps", "top", "status", "why", "peek"}
    commands = {"pause", "resume", "cancel", "break", "step", "dead-letters"}
    assert {words[0] for words in ASKING} == looks | commands | {"snapshot", "restore"}


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_each_command_has_its_place_in_the_docs(words):
    *groups, name = words
    forms = [f"`routilux {' '.join(words)}", f"`{name} JOB`", f"`{name} FILE`"]
    if groups:
        assert f"`routilux {groups[0]} " in DOCS
        forms.append(f"`{name}`")
    assert any(form in DOCS for form in forms)


@pytest.mark.parametrize("words", ASKING, ids=" ".join)
def test_the_help_of_each_names_where_keys_and_codes_come_from(words, capsys):
    done = call(capsys, *words, "--help")
    told = " ".join(done.out.split())
    assert done.code == DONE
    for wanted in ("--json", "--url", "--key-file", "3 no server is reached", "130 Ctrl-C"):
        assert wanted in told


@pytest.mark.parametrize("words", ASKING, ids=" ".join)
def test_each_option_of_those_is_told(words):
    options = {
        option
        for each in ALL[words].params
        if each.param_type_name == "option"
        for option in each.opts
        if option.startswith("--") and option != "--help"
    }
    # The same ones choose dead letters by what their list shows.
    assert {each for each in options if each not in DOCS} <= {"--routine", "--slot"}


def test_each_exit_code_is_told():
    codes = {
        value
        for name, value in vars(errors).items()
        if name.isupper() and isinstance(value, int) and name != "SIGNAL"
    }
    assert codes == {0, 1, 2, 3, 4, 5, 6, 130}
    for code in codes:
        assert re.search(rf"^\| {code} \|", DOCS, re.MULTILINE)
        assert re.search(rf"\b{code} ", EXIT_CODES)


def test_each_variable_of_the_command_line_is_told():
    for name in ELSEWHERE:
        assert f"`{name}" in DOCS or f"{name}=" in DOCS
