"""``routilux ps``, ``status``, ``why``, ``peek``, ``pause``, ``resume`` and ``cancel``."""

from __future__ import annotations

import json

import pytest

from routilux import JobState
from routilux.cli.errors import DONE, NOT_FOUND, USAGE
from routilux.cli.remote.address import find_server
from routilux.cli.remote.client import Client
from routilux.cli.remote.looking import explain
from tests.cli.programs import call


@pytest.fixture
def job(served):
    """A job whose slot is empty, and that does nothing by itself."""
    made = served.start(keep_open=True, entry_routine_id="sink")
    served.runtime.run_until_idle()
    return made


@pytest.fixture
def full(served):
    """A running job: its slot is full, and its source stands in emit."""
    made = served.start(keep_open=True, start_paused=True)
    at = made.breakpoints.add("routine", "sink")
    made.resume()
    served.runtime.run_until_idle()
    made.breakpoints.remove(at.id)
    return made


# -- ps --------------------------------------------------------------------------------------------


def test_ps_lists_live_jobs_and_with_all_the_others(served, capsys):
    assert call(capsys, "ps").out == "no jobs\n"
    ended = served.start()
    ended.cancel()
    served.runtime.clock.advance(1)
    live = served.start(keep_open=True)
    head, row = call(capsys, "ps").out.splitlines()
    assert head.split()[:3] == ["job", "flow", "status"]
    assert row.split()[:3] == [live.job_id[:8], "flow", "running"]
    assert len(call(capsys, "ps", "--all").out.splitlines()) == 3
    (row,) = call(capsys, "ps", "--status", "cancelled").out.splitlines()[1:]
    assert row.split()[0] == ended.job_id[:8]
    assert call(capsys, "ps", "--flow", "other").out == "no live jobs; 2 in all, see --all\n"
    document = call(capsys, "ps", "--all", "--json").document
    assert [job["job_id"] for job in document["jobs"]] == [ended.job_id, live.job_id]
    assert document["total"] == 2


def test_ps_fits_a_terminal(served, capsys, monkeypatch):
    served.start(keep_open=True)
    monkeypatch.setattr("routilux.cli.remote.wording.page_width", lambda: 50)
    done = call(capsys, "ps")
    assert max(map(len, done.out.splitlines())) <= 50
    assert "flow flow, status running" in done.out


# -- which job -------------------------------------------------------------------------------------


def test_jobs_are_meant_by_id_by_its_beginning_or_as_the_last(served, capsys):
    first = served.start(keep_open=True)
    served.runtime.clock.advance(1)
    last = served.start(keep_open=True)
    for word, job in ((first.job_id, first), (first.job_id[:9], first), ("last", last)):
        assert call(capsys, "status", word, "--json").document["job"]["job_id"] == job.job_id


def test_too_short_or_strange_words_mean_no_job(served, capsys):
    job = served.start(keep_open=True)
    for word in (job.job_id[:3], job.job_id + "0", "LAST", "a/b", "\x1b[31m", ".."):
        done = call(capsys, "status", word)
        assert done.code == NOT_FOUND, word
        assert "\x1b" not in done.err
        assert done.error.endswith("not found: `routilux ps --all` lists those there are")
    assert call(capsys, "status", "").code == USAGE


def test_a_word_that_may_mean_several_jobs_names_them(served, capsys):
    flow = served.runtime.flows.get("flow")
    for number in range(7):
        state = JobState("flow", job_id=f"abcd-{number}", clock=served.runtime.clock)
        served.runtime.exec(flow, state, keep_open=True)
    done = call(capsys, "status", "abcd")
    assert done.code == USAGE
    assert done.error.startswith("several jobs begin with 'abcd': abcd-2 (flow 'flow', running), ")
    assert done.error.endswith("abcd-6 (flow 'flow', running) and 2 more")
    assert call(capsys, "status", "abcd-3").code == DONE


def test_last_without_a_job(served, capsys):
    assert call(capsys, "status", "last").code == NOT_FOUND


# -- status, why, peek -----------------------------------------------------------------------------


def test_status_tells_holds_items_and_slots(served, job, capsys):
    job.post("sink", "in", {"n": 1})
    job.pause("lunch")
    lines = call(capsys, "status", "last").out.splitlines()
    assert lines[0] == f"Job {job.job_id} of flow 'flow': paused"
    assert "items: 1 waiting, 0 held, 0 in the dead letters" in lines
    assert "held by the operator" in lines
    assert lines[-1].split() == ["sink.in", "███" + "░" * 21, "1/10"]
    document = call(capsys, "status", "last", "--json").document
    assert document["job"]["status"] == "paused"
    assert document["debug"]["holds"] == ["operator"]
    assert document["queues"]["slots"][0]["unconsumed_count"] == 1


def test_status_of_a_failed_job_tells_the_error(served, capsys):
    job = served.start()
    job.cancel()
    served.runtime.run_until_idle()
    out = call(capsys, "status", job.job_id).out
    assert f"Job {job.job_id} of flow 'flow': cancelled" in out
    assert ", ended " in out


def test_why_names_the_routine_and_its_slot(served, full, capsys):
    out = call(capsys, "why", "last", "--window", 0).out
    assert "bottleneck: routine sink, slot in 10/10" in out
    assert "backed up: sink <- source" in out
    document = call(capsys, "why", "last", "--window", 0, "--json").document
    assert (document["bottleneck"], document["chain"]) == ("sink", ["sink", "source"])


def test_a_long_window_is_no_silence(served, job, capsys):
    with Client(find_server(served.url, None), timeout_s=0.8) as client:
        assert explain(client, "last", 1.2, as_json=True) == DONE
    assert json.loads(capsys.readouterr().out)["measured_seconds"] == 0  # of a clock that stands


def test_why_of_a_flow_that_waits_for_room(served, full, capsys):
    full.debug.resume()
    out = call(capsys, "why", "last", "--window", 0).out
    assert "  source: waiting for room (sink.in)" in out


def test_peek_shows_items_and_consumes_none(served, job, capsys):
    for number in range(4):
        job.post("sink", "in", {"n": number, "password": "planted"})
    done = call(capsys, "peek", "last", "sink.in", "--limit", 3, "--state", "waiting")
    lines = done.out.splitlines()
    assert lines[0] == "sink.in: 4 items, the oldest 3 of them"
    assert len(lines) == 4
    assert lines[1].startswith("  waiting  sink.in#1 from ")
    assert lines[1].endswith('{"n": 0, "password": "[redacted]"}')
    assert "planted" not in done.out
    document = call(capsys, "peek", "last", "sink.in", "--json").document
    assert [item["state"] for item in document["items"]] == ["consumed", *["waiting"] * 4]
    assert call(capsys, "peek", "last", "sink").out.splitlines()[0] == "sink.in: 5 items"
    assert job.live.slots[0].metrics().unconsumed == 4


def test_peek_reads_more_than_a_page(served, capsys):
    job = served.start("picky", entry_routine_id="picky", keep_open=True)
    for number in range(500):
        job.post("picky", "numbers", {"value": number})
    document = call(capsys, "peek", "last", "picky", "--limit", 450, "--json").document
    assert (len(document["items"]), document["total"]) == (450, 501)  # and the one of its start


def test_data_is_cut_and_hidden(served, job, capsys, monkeypatch):
    job.post("sink", "in", {"text": "long" * 100, "colour": "\x1b[31m"})
    monkeypatch.setattr("routilux.cli.remote.wording.page_width", lambda: 100)
    line = call(capsys, "peek", "last", "sink.in").out.splitlines()[2]
    assert len(line) == 100
    assert line.endswith("...")
    assert "\x1b" not in line


def test_a_slot_that_is_not_there(served, job, capsys):
    done = call(capsys, "peek", "last", "sink.out")
    assert (done.code, done.out) == (NOT_FOUND, "")
    assert done.error == "Slot 'sink.out' not found: the job has sink.in"


# -- pause, resume, cancel -------------------------------------------------------------------------


def test_pause_tells_whether_something_still_runs(served, capsys):
    job = served.start(keep_open=True)
    out = call(capsys, "pause", "last", "--reason", "lunch").out
    assert out.startswith(f"Job {job.job_id[:8]} paused: nothing runs\n")
    assert job.pause_points[-1]["reason"] == "lunch"
    again = call(capsys, "pause", "last")
    assert (again.code, "was paused already" in again.out) == (DONE, True)
    assert call(capsys, "pause", "last", "--wait", 0, "--json").document["changed"] is False


def test_resume_lifts_both_holds_and_prints_the_warnings(served, full, capsys):
    full.pause()
    out = call(capsys, "resume", "last").out
    assert out.startswith(
        f"Job {full.job_id[:8]}: resumed, the debugger's hold and the operator's hold lifted\n"
    )
    assert "warning: Slot sink.in is full (10/10 waiting" in out
    assert full.status.value == "running"


@pytest.mark.parametrize(
    ("only", "says", "left"),
    [
        ("debugger", "the debugger's hold lifted; still held by the operator", ["operator"]),
        ("operator", "the operator's hold lifted; still held by breakpoint ", ["breakpoint"]),
    ],
)
def test_resume_can_lift_one_and_says_what_still_holds(only, says, left, served, full, capsys):
    full.pause()
    done = call(capsys, "resume", "last", "--only", only)
    assert says in done.out
    document = call(capsys, "resume", "last", "--only", only, "--json").document
    assert (document["changed"], document["lifted"], document["status"]) == (False, [], "paused")
    assert [hold.partition(":")[0] for hold in document["holds"]] == left


def test_resume_of_a_job_that_runs_changes_nothing(served, capsys):
    job = served.start(keep_open=True)
    done = call(capsys, "resume", "last")
    assert (done.code, done.out) == (DONE, f"Job {job.job_id[:8]}: was not paused\n")


def test_resume_lets_one_item_go(served, capsys):
    job = served.start(keep_open=True, start_paused=True)
    job.breakpoints.add("slot", "sink", slot_name="in", action="hold_item")
    job.resume()
    served.runtime.run_until_idle()
    first = job.debug.items[0].id
    told = call(capsys, "resume", "last").out
    assert "only the item is held" in told
    assert "`--item ITEM` lets one go" in told
    document = call(capsys, "resume", "last", "--item", first, "--json").document
    assert document["lifted"] == ["debugger"]
    assert first not in [item.id for item in job.debug.items]
    missing = call(capsys, "resume", "last", "--item", "none")
    assert missing.code == NOT_FOUND
    assert "Item 'none' not found" in missing.error
    assert call(capsys, "resume", "last", "--item", "x", "--only", "operator").code == USAGE


def test_cancel_twice(served, capsys):
    job = served.start(keep_open=True)
    assert call(capsys, "cancel", "last").out == f"Job {job.job_id[:8]} cancelled\n"
    assert call(capsys, "cancel", "last").out == f"Job {job.job_id[:8]} was cancelled already\n"
    assert call(capsys, "cancel", "last", "--json").document["changed"] is False
