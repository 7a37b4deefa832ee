"""Promise 8: errors are decided, not lost."""

from __future__ import annotations

import pytest

from routilux import ErrorHandler, Flow
from routilux.activation_policies import batch_size_policy
from routilux.errors import JobFinished, NoActivation
from routilux.status import ExecutionStatus, RoutineStatus
from routilux.testing import CollectingSink, RecordingHook
from tests.engine.parts import AGES_S, figures, letters, line, made, passer, source


class Flaky:
    """Logic that raises in its first runs, and keeps what it was called with."""

    def __init__(self, rt, failures=10**6, error=ValueError):
        self.rt, self.failures, self.error = rt, failures, error
        self.runs = []

    def __call__(self, items):
        self.runs.append((self.rt.clock.seconds(), list(items)))
        if len(self.runs) <= self.failures:
            raise self.error("no")

    @property
    def times(self):
        return [at for at, _ in self.runs]


def failing(rt, handler, failures=10**6, items=(1, 2), **settings):
    """A job of a source and a flaky routine, run to its end."""
    logic = Flaky(rt, failures)
    hook = RecordingHook()
    rt.hooks.add(hook)
    job = rt.exec(line(source(items), made(logic, errors=handler, **settings)))
    assert job.wait(AGES_S)
    ends = [each for each in hook.named("activation_ended") if each.routine_id == "r1"]
    return job, logic, ends


def test_stop_fails_the_job_and_stops_its_other_routines(rt):
    job, logic, ends = failing(rt, ErrorHandler("stop"))
    assert (job.status, job.error_type) == (ExecutionStatus.FAILED, "ValueError")
    assert job.error == "Logic error in routine 'r1': ValueError: no"
    assert letters(job) == [(1, "logic_error"), (2, "logic_error")]
    assert job.routine_status("r1") == RoutineStatus.FAILED
    assert [end.outcome for end in ends] == ["failed"]
    assert len(logic.runs) == 1


def test_without_any_handler_it_is_stop(rt):
    job, _, _ = failing(rt, None)
    assert job.status == ExecutionStatus.FAILED


@pytest.mark.parametrize(
    ("strategy", "status"),
    [("continue", RoutineStatus.ERROR_CONTINUED), ("skip", RoutineStatus.SKIPPED)],
)
def test_continue_and_skip_go_on(rt, strategy, status):
    logic = Flaky(rt, failures=1)
    flow = line(source([1]), made(logic, errors=ErrorHandler(strategy)))
    job = rt.exec(flow, keep_open=True)
    rt.run_until_idle()
    assert job.routine_status("r1") == status
    job.post("r1", "in", 2)
    job.close()
    assert job.wait()
    assert (job.status, letters(job)) == (ExecutionStatus.COMPLETED, [(1, "logic_error")])
    assert [items for _, items in logic.runs] == [[1], [2]]
    (entry,) = job.get_execution_history("r1")
    assert entry.data["error"] == "ValueError: no"


def test_retry_runs_the_logic_again_with_the_same_items(rt):
    handler = ErrorHandler("retry", max_retries=3, retry_delay=1.0, retry_backoff=2.0)
    job, logic, ends = failing(rt, handler, failures=3)
    assert logic.runs == [(0.0, [1, 2]), (1.0, [1, 2]), (3.0, [1, 2]), (7.0, [1, 2])]
    assert (job.status, letters(job)) == (ExecutionStatus.COMPLETED, [])
    assert [(end.attempt, end.outcome) for end in ends] == [
        (1, "retry"), (2, "retry"), (3, "retry"), (4, "completed"),
    ]  # fmt: skip
    assert len({end.activation_id for end in ends}) == 1


@pytest.mark.parametrize(("critical", "status"), [(False, "completed"), (True, "failed")])
def test_a_retry_that_does_not_help_continues_or_stops(rt, critical, status):
    handler = ErrorHandler("retry", max_retries=2, retry_delay=1.0, is_critical=critical)
    job, logic, _ = failing(rt, handler)
    assert (job.status.value, len(logic.runs)) == (status, 3)
    assert letters(job) == [(1, "logic_error"), (2, "logic_error")]


def test_an_error_that_is_not_retryable_is_not_retried(rt):
    handler = ErrorHandler("retry", retryable_exceptions=(OSError,))
    job, logic, _ = failing(rt, handler)
    assert (len(logic.runs), job.status) == (1, ExecutionStatus.COMPLETED)


def test_a_routines_handler_goes_before_the_flows(rt):
    flow = line(
        source([1]),
        made(Flaky(rt)),
        made(Flaky(rt), errors=ErrorHandler("stop")),
        error_handler=ErrorHandler("continue"),
    )
    flow.connect("r0", "out", "r2", "in")
    job = rt.exec(flow, keep_open=True)
    rt.run_until_idle()
    assert job.error == "Logic error in routine 'r2': ValueError: no"


def test_a_back_off_holds_no_worker_and_blocks_its_lane(rt):
    logic = Flaky(rt, failures=1)
    sink = CollectingSink()
    flow = Flow("lanes")
    flow.add_routine(source([1]), "a")
    flow.add_routine(made(logic, errors=ErrorHandler("retry", retry_delay=5.0)), "b")
    flow.add_routine(sink, "c")
    flow.connect("a", "out", "b", "in")
    flow.connect("a", "out", "c", "items")
    job = rt.exec(flow, keep_open=True)
    rt.run_until_idle()
    job.post("b", "in", 2)
    rt.run_until_idle()
    assert sink.received == [1]  # the one worker is free
    assert logic.runs == [(0.0, [1])]  # the lane is not
    read = figures(job, "b", "in")
    assert (read.consumed, read.unconsumed, rt.pool.free) == (1, 1, 1)
    counts = job.counts()
    assert (counts.timed, counts.pending_tasks_count, counts.active_tasks_count) == (1, 1, 0)
    rt.advance(5.0)
    assert logic.runs == [(0.0, [1]), (5.0, [1]), (5.0, [2])]


def test_with_several_lanes_the_others_go_on(rt):
    runs = []

    def logic(items):
        runs.append((rt.clock.seconds(), items))
        if items == [1] and len([each for _, each in runs if each == [1]]) < 2:
            raise ValueError("again")

    handler = ErrorHandler("retry", retry_delay=5.0)
    job = rt.exec(line(made(logic, errors=handler, concurrency=2)), keep_open=True)
    for item in (1, 2, 3):
        job.post("r0", "in", item)
        rt.run_until_idle()
    rt.advance(5.0)
    assert runs == [(0.0, [1]), (0.0, [2]), (0.0, [3]), (5.0, [1])]


def test_what_an_attempt_had_emitted_stays_emitted(rt):
    sink = CollectingSink()
    runs = []
    twice = made(errors=ErrorHandler("retry", retry_delay=1.0))

    def logic(items):
        runs.append(items)
        twice.emit_item("out", len(runs))
        if len(runs) < 2:
            raise ValueError("again")

    job = rt.exec(line(source([0]), twice.set_logic(logic), sink))
    assert job.wait(AGES_S)
    assert sink.received == [1, 2]


def test_items_of_a_back_off_that_never_ends_become_dead_letters(rt):
    logic = Flaky(rt)
    handler = ErrorHandler("retry", max_retries=100, retry_delay=50.0)
    job = rt.exec(line(source([1, 2]), made(logic, errors=handler)))
    rt.run_until_idle()
    job.cancel()
    assert letters(job) == [(1, "logic_error"), (2, "logic_error")]
    assert "no" in next(iter(job.dead_letters)).error


def test_items_of_a_retry_that_is_due_and_not_started_become_dead_letters(rt):
    logic = Flaky(rt)
    handler = ErrorHandler("retry", max_retries=100, retry_delay=5.0)
    job = rt.exec(line(source([1]), made(logic, errors=handler)))
    rt.run_until_idle()
    rt.clock.advance(5.0)
    job.cancel()
    assert (letters(job), len(logic.runs)) == ([(1, "logic_error")], 1)


def test_logic_that_fails_after_its_job_has_ended_is_not_lost_either(rt):
    def logic(items):
        job.cancel()
        raise ValueError("late")

    job = rt.exec(line(source([1]), made(logic)))
    assert job.wait()
    assert (job.status, letters(job)) == (ExecutionStatus.CANCELLED, [(1, "logic_error")])


@pytest.mark.parametrize("strategy", ["stop", "continue"])
def test_system_exit_in_logic_is_an_error_of_logic(rt, strategy):
    def logic(items):
        raise SystemExit("out of here")

    job = rt.exec(line(source([1]), made(logic, errors=ErrorHandler(strategy))))
    assert job.wait()
    assert letters(job) == [(1, "logic_error")]


# -- one bad item ----------------------------------------------------------------------------------


def test_fail_makes_one_item_a_dead_letter_and_goes_on(rt):
    sink = CollectingSink()
    step = made()

    def logic(items):
        for item in items:
            if item == "bad":
                step.fail(item, "not good")
                continue
            step.emit_item("out", item)

    job = rt.exec(line(source(["a", "bad", "b"]), step.set_logic(logic), sink))
    assert job.wait()
    assert sink.received == ["a", "b"]
    assert letters(job) == [("bad", "logic_error")]
    (letter,) = job.dead_letters
    assert (letter.error, letter.error_type) == ("not good", "RuntimeError")
    assert (job.status, job.warnings) == ("completed", ["1 item(s) became dead letters"])


def test_items_that_were_failed_are_no_dead_letters_twice(rt):
    step = made(errors=ErrorHandler("continue"))

    def logic(items):
        step.fail(items[0], ValueError("first"))
        raise ValueError("all")

    job = rt.exec(line(source([1, 2]), step.set_logic(logic)))
    assert job.wait()
    assert [(letter.data, letter.error) for letter in job.dead_letters] == [
        (1, "first"),
        (2, "all"),
    ]


def test_fail_takes_only_the_activations_own_items(rt):
    errors = []
    step = made()

    def logic(items):
        for wrong in (object(), "other"):
            with pytest.raises(ValueError, match="not an item of activation r1@1") as caught:
                step.fail(wrong, "no")
            errors.append(caught.value)
        step.fail(items[0], "once")
        with pytest.raises(ValueError, match="or failed already"):
            step.fail(items[0], "twice")

    job = rt.exec(line(source([{"a": 1}]), step.set_logic(logic)))
    assert job.wait()
    assert (job.status, len(errors)) == ("completed", 2)
    with pytest.raises(NoActivation):
        step.fail(1, "outside")


# -- policies that raise ---------------------------------------------------------------------------


def raising_policy(failures, calls):
    def policy(slots, job_state):
        calls.append(slots["in"].consume_all_new())
        if len(calls) <= failures:
            raise KeyError("policy")
        return True, {"in": calls[-1]}, None

    return policy


def test_a_policy_that_raises_stops_the_job_and_keeps_the_items(rt):
    calls = []
    job = rt.exec(line(source([1, 2]), made(lambda items: None, policy=raising_policy(9, calls))))
    assert job.wait()
    assert job.status == ExecutionStatus.FAILED
    assert job.error == "Activation policy error in routine 'r1': KeyError: 'policy'"
    assert job.slot("r1", "in").peek_all_new() == [1, 2]
    assert letters(job) == []


@pytest.mark.parametrize("strategy", ["continue", "skip", "retry"])
def test_a_policy_that_raises_is_asked_again_when_items_come(rt, strategy):
    calls, seen = [], []
    step = made(seen.extend, policy=raising_policy(1, calls), errors=ErrorHandler(strategy))
    job = rt.exec(line(source([1, 2]), step), keep_open=True)
    rt.run_until_idle()
    assert (calls, seen) == ([[1, 2]], [])
    job.post("r1", "in", 3)
    job.close()
    assert job.wait()
    assert (seen, job.status) == ([1, 2, 3], ExecutionStatus.COMPLETED)


def test_a_critical_policy_error_stops_the_job(rt):
    step = made(
        lambda items: None,
        policy=raising_policy(9, []),
        errors=ErrorHandler("retry", is_critical=True),
    )
    job = rt.exec(line(source([1]), step))
    assert job.wait()
    assert job.status == ExecutionStatus.FAILED


# -- redelivery ------------------------------------------------------------------------------------


def test_dead_letters_are_redelivered_into_the_live_job(rt):
    logic = Flaky(rt, failures=1)
    flow = line(source([1, 2]), made(logic, errors=ErrorHandler("continue")))
    job = rt.exec(flow, keep_open=True)
    rt.run_until_idle()
    ids = [letter.id for letter in job.dead_letters]
    answer = job.dead_letters.redeliver([*ids, "dl-99"], reason="mended", identity="ann")
    assert (answer.count, answer.job_id, answer.missing) == (2, job.job_id, ("dl-99",))
    rt.run_until_idle()
    assert [items for _, items in logic.runs] == [[1, 2], [1, 2]]
    assert letters(job) == []
    (entry,) = job.get_shared_log(lambda entry: entry["type"] == "redelivered")
    assert (entry["reason"], entry["identity"], entry["count"]) == ("mended", "ann", 2)


def test_the_same_redelivery_request_twice_is_one(rt):
    logic = Flaky(rt, failures=1)
    flow = line(source([1]), made(logic, errors=ErrorHandler("continue")))
    job = rt.exec(flow, keep_open=True)
    rt.run_until_idle()
    first = job.dead_letters.redeliver(request_id="r")
    assert job.dead_letters.redeliver(request_id="r") == first
    rt.run_until_idle()
    assert len(logic.runs) == 2


def test_a_finished_job_takes_no_redelivery_and_a_new_one_does(rt):
    logic = Flaky(rt, failures=1)
    sink = CollectingSink()
    middle = passer()
    inner = middle.get_logic()
    middle.set_logic(lambda items: (logic(items), inner(items)))
    middle.set_error_handler(ErrorHandler("continue"))
    job = rt.exec(line(source([1, 2]), middle, sink))
    assert job.wait()
    with pytest.raises(JobFinished):
        job.dead_letters.redeliver()
    answer = job.dead_letters.redeliver(new_job=True)
    anew = rt.get_job(answer.job_id)
    assert (answer.count, anew.redelivery_of) == (2, job.job_id)
    assert anew.wait()
    assert (anew.status, sink.received) == (ExecutionStatus.COMPLETED, [1, 2])
    assert letters(job) == []
    assert figures(anew, "r1", "in").offered == 2


@pytest.fixture
def failed_five(rt):
    """A finished job with five dead letters of a slot of length 2 that blocks."""
    step = made(Flaky(rt), errors=ErrorHandler("continue"), max_queue_length=2, overflow="block")
    job = rt.exec(line(source(range(5)), step))
    assert job.wait()
    assert [letter.id for letter in job.dead_letters] == [f"dl-{n}" for n in range(1, 6)]
    return job


def test_a_new_job_takes_the_letters_that_it_has_room_for_and_nobody_waits(rt, failed_five):
    answer = failed_five.dead_letters.redeliver(new_job=True)
    assert (answer.count, answer.missing) == (2, ())
    assert figures(rt.get_job(answer.job_id), "r1", "in").unconsumed == 2
    assert [letter.id for letter in failed_five.dead_letters] == ["dl-3", "dl-4", "dl-5"]


def test_without_letters_no_new_job_is_started(rt, failed_five):
    answer = failed_five.dead_letters.redeliver(["dl-9"], new_job=True)
    assert (answer.count, answer.job_id, answer.missing) == (0, failed_five.job_id, ("dl-9",))
    assert rt.jobs.list_all() == [failed_five]


def test_letters_stay_when_no_new_job_can_be_started(rt, failed_five):
    rt.shutdown()
    with pytest.raises(RuntimeError, match="shut down"):
        failed_five.dead_letters.redeliver(new_job=True)
    assert len(letters(failed_five)) == 5


def test_redelivery_while_paused_is_held(rt):
    logic = Flaky(rt, failures=1)
    flow = line(source([1]), made(logic, errors=ErrorHandler("continue"), max_queue_length=1))
    job = rt.exec(flow, keep_open=True)
    rt.run_until_idle()
    job.pause()
    assert job.dead_letters.redeliver().count == 1
    assert figures(job, "r1", "in").held == 1
    job.resume()
    rt.run_until_idle()
    assert len(logic.runs) == 2


def test_a_batch_that_fails_is_redelivered_as_a_batch(rt):
    logic = Flaky(rt, failures=1)
    step = made(logic, policy=batch_size_policy(2), errors=ErrorHandler("skip"))
    job = rt.exec(line(source([1, 2, 3, 4]), step), keep_open=True)
    rt.run_until_idle()
    assert job.dead_letters.redeliver().count == 2
    rt.run_until_idle()
    assert [items for _, items in logic.runs] == [[1, 2], [3, 4], [1, 2]]
