"""What a shell completes."""

from __future__ import annotations

import subprocess

import pytest

from routilux.cli.errors import DONE
from tests.cli.programs import COMMAND, ROOT, environment


def offered(*words: str, **settings: str) -> list[str]:
    """What bash gets for a line that ends with the last word."""
    line = environment(
        _ROUTILUX_COMPLETE="complete_bash",
        COMP_WORDS=" ".join(("routilux", *words)),
        COMP_CWORD=str(len(words)),
        **settings,
    )
    done = subprocess.run(
        COMMAND, capture_output=True, text=True, timeout=50, check=True, env=line, cwd=ROOT
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_commands_and_options():
    assert offered("sta") == ["status"]
    assert offered("break", "") == ["add", "list", "rm", "enable", "disable"]
    assert offered("pause", "--re") == ["--reason"]
    assert offered("break", "add", "job", "con") == ["connection"]


def test_jobs_of_the_server(served):
    first, second = served.start(keep_open=True), served.start(keep_open=True)
    assert offered("status", first.job_id[:9], ROUTILUX_URL=served.url) == [first.job_id]
    assert set(offered("pause", "", ROUTILUX_URL=served.url)) >= {first.job_id, second.job_id}


def test_without_a_server_no_jobs_are_offered_and_nothing_is_said():
    assert offered("status", "", ROUTILUX_URL="http://127.0.0.1:9") == []
    assert offered("status", "", ROUTILUX_URL="no address") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_shown(shell):
    done = subprocess.run(
        [*COMMAND, "--show-completion", shell],
        capture_output=True, text=True, timeout=50, check=False, cwd=ROOT,
        env=environment(_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1"),
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (DONE, "")
    assert "_ROUTILUX_COMPLETE" in done.stdout
