from __future__ import annotations

from dataclasses import replace

import pytest

from routilux import Runtime
from routilux.demo import Census, Failure, Reading, reading_line, report_lines
from routilux.demo.layout import printable
from routilux.demo.text import MOST_LETTERS, verdict
from routilux.slot_metrics import SlotMetrics
from tests.demo.folders import make_folder, write


def slot(**fields) -> SlotMetrics:
    known = dict.fromkeys(SlotMetrics.__dataclass_fields__, 0)
    return SlotMetrics(
        **{
            **known, "slot_name": "items", "routine_id": "parse", "max_length": 16,
            "watermark_threshold": 12, "refused_by": {}, **fields,
        }
    )  # fmt: skip


def take(root):
    with Runtime(2) as runtime:
        return Census(runtime, root).run(lambda reading: None)


def test_a_reading_is_one_line_with_every_slot_and_the_bottleneck():
    slots = (slot(unconsumed=3), slot(routine_id="report", unconsumed=0, max_length=32))
    reading = Reading("running", 2.51, 40, 30, 2, slots, {}, "parse")
    line = reading_line(reading)
    for part in ("2.5 s", "running", "files 40", "parsed 30", "failed 2", "parse 3/16"):
        assert part in line
    assert line.endswith("report 0/32  bottleneck parse")
    assert "\n" not in line
    assert "bottleneck" not in reading_line(replace(reading, bottleneck=None))


def test_the_report_tells_totals_functions_dead_letters_and_slots(tmp_path):
    report = take(make_folder(tmp_path / "root"))
    lines = list(report_lines(report))
    text = "\n".join(lines)
    assert f"Census of {tmp_path / 'root'}: completed after" in lines[0]
    for name in ("files", "parsed", "failed", "lines", "functions", "classes"):
        (line,) = [line for line in lines if line.split()[:1] == [name] and len(line.split()) == 2]
        assert int(line.split()[1]) == getattr(report, name)
    assert "Reader.next" in text
    assert "good.py:9" in text
    assert "  broken/nul.py: parse, logic_error: " in text
    assert [line.split()[-1] for line in lines if line.startswith("  read.items")] == ["holds"]
    assert lines[-1] == f"All {report.files} files are accounted for."


def test_an_empty_report_has_no_empty_tables(tmp_path):
    text = "\n".join(report_lines(take(tmp_path)))
    for title in ("Largest", "complex", "Dead letters", "could not be listed", "unfinished"):
        assert title not in text


def test_long_lists_are_cut_and_say_so(tmp_path):
    many = {f"f{number:02}.py": b"def f(:\n" for number in range(MOST_LETTERS + 5)}
    write(tmp_path, many)
    report = take(tmp_path)
    folders = tuple({"path": f"/x/{number}", "error": "no"} for number in range(MOST_LETTERS + 2))
    lines = list(report_lines(replace(report, folders_not_listed=folders, error="stalled")))
    assert f"Dead letters ({MOST_LETTERS + 5})" in lines
    assert "  and 5 more, see --json" in lines
    assert f"Folders that could not be listed ({MOST_LETTERS + 2})" in lines
    assert "  and 2 more, see --json" in lines
    assert "  stalled" in lines


@pytest.mark.parametrize(("count", "words"), [(1, "1 item was"), (40, "40 items were")])
def test_what_an_interruption_refused_is_one_line_and_no_failure(count, words, tmp_path):
    refused = Failure(str(tmp_path / "a.py"), "parse", "cancelled", "JobFinished", "Job 'x' is ...")
    report = replace(take(tmp_path), status="cancelled", dead_letters=(refused,) * count)
    lines = list(report_lines(report))
    assert f"{words} refused because the job was cancelled, see --json" in lines
    assert not any("Dead letters" in line or "JobFinished" in line for line in lines)
    broken = replace(refused, reason="logic_error", error_type="SyntaxError")
    both = list(report_lines(replace(report, dead_letters=(refused, broken))))
    assert "Dead letters (1)" in both
    assert any(line.startswith("1 item was refused") for line in both)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "cancelled"}, "the job is cancelled"),
        ({"files": 5}, "5 files have come to no end"),
        ({"folders_not_listed": ({"path": "x", "error": "no"},)}, "1 folders could not be listed"),
        ({"slots": (slot(offered=1),)}, "a slot's sum does not hold"),
    ],
)
def test_whatever_is_not_accounted_for_is_said(change, reason, tmp_path):
    report = take(tmp_path)
    assert report.accounted_for
    wrong = replace(report, **change)
    assert not wrong.accounted_for
    assert verdict(wrong) == f"Not every file is accounted for: {reason}."
    assert any("DOES NOT HOLD" in line for line in report_lines(wrong)) == ("sum" in reason)
    assert any(line.startswith("  unfinished") for line in report_lines(wrong)) == (
        "files" in change
    )


def test_what_a_terminal_would_obey_is_escaped(tmp_path):
    assert printable("a\x1b[31m\nb\udcff ä") == "a\\x1b[31m\\nb\\udcff ä"
    write(tmp_path, {"red\x1b[31m.py": b"def f(): pass\n"})
    text = "\n".join(report_lines(take(tmp_path)))
    assert "\x1b" not in text
    assert "red\\x1b[31m.py:1" in text


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_of_a_report_is_longer_than_the_terminal(width, tmp_path):
    report = replace(take(make_folder(tmp_path / "root")), error="it " * 60)
    lines = list(report_lines(report, width))
    long = [line for line in lines if len(line) > width]
    assert [line for line in long if len(line.split()) > 1] == []  # a path stays whole
    assert any("read.items" in line and "offered" in line for line in lines) == (width == 60)
