from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import warnings
from pathlib import Path

import pytest

from routilux import Runtime
from routilux.demo import Census, Report, make_flow
from routilux.demo.census import stop
from routilux.demo.pipeline import WALK
from routilux.demo.report import is_balanced, make_report
from routilux.demo.walking import standard_library
from tests.demo.folders import BROKEN, ODD_BUT_RIGHT, Counts, count, find, make_folder, write

ROOT = Path(__file__).resolve().parents[2]

# Takes a census as somebody whom permissions bind: root reads everything.
AS_NOBODY = """
import json, os, sys
from routilux import Runtime
from routilux.demo import Census
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
with Runtime(2) as runtime:
    report = Census(runtime, sys.argv[1]).run(print)
print(json.dumps(report.to_dict()))
"""


def take(root: object, **settings) -> Report:
    with Runtime(4) as runtime:
        return Census(runtime, root).run(lambda reading: None, **settings)


def counts_of(report: Report) -> Counts:
    return Counts(**{name: getattr(report, name) for name in Counts.__dataclass_fields__})


def check_slots(report: Report) -> None:
    assert [f"{slot.routine_id}.{slot.slot_name}" for slot in report.slots] == [
        "walk.trigger", "read.items", "parse.items", "measure.items", "report.items"
    ]  # fmt: skip
    for slot in report.slots:
        assert is_balanced(slot)
        assert slot.offered == slot.consumed + slot.unconsumed + slot.held + slot.refused


def test_the_counts_are_those_of_find_and_ast(tmp_path):
    root = make_folder(tmp_path / "root")
    report = take(root)
    assert counts_of(report) == count(find(root))
    assert report.failed == len(BROKEN)
    assert report.status == "completed"
    assert report.accounted_for
    check_slots(report)
    offered = [slot.offered for slot in report.slots]
    assert offered == [1, report.files, report.files, report.parsed, report.parsed]
    assert all(slot.unconsumed == slot.held == slot.refused == 0 for slot in report.slots)


def test_the_counts_of_real_packages_are_those_of_find_and_ast():
    assert counts_of(take(ROOT / "routilux")) == count(find(ROOT / "routilux"))
    report = take(Path(standard_library()) / "email")
    assert counts_of(report) == count(find(Path(standard_library()) / "email"))
    assert report.parsed > 20


def test_every_broken_file_is_a_dead_letter_with_its_name_and_error(tmp_path):
    root = make_folder(tmp_path / "root")
    letters = {os.path.relpath(one.path, root / "broken"): one for one in take(root).dead_letters}
    assert set(letters) == set(BROKEN)
    for letter in letters.values():
        assert (letter.routine_id, letter.reason) == ("parse", "logic_error")
        assert letter.error
    kinds = {name: letter.error_type for name, letter in letters.items()}
    assert kinds["syntax.py"] == kinds["encoding.py"] == kinds["cookie.py"] == "SyntaxError"
    assert kinds["indent.py"] == "IndentationError"
    assert kinds["nul.py"] in ("ValueError", "SyntaxError")
    assert "syntax.py, line 1" in letters["syntax.py"].error
    assert "null bytes" in letters["nul.py"].error
    assert "no-such-thing" in letters["cookie.py"].error


@pytest.mark.parametrize("name", BROKEN)
def test_one_broken_file_does_not_take_its_neighbours_with_it(name, tmp_path):
    files = {f"good{number}.py": b"def f(): pass\n" for number in range(20)}
    write(tmp_path, {**files, name: BROKEN[name]})
    report = take(tmp_path)
    assert (report.files, report.parsed, report.failed, report.functions) == (21, 20, 1, 20)


def test_odd_files_are_read_as_python_reads_them(tmp_path):
    write(tmp_path, ODD_BUT_RIGHT)
    report = take(tmp_path)
    assert (report.failed, report.parsed) == (0, len(ODD_BUT_RIGHT))
    assert counts_of(report) == count(find(tmp_path))


def test_a_file_that_went_away_is_a_dead_letter(tmp_path):
    write(tmp_path, {"stays.py": b"x = 1\n"})
    gone = str(tmp_path / "gone.py")
    with Runtime(2) as runtime:
        job = runtime.exec(make_flow(), entry_params={"path": str(tmp_path)}, keep_open=True)
        job.post("read", "items", gone)
        job.close()
        job.wait()
    (letter,) = make_report(job, str(tmp_path)).dead_letters
    assert (letter.path, letter.routine_id) == (gone, "read")
    assert letter.error_type == "FileNotFoundError"


@pytest.fixture
def open_folder():
    """A folder that everybody may look into."""
    folder = Path(tempfile.mkdtemp(prefix="census-"))
    folder.chmod(0o755)
    yield folder
    for path in folder.rglob("*"):
        path.chmod(0o755)
    shutil.rmtree(folder)


def test_files_and_folders_without_permission_are_told(open_folder):
    write(open_folder, {"open.py": b"x = 1\n", "closed.py": b"x = 1\n"})
    write(open_folder / "locked", {"inside.py": b"x = 1\n"})
    (open_folder / "closed.py").chmod(0)
    (open_folder / "locked").chmod(0)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, open_folder],
        cwd=ROOT, env=kept, capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["files"], report["parsed"], report["failed"]) == (2, 1, 1)
    (letter,) = report["dead_letters"]
    assert (letter["path"], letter["routine_id"]) == (str(open_folder / "closed.py"), "read")
    assert letter["error_type"] == "PermissionError"
    (folder,) = report["folders_not_listed"]
    assert folder == {"path": str(open_folder / "locked"), "error": "Permission denied"}
    assert not report["accounted_for"]  # nobody knows what is in that folder


def test_the_ten_largest_and_the_ten_most_complex_functions(tmp_path):
    for size in range(1, 31):
        body = "".join(f"    if a == {line}: pass\n" for line in range(size))
        flat = "    pass\n" * (40 - size)
        text = f"def branchy_{size}(a):\n{body}def flat_{size}(a):\n{flat}"
        write(tmp_path, {f"f{size:02}.py": text.encode()})
    report = take(tmp_path)
    assert [one.lines for one in report.largest] == [40, 39, 38, 37, 36, 35, 34, 33, 32, 31]
    assert [one.name for one in report.largest[:2]] == ["flat_1", "flat_2"]
    assert [one.complexity for one in report.most_complex] == list(range(31, 21, -1))
    assert report.most_complex[0].name == "branchy_30"
    assert Path(report.most_complex[0].path).name == "f30.py"


def test_equals_come_in_the_order_of_their_places(tmp_path):
    for number in range(25):
        write(tmp_path, {f"f{number:02}.py": b"def f(): pass\n" * 2})
    report = take(tmp_path)
    places = [(Path(one.path).name, one.line) for one in report.largest]
    assert places == [(f"f{number:02}.py", line) for number in range(5) for line in (1, 2)]
    assert report.most_complex == report.largest


def test_an_empty_folder_is_a_census_of_nothing(tmp_path):
    report = take(tmp_path)
    assert (report.files, report.parsed, report.largest, report.dead_letters) == (0, 0, (), ())
    assert report.accounted_for


@pytest.mark.parametrize("name", ["nowhere", "file.py"])
def test_a_path_that_is_no_folder_is_an_error_that_says_so(name, tmp_path):
    write(tmp_path, {"file.py": b""})
    with Runtime(1) as runtime, pytest.raises(ValueError, match="name a folder"):
        Census(runtime, tmp_path / name)


def test_the_default_is_the_standard_library_without_installed_packages():
    with Runtime(1) as runtime:
        census = Census(runtime)
        assert census.root == standard_library()
        assert make_flow().validate() == []
        job = census.start()
        while job.routine_data(WALK).get("found", 0) < 50:
            assert not job.wait(0.01)
        stop(job)
        report = census.report(job)
    assert not any("site-packages" in letter.path for letter in report.dead_letters)
    assert report.files >= 50


def test_an_interruption_ends_it_with_a_report_that_still_adds_up():
    interrupted = threading.Event()
    seen: list[int] = []
    with Runtime(4) as runtime:

        def show(reading) -> None:
            seen.append(reading.files)
            if reading.parsed:
                interrupted.set()

        census = Census(runtime)
        report = census.run(show, every_s=0.05, interrupted=interrupted)
    assert report.status == "cancelled"
    assert not report.accounted_for
    assert seen
    assert 0 < report.parsed < report.files
    assert report.unfinished == report.files - report.parsed - report.failed > 0
    check_slots(report)


def test_back_pressure_shows_while_it_runs():
    readings = []
    interrupted = threading.Event()
    with Runtime(4) as runtime:

        def show(reading) -> None:
            readings.append(reading)
            if reading.parsed > 100:
                interrupted.set()

        report = Census(runtime).run(show, every_s=0.02, interrupted=interrupted)
    full = [slot for reading in readings for slot in reading.slots if slot.is_full]
    assert any(slot.routine_id in ("read", "parse") for slot in full)
    assert any(reading.bottleneck in ("read", "parse", "measure") for reading in readings)
    assert any("waiting for room" in reading.states.values() for reading in readings)
    assert all(slot.unconsumed <= slot.max_length for reading in readings for slot in reading.slots)
    assert sum(slot.retries for slot in report.slots) > 0


def test_a_paused_start_waits_for_resume(tmp_path):
    write(tmp_path, {"a.py": b"x = 1\n"})
    with Runtime(2) as runtime:
        statuses = []

        def show(reading) -> None:
            statuses.append((reading.status, reading.files))
            for job in runtime.list_jobs():
                job.resume()

        report = Census(runtime, tmp_path).run(show, every_s=0.05, start_paused=True)
    assert statuses[0] == ("paused", 0)
    assert (report.files, report.status) == (1, "completed")


def test_warnings_about_the_files_that_are_parsed_are_left_out(tmp_path):
    write(tmp_path, {"warns.py": ODD_BUT_RIGHT["warns.py"]})
    with warnings.catch_warnings(record=True, action="always") as seen:
        ast.parse(ODD_BUT_RIGHT["warns.py"])
        compile(ODD_BUT_RIGHT["warns.py"], "warns.py", "exec")
        said = len(seen)
        report = take(tmp_path)
    assert said > 0
    assert len(seen) == said
    assert report.parsed == 1


def test_two_jobs_of_one_flow_count_for_themselves(tmp_path):
    write(tmp_path / "one", {f"{number}.py": b"x = 1\n" for number in range(30)})
    write(tmp_path / "two", {f"{number}.py": b"x = 1\ny = 1\n" for number in range(40)})
    flow = make_flow()
    with Runtime(4) as runtime:
        jobs = [
            runtime.exec(flow, entry_routine_id=WALK, entry_params={"path": str(tmp_path / name)})
            for name in ("one", "two")
        ]
        for job in jobs:
            job.wait()
    reports = [make_report(job, "") for job in jobs]
    assert [(one.files, one.parsed, one.lines) for one in reports] == [(30, 30, 30), (40, 40, 80)]


def test_the_report_as_a_document_is_json_with_the_metrics_of_every_slot(tmp_path):
    root = make_folder(tmp_path / "root")
    report = take(root)
    document = json.loads(json.dumps(report.to_dict()))
    assert document["files"] == report.files
    assert document["unfinished"] == 0
    assert document["accounted_for"] is True
    assert set(document["dead_letters"][0]) == {
        "path", "routine_id", "reason", "error_type", "error"
    }  # fmt: skip
    for slot in document["slots"]:
        assert set(slot) == {
            "queue_size", "max_length", "usage_percent", "unconsumed_count", "is_full",
            "is_near_full", "slot_name", "routine_id", "offered", "consumed", "held", "refused",
            "retries", "balanced",
        }  # fmt: skip
        assert slot["offered"] == (
            slot["consumed"] + slot["unconsumed_count"] + slot["held"] + slot["refused"]
        )


def test_a_folder_that_cannot_be_listed_is_in_the_report(tmp_path, monkeypatch):
    write(tmp_path / "gone", {"a.py": b"x = 1\n"})
    write(tmp_path / "stays", {"a.py": b"x = 1\n"})
    scan = os.scandir

    def without_one(path):
        if str(path).endswith("gone"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", without_one)
    report = take(tmp_path)
    assert (report.files, report.parsed, report.status) == (1, 1, "completed")
    assert report.folders_not_listed == (
        {"path": str(tmp_path / "gone"), "error": "Permission denied"},
    )
    assert not report.accounted_for
