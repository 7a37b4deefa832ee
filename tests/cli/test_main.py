from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading

import pytest

from routilux.api.settings import settings_help
from routilux.cli import app as app_module
from routilux.cli import version_command
from routilux.cli.errors import DONE, EXIT_CODES, FAILED, INTERRUPTED, USAGE
from routilux.cli.extras import load
from routilux.cli.interrupts import Interrupts
from tests.cli.programs import COMMAND, ROOT, call, environment, finish, start

# Runs the command line where a package cannot be imported.
WITHOUT = """
import sys
class Impossible:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == sys.argv[1]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Impossible())
from routilux.cli.main import main
sys.exit(main(sys.argv[2:]))
"""
COMMANDS = ("run", "check", "demo", "serve", "version")


def without(package: str, *words: object, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT, package, *map(str, words)],
        capture_output=True, text=True, timeout=50, check=False, env=environment(**settings),
    )  # fmt: skip


def test_without_a_command_it_shows_its_help(capsys):
    done = call(capsys)
    assert done.code == DONE
    assert done.err == ""
    for command in COMMANDS:
        assert f" {command} " in done.out


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_tells_the_exit_codes_and_json(command, capsys):
    done = call(capsys, command, "--help")
    told = " ".join(done.out.split())
    assert done.code == DONE
    assert "--json" in told
    for code in ("0 done", "1 the work failed", "130 Ctrl-C"):
        assert code in told
    assert f"{INTERRUPTED} Ctrl-C" in EXIT_CODES


def test_the_help_of_serve_names_every_setting(capsys):
    told = " ".join(call(capsys, "serve", "--help").out.split())
    for name, text in settings_help():
        assert f"{name}: {text}" in told
    assert "0 done" in told


def test_the_help_of_serve_needs_no_extra():
    done = without("pydantic_settings", "serve", "--help")
    assert done.returncode == DONE
    assert "run pip install 'routilux[api]'" in " ".join(done.stdout.split())


def test_the_version_is_printed(capsys):
    done = call(capsys, "version")
    assert done.code == DONE
    assert done.out.startswith("routilux ")
    assert "extras api, cli, otel" in done.out
    document = call(capsys, "version", "--json").document
    assert done.out.startswith(f"routilux {document['version']}, Python {document['python']}")
    assert document["extras"] == ["api", "cli", "otel"]


def test_it_is_a_program():
    done = finish(start("version"))
    assert (done.code, done.err) == (DONE, "")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["frobnicate"], "No such command 'frobnicate'"),
        (["demo", "--frob"], "No such option: --frob"),
        (["run"], "Missing argument 'FLOW.yaml'"),
        (["serve", "--port", "x"], "--port"),
        (["demo", "/no/such/folder"], "name a folder with Python files below it"),
        (["check", "/no/such/file.yaml"], "does not exist: name a flow file"),
        (["run", os.curdir], "is a folder: name a flow file"),
        (["serve", "--flows", "/no/such/folder"], "does not exist: name the folder that"),
        (["serve", "--flows", __file__], "is a file: name the folder that the flow files are in"),
        (["demo", os.curdir, "--start-paused"], "needs --serve"),
    ],
)
def test_what_cannot_begin_is_one_line_and_code_2(words, says, capsys):
    done = call(capsys, *words)
    assert done.code == USAGE
    assert says in done.error
    assert done.out == ""
    as_json = call(capsys, *words, "--json")
    assert as_json.code == USAGE
    assert as_json.document["error"]["exit_code"] == USAGE
    assert says in as_json.document["error"]["message"]
    assert says in as_json.error


def test_a_wrong_option_says_where_to_look(capsys):
    assert call(capsys, "demo", "--frob").error.endswith("(see routilux demo --help)")


@pytest.mark.parametrize("package", ["typer", "rich"])
def test_a_missing_extra_is_one_line_that_says_what_to_install(package):
    done = without(package, "version")
    assert (done.returncode, done.stdout) == (USAGE, "")
    (line,) = done.stderr.splitlines()
    assert f"'{package}'" in line
    assert line.endswith("run pip install 'routilux[cli]'")


def test_a_missing_extra_of_one_command_does_not_hurt_the_others(tmp_path):
    done = without("fastapi", "serve")
    assert done.returncode == USAGE
    (line,) = done.stderr.splitlines()
    assert line.endswith("run pip install 'routilux[api]'")
    (tmp_path / "a.py").write_text("x = 1\n")
    assert without("fastapi", "demo", tmp_path).returncode == DONE


def test_telemetry_that_cannot_be_loaded_costs_a_note_and_not_the_work(tmp_path):
    (tmp_path / "a.py").write_text("x = 1\n")
    endpoint = "http://127.0.0.1:9"
    done = without(
        "opentelemetry", "demo", tmp_path, "--json", OTEL_EXPORTER_OTLP_ENDPOINT=endpoint
    )
    assert done.returncode == DONE
    assert json.loads(done.stdout)["files"] == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("routilux: no telemetry: ")
    assert line.endswith("run pip install 'routilux[otel]'")


def test_a_module_of_our_own_that_is_missing_is_no_extra():
    done = without("routilux", "version")
    assert "pip install" not in done.stderr
    assert "ModuleNotFoundError" in done.stderr


def broken(**arguments: object) -> int:
    raise KeyError("a mistake\nof ours")


def test_an_unexpected_error_is_one_line_too(monkeypatch, capsys):
    monkeypatch.setattr(version_command, "show_version", broken)
    done = call(capsys, "version")
    assert done.code == FAILED
    assert done.error.startswith("unexpected KeyError: 'a mistake")
    assert app_module.TRACEBACK in done.error
    monkeypatch.setenv(app_module.TRACEBACK, "1")
    with pytest.raises(KeyError):
        call(capsys, "version")


@pytest.mark.parametrize(
    ("kind", "says"),
    [(KeyboardInterrupt, ""), (app_module.typer.Abort, "routilux: error: interrupted\n")],
)
def test_an_interruption_anywhere_is_code_130_without_a_traceback(kind, says, monkeypatch, capsys):
    def interrupted(**arguments: object) -> int:
        raise kind

    monkeypatch.setattr(version_command, "show_version", interrupted)
    done = call(capsys, "version")
    assert (done.code, done.out, done.err) == (INTERRUPTED, "", says)


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    for number in range(300):
        (tmp_path / f"f{number}.py").write_text("def f(:\n")
    process = subprocess.Popen(
        [*COMMAND, "demo", str(tmp_path), "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, env=environment(),
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr as errors:
        assert errors.read() == b""
    assert process.wait(30) == FAILED


@pytest.mark.parametrize("words", [["version"], ["demo", "FOLDER"], ["version", "--json"]])
def test_output_that_cannot_be_written_is_one_line_and_code_1(words, tmp_path):
    command = [*COMMAND, *(str(tmp_path) if word == "FOLDER" else word for word in words)]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE,
            text=True, timeout=50, check=False, env=environment(),
        )  # fmt: skip
    assert done.returncode == FAILED
    (line,) = done.stderr.splitlines()
    assert "error: the output cannot be written, No space left on device: make room" in line


def test_a_second_ctrl_c_does_not_wait():
    with Interrupts() as interrupts:
        os.kill(os.getpid(), signal.SIGTERM)
        interrupts.wait()
        assert interrupts.exit_code == 128 + signal.SIGTERM
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_a_second_signal_can_have_its_own_end():
    ended = []
    with Interrupts(second=ended.append) as interrupts:
        os.kill(os.getpid(), signal.SIGINT)
        interrupts.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        while not ended:
            pass
    assert ended == [signal.SIGTERM]
    assert interrupts.exit_code == INTERRUPTED


def test_waiting_ends_with_the_first_signal():
    with Interrupts() as interrupts:
        timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        interrupts.wait()
        timer.join()
        assert interrupts.exit_code == INTERRUPTED


def test_a_part_of_our_own_that_is_missing_is_not_called_an_extra():
    with pytest.raises(ModuleNotFoundError):
        load("routilux.no_such_part", "api", "this test")
