"""Streams of an application in this process."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from routilux import Flow, Routine, Runtime
from routilux.api.events.hub import EventHub
from routilux.api.events.settings import StreamSettings
from routilux.api.main import create_app
from routilux.api.payloads import HIDDEN, Payloads, payloads_of
from routilux.hooks import PROCESS_HOOKS
from routilux.job_state import JobState
from routilux.stores import JobStore, job_store
from tests.api.answers import problem
from tests.api.events.samples import hit, job_record, refusal
from tests.api.events.streaming import Stream
from tests.monitoring.samples import make_flow

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    from routilux.testing import StepRuntime


class Failing(Routine):
    """A source that fails with a secret."""

    def logic(self) -> None:
        raise ValueError("s3cret")


@pytest.fixture
def app(client: TestClient) -> FastAPI:
    return client.app  # type: ignore[return-value]


@pytest.fixture
def job(runtime: StepRuntime) -> JobState:
    return runtime.exec(make_flow("f", count=0), keep_open=True)


def hub_of(app: FastAPI, **limits: Any) -> EventHub:
    """The hub of an app; with limits, a new one."""
    context = app.state.context
    if limits:
        context.events = EventHub(
            context.jobs, context.runtime.hooks, StreamSettings(**limits), context.runtime.clock
        )
    found: EventHub = context.events
    return found


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(test())  # type: ignore[arg-type]


def tell_hit(runtime: StepRuntime, job: JobState, number: int, message: str | None = None) -> None:
    runtime.hooks.tell("breakpoint_hit", hit(number, job.job_id, message))


def path(job: JobState) -> str:
    return f"/api/jobs/{job.job_id}/events"


def test_a_job_from_its_state_to_its_end(app: FastAPI, runtime: StepRuntime, job: JobState) -> None:
    async def test() -> None:
        async with Stream(app, path(job)) as stream:
            assert stream.status == 200
            assert stream.headers["content-type"].startswith("text/event-stream")
            assert stream.headers["cache-control"] == "no-store"
            assert "content-length" not in stream.headers
            current, levels = await stream.take(2)
            assert (current.data["change"], current.data["status"]) == ("current", "running")
            assert (levels.type, levels.data["full"]) == ("queues", True)
            job.pause("to look", identity="ann")
            paused = await stream.event()
            facts = {key: paused.data[key] for key in ("change", "status", "reason", "identity")}
            assert facts == {
                "change": "paused", "status": "paused", "reason": "to look", "identity": "ann"
            }  # fmt: skip
            job.resume()
            assert (await stream.event()).data["change"] == "resumed"
            job.cancel("enough")
            ended, final, bye = await stream.rest()
            assert (ended.data["change"], ended.data["status"]) == ("ended", "cancelled")
            assert ended.data["reason"] == "enough"
            assert final.data["final"]
            assert bye.data["reason"] == "job_ended"

    run(test)


def test_a_job_that_has_ended(app: FastAPI, runtime: StepRuntime, job: JobState) -> None:
    job.cancel("enough")

    async def test() -> None:
        async with Stream(app, path(job)) as stream:
            current, final, bye = await stream.rest()
        assert (current.data["status"], current.data["reason"]) == ("cancelled", "enough")
        assert current.data["completed_at"] is not None
        assert (final.data["full"], final.data["final"], bye.type) == (True, True, "bye")
        async with Stream(app, path(job) + "?types=hit") as stream:
            assert [event.type for event in await stream.rest()] == ["bye"]

    run(test)


def test_a_job_that_was_never_started(app: FastAPI, runtime: StepRuntime) -> None:
    job = JobState("f")
    runtime.jobs.add(job)

    async def test() -> None:
        async with Stream(app, path(job)) as stream:
            assert (await stream.event()).data["status"] == "pending"
            runtime.exec(make_flow("f", count=0), job, keep_open=True)
            assert [event.type for event in await stream.take(2)] == ["job", "queues"]

    run(test)


def test_what_was_missed_is_sent_again(app: FastAPI, runtime: StepRuntime, job: JobState) -> None:
    async def test() -> None:
        async with Stream(app, path(job) + "?types=hit,job") as stream:
            await stream.event()
            for number in (1, 2):
                tell_hit(runtime, job, number)
            first, _ = await stream.take(2)
        for number in (3, 4):
            tell_hit(runtime, job, number)
        query = f"{path(job)}?types=hit,job&last_event_id="
        for target, headers in (
            (query + first.id, {}),
            (query + "nonsense", {"Last_Event_ID": first.id}),
        ):
            async with Stream(app, target, **headers) as stream:
                again = await stream.take(3)
                assert [event.data["hit_count"] for event in again] == [2, 3, 4]
                assert [event.number for event in again] == [2, 3, 4]
                tell_hit(runtime, job, 5)
                assert (await stream.event()).type == "hit"

    run(test)


def test_an_end_that_was_missed_is_sent_again_too(
    app: FastAPI, runtime: StepRuntime, job: JobState
) -> None:
    async def test() -> None:
        async with Stream(app, path(job)) as stream:
            first, _ = await stream.take(2)
        job.cancel()
        async with Stream(app, path(job), Last_Event_ID=first.id) as stream:
            ended, current, final, bye = await stream.rest()
        assert [ended.data["change"], current.data["change"]] == ["ended", "current"]
        assert (final.data["final"], bye.type) == (True, "bye")

    run(test)


def test_a_reader_that_comes_back_gets_the_present_levels(
    app: FastAPI, runtime: StepRuntime, job: JobState
) -> None:
    async def test() -> None:
        async with Stream(app, path(job) + "?types=queues") as stream:
            first = await stream.event()
        async with Stream(app, path(job) + "?types=queues", Last_Event_ID=first.id) as stream:
            again = await stream.event()
        assert (again.type, again.data["full"]) == ("queues", True)

    run(test)


@pytest.mark.parametrize("last_id", ["0-0", "nonsense", "{}-99", "{}-", "0" * 5000])
def test_an_id_that_is_not_known_is_a_gap(
    last_id: str, app: FastAPI, runtime: StepRuntime, job: JobState
) -> None:
    async def test() -> None:
        hub = hub_of(app)
        async with Stream(app, path(job), Last_Event_ID=last_id.format(hub.epoch)) as stream:
            gap, current, levels = await stream.take(3)
            assert (gap.type, gap.data["reason"], gap.data["missed"]) == ("gap", "unknown_id", None)
            assert "queues/status" in gap.data["detail"]
            assert (current.data["change"], levels.type) == ("current", "queues")

    run(test)


def test_what_is_no_longer_kept_is_a_gap(app: FastAPI, runtime: StepRuntime, job: JobState) -> None:
    async def test() -> None:
        hub_of(app, ring_size=3)
        async with Stream(app, path(job) + "?types=hit") as stream:
            tell_hit(runtime, job, 1)
            first = await stream.event()
        for number in range(2, 7):
            tell_hit(runtime, job, number)
        async with Stream(app, path(job) + "?types=hit", Last_Event_ID=first.id) as stream:
            gap, *rest = await stream.take(4)
            assert (gap.data["reason"], gap.data["missed"]) == ("too_old", 2)
            assert [event.data["hit_count"] for event in rest] == [4, 5, 6]

    run(test)


def test_all_jobs_and_those_of_a_flow(app: FastAPI, runtime: StepRuntime, job: JobState) -> None:
    other = runtime.exec(make_flow("g", count=0), keep_open=True)

    async def test() -> None:
        async with (
            Stream(app, "/api/events") as everything,
            Stream(app, "/api/events?flow_id=g&types=job,queues") as one_flow,
        ):
            levels = {event.data["flow_id"] for event in await everything.take(2)}
            assert levels == {"f", "g"}
            assert (await one_flow.event()).data["job_id"] == other.job_id
            job.pause()
            other.pause()
            paused = [event.data["job_id"] for event in await everything.take(2)]
            assert paused == [job.job_id, other.job_id]
            assert (await one_flow.event()).data["job_id"] == other.job_id
            new = runtime.exec(make_flow("g", count=0), keep_open=True)
            started, levels_of_new = await one_flow.take(2)
            assert started.data["change"] == "started"
            assert (levels_of_new.type, levels_of_new.data["job_id"]) == ("queues", new.job_id)
            new.cancel()
            ended, final = await one_flow.take(2)
            assert (ended.data["change"], final.data["final"]) == ("ended", True)

    run(test)


def test_refusals_and_held_items(app: FastAPI, runtime: StepRuntime, job: JobState) -> None:
    async def test() -> None:
        async with Stream(app, "/api/events?types=refused,held") as stream:
            assert await stream.body() == b": hello\n\n"
            runtime.hooks.tell("items_refused", refusal(3, job.job_id))
            runtime.hooks.tell("items_held", refusal(4, job.job_id, reason="paused"))
            refused, held = await stream.take(2)
            assert (refused.type, refused.data["count"]) == ("refused", 3)
            assert (refused.data["unconsumed_count"], refused.data["max_length"]) == (10, 10)
            assert (held.type, held.data["reason"], held.data["count"]) == ("held", "paused", 4)

    run(test)


def test_the_engine_tells_of_what_it_refuses(app: FastAPI, runtime: StepRuntime) -> None:
    flow = make_flow("small", count=25, overflow="reject")

    async def test() -> None:
        async with Stream(app, "/api/events?types=refused,job") as stream:
            runtime.exec(flow)
            runtime.run_until_idle()
            found = await stream.take(4)
        assert [event.type for event in found] == ["job", "refused", "refused", "job"]
        assert found[1].data["count"] + found[2].data["count"] == 15

    run(test)


def test_the_engine_tells_of_its_breakpoints(app: FastAPI, runtime: StepRuntime) -> None:
    job = runtime.exec(make_flow("f", count=40), start_paused=True)
    place = {"slot_name": "in"}
    trace = job.breakpoints.add("slot", "sink", log_message="item {data.i}", **place)
    stop = job.breakpoints.add(
        "slot", "sink", condition={"path": "data.i", "op": "eq", "value": 30}, **place
    )

    async def test() -> None:
        async with Stream(app, path(job) + "?types=hit,job") as stream:
            await stream.event()
            job.resume()
            runtime.run_until_idle()
            job.debug.resume()
            runtime.run_until_idle()
            *found, bye = await stream.rest()
            assert bye.type == "bye"
        hits = [event.data for event in found if event.type == "hit"]
        reports = [each for each in hits if each["breakpoint_id"] == trace.id]
        assert reports[0]["message"] == "item 0"
        assert [each["hit_count"] for each in reports][-1] == 40
        assert sum(each["skipped"] + 1 for each in reports) == 40
        assert len(reports) < 40
        (stopped,) = (each for each in hits if each["breakpoint_id"] == stop.id)
        assert (stopped["action"], stopped["item_ids"]) == ("pause_job", ["sink.in#30"])
        states = [event.data["change"] for event in found if event.type == "job"]
        assert states == ["resumed", "paused", "resumed", "ended"]

    run(test)


def test_messages_are_for_those_who_may_see_payloads(
    app: FastAPI, runtime: StepRuntime, job: JobState
) -> None:
    async def test() -> None:
        async with Stream(app, path(job) + "?types=hit,job") as full:
            app.dependency_overrides[payloads_of] = lambda: Payloads(visible=False)
            async with Stream(app, path(job) + "?types=hit,job") as scant:
                for stream in (full, scant):
                    await stream.event()
                tell_hit(runtime, job, 1, "item is s3cret")
                runtime.hooks.tell(
                    "job_ended", job_record("failed", "ValueError: s3cret", job.job_id)
                )
                found = await full.take(2)
                assert found[0].data["message"] == "item is s3cret"
                assert found[1].data["reason"] == "ValueError: s3cret"
                hidden = await scant.take(2)
                assert "s3cret" not in json.dumps([event.data for event in hidden])
                assert hidden[0].data["hit_count"] == 1
                assert (hidden[0].data["message"], hidden[1].data["reason"]) == (HIDDEN, HIDDEN)
                assert (hidden[0].id, hidden[1].id) == (found[0].id, found[1].id)

    run(test)


def test_a_failed_job_hides_its_error_from_those_who_may_not_see_payloads(
    app: FastAPI, runtime: StepRuntime
) -> None:
    flow = Flow("failing")
    flow.add_routine(Failing(), "source")
    job = runtime.exec(flow)
    runtime.run_until_idle()
    assert job.error is not None
    assert "s3cret" in job.error

    async def test() -> None:
        async with Stream(app, path(job)) as stream:
            assert "s3cret" in (await stream.rest())[0].data["reason"]
        app.dependency_overrides[payloads_of] = lambda: Payloads(visible=False)
        async with Stream(app, path(job)) as stream:
            assert (await stream.rest())[0].data["reason"] == HIDDEN

    run(test)


def test_half_of_a_character_and_line_breaks_are_no_harm(
    app: FastAPI, runtime: StepRuntime, job: JobState
) -> None:
    async def test() -> None:
        async with Stream(app, path(job) + "?types=hit") as stream:
            tell_hit(runtime, job, 1, "a\ud800b\n\ndata: c\r\u2028")
            assert (await stream.event()).data["message"] == "a\\ud800b\n\ndata: c\r\u2028"

    run(test)


def test_one_stream_too_many(app: FastAPI, job: JobState) -> None:
    async def test() -> None:
        hub = hub_of(app, max_streams=2)
        async with Stream(app, path(job)), Stream(app, "/api/events"):
            assert hub.streams == 2
            async with Stream(app, "/api/events") as refused:
                assert (refused.status, refused.headers["retry-after"]) == (503, "5")
                assert refused.headers["content-type"] == "application/problem+json"
                body = json.loads(await refused.body())
                assert body["detail"].startswith("2 event streams are open, which is the limit")
                assert body["instance"] == "/api/events"
        assert hub.streams == 0
        async with Stream(app, "/api/events") as stream:
            assert stream.status == 200

    run(test)


def test_the_limit_is_256_streams(app: FastAPI, job: JobState) -> None:
    async def test() -> None:
        streams = [Stream(app, path(job)) for _ in range(257)]
        entered = [await stream.__aenter__() for stream in streams]
        assert [stream.status for stream in entered] == [200] * 256 + [503]
        for stream in entered:
            await stream.leave()
        assert hub_of(app).streams == 0

    run(test)


def test_a_stop_says_bye_and_lets_nobody_in(
    app: FastAPI, runtime: StepRuntime, job: JobState
) -> None:
    async def test() -> None:
        hub = hub_of(app)
        async with Stream(app, path(job)) as one, Stream(app, "/api/events") as all_jobs:
            await one.take(2)
            await all_jobs.event()
            await asyncio.to_thread(hub.close)
            for stream in (one, all_jobs):
                (bye,) = await stream.rest()
                assert (bye.type, bye.data["reason"]) == ("bye", "stopping")
        async with Stream(app, "/api/events") as stream:
            assert stream.status == 503
            assert "server stops" in json.loads(await stream.body())["detail"]
        assert not runtime.hooks.active

    run(test)


def test_nothing_listens_before_the_first_stream(app: FastAPI, runtime: StepRuntime) -> None:
    assert not runtime.hooks.active

    async def test() -> None:
        async with Stream(app, "/api/events"):
            assert (runtime.hooks.active, "activation_ended" in runtime.hooks.heard) == (
                True,
                False,
            )

    run(test)


def test_a_new_loop_finds_what_happened_without_one(
    app: FastAPI, runtime: StepRuntime, job: JobState
) -> None:
    ids: list[str] = []

    async def first() -> None:
        async with Stream(app, path(job)) as stream:
            ids.append((await stream.event()).id)

    async def second() -> None:
        async with Stream(app, path(job) + "?types=job", Last_Event_ID=ids[0]) as stream:
            assert (await stream.event()).data["change"] == "paused"

    run(first)
    job.pause()
    run(second)


def test_jobs_of_other_stores_are_not_told() -> None:
    async def test() -> None:
        async with Stream(create_app(), "/api/events?types=job") as stream:
            with Runtime(1, jobs=JobStore()) as other, Runtime(1, jobs=job_store) as ours:
                other.exec(make_flow("theirs", count=0)).wait()
                ours.exec(make_flow("ours", count=0)).wait()
            found = await stream.take(2)
        assert [event.data["flow_id"] for event in found] == ["ours", "ours"]

    before = PROCESS_HOOKS._hooks
    try:
        run(test)
    finally:
        PROCESS_HOOKS._set(before)


def test_what_cannot_be_streamed(client: TestClient, job: JobState) -> None:
    problem(client.get("/api/jobs/nope/events"), 404, "Job 'nope' not found")
    for types in ("", "hit,nope", "hit,"):
        problem(client.get(f"/api/events?types={types}"), 422, "job, hit, refused, held, queues")
    problem(client.get(f"{path(job)}?types=bye"), 422, "'bye'")


def test_a_job_that_was_let_go(client: TestClient, runtime: StepRuntime, job: JobState) -> None:
    runtime.jobs.finished_limit = 0
    job.cancel()
    problem(client.get(path(job)), 410, "was let go")


def test_events_are_documented(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    for operation in ("/api/events", "/api/jobs/{job_id}/events"):
        answer = document["paths"][operation]["get"]["responses"]["200"]
        item = answer["content"]["text/event-stream"]["itemSchema"]
        place = item["properties"]["data"]["contentSchema"]["$ref"]
        assert place == "#/components/schemas/StreamEvent"
    kinds = schemas["StreamEvent"]["discriminator"]["mapping"]
    assert set(kinds) == {"job", "hit", "refused", "held", "queues", "gap", "bye"}
    for place in kinds.values():
        assert place.rpartition("/")[2] in schemas
