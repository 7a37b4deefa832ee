"""``routilux run``, ``check`` and ``serve``."""

from __future__ import annotations

import json
import logging
import sys
import urllib.request

import pytest

from routilux.cli.errors import DONE, FAILED, INTERRUPTED, USAGE
from routilux.cli.run_command import MOST_LETTERS
from routilux.monitoring.flow_registry import FlowRegistry
from tests.cli.programs import call, interrupt, start
from tests.cli.steps import HERE

ALLOW = ["--allow", f"{HERE}:*"]
FLOW = f"""\
defaults: {{max_queue_length: 10, overflow: block}}
routines:
  numbers:
    class: "{HERE}:Numbers"
    config: {{count: 7}}
  taker:
    class: "{HERE}:TAKER"
connections:
  - from: numbers.number
    to: taker.numbers
"""


@pytest.fixture
def flow(tmp_path):
    path = tmp_path / "flow.yaml"
    path.write_text(FLOW.replace("TAKER", "Picky"))
    return path


@pytest.fixture
def endless(tmp_path):
    path = tmp_path / "endless.yaml"
    path.write_text(f'routines:\n  endless:\n    class: "{HERE}:Endless"\n')
    return path


@pytest.fixture(autouse=True)
def no_flows():
    yield
    FlowRegistry.get_instance().clear()


def test_run_runs_a_file_and_tells_what_came_of_it(flow, capsys):
    done = call(capsys, "run", flow, *ALLOW)
    assert (done.code, done.err) == (DONE, "")
    lines = done.out.splitlines()
    assert lines[0].startswith("Flow 'flow', job ")
    assert ": completed after" in lines[0]
    letters = [line for line in lines if line.startswith("dead letter ")]
    assert len(letters) == 3
    assert letters[1].endswith(
        "of taker.numbers: logic_error: ValueError: 3 is divisible\\nby three"
    )
    (row,) = [line.split() for line in lines if line.startswith("  taker.numbers")]
    assert row == ["taker.numbers", "10", "7", "7", "0", "0", "0", row[7], "holds"]


def test_run_with_json_prints_one_document(flow, capsys):
    done = call(capsys, "run", flow, *ALLOW, "--json")
    assert (done.code, done.err) == (DONE, "")
    document = done.document
    assert document["flow_id"] == "flow"
    assert (document["status"], document["error"]) == ("completed", None)
    assert document["dead_letter_count"] == len(document["dead_letters"]) == 3
    assert document["warnings"] == ["3 item(s) became dead letters"]
    (slot,) = document["slots"]
    assert (slot["routine_id"], slot["offered"], slot["consumed"]) == ("taker", 7, 7)


def test_set_changes_a_value_of_the_file(flow, capsys):
    words = ("run", flow, *ALLOW, "--set", "routines.numbers.config.count=100", "--json")
    document = call(capsys, *words).document
    assert document["slots"][0]["offered"] == 100
    assert document["dead_letter_count"] == 34
    told = call(capsys, *words[:-1])
    assert f"and {34 - MOST_LETTERS} more dead letters, see --json" in told.out


def test_a_job_that_fails_is_code_1(flow, capsys):
    flow.write_text(FLOW.replace("TAKER", "Breaks"))
    done = call(capsys, "run", flow, *ALLOW)
    assert (done.code, done.err) == (FAILED, "")
    assert "error: Logic error in routine 'taker': RuntimeError: out of order" in done.out
    assert call(capsys, "run", flow, *ALLOW, "--json").document["status"] == "failed"


def test_the_place_of_a_logic_error_can_be_seen(flow, capsys, monkeypatch):
    flow.write_text(FLOW.replace("TAKER", "Breaks"))
    hint = "RuntimeError: out of order (ROUTILUX_TRACEBACK=1 shows where)\n"
    assert hint in call(capsys, "run", flow, *ALLOW).out
    monkeypatch.setenv("ROUTILUX_TRACEBACK", "1")
    done = call(capsys, "run", flow, *ALLOW)
    assert "shows where" not in done.out
    assert done.err.count("Traceback") == 1
    assert 'steps.py", line' in done.err
    assert 'raise RuntimeError("out of order")' in done.err
    assert logging.getLogger("routilux.job").handlers == []


def test_an_error_that_was_not_raised_has_no_place(flow, capsys):
    flow.write_text("routines: {}")
    assert "shows where" not in call(capsys, "run", flow).out


def test_ctrl_c_ends_a_run_within_two_seconds_with_its_report(endless):
    process = start("run", endless, *ALLOW, "--json")
    assert process.stderr is not None
    assert process.stderr.readline() == "begun\n"
    done, seconds = interrupt(process)
    assert (done.code, done.err, seconds < 2) == (INTERRUPTED, "", True)
    assert done.document["status"] == "cancelled"


def test_check_says_that_a_file_is_right(flow, capsys):
    done = call(capsys, "check", flow, *ALLOW)
    assert (done.code, done.out, done.err) == (DONE, f"{flow}: the flow is right\n", "")
    document = call(capsys, "check", flow, *ALLOW, "--json").document
    assert document == {"file": str(flow), "ok": True, "errors": [], "problems": []}


def test_check_tells_every_error_with_its_place_on_a_line_each(flow, capsys):
    flow.write_text(FLOW.replace("TAKER", "Missing").replace("overflow: block", "overflow: maybe"))
    done = call(capsys, "check", flow, *ALLOW)
    assert (done.code, done.err) == (FAILED, "")
    lines = done.out.splitlines()
    assert len(lines) >= 1
    assert all(line.startswith(f"error: {flow}:") for line in lines)
    document = call(capsys, "check", flow, *ALLOW, "--json").document
    assert not document["ok"]
    assert document["errors"][0]["line"] == 1
    assert "overflow" in document["errors"][0]["message"]


def test_check_tells_what_looks_wrong_and_may_be_right(flow, capsys):
    flow.write_text(FLOW.replace("TAKER", "Picky").replace("  - from: numbers.number", "").replace(
        "    to: taker.numbers", "").replace("connections:\n", ""))  # fmt: skip
    done = call(capsys, "check", flow, *ALLOW)
    assert done.code == DONE
    lines = done.out.splitlines()
    assert any("Nobody fills slot 'taker.numbers'" in line for line in lines)
    assert lines[-1] == f"{flow}: no errors, and 2 to look at"


def test_check_tells_that_run_could_not_start_it(flow, capsys):
    flow.write_text("routines: {}\n")
    assert call(capsys, "check", flow).out.startswith(f"{flow}: problem: The flow has no routines")
    flow.write_text(f"routines:\n  taker:\n    class: '{HERE}:Picky'\n")
    assert "Nothing starts the flow" in call(capsys, "check", flow, *ALLOW).out
    flow.write_text(f"{flow.read_text()}entry: [taker.numbers]\n")
    done = call(capsys, "check", flow, *ALLOW)
    (problem, last) = done.out.splitlines()
    assert "routilux run cannot start it" in problem
    assert (done.code, last) == (DONE, f"{flow}: no errors, and 1 to look at")
    assert call(capsys, "run", flow, *ALLOW).code == FAILED


def test_check_tells_a_connection_that_is_there_twice(flow, capsys):
    twice = "  - from: numbers.number\n    to: taker.numbers\n"
    flow.write_text(FLOW.replace("TAKER", "Picky") + twice)
    told = call(capsys, "check", flow, *ALLOW).out
    assert "'numbers.number' is connected to 'taker.numbers' more than once" in told


@pytest.mark.parametrize("command", ["run", "check"])
def test_what_is_not_allowed_is_not_imported(command, flow, capsys):
    done = call(capsys, command, flow)
    assert done.code == FAILED
    told = done.out + done.err
    assert str(flow) in told
    assert "allow" in told
    assert len(told.splitlines()) == (2 if command == "check" else 1)


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_pattern_that_is_malformed_is_code_2(command, flow, capsys):
    done = call(capsys, command, flow, "--allow", "no pattern!")
    assert done.code == USAGE
    assert done.error.startswith("--allow: ")


def test_a_setting_that_is_malformed_is_code_2(flow, capsys):
    done = call(capsys, "run", flow, *ALLOW, "--set", "nonsense")
    assert done.code == USAGE
    assert done.error == "--set 'nonsense': must be key=value"


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_module_that_ends_the_program_is_an_error_of_the_file(
    command, tmp_path, monkeypatch, capsys
):
    (tmp_path / "quits_when_imported.py").write_text("import sys\nsys.exit(7)\n")
    path = tmp_path / "quits.yaml"
    path.write_text("routines:\n  quiet:\n    class: quits_when_imported:Quiet\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    done = call(capsys, command, path, "--allow", "quits_when_imported:*")
    assert done.code == FAILED
    (line,) = (done.out + done.err).splitlines()
    assert f"error: {path}:3:12: routines.quiet.class: 'quits_when_imported:Quiet' " in line
    assert line.endswith("cannot be imported: its code ends the program, sys.exit(7)")


def test_a_file_that_is_wrong_is_one_line_with_its_place(flow, capsys):
    flow.write_text("routines: [")
    done = call(capsys, "run", flow, *ALLOW)
    assert done.code == FAILED
    assert done.error.startswith(f"{flow}:1:")


def test_modules_of_the_working_folder_can_be_named(tmp_path, monkeypatch, capsys):
    (tmp_path / "own_steps_of_a_test.py").write_text(
        "from routilux import Routine\nclass Quiet(Routine):\n    def logic(self):\n        pass\n"
    )
    path = tmp_path / "own.yaml"
    path.write_text("routines:\n  quiet:\n    class: own_steps_of_a_test:Quiet\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert call(capsys, "run", "own.yaml", "--allow", "own_steps_of_a_test:Quiet").code == DONE
    assert sys.path[-1] == str(tmp_path)


def test_serve_registers_the_flows_of_a_folder(flow, endless):
    (flow.parent / "notes.txt").write_text("no flow")
    words = ("serve", "--flows", flow.parent, *ALLOW, "--port", 0)
    process = start(*words, ROUTILUX_STOP_TIMEOUT="0.5")
    assert process.stdout is not None
    first, second = process.stdout.readline(), process.stdout.readline()
    url = first.split()[2].rstrip(",")
    assert first == f"Serving on {url}, Ctrl-C ends it\n"
    assert second == "Flows: endless, flow\n"
    with urllib.request.urlopen(f"{url}/api/flows", timeout=20) as answer:
        known = [one["flow_id"] for one in json.load(answer)["flows"]]
    assert sorted(known) == ["endless", "flow"]
    body = json.dumps({"flow_id": "endless"}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/api/jobs", body, headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 201
    assert process.stderr is not None
    assert sorted(process.stderr.readline() for _ in range(2))[1] == "begun\n"
    done, seconds = interrupt(process)
    assert (done.code, seconds < 3) == (DONE, True)
    (line,) = done.err.splitlines()
    assert " WARNING routilux.runtime: Shutdown cancelled jobs that did not end within 0." in line


def test_serve_with_json_prints_its_address_as_a_document():
    process = start("serve", "--json", "--port", 0)
    assert process.stdout is not None
    lines = ""
    while not lines.endswith("}\n"):
        lines += process.stdout.readline()
    document = json.loads(lines)
    assert document["flows"] == []
    with urllib.request.urlopen(f"{document['address']}/api/health/live", timeout=20) as answer:
        assert answer.status == 200
    assert interrupt(process)[0].code == DONE


def test_serve_refuses_a_flow_that_is_wrong(flow, capsys):
    flow.write_text("routines: [")
    done = call(capsys, "serve", "--flows", flow.parent)
    assert done.code == FAILED
    assert str(flow) in done.error


def test_serve_refuses_two_files_with_one_id(flow, capsys):
    twin = flow.with_name("twin.yaml")
    twin.write_text(f"flow_id: flow\n{flow.read_text()}")
    before = FlowRegistry.get_instance().list_all()
    done = call(capsys, "serve", "--flows", flow.parent, *ALLOW)
    assert (done.code, done.out) == (FAILED, "")
    assert done.error.startswith(f"'{flow}' and '{twin}' both have the flow_id 'flow': give one")
    assert FlowRegistry.get_instance().list_all() == before


def test_serve_refuses_any_host_but_loopback_without_a_key(capsys):
    done = call(capsys, "serve", "--host", "0.0.0.0")
    assert done.code == USAGE
    assert "host '0.0.0.0' can steer the jobs" in done.error
    assert "run `routilux key new`" in done.error
