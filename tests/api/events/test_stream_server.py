"""Streams of a real server, over sockets."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from routilux.api.events.hub import EventHub
from routilux.api.events.settings import StreamSettings
from routilux.api.main import create_app
from routilux.api.server import Server
from tests.api.events.samples import hit
from tests.api.events.streaming import LIMIT_S, SocketReader
from tests.monitoring.samples import make_flow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi import FastAPI

    from routilux.api.events.pump import Pump
    from routilux.api.events.reader import Reader
    from routilux.job_state import JobState
    from routilux.testing import StepRuntime

LARGE = "x" * 2_000  # a message, so that buffers are full soon
COUNT = 4_000


@pytest.fixture
def app(runtime: StepRuntime) -> FastAPI:
    return create_app(runtime)


@pytest.fixture
def hub(app: FastAPI) -> EventHub:
    found: EventHub = app.state.context.events
    return found


@pytest.fixture
def server(app: FastAPI) -> Iterator[Server]:
    with Server(app, port=0) as made:
        yield made


@pytest.fixture
def job(runtime: StepRuntime) -> JobState:
    return runtime.exec(make_flow("f", count=0), keep_open=True)


@pytest.fixture
def connect(server: Server) -> Iterator[Callable[..., SocketReader]]:
    made: list[SocketReader] = []

    def connect(target: str, **arguments: Any) -> SocketReader:
        made.append(SocketReader(server.port, target, **arguments))
        return made[-1]

    yield connect
    for reader in made:
        reader.close()


def eventually(so: Callable[[], bool]) -> None:
    """Let other threads run until it is so."""
    end = time.monotonic() + LIMIT_S
    while not so():
        assert time.monotonic() < end, "it did not come to be so"
        os.sched_yield()


def tell(runtime: StepRuntime, job: JobState, numbers: range, message: str = "") -> None:
    for number in numbers:
        runtime.hooks.tell("breakpoint_hit", hit(number, job.job_id, message))


def only_reader(hub: EventHub) -> tuple[Pump, Reader]:
    """The reader that is about to come, and its pump."""
    eventually(lambda: any(pump.readers for pump in hub._pumps))
    (pump,) = hub._pumps
    (reader,) = pump.readers
    return pump, reader


def hits_of(job: JobState) -> str:
    return f"/api/jobs/{job.job_id}/events?types=hit"


def test_it_goes_on_where_a_connection_broke(
    connect: Callable[..., SocketReader], hub: EventHub, runtime: StepRuntime, job: JobState
) -> None:
    first = connect(hits_of(job))
    assert first.head()[0] == 200
    tell(runtime, job, range(5))
    seen = first.until(lambda found: len(found) >= 3)[:3]
    first.close()
    eventually(lambda: hub.streams == 0)
    tell(runtime, job, range(5, 9))
    again = connect(hits_of(job), Last_Event_ID=seen[-1].id)
    again.head()
    found = again.until(lambda found: len(found) >= 6)
    assert [event.data["hit_count"] for event in found] == list(range(3, 9))


def test_a_reader_that_stands_still_costs_nobody_anything(
    connect: Callable[..., SocketReader], hub: EventHub, runtime: StepRuntime, job: JobState
) -> None:
    stalled, reading = connect(hits_of(job), receive_buffer=4096), connect(hits_of(job))
    assert reading.head()[0] == 200
    eventually(lambda: hub.streams == 2)
    teller = threading.Thread(target=tell, args=(runtime, job, range(COUNT), LARGE))
    teller.start()
    found = reading.until(lambda found: len(found) >= COUNT)
    teller.join()
    assert [event.data["hit_count"] for event in found] == list(range(COUNT))
    (pump,) = hub._pumps
    assert min(each.position for each in pump.readers) < COUNT / 2
    assert stalled.head()[0] == 200  # it may go on
    late = stalled.until(lambda found: len(found) >= COUNT)
    assert [event.data["hit_count"] for event in late] == list(range(COUNT))


def test_one_that_falls_behind_the_ring_is_told_so(
    app: FastAPI, connect: Callable[..., SocketReader], runtime: StepRuntime, job: JobState
) -> None:
    hub = app.state.context.events = EventHub(
        runtime.jobs, runtime.hooks, StreamSettings(ring_size=50)
    )
    stalled = connect(hits_of(job), receive_buffer=4096)
    _, reader = only_reader(hub)

    def fill() -> bool:
        tell(runtime, job, range(10), LARGE)
        return reader.busy_since is not None and reader.position < hub._shelf.floor

    eventually(fill)
    tell(runtime, job, range(100, 101))
    stalled.head()
    found = stalled.until(lambda found: bool(found) and found[-1].data.get("hit_count") == 100)
    gaps = [event for event in found if event.type == "gap"]
    assert gaps
    assert {gap.data["reason"] for gap in gaps} == {"too_slow"}
    numbers = [event.number for event in found]
    assert numbers == sorted(numbers)
    told = sum(event.type == "hit" for event in found)
    assert told + sum(gap.data["missed"] for gap in gaps) == found[-1].number


def test_one_that_stands_still_for_too_long_is_dropped(
    connect: Callable[..., SocketReader],
    hub: EventHub,
    runtime: StepRuntime,
    job: JobState,
    caplog: pytest.LogCaptureFixture,
) -> None:
    stalled = connect(hits_of(job), receive_buffer=4096)
    pump, reader = only_reader(hub)

    def fill() -> bool:
        tell(runtime, job, range(10), LARGE)
        return reader.busy_since is not None and reader.position < hub._shelf.last - COUNT

    eventually(fill)
    much_later = pump.loop.time() + hub.settings.write_timeout_s + 1
    pump.loop.call_soon_threadsafe(pump.beat, much_later)
    eventually(lambda: hub.streams == 0)
    stalled.head()
    with pytest.raises((ConnectionError, ValueError)):  # broken off, not ended
        stalled.rest()
    assert "whose reader took nothing" in caplog.text
    assert "Exception" not in caplog.text


def test_readers_that_go_away_make_room(
    app: FastAPI, connect: Callable[..., SocketReader], runtime: StepRuntime, job: JobState
) -> None:
    hub = app.state.context.events = EventHub(
        runtime.jobs, runtime.hooks, StreamSettings(max_streams=3)
    )
    readers = [connect(hits_of(job)) for _ in range(3)]
    assert [reader.head()[0] for reader in readers] == [200] * 3
    status, headers = connect(hits_of(job)).head()
    assert (status, headers["retry-after"]) == (503, "5")
    for reader in readers:
        reader.close()
    eventually(lambda: hub.streams == 0)
    assert connect(hits_of(job)).head()[0] == 200


def test_the_end_of_a_job_ends_its_stream(
    connect: Callable[..., SocketReader], hub: EventHub, job: JobState
) -> None:
    reader = connect(f"/api/jobs/{job.job_id}/events")
    reader.head()
    reader.until(lambda found: len(found) >= 2)
    job.cancel()
    assert [event.type for event in reader.rest()] == ["job", "queues", "bye"]
    eventually(lambda: hub.streams == 0)


def test_a_server_that_stops_says_bye(app: FastAPI, job: JobState) -> None:
    with Server(app, port=0) as server:
        reader = SocketReader(server.port, f"/api/jobs/{job.job_id}/events")
        reader.head()
        reader.until(lambda found: len(found) >= 2)
        began = time.monotonic()
        server.stop()
        (bye,) = reader.rest()
        assert time.monotonic() - began < 4  # it waited for no time-out
        assert (bye.type, bye.data["reason"]) == ("bye", "stopping")
        reader.close()
