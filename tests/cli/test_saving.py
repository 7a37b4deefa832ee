"""Saving the jobs of a server that stops."""

from __future__ import annotations

import json
import logging

import pytest

from routilux import Flow, Routine
from routilux.cli import saving
from routilux.cli.errors import CommandError
from routilux.cli.saving import is_snapshot, path_of, prepare_folder, save_jobs
from routilux.flow_registry import FlowRegistry
from routilux.job_state import JobState
from routilux.stores import JobStore
from routilux.testing import StepRuntime
from tests.monitoring.samples import make_flow, make_runtime


@pytest.fixture
def runtime():
    made = make_runtime()
    yield made
    made.shutdown(wait=False)


def test_jobs_that_are_not_done_are_saved_and_stay_paused(runtime, tmp_path):
    flow = make_flow()
    done, open_, paused = (
        runtime.exec(flow, start_paused=n == 2, keep_open=n > 0) for n in range(3)
    )
    runtime.run_until_idle()
    assert done.status.finished
    saved = save_jobs(runtime, tmp_path, 0)
    assert (saved.jobs, saved.lost) == (2, 0)
    assert {path.stem for path in tmp_path.iterdir()} == {open_.job_id, paused.job_id}
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in tmp_path.iterdir())
    assert open_.status.value == paused.status.value == "paused"
    other = StepRuntime(flows=FlowRegistry(), jobs=JobStore())
    job = other.restore(json.loads(path_of(tmp_path, paused.job_id).read_text()), flow)
    job.close()
    other.run_until_idle()
    assert job.status.value == "completed"
    assert job.slot("sink", "in").read_metrics().consumed == 25


def test_a_job_that_cannot_be_saved_is_told_and_the_others_are_saved(runtime, tmp_path, caplog):
    flow = Flow("odd")
    routine = Routine()
    routine.define_slot("in")
    flow.add_routine(routine, "taker")
    odd = runtime.exec(flow, start_paused=True, entry_routine_id="taker", entry_params={"x": {1}})
    good = runtime.exec(make_flow(), start_paused=True)
    with caplog.at_level(logging.INFO, "routilux.api"):
        saved = save_jobs(runtime, tmp_path, 0)
    assert (saved.jobs, saved.lost) == (1, 1)
    assert [path.stem for path in tmp_path.iterdir()] == [good.job_id]
    told = {record.levelname: record.getMessage() for record in caplog.records}
    assert f"Job {odd.job_id} of flow 'odd' could not be saved and is lost: " in told["ERROR"]
    assert "taker.in" in told["ERROR"]
    assert str(path_of(tmp_path, good.job_id)) in told["INFO"]


def test_a_file_that_cannot_be_written_costs_one_job_and_leaves_no_part(
    runtime, tmp_path, monkeypatch
):
    jobs = [runtime.exec(make_flow(), start_paused=True) for _ in range(2)]
    path_of(tmp_path, jobs[0].job_id).mkdir()
    saved = save_jobs(runtime, tmp_path, 0)
    assert (saved.jobs, saved.lost) == (1, 1)
    assert len(list(tmp_path.iterdir())) == 2


def test_jobs_that_begin_meanwhile_are_saved_too(runtime, tmp_path, monkeypatch):
    first = runtime.exec(make_flow(), start_paused=True)
    started = []

    def write(path, text):
        if not started:
            started.append(runtime.exec(make_flow()))
        path.write_text(text)

    monkeypatch.setattr(saving, "write_whole", write)
    assert save_jobs(runtime, tmp_path, 0).jobs == 2
    assert {path.stem for path in tmp_path.iterdir()} == {first.job_id, started[0].job_id}


@pytest.mark.parametrize("job_id", ["../../escape", ".hidden", "a/b", "..", "nul\0", "ü é"])
def test_an_id_is_never_a_path(job_id, runtime, tmp_path):
    folder = tmp_path / "snapshots"
    prepare_folder(folder)
    runtime.exec(make_flow(), JobState("flow", job_id), start_paused=True)
    assert save_jobs(runtime, folder, 0).jobs == 1
    (path,) = folder.iterdir()
    assert is_snapshot(path)
    assert json.loads(path.read_text())["job"]["job_id"] == job_id
    assert list(tmp_path.iterdir()) == [folder]


def test_the_folder_is_made_and_its_snapshots_are_counted(tmp_path):
    folder = tmp_path / "a" / "b"
    assert prepare_folder(folder) == 0
    assert folder.stat().st_mode & 0o777 == 0o700
    for name in ("one.json", "two.json", ".one.json.tmp", ".x.json", "notes.txt"):
        (folder / name).write_text("{}")
    assert prepare_folder(folder) == 2
    with pytest.raises(CommandError, match="set ROUTILUX_SNAPSHOT_FOLDER to a folder"):
        prepare_folder(folder / "one.json")


def test_a_folder_that_nobody_may_write_to(tmp_path, monkeypatch):
    monkeypatch.setattr(saving.os, "access", lambda *_: False)
    with pytest.raises(CommandError, match="nothing may be written there"):
        prepare_folder(tmp_path)
