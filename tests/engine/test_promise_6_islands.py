"""Promise 6: jobs are islands."""

from __future__ import annotations

import pytest

from routilux import ErrorHandler, Flow, JobState, Routine
from routilux.activation_policies import batch_size_policy, time_interval_policy
from routilux.status import ExecutionStatus
from routilux.testing import CollectingSink, StepRuntime
from tests.engine.parts import AGES_S, figures, into_sink, letters, line, made


class Counter(Routine):
    """Counts its items in the job's state, and the calls of all jobs in itself."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.define_slot("in")

    def logic(self, items, job_state):
        self.calls += 1
        self.state["count"] = self.state.get("count", 0) + len(items)
        job_state.update_shared_data("last", items[-1])


def posted(rt, flow, *items):
    job = rt.exec(flow, keep_open=True)
    for item in items:
        job.post("r0", "in", item)
    return job


@pytest.mark.parametrize("seed", range(10))
def test_no_item_of_one_job_is_seen_by_another(seed):
    flow, sink = into_sink(range(20), max_queue_length=1, overflow="block")
    with StepRuntime(seed, thread_pool_size=3) as rt:
        jobs = [rt.exec(flow) for _ in range(4)]
        assert all(job.wait(AGES_S) for job in jobs)
    assert [sink.received_by(job) for job in jobs] == [list(range(20))] * 4
    assert [figures(job, "r1", "items").offered for job in jobs] == [20] * 4


def test_no_state_of_one_job_is_seen_by_another(rt):
    counter = Counter()
    flow = line(counter)
    jobs = [posted(rt, flow, *items) for items in ((1, 2, 3), (4,))]
    rt.run_until_idle()
    assert [counter.get_state(job, "count") for job in jobs] == [3, 1]
    assert [job.get_shared_data("last") for job in jobs] == [3, 4]
    assert counter.calls == 2
    counter.set_state(jobs[0], "count", 10)
    counter.update_state(jobs[0], {"more": 1})
    assert counter.get_state(jobs[1]) == {"count": 1}
    assert [job.get_routine_state("r0")["status"] for job in jobs] == ["completed"] * 2


def test_state_set_by_logic_survives_the_activation(rt):
    counter = Counter()
    job = posted(rt, line(counter), 1)
    rt.run_until_idle()
    job.post("r0", "in", 2)
    rt.run_until_idle()
    assert (counter.calls, counter.get_state(job, "count")) == (2, 2)


def test_an_error_of_one_job_does_not_touch_another(rt):
    def logic(items):
        if "bad" in items:
            raise ValueError("bad")

    flow = line(made(logic))
    bad, good = posted(rt, flow, "bad", "left"), posted(rt, flow, "fine")
    rt.run_until_idle()
    good.close()
    assert good.wait()
    assert (bad.status, good.status) == (ExecutionStatus.FAILED, ExecutionStatus.COMPLETED)
    assert (good.error, letters(good), good.execution_history) == (None, [], [])
    assert letters(bad) == [("bad", "logic_error"), ("left", "logic_error")]


def test_a_pause_of_one_job_does_not_stop_another(rt):
    flow, sink = into_sink([1])
    jobs = [rt.exec(flow, start_paused=True), rt.exec(flow)]
    rt.run_until_idle()
    assert [sink.received_by(job) for job in jobs] == [[], [1]]
    jobs[0].cancel()


def test_a_cancel_of_one_job_does_not_stop_another(rt):
    flow, sink = into_sink(range(9), max_queue_length=1, overflow="block")
    jobs = [rt.exec(flow), rt.exec(flow)]
    for _ in range(5):
        rt.run_one()
    assert rt.cancel_job(jobs[0].job_id, "enough")
    assert jobs[1].wait()
    assert (jobs[0].status, jobs[1].status) == ("cancelled", "completed")
    assert sink.received_by(jobs[1]) == list(range(9))
    assert not rt.cancel_job(jobs[0].job_id)
    assert not rt.cancel_job("unknown")


def test_a_back_off_of_one_job_does_not_delay_another(rt):
    def logic(items):
        if "bad" in items:
            raise ValueError("bad")

    flow = line(made(logic, errors=ErrorHandler("retry", retry_delay=100.0)))
    bad, good = posted(rt, flow, "bad"), posted(rt, flow, "fine")
    rt.run_until_idle()
    good.close()
    assert good.wait(0.0)
    assert (bad.counts().timed, bad.status) == (1, ExecutionStatus.RUNNING)


@pytest.mark.parametrize("policy", [batch_size_policy(2), time_interval_policy(9.0)])
def test_a_policy_remembers_for_each_job_apart(rt, policy):
    sink = CollectingSink("in")
    sink.set_activation_policy(policy)
    flow = line(sink)
    first = posted(rt, flow, 1)
    rt.run_until_idle()
    second = posted(rt, flow, 2)
    rt.run_until_idle()
    first.post("r0", "in", 3)
    rt.run_until_idle()
    fires_at_once = policy.describe()["type"] == "time_interval"
    assert sink.received_by(first) == ([1] if fires_at_once else [1, 3])
    assert sink.received_by(second) == ([2] if fires_at_once else [])


def test_inside_logic_get_slot_is_the_jobs_own(rt):
    seen = []
    routine = made()
    routine.set_logic(lambda items: seen.append(routine.get_slot("in")))
    flow = line(routine)
    jobs = [posted(rt, flow, 1), posted(rt, flow, 2)]
    rt.run_until_idle()
    assert {id(slot) for slot in seen} == {id(job.slot("r0", "in")) for job in jobs}
    assert routine.get_slot("in") is routine.slots["in"]


def test_enqueue_with_the_id_of_a_live_job_enters_that_jobs_slot(rt):
    flow, sink = into_sink([])
    jobs = [rt.exec(flow, keep_open=True), rt.exec(flow, keep_open=True)]
    definition = flow.routines["r1"].slots["items"]
    definition.enqueue("x", "test", jobs[1].created_at, job_id=jobs[1].job_id)
    rt.run_until_idle()
    assert [sink.received_by(job) for job in jobs] == [[], ["x"]]
    definition.enqueue("y", "test", jobs[1].created_at, job_id="unknown")
    assert definition.peek_all_new() == ["y"]


def test_a_flow_of_many_jobs_and_two_runtimes(rt):
    flow, sink = into_sink([1, 2])
    with StepRuntime(1) as other:
        jobs = [rt.exec(flow), other.exec(flow)]
        assert jobs[0].wait()
        assert jobs[1].wait()
        assert rt.get_job(jobs[1].job_id) is None
        assert rt.get_job(jobs[0].job_id) is jobs[0]
    assert [sink.received_by(job) for job in jobs] == [[1, 2], [1, 2]]


def test_changing_a_flow_changes_jobs_to_come_and_not_those_that_run(rt):
    flow, sink = into_sink([1])
    first = rt.exec(flow, start_paused=True)
    more = CollectingSink()
    flow.add_routine(more, "more")
    flow.connect("r0", "out", "more", "items")
    second = rt.exec(flow)
    first.resume()
    assert first.wait()
    assert second.wait()
    assert [more.received_by(first), more.received_by(second)] == [[], [1]]
    assert [sink.received_by(first), sink.received_by(second)] == [[1], [1]]


def test_a_job_is_of_one_flow_and_runs_once(rt):
    flow, _ = into_sink([1])
    job = rt.exec(flow, JobState("line"))
    with pytest.raises(RuntimeError, match="was started already"):
        rt.exec(flow, job)
    with pytest.raises(ValueError, match="does not match"):
        rt.exec(Flow("another"), JobState("line"))
    assert job.wait()
