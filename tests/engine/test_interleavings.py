"""Orders of events that chance rarely gives, forced, and races at the barrier that decides them."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from routilux import ErrorHandler, Runtime, bind
from routilux.errors import ActivationEnded, JobCancelled, JobFinished
from routilux.hooks import Hook
from routilux.testing import CollectingSink, RecordingHook, Sequencer, StepRuntime
from tests.engine.parts import LONG_S, figures, into_sink, letters, line, made, never

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from routilux.job.results import ResumeResult

ROUNDS = 60  # of each race


@contextmanager
def at_once(*others: Callable[[], object]) -> Iterator[None]:
    """Start the block and each of `others`, in a thread of its own, at the same instant."""
    barrier = threading.Barrier(len(others) + 1)
    failures: list[BaseException] = []

    def run(other: Callable[[], object]) -> None:
        barrier.wait(LONG_S)
        try:
            other()
        except BaseException as error:  # noqa: BLE001 - shown by the test
            failures.append(error)

    threads = [threading.Thread(target=run, args=(other,)) for other in others]
    for thread in threads:
        thread.start()
    barrier.wait(LONG_S)
    yield
    for thread in threads:
        thread.join(LONG_S)
    assert failures == []


def posts(job, accepted: list[int], count: int = 20) -> Callable[[], None]:
    """Posts to ``r0`` until the job has ended, and keeps what was accepted."""

    def post() -> None:
        try:
            for number in range(count):
                job.post("r0", "items", number)
                accepted.append(number)
        except JobFinished:
            return

    return post


# -- the last item at shutdown ---------------------------------------------------------------------


def test_what_logic_emits_after_shutdown_has_begun_is_delivered():
    turn, sink, emitter = Sequencer(), CollectingSink(max_queue_length=1), made(slots=())

    def logic() -> None:
        with turn(0):
            emitter.emit_item("out", 1)
        with turn(2):
            emitter.emit_many("out", [2, 3, 4])

    with Runtime(1) as runtime:
        job = runtime.exec(line(emitter.set_logic(logic), sink), keep_open=True)
        with turn(1):
            assert runtime.shutdown(wait=False) is False
        assert runtime.shutdown()
    assert (sink.received, job.status) == ([1, 2, 3, 4], "completed")


def test_an_item_before_shutdown_is_delivered_and_one_after_it_is_refused():
    sink = CollectingSink()
    with Runtime(1) as runtime:
        job = runtime.exec(line(sink), keep_open=True)
        job.post("r0", "items", 1)
        assert runtime.shutdown()
        with pytest.raises(JobFinished):
            job.post("r0", "items", 2)
    assert (sink.received, job.status) == ([1], "completed")


def test_posts_that_race_a_shutdown_are_delivered_or_refused():
    for _ in range(ROUNDS):
        sink, accepted = CollectingSink(), []
        runtime = Runtime(2)
        job = runtime.exec(line(sink), keep_open=True)
        with at_once(posts(job, accepted)):
            assert runtime.shutdown()
        assert (sink.received, job.status) == (accepted, "completed")


# -- a post and the completion ---------------------------------------------------------------------


def test_a_post_from_the_last_activation_is_delivered_by_one_more():
    sink = CollectingSink()

    def logic(items: list[int]) -> None:
        job.post("r1", "items", items[0])

    with Runtime(1) as runtime:
        job = runtime.exec(line(made(logic), sink), keep_open=True)
        job.post("r0", "in", 1)
        job.close()
        assert job.wait(LONG_S)
    assert (sink.received, job.status) == ([1], "completed")


def test_a_post_just_after_the_last_activation_is_refused(rt):
    refused = []

    class Late(Hook):
        def activation_ended(self, record) -> None:
            with pytest.raises(JobFinished) as caught:
                job.post("r0", "items", 2)
            refused.append(caught.value.status)

    sink = CollectingSink()
    rt.hooks.add(Late())
    job = rt.exec(line(sink), keep_open=True)
    job.post("r0", "items", 1)
    job.close()
    assert job.wait()
    assert (sink.received, refused) == ([1], ["completed"])
    assert figures(job, "r0", "items").offered == 1


def test_posts_that_race_the_end_of_the_last_activation_are_delivered_or_refused():
    for _ in range(ROUNDS):
        sink, accepted, barrier = CollectingSink(), [], threading.Barrier(2)
        flow = line(sink)
        last = made(lambda barrier=barrier: barrier.wait(LONG_S), slots=())
        flow.add_routine(last, "last")
        with Runtime(2) as runtime:
            job = runtime.exec(flow)
            barrier.wait(LONG_S)
            posts(job, accepted)()
            assert job.wait(LONG_S)
        assert (sink.received, job.status) == (accepted, "completed")


# -- the hand-over at the end of an activation -----------------------------------------------------


def in_its_last_hand_over(rt, overflow: str = "block"):
    """A job whose source has run to its end, and stands with its last item."""
    ended = []
    emitter = made(slots=())

    def logic() -> None:
        emitter.emit_item("out", 0)
        emitter.emit_item("out", 1)  # buffered: the consumer has something to do
        job.post("r1", "in", "posted")
        ended.append(True)

    target = made(lambda items: None, policy=never, max_queue_length=2, overflow=overflow)
    hook = RecordingHook()
    rt.hooks.add(hook)
    job = rt.exec(line(emitter.set_logic(logic), target), keep_open=True)
    rt.run_until_idle()
    assert (ended, job.counts().standing, job.counts().waiting) == ([True], 1, 1)
    assert job.slot("r1", "in").peek_all_new() == [0, "posted"]
    return job, hook


@pytest.mark.parametrize("overflow", ["block", "retry"])
def test_cancel_during_the_last_hand_over(rt, overflow):
    job, hook = in_its_last_hand_over(rt, overflow)
    assert job.cancel()
    assert job.status == "cancelled"
    assert hook.named("activation_ended") == []
    assert job.wait()
    assert letters(job) == [(1, "cancelled")]
    assert job.slot("r1", "in").peek_all_new() == [0, "posted"]
    assert figures(job, "r1", "in").refused_by == {"cancelled": 1}
    assert [end.routine_id for end in hook.named("activation_ended")] == ["r0"]


def test_cancel_by_the_consumer_during_the_last_hand_over_of_its_producer():
    entered, ended, sink = threading.Event(), [], []
    emitter = made(slots=())

    def produce() -> None:
        emitter.emit_item("out", 0)
        assert entered.wait(LONG_S)
        for number in (1, 2, 3):  # two fill the slot, and the third is buffered
            emitter.emit_item("out", number)
        ended.append(True)

    def consume(items: list[int]) -> None:
        sink.extend(items)
        entered.set()
        hook.wait_for("enqueue_retried")
        assert (ended, job.counts().standing) == ([True], 1)
        job.cancel()

    flow = line(emitter.set_logic(produce), made(consume, max_queue_length=2, overflow="block"))
    with Runtime(2) as runtime:
        hook = RecordingHook()
        runtime.hooks.add(hook)
        job = runtime.exec(flow)
        assert job.wait(LONG_S)
    assert (sink, job.status, job.error) == ([0], "cancelled", None)
    assert job.slot("r1", "in").peek_all_new() == [1, 2]
    assert letters(job) == [(3, "cancelled")]


def test_pause_during_the_last_hand_over_holds_the_item_and_lets_the_activation_end(rt):
    job, hook = in_its_last_hand_over(rt)
    point = job.pause(wait=True)
    assert (point["still"], point["standing"]) == (True, [])
    read = figures(job, "r1", "in")
    assert (read.unconsumed, read.held, job.counts().active_tasks_count) == (2, 1, 0)
    assert len(hook.named("activation_ended")) == 1
    job.resume()
    slot = job.slot("r1", "in")
    assert [slot.consume_one_new() for _ in range(3)] == [0, "posted", 1]
    job.close()
    assert job.wait()
    assert (job.status, letters(job)) == ("completed", [])


def test_pause_and_resume_before_the_activation_has_noticed_that_its_item_was_held(rt):
    job, hook = in_its_last_hand_over(rt)
    job.pause()
    job.resume()
    assert hook.named("activation_ended") == []
    slot = job.slot("r1", "in")
    assert slot.consume_one_new() == 0
    assert slot.peek_all_new() == ["posted", 1]  # the held item took the room at once
    job.pause()
    job.close()
    rt.run_until_idle()
    assert len(hook.named("activation_ended")) == 1
    assert job.status == "paused"  # nothing runs and no input is open, but it is paused
    job.resume()
    assert job.wait()
    assert letters(job) == [("posted", "unmatched"), (1, "unmatched")]


@pytest.mark.parametrize("overflow", ["block", "retry", "reject", "drop_oldest"])
def test_pause_before_the_last_hand_over_holds_what_is_buffered(rt, overflow):
    emitter = made(slots=())

    def logic() -> None:
        emitter.emit_item("out", 0)
        emitter.emit_item("out", 1)
        job.pause()
        emitter.emit_item("out", 2)

    sink = CollectingSink(max_queue_length=3, overflow=overflow)
    job = rt.exec(line(emitter.set_logic(logic), sink))
    rt.run_until_idle()
    read = figures(job, "r1", "items")
    assert (read.unconsumed, read.held, job.counts().active_tasks_count) == (1, 2, 0)
    job.resume()
    assert job.wait()
    assert (sink.received, letters(job)) == ([0, 1, 2], [])


def test_pauses_that_race_the_ends_of_activations_lose_nothing():
    for _ in range(ROUNDS):
        flow, sink = into_sink(range(30), max_queue_length=3, overflow="block")
        with Runtime(2) as runtime:
            job = runtime.exec(flow, start_paused=True)
            with at_once(job.resume):
                job.pause(wait=LONG_S)  # before the resume it changes nothing
            if job.status == "paused":
                assert job.pause(wait=LONG_S)["still"]
                job.resume()
            assert job.wait(LONG_S)
        assert (sink.received, job.status) == (list(range(30)), "completed")


# -- two operators ---------------------------------------------------------------------------------


@pytest.mark.parametrize("operators", [2, 4])
def test_of_those_who_resume_at_once_one_does(operators):
    flow, sink = into_sink(range(500), max_queue_length=1, overflow="block")
    with Runtime(2) as runtime:
        job = runtime.exec(flow, start_paused=True, keep_open=True)
        for _ in range(ROUNDS):
            answers: list[ResumeResult] = []

            def resume(answers=answers) -> None:
                answers.append(job.resume())

            with at_once(*[resume] * operators):
                pass
            assert sum(answer.changed for answer in answers) == 1
            assert {answer.status for answer in answers} == {"resumed"}
            job.pause()
        job.resume()
        job.close()
        assert job.wait(LONG_S)
    assert sink.received == list(range(500))


def test_pause_and_resume_at_once_leave_a_job_that_goes_on():
    flow, sink = into_sink(range(500), max_queue_length=1, overflow="block")
    with Runtime(2) as runtime:
        job = runtime.exec(flow, keep_open=True)
        for _ in range(ROUNDS):
            with at_once(job.pause, job.resume, job.resume):
                job.pause()
            point = job.pause(wait=LONG_S)
            assert (point["still"], job.status) == (True, "paused")
            job.resume()
        job.close()
        assert job.wait(LONG_S)
    assert (sink.received, job.status) == (list(range(500)), "completed")


# -- logic that raises while its emit stands -------------------------------------------------------


@pytest.fixture(params=["steps", "threads"])
def either(request) -> Iterator[Runtime]:
    with StepRuntime() if request.param == "steps" else Runtime(2) as runtime:
        yield runtime


@pytest.mark.parametrize("strategy", ["continue", "skip", "stop"])
def test_logic_raises_while_what_it_emitted_waits_for_room(either, strategy):
    emitter = made(slots=(), errors=ErrorHandler(strategy))

    def logic() -> None:
        emitter.emit_many("out", [0, 1])
        raise ValueError("after the emit")

    hook = RecordingHook()
    either.hooks.add(hook)
    target = made(policy=never, max_queue_length=1, overflow="block")
    job = either.exec(line(emitter.set_logic(logic), target), keep_open=True)
    if isinstance(either, StepRuntime):
        either.run_until_idle()
    hook.wait_for("enqueue_retried")
    slot = job.slot("r1", "in")
    assert (job.counts().standing, job.status) == (1, "running")  # not failed yet
    assert slot.consume_one_new() == 0
    if isinstance(either, StepRuntime):
        either.run_until_idle()
    (end,) = hook.wait_for("activation_ended")
    assert isinstance(end.error, ValueError)
    assert slot.peek_all_new() == [1]  # an activation that raises still hands over
    if strategy == "stop":
        assert (job.status, letters(job)) == ("failed", [])
        return
    job.close()
    assert job.wait(LONG_S)
    assert (job.status, letters(job)) == ("completed", [(1, "unmatched")])


@pytest.mark.parametrize("strategy", ["continue", "stop"])
def test_logic_raises_while_a_thread_of_it_stands_in_emit(strategy):
    emitted, raised = [], []
    emitter = made(slots=(), errors=ErrorHandler(strategy))
    hook = RecordingHook()

    def emit() -> None:
        try:
            for number in range(9):
                emitter.emit_item("out", number)
                emitted.append(number)
        except (ActivationEnded, JobCancelled) as error:
            raised.append(type(error))

    def logic() -> None:
        thread = threading.Thread(target=bind(emit))
        threads.append(thread)
        thread.start()
        hook.wait_for("enqueue_retried")
        raise ValueError("while the thread stands")

    threads: list[threading.Thread] = []
    target = made(policy=never, max_queue_length=1, overflow="block")
    with Runtime(2) as runtime:
        runtime.hooks.add(hook)
        job = runtime.exec(line(emitter.set_logic(logic), target), keep_open=True)
        hook.wait_for("activation_ended")
        slot = job.slot("r1", "in")
        if strategy == "continue":
            assert slot.consume_one_new() == 0  # the item that stood goes in
        threads[0].join(LONG_S)
        assert not threads[0].is_alive()
        if strategy == "continue":
            assert (emitted, raised) == ([0, 1], [ActivationEnded])
            assert slot.peek_all_new() == [1]
            job.close()
        assert job.wait(LONG_S)
    if strategy == "continue":
        assert (job.status, letters(job)) == ("completed", [(1, "unmatched")])
    else:
        assert (emitted, raised) == ([0], [JobCancelled])
        assert (job.status, letters(job)) == ("failed", [(1, "cancelled")])
        assert slot.peek_all_new() == [0]
    figures(job, "r1", "in")
