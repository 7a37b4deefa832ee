"""``routilux snapshot`` and ``restore``."""

from __future__ import annotations

import io
import json

import pytest

from routilux.cli.errors import DONE, KEY_REFUSED, NOT_FOUND, STATE, USAGE
from tests.cli.programs import call, finish, start
from tests.cli.served import serving
from tests.monitoring.samples import make_runtime


@pytest.fixture
def job(served):
    """A paused job in whose slot two items wait."""
    made = served.start(keep_open=True, entry_routine_id="sink")
    served.runtime.run_until_idle()
    for number in range(2):
        made.post("sink", "in", {"n": number})
    made.pause()
    return made


def test_a_snapshot_goes_to_a_file_and_the_job_goes_on_from_it(served, job, tmp_path):
    path = tmp_path / "job.json"
    done = finish(start("snapshot", job.job_id, ROUTILUX_URL=served.url))
    assert (done.code, done.err) == (DONE, "")
    assert done.document == job.snapshot()
    path.write_text(done.out)
    job.cancel()
    done = finish(start("restore", path, "--start-paused", ROUTILUX_URL=served.url))
    assert (done.code, done.err) == (DONE, "")
    assert done.out == f"Job {job.job_id} of flow 'flow' restored: paused\n"
    anew = served.runtime.jobs.get(job.job_id)
    assert anew is not job
    assert anew.counts().unconsumed == 2


def test_restore_reads_the_standard_input(served, job, capsys, monkeypatch):
    text = json.dumps(job.snapshot())
    job.cancel()
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    document = call(capsys, "restore", "-", "--flow", "flow", "--json").document
    assert (document["job_id"], document["status"]) == (job.job_id, "running")


def test_a_job_is_not_restored_beside_itself(served, job, capsys, tmp_path):
    path = tmp_path / "job.json"
    path.write_text(call(capsys, "snapshot", "last").out)
    done = call(capsys, "restore", path)
    assert done.code == STATE
    assert "is paused: cancel it first" in done.error


def test_a_snapshot_of_a_flow_that_is_not_there(served, job, capsys, tmp_path):
    path = tmp_path / "job.json"
    path.write_text(json.dumps(job.snapshot()))
    done = call(capsys, "restore", path, "--flow", "none")
    assert done.code == NOT_FOUND
    assert "Flow 'none' not found" in done.error


def test_a_job_that_runs_cannot_be_saved(served, capsys):
    served.start(keep_open=True)
    done = call(capsys, "snapshot", "last", "--json")
    assert done.code == STATE
    assert "pause it first" in done.error


def test_what_stands_in_emit_is_saved_too_if_it_is_wanted(served, capsys):
    job = served.start(keep_open=True, start_paused=True)
    job.breakpoints.add("routine", "sink")
    job.resume()
    served.runtime.run_until_idle()  # the source stands in emit, for the slot is full
    assert call(capsys, "snapshot", "last").code == STATE
    assert call(capsys, "snapshot", "last", "--rerun").document["job_id"] == job.job_id


def test_where_nobody_may_see_items_there_are_no_snapshots(capsys):
    with serving(make_runtime(), payloads=False) as hidden:
        hidden.start(keep_open=True, start_paused=True)
        done = call(capsys, "snapshot", "last", "--url", hidden.url)
    assert (done.code, done.out) == (KEY_REFUSED, "")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is no snapshot: it is no JSON"),
        ("[" * 100_000, "is no snapshot: it is no JSON"),
        ("[]", "is no snapshot: `routilux snapshot JOB > FILE` makes one"),
        ("{}", "body.snapshot"),
    ],
)
def test_files_that_are_no_snapshot(text, says, served, capsys, tmp_path):
    path = tmp_path / "file"
    path.write_text(text)
    done = call(capsys, "restore", path)
    assert (done.code, done.out) == (USAGE, "")
    assert says in done.error


@pytest.mark.parametrize("path", ["/no/such/file", "/"])
def test_files_that_cannot_be_read(path, served, capsys):
    done = call(capsys, "restore", path)
    assert done.code == USAGE
    assert f"{path} cannot be read, " in done.error
