"""The debugger under real threads: many hands at one busy job, and nothing is lost or doubled."""

from __future__ import annotations

import random
import threading
from contextlib import suppress

import pytest

from routilux import Flow, Runtime, bind
from routilux.debugger.registry import MonitoringRegistry
from routilux.errors import JobFinished, NothingInHand, NotPaused
from routilux.stores import JobStore
from routilux.testing import CollectingSink
from tests.engine.parts import LONG_S, line, made, passer, source

ITEMS = 400
COMMANDS = 150  # by each hand
PLACES = [
    {"kind": "routine", "routine_id": "r1"},
    {"kind": "routine", "routine_id": "r2"},
    {"kind": "slot", "routine_id": "r1", "slot_name": "in"},
    {"kind": "slot", "routine_id": "r2", "slot_name": "items"},
    {"kind": "event", "routine_id": "r0", "event_name": "out"},
    {"kind": "event", "routine_id": "r1", "event_name": "out"},
    {
        "kind": "connection",
        "source_routine_id": "r1",
        "source_event_name": "out",
        "target_routine_id": "r2",
        "target_slot_name": "items",
    },
]


class Hand:
    """One person at the debugger, who does one thing after another at random."""

    def __init__(self, job, seed, *, drops):
        self.job, self.chance, self.drops = job, random.Random(seed), drops
        self.dropped = []

    def work(self):
        for _ in range(COMMANDS):
            if self.job.status.finished:
                return
            try:
                self.chance.choice([self.add, self.remove, self.resume, self.step, self.touch])()
            except (JobFinished, NothingInHand, NotPaused):
                continue

    def add(self):
        self.job.breakpoints.add(
            **self.chance.choice(PLACES),
            action=self.chance.choice(["pause_job", "hold_item", "log"]),
            one_shot=self.chance.random() < 0.5,
            ignore_count=self.chance.choice([0, 3, 20]),
        )

    def remove(self):
        there = list(self.job.breakpoints)
        if there:
            self.job.breakpoints.remove(self.chance.choice(there).id)

    def resume(self):
        items = self.job.debug.items
        if items and self.chance.random() < 0.5:
            self.job.debug.resume(self.chance.choice(items).id)
        else:
            self.job.debug.resume()
            self.job.resume()

    def step(self):
        self.job.step(self.chance.choice(["over", "into", "out"]))

    def touch(self):
        self.job.debug.get_variables()
        items = self.job.debug.items
        if not items:
            self.job.pause()
            return
        item = self.chance.choice(items)
        if self.drops and self.chance.random() < 0.3:
            self.job.debug.drop(item.id)
        else:
            self.job.debug.edit(item.data, item.id)


def let_go(job):
    """Remove every breakpoint and lift every hold, until the job has ended."""
    while not job.wait(0.01):
        job.breakpoints.clear()
        try:
            for item in job.debug.items:
                job.debug.resume(item.id)
        except NothingInHand:
            pass
        except JobFinished:
            continue
        for lift in (job.debug.resume, job.resume):
            try:
                lift()
            except JobFinished:
                break


@pytest.mark.parametrize("overflow", ["block", "retry"])
@pytest.mark.parametrize("drops", [False, True])
def test_many_hands_at_a_busy_job_lose_and_double_nothing(overflow, drops, request):
    seed = hash((overflow, drops, request.config.getoption("randomly_seed", 0))) & 0xFFFF
    sink = CollectingSink(max_queue_length=5, overflow="block")
    flow = line(
        source(range(ITEMS)),
        passer(max_queue_length=7, overflow=overflow, max_enqueue_retries=1000),
        sink,
    )
    with Runtime(3, jobs=JobStore(), monitoring=MonitoringRegistry()) as runtime:
        job = runtime.exec(flow)
        hands = [Hand(job, seed + number, drops=drops) for number in range(6)]
        threads = [threading.Thread(target=hand.work) for hand in hands]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LONG_S)
            assert not thread.is_alive(), seed
        let_go(job)
        dropped = [letter.data for letter in job.dead_letters.list("dropped_in_debugger")]
        assert job.status.value == "completed", (job.error, seed)
        assert sorted([*sink.received, *dropped]) == list(range(ITEMS)), seed
        assert sink.received == sorted(sink.received), seed
        assert len(dropped) == job.dead_letter_count
        assert drops or not dropped


@pytest.mark.parametrize("mapping", [None, {"a": "b"}])
def test_what_each_thread_of_an_activation_emits_stays_in_order_past_its_stops(mapping):
    """One thread may stand with what another has emitted: nobody's next item goes before it."""
    emitter = made(slots=())

    def emit_all(thread):
        for number in range(30):
            emitter.emit_item("out", (thread, number))

    def logic():
        threads = [threading.Thread(target=bind(emit_all), args=(each,)) for each in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join(LONG_S)

    sink = CollectingSink(max_queue_length=2, overflow="block")
    flow = Flow("threads")
    flow.add_routine(emitter.set_logic(logic), "r0")
    flow.add_routine(sink, "r1")
    flow.connect("r0", "out", "r1", "items", mapping)
    with Runtime(3, jobs=JobStore(), monitoring=MonitoringRegistry()) as runtime:
        job = runtime.exec(flow, start_paused=True)
        job.breakpoints.add("event", "r0", event_name="out")
        job.breakpoints.add("slot", "r1", slot_name="items", action="hold_item")
        job.resume()
        while not job.wait(0.001):
            with suppress(JobFinished, NothingInHand):
                job.debug.resume()
                for hit in job.debug.hits:
                    job.debug.resume(hit.id)
        for thread in range(4):
            assert [n for each, n in sink.received if each == thread] == list(range(30))
