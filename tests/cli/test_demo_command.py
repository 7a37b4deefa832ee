from __future__ import annotations

import json
import re
import signal
import urllib.request

import pytest

from routilux.cli import face, telemetry
from routilux.cli.errors import DONE, FAILED, INTERRUPTED, USAGE
from tests.cli.programs import call, finish, interrupt, on_terminal, start
from tests.demo.folders import BROKEN, count, find, make_folder, write

KEYS = {
    "files", "parsed", "failed", "lines", "functions", "classes", "largest", "dead_letters",
    "slots", "elapsed_s",
}  # fmt: skip
PLAN = {
    "queue_size", "max_length", "usage_percent", "unconsumed_count", "is_full", "is_near_full",
    "slot_name", "routine_id",
}  # fmt: skip
COLOUR = re.compile(rb"\x1b\[[0-9;]*m")


@pytest.fixture
def root(tmp_path):
    return make_folder(tmp_path / "root")


def get(url: str, method: str = "GET"):
    with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=20) as answer:
        return json.load(answer)


def test_json_is_one_document_and_nothing_else(root, capfd):
    done = call(capfd, "demo", root, "--json")
    assert (done.code, done.err) == (DONE, "")
    document = done.document
    assert set(document) >= KEYS
    expected = count(find(root))
    for name in ("files", "parsed", "failed", "lines", "functions", "classes"):
        assert document[name] == getattr(expected, name)
    assert len(document["dead_letters"]) == len(BROKEN)
    for slot in document["slots"]:
        assert set(slot) >= PLAN | {"offered", "consumed", "held", "refused", "retries"}
        waiting = slot["unconsumed_count"] + slot["held"]
        assert slot["offered"] == slot["consumed"] + waiting + slot["refused"]


def test_the_report_is_plain_text_where_there_is_no_terminal(root, capfd):
    done = call(capfd, "demo", root)
    assert (done.code, done.err) == (DONE, "")
    assert done.out.endswith("files are accounted for.\n")
    assert "\x1b" not in done.out
    assert "broken/syntax.py" in done.out


def test_files_that_are_not_accounted_for_are_code_1(tmp_path, capfd, monkeypatch):
    write(tmp_path, {"a.py": b"x = 1\n"})
    monkeypatch.setattr("routilux.demo.report.is_balanced", lambda slot: False)
    assert call(capfd, "demo", tmp_path, "--json").code == FAILED


def test_one_plain_line_a_second_and_ctrl_c_within_two_seconds():
    process = start("demo")
    assert process.stdout is not None
    first = process.stdout.readline()
    second = process.stdout.readline()
    done, seconds = interrupt(process)
    for line in (first, second):
        assert re.match(r" +\d+\.\d s  running  files \d+  parsed \d+  failed \d+  walk ", line)
    assert 0.8 < float(second.split()[0]) - float(first.split()[0]) < 3
    assert done.code == INTERRUPTED
    assert seconds < 2
    assert done.err == ""
    assert "cancelled after" in done.out
    assert "files have come to no end" in done.out
    assert "DOES NOT HOLD" not in done.out


def test_ctrl_c_with_json_is_still_one_document():
    process = start("demo", "--json", "--serve", "--port", 0)
    assert process.stderr is not None
    url = process.stderr.readline().split()[-1]
    while not get(f"{url}/api/jobs")["jobs"]:
        pass
    done, seconds = interrupt(process)
    assert (done.code, seconds < 2) == (INTERRUPTED, True)
    document = done.document
    assert document["status"] == "cancelled"
    assert document["files"] == document["parsed"] + document["failed"] + document["unfinished"]
    assert all(slot["balanced"] for slot in document["slots"])


def test_sigterm_stops_it_as_cleanly():
    process = start("demo")
    assert process.stdout is not None
    process.stdout.readline()
    done, seconds = interrupt(process, signal.SIGTERM)
    assert (done.code, seconds < 2) == (128 + signal.SIGTERM, True)
    assert "cancelled after" in done.out


def test_a_terminal_gets_a_live_table_that_ctrl_c_ends():
    terminal = on_terminal("demo")
    terminal.read_until(b"bottleneck")
    terminal.press(b"\x03")
    assert terminal.end() == INTERRUPTED
    seen = terminal.seen
    for part in (b"read.items", b"parse.items", b"retries", b"refused", b"/16", b"bottleneck: "):
        assert part in seen
    assert "█".encode() in seen or "░".encode() in seen
    assert COLOUR.search(seen)
    assert b"\x1b[?25h" in seen  # the cursor is back
    assert b"cancelled after" in seen
    assert b"Traceback" not in seen


def test_no_color_means_no_colour():
    terminal = on_terminal("demo", NO_COLOR="1")
    terminal.read_until(b"bottleneck")
    terminal.press(b"\x03")
    assert terminal.end() == INTERRUPTED
    assert not COLOUR.search(terminal.seen)
    assert b"parse.items" in terminal.seen


def test_a_dumb_terminal_gets_lines(root):
    terminal = on_terminal("demo", root, TERM="dumb")
    assert terminal.end() == DONE
    assert b"\x1b" not in terminal.seen
    assert b"files are accounted for." in terminal.seen


def test_a_terminal_without_utf_8_gets_plain_bars():
    terminal = on_terminal("demo", PYTHONIOENCODING="ascii")
    terminal.read_until(b"bottleneck")
    terminal.press(b"\x03")
    assert terminal.end() == INTERRUPTED
    assert b"....." in terminal.seen
    assert b"\\u" not in terminal.seen


def test_serve_keeps_the_http_face_up_until_ctrl_c(root):
    process = start("demo", root, "--json", "--serve", "--port", 0)
    assert process.stderr is not None
    first, second = process.stderr.readline(), process.stderr.readline()
    url = first.split()[-1]
    assert first == f"routilux: serving on {url}\n"
    assert "still serving" in second
    (job,) = get(f"{url}/api/jobs")["jobs"]
    assert job["status"] == "completed"
    queues = get(f"{url}/api/jobs/{job['job_id']}/queues/status")
    again = get(f"{url}/api/flows/census/queues/status")
    done, seconds = interrupt(process)
    assert (done.code, done.err, seconds < 2) == (DONE, "", True)
    document = done.document
    assert document["address"] == url
    assert document["job_id"] == job["job_id"]
    wanted = [{name: slot[name] for name in PLAN} for slot in document["slots"]]
    assert [{name: slot[name] for name in PLAN} for slot in queues["slots"]] == wanted
    assert len(again["slots"]) == len(wanted)


def test_a_paused_start_is_resumed_over_http(root):
    process = start("demo", root, "--json", "--serve", "--start-paused", "--port", 0)
    assert process.stderr is not None
    url = process.stderr.readline().split()[-1]
    jobs = []
    while not jobs:
        jobs = get(f"{url}/api/jobs")["jobs"]
    assert jobs[0]["status"] == "paused"
    get(f"{url}/api/jobs/{jobs[0]['job_id']}/resume", "POST")
    assert "still serving" in process.stderr.readline()
    done, _ = interrupt(process)
    assert done.code == DONE
    assert done.document["files"] == count(find(root)).files


def test_a_job_that_was_cancelled_over_http_is_code_1(root):
    process = start("demo", root, "--json", "--serve", "--start-paused", "--port", 0)
    assert process.stderr is not None
    url = process.stderr.readline().split()[-1]
    jobs = []
    while not jobs:
        jobs = get(f"{url}/api/jobs")["jobs"]
    get(f"{url}/api/jobs/{jobs[0]['job_id']}/cancel", "POST")
    assert "still serving" in process.stderr.readline()
    done, _ = interrupt(process)
    assert (done.code, done.document["status"]) == (FAILED, "cancelled")


def test_a_port_that_is_taken_is_one_line(root, capsys):
    with face.http_face(None, face.face_settings(port=0)) as served:
        port = served.url.rpartition(":")[2]
        done = call(capsys, "demo", root, "--serve", "--port", port)
    assert done.code == USAGE
    assert f"cannot serve on 127.0.0.1 port {port}" in done.error
    assert "choose another with --port" in done.error


def test_a_collector_that_is_gone_changes_no_result_and_no_exit(root):
    settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    done = finish(start("demo", root, "--json", **settings))
    assert done.code == DONE
    assert done.document["files"] == count(find(root)).files
    trouble, patience, lost = done.err.splitlines()
    assert trouble.startswith("routilux: telemetry has trouble, the work goes on: ")
    assert trouble.endswith("Is a collector at http://127.0.0.1:9 (OTEL_EXPORTER_OTLP_ENDPOINT)?")
    assert patience == "routilux: waiting for the collector of telemetry, 5 s at most"
    assert lost.startswith("routilux: telemetry did not end within 5 s. Lost since it began: ")
    assert "spans" in lost


def test_a_collector_that_is_gone_does_not_keep_ctrl_c_waiting():
    process = start("demo", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9")
    assert process.stdout is not None
    process.stdout.readline()
    done, seconds = interrupt(process)
    assert (done.code, seconds < 2) == (INTERRUPTED, True)
    assert "did not end within 0.4 s. Lost since it began: " in done.err.splitlines()[-1]


def test_a_telemetry_variable_that_is_wrong_is_one_line(root):
    settings = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "smoke",
    }
    done = finish(start("demo", root, **settings))
    assert done.code == USAGE
    assert "smoke" in done.error
    assert telemetry.ENDPOINTS[0] in settings
