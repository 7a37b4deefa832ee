"""A pause point tells what is in the slots when `pause` returns."""

from __future__ import annotations

from threading import Event

from routilux import Flow, Runtime
from routilux.hooks import Hook
from routilux.stores import JobStore


class Paused(Hook):
    """Lets logic go on once its job is paused."""

    def __init__(self):
        self.event = Event()

    def job_paused(self, record):
        self.event.set()


def test_what_logic_emits_until_it_stands_still_is_in_the_point():
    flow, started, paused = Flow("late"), Event(), Paused()

    @flow.source
    def numbers():
        started.set()
        assert paused.event.wait(30)
        return [1, 2, 3]

    @flow.step(after=numbers)
    def keep(number):
        return None

    with Runtime(thread_pool_size=1, jobs=JobStore()) as runtime:
        runtime.hooks.add(paused)
        job = runtime.exec(flow)
        assert started.wait(30)
        point = job.pause("look", wait=True)
        metrics = job.slot("keep", "items").read_metrics()
        assert point["still"]
        assert point["held_count"] == metrics.held == 3
        assert point["slot_queue_states"]["keep"]["items"]["held_count"] == 3
        assert list(job.pause_points) == [point]
        job.resume()
        assert job.wait(30)
    assert job.slot("keep", "items").read_metrics().consumed == 3
