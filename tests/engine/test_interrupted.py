"""Logic that the end of its job interrupts: no item of it is lost without a word."""

from __future__ import annotations

from routilux import Flow
from routilux.activation import checkpoint
from routilux.errors import JobCancelled
from routilux.status import ExecutionStatus
from tests.engine.parts import figures, letters, line, made


def test_items_of_interrupted_logic_are_dead_letters(rt):
    """Nobody knows which of them are done."""
    seen = []
    routine = made()

    def logic(items):
        for item in items:
            seen.append(item)
            if item == 1:
                job.cancel("enough")
            routine.emit_item("out", item)

    job = rt.exec(line(routine.set_logic(logic), made()), keep_open=True)
    for item in range(3):
        job.post("r0", "in", item)
    rt.run_until_idle()
    assert job.wait()
    assert seen == [0, 1]
    assert [each.data for each in job.dead_letters.list("interrupted")] == [0, 1, 2]
    assert letters(job)[0] == (1, "cancelled")  # what it had emitted
    assert figures(job, "r0", "in").consumed == 3
    assert job.warnings[-1].endswith("item(s) became dead letters")


def test_interrupted_items_are_delivered_to_another_job(rt):
    again = []
    flow = Flow("again")

    @flow.step(name="step", each=False)
    def step(items):
        again.extend(items)
        if len(again) == 2:
            job.cancel()
            checkpoint()

    job = rt.exec(flow, keep_open=True)
    for item in range(2):
        job.post("step", "items", item)
    rt.run_until_idle()
    assert letters(job) == [(0, "interrupted"), (1, "interrupted")]
    assert job.dead_letters.redeliver(new_job=True).count == 2
    rt.run_until_idle()
    assert again == [0, 1, 0, 1]


def test_a_step_that_is_interrupted_keeps_only_what_it_has_not_done(rt):
    """The rest of its portion; the rest of its slot stays there."""
    seen = []
    flow = Flow("each")

    @flow.step(name="step")
    def step(item):
        seen.append(item)
        if len(seen) == 5:
            job.cancel()
            checkpoint()

    job = rt.exec(flow, keep_open=True)
    for item in range(20):
        job.post("step", "items", item)
    rt.run_until_idle()
    mine = [letter.data for letter in job.dead_letters.list("interrupted")]
    left = job.slot("step", "items").peek_all_new()
    assert (seen, mine) == ([0, 1, 2, 3, 4], [4, 5, 6])  # portions of 1, 2 and 4
    assert left == list(range(7, 20))
    assert figures(job, "step", "items").consumed == 7


def test_the_news_of_the_end_in_a_job_that_goes_on_is_an_error(rt):
    """Whatever a library raises: only the end of this job is its end."""
    seen = []
    flow = Flow("mine")

    @flow.source
    def numbers():
        return range(10)

    @flow.step(after=numbers)
    def step(item):
        seen.append(item)
        if item == 3:
            raise JobCancelled("mine")

    job = rt.exec(flow)
    assert job.wait()
    assert (job.status, seen) == (ExecutionStatus.COMPLETED, list(range(10)))
    assert letters(job) == [(3, "logic_error")]


def test_the_same_in_a_class_is_for_its_handler(rt):
    def logic(items):
        raise JobCancelled("mine")

    job = rt.exec(line(made(logic)), keep_open=True)
    job.post("r0", "in", 1)
    assert job.wait()
    assert (job.status, letters(job)) == (ExecutionStatus.FAILED, [(1, "logic_error")])
