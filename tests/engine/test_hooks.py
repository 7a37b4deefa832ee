"""Hooks: what they are told, that they never hurt the work, and that none cost nothing."""

from __future__ import annotations

import copy
import inspect
import logging
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from routilux import ErrorHandler, Flow, Runtime
from routilux.clock import stamp_ns
from routilux.engine import notices, sightings, told
from routilux.hooks import (
    CHOICES,
    PROCESS_HOOKS,
    ActivationRecord,
    BreakpointRecord,
    GateRecord,
    Hook,
    HookSet,
    JobRecord,
    SlotRecord,
    WaitRecord,
)
from routilux.hooks import METHODS as HOOK_METHODS
from routilux.slot import SlotQueueFullError
from routilux.stores import JobStore
from routilux.testing import ManualClock, RecordingHook, StepRuntime
from routilux.testing.clock import START
from tests.engine.parts import LONG_S, into_sink, letters, line, made, never, passer, source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECOND = 10**9
NOT_TOLD = {"context", *CHOICES.values()}
METHODS = [name for name in vars(Hook) if name in HOOK_METHODS - NOT_TOLD]
NOW = datetime(2030, 1, 1, tzinfo=UTC)
FULL = {"policy": never, "max_queue_length": 1}
JOB = JobRecord("j", "f", "running", 1)
ACTIVATION = ActivationRecord("j", "f", "r", "r@1", 1, 1, 1)
SLOT = SlotRecord("j", "f", "r", "in", 1, "full", "a", "out", "a@1", 0, 1, 1)


class Failing(Hook):
    """Raises in every method, after it has counted the call."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __getattribute__(self, name: str) -> Any:
        if name not in [*METHODS, "context"]:
            return super().__getattribute__(name)

        def fail(*records: object) -> None:
            self.calls.append(name)
            raise ValueError(name)

        return fail


class Acting(Hook):
    """Does something with the record of one method."""

    def __init__(self, method: str, act: Callable[[Any], object]) -> None:
        setattr(self, method, act)


@pytest.fixture
def hook(rt: StepRuntime) -> RecordingHook:
    """Ears of the runtime."""
    made = RecordingHook()
    rt.hooks.add(made)
    return made


@pytest.fixture
def process_hook() -> Iterator[RecordingHook]:
    """Ears of the process."""
    made = RecordingHook()
    PROCESS_HOOKS.add(made)
    yield made
    PROCESS_HOOKS.remove(made)


@pytest.fixture
def quiet(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.WARNING, "routilux")
    return caplog


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.name == "routilux.hooks"]


# -- the set of hooks ------------------------------------------------------------------------------


def test_a_set_is_active_while_it_has_hooks():
    hooks, one, two = HookSet(), RecordingHook(), RecordingHook()
    assert not hooks.active
    for each in (one, two, one):
        hooks.add(each)
    hooks.tell("job_started", JOB)
    assert (one.records, two.records) == ([("job_started", JOB)], [("job_started", JOB)])
    hooks.remove(one)
    hooks.remove(one)
    assert hooks.active
    hooks.tell("job_ended", JOB)
    assert (one.names(), two.names()) == (["job_started"], ["job_started", "job_ended"])
    hooks.remove(two)
    assert not hooks.active


def test_a_set_knows_which_methods_its_hooks_override():
    hooks, deaf = HookSet(), Hook()
    hooks.add(deaf)
    assert (hooks.active, hooks.heard, hooks.heard_if_sampled) == (True, set(), set())
    acts = [Acting(name, print) for name in ("activation_started", "job_ended", "context")]
    for hook in acts:
        hooks.add(hook)
    assert hooks.heard == {"activation_started", "job_ended", "context"}
    for hook in acts[:2]:
        hooks.remove(hook)
    assert hooks.heard == {"context"}
    hooks.add(RecordingHook())
    assert hooks.heard == {*METHODS, "context"}


def test_a_hook_may_want_the_activations_of_sampled_jobs_only():
    class Sampled(RecordingHook):
        sampled_only = True

    hooks = HookSet()
    hooks.add(Sampled())
    activations = {"activation_started", "activation_ended"}
    assert hooks.heard_if_sampled == activations
    assert hooks.heard == {*METHODS, "context"} - activations
    hooks.add(Acting("activation_ended", print))
    assert hooks.heard_if_sampled == {"activation_started"}


@pytest.mark.parametrize(
    ("trace", "told"),
    [("00-a-b-01", 2), ("00-a-b-03", 2), ("00-a-b-00", 0), ("00-a-b-02", 0), (None, 0)],
)
def test_activations_are_told_to_it_if_the_jobs_context_says_sampled(rt, trace, told):
    class Sampled(RecordingHook):
        sampled_only = True

        def job_started(self, record):
            return trace

    hook = Sampled()
    rt.hooks.add(hook)
    assert rt.exec(into_sink([1])[0]).wait()
    assert (len(hook.named("activation_started")), len(hook.named("activation_ended"))) == (
        told, told,
    )  # fmt: skip
    assert len(hook.named("job_ended")) == 1


class Choosy(RecordingHook):
    """Wants the activations of one routine."""

    def __init__(self, routine_id: str) -> None:
        super().__init__()
        self.routine_id = routine_id

    def wants_activation(self, flow_id: str, routine_id: str, now_ns: int) -> bool:
        assert (flow_id, now_ns) == ("line", stamp_ns(START))
        return routine_id == self.routine_id


def test_a_hook_may_say_the_ends_of_which_activations_it_wants(rt, built):
    hook = Choosy("r1")
    rt.hooks.add(hook)
    assert rt.exec(line(source([1]), made(lambda items: None))).wait()
    assert [each.routine_id for each in hook.named("activation_started")] == ["r0", "r1"]
    assert [each.routine_id for each in hook.named("activation_ended")] == ["r1"]
    assert built.count("ActivationRecord") == 3
    rt.hooks.add(RecordingHook())  # wants them all, so they are made for everybody
    assert rt.exec(line(source([1]), made(lambda items: None))).wait()
    assert [each.routine_id for each in hook.named("activation_ended")] == ["r1", "r0", "r1"]


class Ends(RecordingHook):
    """Wants the ends of some jobs."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted: set[str] = set()

    def wants_job_end(self, job_id: str, flow_id: str, now_ns: int) -> bool:
        assert flow_id == "line"
        assert now_ns >= stamp_ns(START)
        return job_id in self.wanted


def test_a_hook_may_say_the_ends_of_which_jobs_it_wants(rt, built):
    hook = Ends()
    rt.hooks.add(hook)
    flow = line(source([1]), made(lambda items: None))
    jobs = [rt.exec(flow) for _ in range(3)]
    hook.wanted.add(jobs[1].job_id)
    assert all(job.wait() for job in jobs)
    assert [each.job_id for each in hook.named("job_started")] == [job.job_id for job in jobs]
    assert [each.job_id for each in hook.named("job_ended")] == [jobs[1].job_id]
    assert built.count("JobRecord") == 4


class Waits(RecordingHook):
    """Wants the waits in front of one routine."""

    def wants_wait(
        self, flow_id: str, routine_id: str, slot_name: str, reason: str, now_ns: int
    ) -> bool:
        assert (flow_id, slot_name, reason) == ("line", "in", "full")
        assert now_ns >= stamp_ns(START)
        return routine_id == "r2"


def test_a_hook_may_say_which_waits_it_wants(rt, built):
    hook = Waits()
    rt.hooks.add(hook)
    narrow = {"max_queue_length": 1, "overflow": "block"}
    twice = made(**narrow)
    twice.set_logic(lambda items: [twice.emit_item("out", each) for each in (*items, *items)])
    flow = line(source(range(3)), twice, made(lambda items: None, **narrow))
    assert rt.exec(flow).wait()
    told = hook.named("producer_waited")
    assert {each.routine_id for each in told} == {"r2"}
    assert built.count("WaitRecord") == len(told) > 0
    waited = {each.routine_id for each in hook.named("enqueue_retried")}
    assert waited == {"r1", "r2"}


def test_an_end_in_a_pause_is_always_told(rt):
    hook = Ends()
    rt.hooks.add(hook)
    job = rt.exec(line(made(lambda items: None)), keep_open=True)
    job.pause()
    job.cancel()
    (end,) = hook.named("job_ended")
    assert (end.status, end.paused_ns) == ("cancelled", 0)


def test_an_end_without_a_pause_has_no_length_of_one(rt):
    hook = RecordingHook()
    rt.hooks.add(hook)
    for resumed in (True, False):
        job = rt.exec(line(made(lambda items: None)), keep_open=True)
        job.pause()
        rt.clock.advance(3)
        if resumed:
            job.resume()
        job.cancel()
    assert [end.paused_ns for end in hook.named("job_ended")] == [None, 3_000_000_000]


def test_a_choice_that_raises_is_counted_and_is_no(rt, quiet):
    hook = RecordingHook()
    hook.wants_activation = lambda *facts: 1 / 0
    rt.hooks.add(hook)
    assert rt.exec(line(source([1]), made(lambda items: None))).wait()
    assert (hook.named("activation_ended"), rt.hooks.errors) == ([], 2)
    assert "wants_activation" in complaints(quiet)[0]


def test_hooks_are_told_in_the_order_of_adding():
    hooks, told = HookSet(), []
    for name in "bac":
        hooks.add(Acting("job_started", lambda record, name=name: told.append(name)))
    hooks.tell("job_started", JOB)
    assert told == ["b", "a", "c"]


def test_a_hook_may_leave_while_it_is_told():
    hooks, told = HookSet(), []
    leaving = Acting("job_started", lambda record: (told.append(1), hooks.remove(leaving)))
    hooks.add(leaving)
    hooks.add(Acting("job_started", lambda record: told.append(2)))
    for _ in range(2):
        hooks.tell("job_started", JOB)
    assert told == [1, 2, 2]


def test_a_plain_hook_does_nothing_and_gives_no_context():
    hooks = HookSet()
    hooks.add(Hook())
    for method in METHODS:
        hooks.tell(method, JOB)
    assert (hooks.ask("context"), hooks.errors) == (None, 0)


def test_the_first_context_that_a_hook_gives_is_taken():
    hooks = HookSet()
    assert hooks.ask("context") is None
    for each in (Hook(), Failing(), RecordingHook("first"), RecordingHook("second")):
        hooks.add(each)
    assert (hooks.ask("context"), hooks.errors) == ("first", 1)


@pytest.mark.parametrize("record", [JOB, ACTIVATION, SLOT])
def test_records_are_frozen_values(record):
    assert record == copy.copy(record)
    assert hash(record) == hash(copy.copy(record))
    with pytest.raises(AttributeError):
        record.job_id = "other"
    assert not hasattr(record, "__dict__")


def test_the_recording_hook_hears_every_method():
    recording = vars(RecordingHook)
    assert [name for name in METHODS if name not in recording] == []
    assert len(METHODS) == 11
    for name in METHODS:
        assert list(inspect.signature(getattr(Hook, name)).parameters) == ["self", "record"]


# -- an error of a hook (ruling 21) ----------------------------------------------------------------


def test_an_error_is_caught_and_counted_and_the_hook_stays(quiet):
    hooks, failing, after = HookSet(ManualClock()), Failing(), RecordingHook()
    hooks.add(failing)
    hooks.add(after)
    for method in METHODS:
        hooks.tell(method, JOB)
    assert hooks.ask("context") is None
    assert failing.calls == [*METHODS, "context"]
    assert after.names() == METHODS
    assert hooks.errors == len(METHODS) + 1


def test_an_error_is_logged_at_most_once_a_minute_for_each_hook(quiet):
    clock = ManualClock()
    hooks, failing, other = HookSet(clock), Failing(), Failing()
    hooks.add(failing)

    def lines_after(seconds: float) -> int:
        clock.advance(seconds)
        hooks.tell("job_started", JOB)
        return len(complaints(quiet))

    assert [lines_after(seconds) for seconds in (0, 0, 59.9, 0.1, 59.9, 0.1)] == [1, 1, 1, 2, 2, 3]
    hooks.add(other)
    assert lines_after(1) == 4  # the other one's first
    assert hooks.errors == 8


def test_the_log_line_names_the_hook_the_method_and_the_count(quiet):
    hooks, failing = HookSet(ManualClock()), Failing()
    hooks.add(failing)
    hooks.tell("job_started", JOB)
    (record,) = [each for each in quiet.records if each.name == "routilux.hooks"]
    assert record.levelno == logging.WARNING
    assert record.getMessage() == (
        f"Hook {failing!r} raised in job_started and was ignored (1 errors so far)"
    )
    assert isinstance(record.exc_info[1], ValueError)


def test_a_hook_that_was_removed_and_added_again_is_logged_anew(quiet):
    hooks, failing = HookSet(ManualClock()), Failing()
    for _ in range(2):
        hooks.add(failing)
        hooks.tell("job_started", JOB)
        hooks.remove(failing)
    assert len(complaints(quiet)) == 2


@pytest.mark.parametrize("scope", ["runtime", "process"])
def test_a_hook_that_always_raises_changes_no_result(rt, quiet, scope):
    hooks, failing = rt.hooks if scope == "runtime" else PROCESS_HOOKS, Failing()
    before = hooks.errors
    hooks.add(failing)
    try:
        flow, sink = into_sink(range(9), max_queue_length=2)
        job = rt.exec(flow, start_paused=True)
        job.resume()
        assert job.wait()
    finally:
        hooks.remove(failing)
    assert (job.status, sink.received, letters(job)) == ("completed", list(range(9)), [])
    assert (job.error, job.warnings, list(job.get_shared_log())) == (None, [], [])
    assert hooks.errors - before == len(failing.calls) > 9
    assert len(complaints(quiet)) == 1


def test_a_hook_need_not_have_every_method(rt, quiet):
    class OnlyEnds:
        def __init__(self):
            self.records = []

        def job_ended(self, record):
            self.records.append(record)

    hook = OnlyEnds()
    rt.hooks.add(hook)
    job = rt.exec(into_sink([1])[0])
    assert job.wait()
    assert [each.status for each in hook.records] == ["completed"]
    assert (rt.hooks.errors, complaints(quiet)) == (0, [])


# -- who hears -------------------------------------------------------------------------------------


def test_a_hook_of_a_runtime_hears_only_its_jobs(rt, old, hook):
    own, other = rt.exec(into_sink([1])[0]), old.exec(into_sink([1])[0])
    assert own.wait()
    assert other.wait()
    assert {record.job_id for _, record in hook.records} == {own.job_id}


def test_a_hook_of_the_process_hears_every_runtime(rt, old, process_hook):
    jobs = [each.exec(into_sink([1])[0]) for each in (rt, old)]
    assert [job.wait() for job in jobs] == [True, True]
    heard = {record.job_id for _, record in process_hook.records}
    assert {job.job_id for job in jobs} <= heard


def test_both_kinds_of_hooks_hear_the_same(rt, hook, process_hook):
    job = rt.exec(line(source(range(3)), passer(max_queue_length=1), made(lambda items: None)))
    assert job.wait()
    assert hook.records == [each for each in process_hook.records if each[1].job_id == job.job_id]
    assert len(hook.records) > 6


def test_a_hook_that_comes_later_hears_the_rest(rt):
    job = rt.exec(into_sink([1])[0], start_paused=True)
    late = RecordingHook()
    rt.hooks.add(late)
    job.resume()
    assert job.wait()
    assert (late.names()[0], late.names()[-1]) == ("job_resumed", "job_ended")


def test_a_hook_may_look_at_the_job_and_steer_it():
    """No lock is held, and a pause that a hook asks for is a pause like any other."""
    looked: list[str] = []
    flow, sink = into_sink(range(5))
    with Runtime(thread_pool_size=2, jobs=JobStore()) as runtime:

        def look(record: Any) -> None:
            job = runtime.get_job(record.job_id)
            looked.append(job.diagnose().summary)
            assert job.slot("r1", "items").metrics().refused == 0

        def pause(record: Any) -> None:
            runtime.get_job(record.job_id).pause("a hook says so")

        hook = RecordingHook()
        for each in (hook, Acting("job_started", pause), Acting("activation_started", look)):
            runtime.hooks.add(each)
        job = runtime.exec(flow)
        assert hook.wait_for("job_paused")[0].reason == "a hook says so"
        job.resume()
        assert job.wait(LONG_S)
        assert runtime.hooks.errors == 0
    assert sink.received == list(range(5))
    assert len(looked) >= 2


# -- what is told of a job -------------------------------------------------------------------------


def test_a_job_is_started_paused_resumed_and_ended(rt, hook):
    job = rt.exec(line(made(lambda items: None)), keep_open=True)
    rt.clock.advance(1)
    job.pause("look", identity="anna")
    rt.clock.advance(1)
    job.resume("enough", identity="ben")
    rt.clock.advance(1)
    job.close()
    assert job.wait()
    start = stamp_ns(START)
    job_id, (name,) = job.job_id, [slot.slot_name for slot in hook.named("job_paused")[0].slots]
    assert name == "in"
    slots = hook.named("job_paused")[0].slots
    assert [
        (name, record._replace(context=None))
        for name, record in hook.records
        if name.startswith("job_")
    ] == [
        ("job_started", JobRecord(job_id, "line", "running", start)),
        (
            "job_paused",
            GateRecord(job_id, "line", "paused", start + SECOND, "look", "anna", slots=slots),
        ),
        (
            "job_resumed",
            GateRecord(
                job_id,
                "line",
                "running",
                start + 2 * SECOND,
                "enough",
                "ben",
                slots=hook.named("job_resumed")[0].slots,
                paused_ns=SECOND,
            ),
        ),
        (
            "job_ended",
            JobRecord(job_id, "line", "completed", start + 3 * SECOND, duration_ns=3 * SECOND),
        ),
    ]


def test_what_changes_nothing_is_not_told(rt, hook):
    job = rt.exec(line(made(lambda items: None)), keep_open=True)
    for _ in range(2):
        job.pause("look", request_id="p")
        job.pause("look again")
    for _ in range(2):
        job.resume()
    for _ in range(2):
        job.cancel("enough")
    assert hook.names() == ["job_started", "job_paused", "job_resumed", "job_ended"]


def test_a_job_is_told_by_the_time_a_verb_returns(rt, hook):
    job = rt.exec(line(made(lambda items: None)), keep_open=True)
    assert hook.names()[-1] == "job_started"
    job.pause()
    assert hook.names()[-1] == "job_paused"
    job.resume()
    assert hook.names()[-1] == "job_resumed"
    job.cancel()
    assert hook.names()[-1] == "job_ended"


def test_a_job_that_starts_paused_says_so(rt, hook):
    job = rt.exec(line(made(lambda items: None)), keep_open=True, start_paused=True)
    told = [(name, record.status, record.reason) for name, record in hook.records]
    assert told == [("job_started", "running", ""), ("job_paused", "paused", "start_paused")]
    job.cancel("not needed")
    assert (hook.records[-1][1].status, hook.records[-1][1].reason) == ("cancelled", "not needed")


def test_the_end_of_a_failed_job_has_its_error_as_reason(rt, hook):
    def fail() -> None:
        raise ValueError("no")

    job = rt.exec(line(made(fail, slots=())))
    assert job.wait()
    (ended,) = hook.named("job_ended")
    assert (ended.status, ended.reason) == ("failed", job.error)
    assert ended.reason == "Logic error in routine 'r0': ValueError: no"


def test_a_job_without_an_entry_is_started_and_ended(rt, hook):
    job = rt.exec(line(made(lambda items: None)))
    assert hook.names() == ["job_started", "job_ended"]
    assert hook.named("job_ended")[0].reason == job.error


# -- what is told of activations -------------------------------------------------------------------


def test_an_activation_is_told_before_and_after_its_logic(rt, hook):
    names: list[list[str]] = []

    def logic(items: list[int]) -> None:
        names.append(hook.names())
        rt.clock.advance(3)

    job = rt.exec(line(made(logic)), keep_open=True)
    for item in (1, 2):
        job.post("r0", "in", item)
    rt.run_until_idle()
    assert names == [["job_started", "activation_started"]]
    (began,), (ended,) = hook.named("activation_started"), hook.named("activation_ended")
    start = stamp_ns(START)
    assert began == ActivationRecord(job.job_id, "line", "r0", "r0@1", 1, 2, start)
    assert ended == began._replace(
        at_ns=start + 3 * SECOND, duration_ns=3 * SECOND, outcome="completed"
    )


def test_time_that_an_activation_stood_still_is_told_apart(rt, hook):
    def slow(items: list[int]) -> None:
        rt.clock.advance(2)

    job = rt.exec(line(source(range(3)), made(slow, max_queue_length=1, overflow="block")))
    assert job.wait()
    (ended,) = [each for each in hook.named("activation_ended") if each.routine_id == "r0"]
    assert 0 < ended.stood_ns <= ended.duration_ns
    assert ended.stood_ns % (2 * SECOND) == 0


@pytest.mark.parametrize(
    ("strategy", "outcomes"),
    [
        ("stop", [(1, "failed")]),
        ("continue", [(1, "error_continued")]),
        ("skip", [(1, "skipped")]),
        ("retry", [(1, "retry"), (2, "retry"), (3, "error_continued")]),
    ],
)
def test_the_outcome_of_an_activation_says_what_was_decided(rt, hook, quiet, strategy, outcomes):
    error = ValueError("no")

    def fail(items: list[int]) -> None:
        raise error

    handler = ErrorHandler(strategy, max_retries=2)
    job = rt.exec(line(source([1]), made(fail, errors=handler)))
    assert job.wait()
    ends = [each for each in hook.named("activation_ended") if each.routine_id == "r1"]
    assert [(each.attempt, each.outcome) for each in ends] == outcomes
    assert {each.error for each in ends} == {error}
    assert {(each.activation_id, each.items) for each in ends} == {("r1@1", 1)}
    begins = [each for each in hook.named("activation_started") if each.routine_id == "r1"]
    assert [each.attempt for each in begins] == [attempt for attempt, _ in outcomes]
    assert {each.outcome for each in begins} == {"running"}


def test_an_activation_of_a_cancelled_job_ends_cancelled(rt, hook):
    def logic(job_state: Any) -> None:
        job_state.cancel("enough")
        routine.emit("out")

    routine = made(logic, slots=())
    job = rt.exec(line(routine, made(lambda items: None)))
    assert job.wait()
    (ended,) = hook.named("activation_ended")
    assert (ended.outcome, type(ended.error).__name__) == ("cancelled", "JobCancelled")


def test_a_policy_that_declines_is_no_activation(rt, hook):
    job = rt.exec(line(made(lambda items: None, policy=never)), keep_open=True)
    job.post("r0", "in", 1)
    rt.run_until_idle()
    assert hook.names() == ["job_started"]


# -- what is told of items -------------------------------------------------------------------------


def refused(rt: StepRuntime, hook: RecordingHook, **settings: Any) -> list[SlotRecord]:
    """What is told when 1, 2, 3 are emitted at a slot of 1 whose policy declines."""
    job = rt.exec(line(source([1, 2, 3]), made(**{**FULL, **settings})))
    assert job.wait()
    assert len(letters(job)) == 3
    return hook.named("items_refused")


@pytest.mark.parametrize(
    ("overflow", "told"),
    [
        ("reject", [("rejected", 2, 0), ("unmatched", 1, 0)]),
        ("drop_oldest", [("evicted", 2, 0), ("unmatched", 1, 0)]),
        ("retry", [("queue_full", 1, 3), ("queue_full", 1, 3), ("unmatched", 1, 0)]),
    ],
)
def test_items_that_never_reach_logic_are_told_with_the_reason(rt, hook, quiet, overflow, told):
    records = refused(rt, hook, overflow=overflow)
    counts: dict[str, int] = {}
    for record in records:
        counts[record.reason] = counts.get(record.reason, 0) + record.count
    wanted: dict[str, int] = {}
    for reason, count, _ in told:
        wanted[reason] = wanted.get(reason, 0) + count
    assert counts == wanted
    assert {(each.reason, each.attempt) for each in records} == {
        (reason, attempt) for reason, _, attempt in told
    }


def test_a_record_of_a_refusal_has_all_the_facts(rt, hook, quiet):
    job = rt.exec(line(source([1, 2]), made(overflow="reject", **FULL)), keep_open=True)
    rt.run_until_idle()
    assert hook.named("items_refused") == [
        SlotRecord(
            job_id=job.job_id,
            flow_id="line",
            routine_id="r1",
            slot_name="in",
            count=1,
            reason="rejected",
            emitted_from="r0",
            event="out",
            activation_id="r0@1",
            attempt=0,
            unconsumed=1,
            max_length=1,
        )
    ]


def test_what_a_cancelled_job_still_emits_is_told_as_refused(rt, hook, quiet):
    def logic(job_state: Any) -> None:
        job_state.cancel()
        routine.emit("out", x=1)

    routine = made(logic, slots=())
    assert rt.exec(line(routine, made(lambda items: None))).wait()
    (record,) = hook.named("items_refused")
    assert (record.reason, record.count, record.routine_id) == ("cancelled", 1, "r1")


def test_what_waits_in_a_cancelled_job_stays_and_is_not_told(rt, hook):
    job = rt.exec(line(made(lambda items: None, **FULL)), keep_open=True)
    job.post("r0", "in", 1)
    job.cancel()
    assert job.slot("r0", "in").peek_all_new() == [1]
    assert hook.names() == ["job_started", "job_ended"]


def test_a_refusal_that_a_direct_caller_was_told_says_so_and_is_no_dead_letter(rt, hook):
    job = rt.exec(line(made(overflow="reject", **FULL)), keep_open=True)
    job.post("r0", "in", 1)
    with pytest.raises(SlotQueueFullError):
        job.slot("r0", "in").enqueue(2, "test", NOW)
    rt.run_until_idle()
    assert hook.names() == ["job_started", "items_refused"]
    assert hook.records[-1][1].returned
    assert not job.dead_letters


def test_items_of_an_activation_that_failed_are_not_told_as_refused(rt, hook, quiet):
    def fail(items: list[int]) -> None:
        raise ValueError("no")

    job = rt.exec(line(source([1]), made(fail, errors=ErrorHandler("continue"))))
    assert job.wait()
    assert letters(job) == [(1, "logic_error")]
    assert hook.named("items_refused") == []


def test_each_wait_of_a_producer_is_told_with_its_length(rt, hook, quiet):
    job = rt.exec(line(source([1, 2]), made(**FULL)), keep_open=True)
    rt.advance(10)
    waits = hook.named("enqueue_retried")
    assert [(each.attempt, each.delay) for each in waits] == [
        (1, pytest.approx(0.1)),
        (2, pytest.approx(0.2)),
        (3, pytest.approx(0.3)),
    ]
    assert {(each.job_id, each.routine_id, each.slot_name) for each in waits} == {
        (job.job_id, "r1", "in")
    }
    assert {(each.reason, each.count, each.emitted_from) for each in waits} == {("full", 1, "r0")}
    names = [name for name in hook.names() if "re" in name and not name.startswith("job")]
    assert names == ["enqueue_retried"] * 3 + ["items_refused"]


def test_items_that_are_held_at_a_pause_are_told(rt, hook):
    def logic(job_state: Any) -> None:
        job_state.pause()
        routine.emit_many("out", [1, 2])

    routine = made(logic, slots=())
    job = rt.exec(line(routine, made(lambda items: None)))
    rt.run_until_idle()
    held = hook.named("items_held")
    assert sum(each.count for each in held) == 2
    assert {(each.reason, each.routine_id, each.emitted_from) for each in held} == {
        ("paused", "r1", "r0")
    }
    assert job.slot("r1", "in").metrics().held == 2


# -- the order of what is told ---------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_records_of_a_job_come_in_the_order_of_what_happened(seed, quiet):
    hook = RecordingHook()
    with StepRuntime(seed, thread_pool_size=3) as runtime:
        runtime.hooks.add(hook)
        flow = Flow("order")
        flow.add_routine(source(range(20)), "a")
        for name, before in (("b", "a"), ("c", "a"), ("d", "b")):
            flow.add_routine(passer(max_queue_length=2, concurrency=2), name)
            flow.connect(before, "out", name, "in")
        job = runtime.exec(flow)
        assert job.wait()
    names = hook.names()
    assert (names[0], names[-1]) == ("job_started", "job_ended")
    running_now: set[str] = set()
    for name, record in hook.records[1:-1]:
        if name == "activation_started":
            assert record.activation_id not in running_now
            running_now.add(record.activation_id)
        elif name == "activation_ended":
            running_now.remove(record.activation_id)
        elif record.activation_id is not None:  # a producer's items: it has not been told to end
            assert record.activation_id in running_now
    assert running_now == set()
    stamps = [record.at_ns for _, record in hook.records if hasattr(record, "at_ns")]
    assert stamps == sorted(stamps)


def test_two_threads_that_tell_at_once_tell_everything_once(rt):
    told: list[int] = []

    class Contended(deque[Any]):
        """Another thread tells between the look and the grip."""

        overtaken = False

        def popleft(self) -> Any:
            if not self.overtaken:
                self.overtaken = True
                live.tell_notices()
            return super().popleft()

    live = rt.exec(line(made(lambda items: None)), keep_open=True).live
    live.notices = Contended((told.append, (number,)) for number in range(3))
    live.tell_notices()
    assert (told, len(live.notices)) == ([0, 1, 2], 0)


# -- trace contexts --------------------------------------------------------------------------------


class Tracing(RecordingHook):
    """Gives each activation a context of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[str] = []

    def _give(self) -> str:
        self.given.append(f"trace {len(self.given)}")
        return self.given[-1]

    def activation_started(self, record: ActivationRecord) -> str:
        super().activation_started(record)
        return self._give()

    def context(self) -> str:
        return self._give()


def test_the_context_of_an_activation_goes_with_its_items(rt):
    tracing = Tracing()
    rt.hooks.add(tracing)
    job = rt.exec(line(source(range(3)), passer(), made(lambda items: None)))
    assert job.wait()
    begins = tracing.named("activation_started")
    assert len(tracing.given) == len(begins)  # asked once for each activation
    given = {each.activation_id: trace for each, trace in zip(begins, tracing.given, strict=True)}
    for each in begins:
        before = {"r0": [], "r1": ["r0@1"]}.get(each.routine_id)
        if before is not None:
            assert each.contexts == tuple(given[name] for name in before)
    points = job.slot("r1", "in").points()
    assert [point.trace_context for point in points] == [given["r0@1"]] * 3
    last = {point.trace_context for point in job.slot("r2", "in").points()}
    assert last <= {trace for name, trace in given.items() if name.startswith("r1@")}


def test_an_activation_is_given_each_context_of_its_items_once(rt):
    tracing, batch = Tracing(), made(lambda items: None)
    flow = Flow("fan-in")
    for name in "ab":
        flow.add_routine(source([1, 2]), name)
    flow.add_routine(batch, "c")
    batch.set_activation_policy(
        lambda slots, job: (job.draining, {"in": slots["in"].consume_n_new(9)}, None)
    )
    for name in "ab":
        flow.connect(name, "out", "c", "in")
    rt.hooks.add(tracing)
    assert rt.exec(flow).wait()
    (began,) = [each for each in tracing.named("activation_started") if each.routine_id == "c"]
    assert (began.items, sorted(began.contexts)) == (4, ["trace 0", "trace 1"])


def test_a_posted_item_carries_the_context_of_its_caller(rt):
    tracing = Tracing()
    rt.hooks.add(tracing)
    job = rt.exec(line(made(lambda items: None)), keep_open=True)
    job.post("r0", "in", 1)
    (point,) = job.slot("r0", "in").points()
    assert point.trace_context == "trace 0"
    rt.run_until_idle()
    assert tracing.named("activation_started")[0].contexts == ("trace 0",)


def test_a_dead_letter_keeps_the_context_and_gives_it_to_its_redelivery(rt, quiet):
    rt.hooks.add(RecordingHook("trace"))
    job = rt.exec(line(source([1, 2]), made(overflow="reject", **FULL)), keep_open=True)
    rt.run_until_idle()
    (letter,) = job.dead_letters
    assert letter.trace_context == "trace"
    job.slot("r1", "in").consume_one_new()
    assert job.dead_letters.redeliver([letter.id]).count == 1
    assert job.slot("r1", "in").points()[-1].trace_context == "trace"


def test_a_runtimes_context_goes_before_the_processs(rt, process_hook):
    process_hook._trace_context = "process"
    flow = line(source([1]), made(lambda items: None))
    job = rt.exec(flow)
    assert job.wait()
    assert job.slot("r1", "in").points()[0].trace_context == "process"
    rt.hooks.add(RecordingHook("runtime"))
    job = rt.exec(flow)
    assert job.wait()
    assert job.slot("r1", "in").points()[0].trace_context == "runtime"


def test_without_hooks_items_carry_no_context(rt):
    job = rt.exec(line(source([1]), made(lambda items: None)), keep_open=True)
    job.post("r1", "in", 2)
    rt.run_until_idle()
    assert [point.trace_context for point in job.slot("r1", "in").points()] == [None, None]


# -- nobody watches --------------------------------------------------------------------------------


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the records that the engine builds from now on."""
    names: list[str] = []

    def counting(kind: type[Any]) -> Callable[..., Any]:
        def build(*args: Any, **named: Any) -> Any:
            names.append(kind.__name__)
            return kind(*args, **named)

        return build

    for module, kind in (
        (notices, JobRecord), (notices, GateRecord), (notices, SlotRecord), (notices, WaitRecord),
        (told, ActivationRecord), (sightings, BreakpointRecord),
    ):  # fmt: skip
        monkeypatch.setattr(module, kind.__name__, counting(kind))
    return names


def eventful(rt: StepRuntime) -> None:
    """A job of which every method of a hook could be told."""
    job = rt.exec(line(source(range(9)), made(**FULL)), start_paused=True)
    job.breakpoints.add("event", "r0", event_name="out", log_message="seen", one_shot=True)
    job.resume()
    rt.run_until_idle()
    job.pause()
    rt.run_until_idle()
    job.resume()
    assert job.wait()


def test_no_record_is_built_when_nobody_watches(rt, built, quiet):
    asked: list[str] = []
    for name in ("tell", "ask"):
        for hooks in (rt.hooks, PROCESS_HOOKS):
            assert not hooks.active
            setattr(hooks, name, lambda *told: asked.append(str(told)))
    try:
        eventful(rt)
    finally:
        for name in ("tell", "ask"):
            for hooks in (rt.hooks, PROCESS_HOOKS):
                delattr(hooks, name)
    assert (built, asked) == ([], [])


def test_no_record_is_built_of_what_no_hook_does_anything_about(rt, built, quiet):
    class OnlyJobs(Hook):
        def job_ended(self, record: JobRecord) -> None:
            self.ended = record

    hook = OnlyJobs()
    rt.hooks.add(hook)
    eventful(rt)
    assert hook.ended.status == "completed"
    assert set(built) == {"JobRecord"}


def test_each_record_is_built_once_for_all_who_watch(rt, built, hook, process_hook, quiet):
    rt.hooks.add(RecordingHook())
    eventful(rt)
    assert set(hook.names()) == set(METHODS)
    assert len(built) == len(hook.records)
    assert set(built) == {
        "JobRecord", "GateRecord", "SlotRecord", "WaitRecord", "ActivationRecord",
        "BreakpointRecord",
    }  # fmt: skip
    pairs = zip(hook.records, process_hook.records, strict=True)
    assert all(one is other for (_, one), (_, other) in pairs)
