"""``routilux step``: where the job stands then."""

from __future__ import annotations

import threading

import pytest

from routilux import Flow, Routine
from routilux.cli.errors import DONE, FAILED, STATE, USAGE
from tests.cli.programs import call


@pytest.fixture
def job(running):
    """A job whose first item stands in front of its slot."""
    made = running.start(keep_open=True, start_paused=True)
    made.breakpoints.add("slot", "sink", slot_name="in", one_shot=True)
    made.resume()
    while not made.debug.hits:
        pass
    return made


def test_a_step_says_where_it_ended_with_the_item_in_hand(job, capsys):
    done = call(capsys, "step", "last", "into")
    assert done.code == DONE
    head, place, item = done.out.splitlines()
    assert head.startswith(f"Job {job.job_id[:8]}, step into: over after ")
    assert place == "  stands at sink.in, where a step has ended"
    assert item == '    item sink.in#1 from source.out: {"i": 1}'
    document = call(capsys, "step", "last", "into", "--json").document
    assert document["debug"]["hits"][0]["items"][0]["data"] == {"i": 2}
    assert document["debug"]["step_count"] == 2


def test_a_step_over_is_one_activation_and_the_default(job, capsys):
    done = call(capsys, "step", "last")
    assert done.code == DONE
    assert done.out.startswith(f"Job {job.job_id[:8]}, step over: ")
    assert job.debug.step_mode == "over"


def test_what_holds_the_job_beside_the_step_is_told(job, capsys):
    job.pause()
    out = call(capsys, "step", "last", "into").out
    assert out.splitlines()[-1] == "  held by the operator, too"


def test_a_step_that_ends_the_job_says_so(running, capsys):
    job = running.start("picky", start_paused=True)
    job.breakpoints.add("routine", "picky", one_shot=True)
    job.resume()
    while not job.debug.hits:
        pass
    done = call(capsys, "step", "last", "out")
    while not job.status.finished and done.code == DONE:
        done = call(capsys, "step", "last", "out")
    assert job.status.value == "completed"
    assert done.out == f"Job {job.job_id[:8]}, step out: the job has ended, completed\n"


class Slow(Routine):
    """Runs until the test lets it go."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = threading.Event()
        self.define_slot("in")

    def logic(self, items) -> None:
        self.go_on.wait(30)


@pytest.mark.parametrize("wait", [0, 0.05])
def test_a_step_that_takes_too_long_is_told_and_code_1(wait, running, capsys):
    flow = Flow("slow")
    slow = Slow()
    flow.add_routine(slow, "slow")
    running.runtime.flows.register(flow)
    running.start("slow", start_paused=True, entry_routine_id="slow")
    done = call(capsys, "step", "last", "--wait", wait)
    slow.go_on.set()
    assert done.code == FAILED
    assert "step over: not over after 0." in done.out


def test_a_job_that_runs_cannot_step(running, capsys):
    running.start(keep_open=True)
    done = call(capsys, "step", "last")
    assert done.code == STATE
    assert "pause" in done.error


def test_steps_there_are_not(job, capsys):
    done = call(capsys, "step", "last", "back")
    assert done.code == USAGE
    assert "'over', 'into', 'out'" in done.error
