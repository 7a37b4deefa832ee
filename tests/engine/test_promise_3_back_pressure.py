"""Promise 3: a full queue slows its producer before anything is refused."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from routilux import Flow, Runtime
from routilux.errors import SlotQueueFullError
from routilux.slot import Slot
from routilux.testing import CollectingSink, ManualClock, RecordingHook
from tests.engine.parts import (
    LONG_S,
    figures,
    into_sink,
    letters,
    line,
    made,
    never,
    passer,
    source,
)

NOW = datetime(2030, 1, 1, tzinfo=UTC)


class Producer(threading.Thread):
    """Puts one item into a full slot, and keeps what came of it."""

    def __init__(self, slot: Slot, clock: ManualClock) -> None:
        super().__init__(daemon=True)
        self.slot, self.clock = slot, clock
        self.error: SlotQueueFullError | None = None
        self.done_at: float | None = None
        self.start()
        clock.await_waits(1)

    def run(self) -> None:
        try:
            self.slot.enqueue("new", "producer", NOW)
        except SlotQueueFullError as error:
            self.error = error
        self.done_at = self.clock.seconds()

    def over(self) -> Producer:
        self.join(LONG_S)
        assert not self.is_alive()
        return self


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def full(clock) -> Slot:
    """A slot of one item, with the plan's own waits of 0.1, 0.2 and 0.3 s."""
    slot = Slot("in", None, 1, clock=clock)
    slot.enqueue("old", "test", NOW)
    return slot


# -- the plan's own cases --------------------------------------------------------------------------


@pytest.mark.parametrize("advances", [[], [0.05], [0.1, 0.1], [0.1, 0.2, 0.25]])
def test_a_retry_succeeds_when_the_consumer_drains_within_its_waits(clock, full, advances):
    producer = Producer(full, clock)
    for seconds in advances:
        clock.advance(seconds)
        clock.await_waits(1)
    assert full.consume_one_new() == "old"
    assert producer.over().error is None
    assert producer.done_at == pytest.approx(sum(advances))
    assert full.peek_all_new() == ["new"]


def test_an_item_is_refused_after_three_waits_of_six_tenths_of_a_second(clock, full):
    producer = Producer(full, clock)
    for seconds in (0.1, 0.2):
        clock.advance(seconds)
        clock.await_waits(1)
    assert producer.is_alive()
    clock.advance(0.3)
    error = producer.over().error
    assert error is not None
    assert (error.retries, error.max_length, error.unconsumed_count, error.queue_size) == (
        3,
        1,
        1,
        1,
    )
    assert producer.done_at == pytest.approx(0.6)
    assert full.metrics().refused_by == {"queue_full": 1}
    assert full.metrics().retries == 3


def test_a_retry_wakes_at_once_and_not_at_the_end_of_its_wait(clock, full):
    producer = Producer(full, clock)
    full.consume_all_new()
    assert producer.over().done_at == 0.0  # well below a second: the clock never moved


def test_three_refused_waits_inside_a_flow_are_told_with_all_facts(rt, caplog):
    hook = RecordingHook()
    rt.hooks.add(hook)
    job = rt.exec(line(source([1, 2]), made(policy=never, max_queue_length=1)), keep_open=True)
    rt.advance(0.59)
    assert (letters(job), job.counts().standing) == ([], 1)
    rt.advance(0.02)
    assert (letters(job), job.counts().standing) == ([(2, "queue_full")], 0)
    assert [record.delay for record in hook.named("enqueue_retried")] == pytest.approx(
        [0.1, 0.2, 0.3]
    )
    (letter,) = job.dead_letters
    assert "Retried 3 times" in letter.error
    assert "Retried 3 times" in caplog.text
    (entry,) = job.get_shared_log()
    assert (entry["type"], entry["reason"]) == ("slot_queue_full", "queue_full")
    assert figures(job, "r1", "in").retries == 3


# -- the promise -----------------------------------------------------------------------------------


def test_a_waiting_producer_does_not_hold_the_lock(clock, full):
    producer = Producer(full, clock)
    assert full.metrics().waiting_producers == 1
    assert full.peek_all_new() == ["old"]
    full.consume_all_new()
    producer.over()


def test_waiting_producers_go_in_in_the_order_of_coming(clock, full):
    producers = []
    for number in range(3):
        producer = threading.Thread(target=full.enqueue, args=(number, "test", NOW), daemon=True)
        producer.start()
        clock.await_waits(number + 1)
        producers.append(producer)
    assert [full.consume_one_new() for _ in range(4)] == ["old", 0, 1, 2]
    for producer in producers:
        producer.join(LONG_S)


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_a_waiting_producer_never_keeps_the_consumer_from_running(workers):
    flow = Flow("deep", default_slot_max_queue_length=1, default_slot_overflow="block")
    sink = CollectingSink()
    parts = [source(range(100)), *[passer() for _ in range(6)], sink]
    for number, part in enumerate(parts):
        flow.add_routine(part, f"r{number}")
    for number in range(1, len(parts)):
        flow.connect(f"r{number - 1}", "out", f"r{number}", next(iter(parts[number].slots)))
    with Runtime(workers) as runtime:
        job = runtime.exec(flow)
        assert job.wait(LONG_S)
    assert sink.received == list(range(100))


def test_a_slot_that_blocks_waits_as_long_as_the_job_lives(rt):
    job = rt.exec(
        line(source([1, 2]), made(policy=never, max_queue_length=1, overflow="block")),
        keep_open=True,
    )
    rt.advance(1e6)
    assert (letters(job), job.counts().standing) == ([], 1)
    assert job.slot("r1", "in").consume_one_new() == 1
    rt.run_until_idle()
    assert (job.slot("r1", "in").peek_all_new(), job.counts().standing) == ([2], 0)


def test_a_caller_of_a_slot_that_blocks_may_set_a_time_out(rt):
    job = rt.exec(line(made(policy=never, max_queue_length=1, overflow="block")), keep_open=True)
    job.post("r0", "in", 1)
    with pytest.raises(SlotQueueFullError):
        job.post("r0", "in", 2, timeout=3.0)
    assert rt.clock.seconds() == 3.0
    assert figures(job, "r0", "in").returned_to_caller == 1


@pytest.mark.parametrize(("overflow", "left"), [("reject", [0, 1]), ("drop_oldest", [7, 8])])
def test_slots_that_never_hold_back_do_not_wait(rt, overflow, left):
    job = rt.exec(
        line(source(range(9)), made(policy=never, max_queue_length=2, overflow=overflow)),
        keep_open=True,
    )
    rt.run_until_idle()
    assert job.slot("r1", "in").peek_all_new() == left
    assert (rt.clock.seconds(), figures(job, "r1", "in").retries) == (0.0, 0)


def test_a_fan_out_waits_for_the_slowest_and_gives_the_others_what_they_can_take(rt):
    flow = Flow("fan")
    flow.add_routine(source(range(4)), "a")
    flow.add_routine(made(policy=never, max_queue_length=1, overflow="block"), "slow")
    sink = CollectingSink()
    flow.add_routine(sink, "fast")
    flow.connect("a", "out", "slow", "in")
    flow.connect("a", "out", "fast", "items")
    job = rt.exec(flow, keep_open=True)
    rt.run_until_idle()
    assert job.counts().standing == 1
    assert sink.received == [0, 1]
    job.slot("slow", "in").consume_one_new()
    rt.run_until_idle()
    assert sink.received == [0, 1, 2]


# -- the start gate --------------------------------------------------------------------------------


def gated(rt, overflow, **settings):
    """``r0`` feeds ``r1``, which feeds the full slot of ``r2``."""
    runs = []
    middle = made(**settings)

    def logic(items):
        runs.append(items)
        for item in items:
            middle.emit_item("out", item)

    end = made(policy=never, max_queue_length=1, overflow=overflow)
    job = rt.exec(line(made(), middle.set_logic(logic), end), keep_open=True)
    job.post("r2", "in", "full")
    return job, runs


@pytest.mark.parametrize("overflow", ["retry", "block"])
def test_a_routine_whose_output_is_full_is_not_started_until_there_is_room(rt, overflow):
    job, runs = gated(rt, overflow)
    job.post("r1", "in", 1)
    rt.advance(1000.0)
    assert (runs, job.counts().unconsumed) == ([], 2)
    job.slot("r2", "in").consume_one_new()
    rt.run_until_idle()
    assert runs == [[1]]
    assert job.slot("r2", "in").peek_all_new() == [1]


@pytest.mark.parametrize("overflow", ["reject", "drop_oldest"])
def test_the_gate_looks_only_at_slots_that_hold_back(rt, overflow):
    job, runs = gated(rt, overflow)
    job.post("r1", "in", 1)
    rt.run_until_idle()
    assert runs == [[1]]


def test_the_gate_counts_the_room_that_the_own_items_leave(rt):
    hops = []
    again = made(max_queue_length=1, overflow="block")

    def logic(items):
        hops.extend(items)
        if items[0] < 3:
            again.emit_item("out", items[0] + 1)

    flow = line(source([0]), again.set_logic(logic))
    flow.connect("r1", "out", "r1", "in")
    job = rt.exec(flow)
    assert job.wait()
    assert (hops, job.status) == ([0, 1, 2, 3], "completed")


def test_the_gate_is_waived_where_everything_waits_and_what_waited_longest_goes_first(rt):
    order = []
    flow = Flow("two")
    end = made(policy=never, max_queue_length=1)
    flow.add_routine(end, "end")
    for name in ("late", "early"):
        routine = made(policy=None)

        def logic(items, name=name, routine=routine):
            order.append(name)
            routine.emit_item("out", name)

        flow.add_routine(routine.set_logic(logic), name)
        flow.connect(name, "out", "end", "in")
    job = rt.exec(flow, keep_open=True)
    job.post("end", "in", "full")
    job.post("early", "in", 1)
    rt.advance(1.0)
    job.post("late", "in", 1)
    job.close()
    assert job.wait()
    assert order == ["early", "late"]
    assert job.status == "completed"
    assert sorted(letters(job)[:2]) == [("early", "queue_full"), ("late", "queue_full")]


def test_bounds_are_hard(rt):
    flow, sink = into_sink(range(30), max_queue_length=3, overflow="block")
    job = rt.exec(flow)
    most = 0
    while rt.run_one():
        most = max(most, figures(job, "r1", "items").unconsumed)
    assert most == 3
    assert sink.received == list(range(30))
