"""Rounds on a manual loop: when, for whom, and how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from routilux.api.events.pump import READERS_AT_ONCE, Pump
from routilux.api.events.settings import StreamSettings
from routilux.api.events.shelf import Shelf
from routilux.api.events.telling import hit_entry, job_entry
from routilux.api.events.views import View
from tests.api.events.manual_loop import ListeningReader, ManualLoop
from tests.api.events.samples import hit, hits, job_record, refusal
from tests.monitoring.samples import make_flow

if TYPE_CHECKING:
    from routilux.job_state import JobState
    from routilux.testing import StepRuntime

RING = 2_000
EVENTS_ONLY = View(kinds=frozenset({"job", "hit", "refused", "held"}))
SETTINGS = StreamSettings(keep_alive_s=15.0, write_timeout_s=30.0)


@pytest.fixture
def shelf(runtime: StepRuntime) -> Shelf:
    return Shelf(RING, runtime.clock)


@pytest.fixture
def loop(runtime: StepRuntime) -> ManualLoop:
    return ManualLoop(runtime.clock)


@pytest.fixture
def pump(
    runtime: StepRuntime, shelf: Shelf, loop: ManualLoop, monkeypatch: pytest.MonkeyPatch
) -> Pump:
    made = Pump(loop, shelf, runtime.jobs, SETTINGS, runtime.clock)  # type: ignore[arg-type]
    monkeypatch.setattr(ListeningReader, "take", staticmethod(made._portions.take), raising=False)
    return made


@pytest.fixture
def job(runtime: StepRuntime) -> JobState:
    """A job whose slot's level only changes when a test posts."""
    flow = make_flow(count=0)
    flow.routines["sink"].set_activation_policy(lambda slots, job_state: (False, {}, None))
    return runtime.exec(flow, keep_open=True)


def listen(pump: Pump, count: int, view: View = EVENTS_ONLY) -> list[ListeningReader]:
    readers = [ListeningReader(view) for _ in range(count)]
    for reader in readers:
        pump.add(reader)
    return readers


def put(shelf: Shelf, pump: Pump, *numbers: int) -> None:
    for entry in hits(*numbers):
        shelf.put(entry)
        pump.wake()


def test_all_get_an_event_at_once_and_in_order(pump: Pump, shelf: Shelf, loop: ManualLoop) -> None:
    readers = listen(pump, 3 * READERS_AT_ONCE + 1)
    put(shelf, pump, 1, 2, 3)
    assert loop.wakes == 1
    loop.run()
    for reader in readers:
        assert [event.data["hit_count"] for event in reader.events] == [1, 2, 3]
        assert len(reader.given) == 1
    assert len({id(reader.given[0]) for reader in readers}) == 1  # the very same bytes


def test_no_thread_wakes_the_loop_while_a_round_is_to_come(
    pump: Pump, shelf: Shelf, loop: ManualLoop
) -> None:
    (reader,) = listen(pump, 1)
    for number in range(1_000):
        put(shelf, pump, number)
        loop.run(0.001)
    assert loop.wakes <= 51
    loop.run(1)
    assert [event.data["hit_count"] for event in reader.events] == list(range(1_000))


def test_a_storm_of_events_is_written_in_few_rounds(
    pump: Pump, shelf: Shelf, loop: ManualLoop
) -> None:
    few, many = 1, 200
    for count, rounds in ((few, 50), (many, 3)):
        readers = listen(pump, count)
        for reader in readers:
            reader.position = shelf.last
        for number in range(1_000):
            put(shelf, pump, number)
            loop.run(0.001)
        assert max(len(reader.given) for reader in readers) <= 2 * rounds
        loop.run(1)
        seen = [event.data["hit_count"] for event in readers[0].events]
        assert seen[-1] == 999
        assert seen == sorted(seen)
        for reader in readers:
            pump.remove(reader)


def test_what_comes_while_a_round_is_under_way_is_not_forgotten(
    pump: Pump, shelf: Shelf, loop: ManualLoop
) -> None:
    readers = listen(pump, 2 * READERS_AT_ONCE)
    first = readers[0]
    give = first.give

    def give_and_put(data: bytes) -> None:
        give(data)
        if len(first.given) == 1:
            put(shelf, pump, 2)

    first.give = give_and_put  # type: ignore[method-assign]
    put(shelf, pump, 1)
    loop.run(1)
    for reader in readers:
        assert [event.data["hit_count"] for event in reader.events] == [1, 2]


def test_a_busy_reader_keeps_nobody_waiting_and_falls_behind_with_a_gap(
    pump: Pump, shelf: Shelf, loop: ManualLoop
) -> None:
    slow, quick = listen(pump, 2)
    slow.busy = True
    for number in range(1, 3 * RING + 1):
        put(shelf, pump, number)
        if number % 100 == 0:
            loop.run(0.05)
    assert [event.data["hit_count"] for event in quick.events] == list(range(1, 3 * RING + 1))
    assert (slow.given, slow.stale) == ([], True)
    slow.busy = False
    put(shelf, pump, 0)
    loop.run(1)
    gap, *rest = slow.events
    assert (gap.type, gap.data["reason"], gap.data["missed"]) == ("gap", "too_slow", 2 * RING + 1)
    assert [event.number for event in rest] == list(range(gap.number + 1, 3 * RING + 2))


def test_a_sum_comes_when_it_is_due(pump: Pump, shelf: Shelf, loop: ManualLoop) -> None:
    (reader,) = listen(pump, 1)
    for count in (1, 2, 4):
        shelf.put_burst("refused", refusal(count))
        pump.wake()
    loop.run(0.24)
    assert [event.data["count"] for event in reader.events] == [1]
    loop.run(0.02)
    assert [event.data["count"] for event in reader.events] == [1, 6]


def test_the_end_of_a_job_comes_after_its_sums(shelf: Shelf, pump: Pump, loop: ManualLoop) -> None:
    (reader,) = listen(pump, 1)
    for count in (1, 2):
        shelf.put_burst("held", refusal(count))
    shelf.put(job_entry("ended", job_record("completed")))
    pump.wake()
    loop.run()
    assert reader.types() == ["held", "held", "job"]


def test_levels_come_ten_times_a_second_and_the_last_one_always(
    pump: Pump, loop: ManualLoop, job: JobState
) -> None:
    (reader,) = listen(pump, 1, View(kinds=frozenset({"queues"})))
    loop.run()
    for number in range(9):
        job.post("sink", "in", number)
        loop.run(0.055)
    assert 4 <= len(reader.events) <= 6
    loop.run(0.2)
    last = reader.events[-1].data["slots"][0]
    assert (last["unconsumed_count"], last["is_near_full"]) == (9, True)
    told = len(reader.given)
    loop.run(5)
    assert len(reader.given) == told  # nothing has changed


def test_levels_come_seldom_to_many(pump: Pump, loop: ManualLoop, job: JobState) -> None:
    readers = listen(pump, 200, View(kinds=frozenset({"queues"})))
    loop.run()
    for number in range(9):
        job.post("sink", "in", number)
        loop.run(0.1)
    assert {len(reader.events) for reader in readers} <= {1, 2}
    loop.run(1.1)
    for reader in readers:
        assert reader.events[-1].data["slots"][0]["unconsumed_count"] == 9


def test_nothing_is_read_while_nobody_looks_at_levels(
    pump: Pump, shelf: Shelf, loop: ManualLoop, job: JobState, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    monkeypatch.setattr(pump.levels, "read", lambda jobs: read.extend(j.job_id for j in jobs) or 0)
    (reader,) = listen(pump, 1)
    put(shelf, pump, 1)
    loop.run(10)
    assert read == []
    (looker,) = listen(pump, 1, View("nobody", kinds=frozenset({"queues"})))
    loop.run(1)
    assert read == [] or set(read) == {job.job_id}
    pump.remove(looker)
    pump.remove(reader)
    read.clear()
    loop.run(10)
    assert read == []


def test_a_job_stream_ends_with_the_last_levels_and_bye(
    pump: Pump, shelf: Shelf, loop: ManualLoop, job: JobState
) -> None:
    reader = ListeningReader(View(job.job_id), job=job)
    other = ListeningReader(View())
    for each in (reader, other):
        pump.add(each)
    loop.run()
    job.post("sink", "in", 1)
    job.cancel()
    shelf.put(job_entry("ended", job_record("cancelled", job_id=job.job_id)))
    pump.wake()
    loop.run(1)
    assert reader.types() == ["queues", "job", "queues", "bye"]
    assert (reader.over, reader.events[-1].data["reason"]) == (True, "job_ended")
    last = reader.events[-2].data
    assert (last["final"], last["slots"][0]["unconsumed_count"]) == (True, 1)
    assert not other.over
    assert other.events[-1].data == last


def test_a_stream_without_levels_ends_with_its_job(
    pump: Pump, shelf: Shelf, loop: ManualLoop, job: JobState
) -> None:
    reader = ListeningReader(View(job.job_id, kinds=frozenset({"hit"})), job=job)
    pump.add(reader)
    shelf.put(job_entry("ended", job_record("cancelled", job_id="another")))
    pump.wake()
    loop.run(1)
    assert not reader.over
    shelf.put(hit_entry(hit(1, job.job_id)))
    shelf.put(job_entry("ended", job_record("cancelled", job_id=job.job_id)))
    pump.wake()
    loop.run(1)
    assert reader.types() == ["hit", "bye"]


def test_a_stop_says_bye_after_what_is_left(pump: Pump, shelf: Shelf, loop: ManualLoop) -> None:
    readers = listen(pump, READERS_AT_ONCE)
    put(shelf, pump, 1)
    loop.run()
    put(shelf, pump, 2)
    shelf.closed = True
    pump.hurry()
    loop.run()
    for reader in readers:
        assert reader.types() == ["hit", "hit", "bye"]
        assert reader.events[-1].data["reason"] == "stopping"


def test_a_comment_keeps_a_quiet_stream_alive(pump: Pump, loop: ManualLoop) -> None:
    (reader,) = listen(pump, 1)
    loop.run(14.5)
    assert reader.given == []
    loop.run(1)
    assert reader.given == [b": keep-alive\n\n"]


def test_a_reader_that_takes_nothing_is_dropped(
    pump: Pump, shelf: Shelf, loop: ManualLoop, caplog: pytest.LogCaptureFixture
) -> None:
    slow, quick = listen(pump, 2)
    slow.busy, slow.busy_since = True, loop.time()
    loop.run(29)
    assert not slow.dropped
    loop.run(2)
    assert (slow.dropped, quick.dropped) == (True, False)
    assert "Dropped an event stream whose reader took nothing for 30 s" in caplog.text


def test_it_is_dropped_soon_when_the_server_stops(
    pump: Pump, shelf: Shelf, loop: ManualLoop
) -> None:
    (slow,) = listen(pump, 1)
    slow.busy, slow.busy_since = True, loop.time()
    shelf.closed = True
    pump.wake()
    loop.run(2)
    assert slow.dropped


def test_a_loop_that_is_closed_is_no_error(pump: Pump, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("Event loop is closed")

    monkeypatch.setattr(pump.loop, "call_soon_threadsafe", refuse)
    pump.wake()
    pump.wake()
