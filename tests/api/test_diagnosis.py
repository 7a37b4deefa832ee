"""Why nothing moves, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.answers import create, good, problem
from tests.monitoring.samples import make_flow

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi.testclient import TestClient

    from routilux import JobState
    from routilux.testing import StepRuntime

SECRET = "tr0ub4dor"


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], object]]:
    """What happens while the slots are watched; no time passes beside what these let pass."""
    happening: list[Callable[[], object]] = []

    async def sleep(seconds: float) -> None:
        for each in happening:
            each()

    monkeypatch.setattr("routilux.api.routes.diagnosis.sleep", sleep)
    return happening


@pytest.fixture
def job(client: TestClient, runtime: StepRuntime) -> JobState:
    """A source that waits for room in a slot of 10, whose sink takes nothing."""

    def policy(slots: Any, job_state: JobState) -> Any:
        return False, {}, None

    flow = make_flow("stuck", count=25)
    flow.routines["sink"].set_activation_policy(policy)
    runtime.flows.register(flow)
    made = runtime.jobs.get(create(client, flow_id="stuck", keep_open=True)["job_id"])
    assert made is not None
    runtime.run_until_idle()
    return made


def ask(client: TestClient, job: JobState, query: str = "") -> dict[str, Any]:
    return good(client.get(f"/api/jobs/{job.job_id}/diagnosis{query}"))


def test_who_waits_for_whom(
    client: TestClient, job: JobState, meanwhile: list[Callable[[], object]], runtime: StepRuntime
) -> None:
    runtime.clock.advance(2)
    told = ask(client, job)
    assert (told["bottleneck"], told["chain"]) == ("sink", ["sink", "source"])
    source, sink = told["routines"]
    assert (source["state"], source["slot"], source["since"]) == ("waiting for room", "sink.in", 2)
    assert (sink["state"], sink["unconsumed"]) == ("waiting for its policy", 10)
    assert told["summary"].startswith("The bottleneck is sink: waiting for its policy")
    assert told["summary"].endswith("source wait for room.")
    assert (told["stalled"], told["cycle"], told["status"]) == (False, [], "running")
    assert told["slots"][0]["seconds_until_full"] == 0
    assert told["job_id"] == job.job_id


def test_when_a_slot_will_be_full(
    client: TestClient, runtime: StepRuntime, meanwhile: list[Callable[[], object]]
) -> None:
    flow = make_flow("filling", count=0, max_queue_length=20)
    flow.routines["sink"].set_activation_policy(lambda slots, job_state: (False, {}, None))
    runtime.flows.register(flow)
    made = runtime.jobs.get(create(client, flow_id="filling", keep_open=True)["job_id"])
    assert made is not None

    def fill() -> None:
        for number in range(4):
            made.post("sink", "in", number)
        runtime.clock.advance(2)

    meanwhile.append(fill)
    (slot,) = (told := ask(client, made))["slots"]
    assert told["measured_seconds"] == 2
    assert slot == {
        "routine_id": "sink",
        "slot_name": "in",
        "unconsumed": 4,
        "limit": 20,
        "offered_per_second": 2,
        "consumed_per_second": 0,
        "seconds_until_full": 8,
    }


def test_without_a_window_there_are_no_rates(client: TestClient, job: JobState) -> None:
    told = ask(client, job, "?window=0")
    assert (told["measured_seconds"], told["slots"][0]["offered_per_second"]) == (0, None)


def test_the_window_is_as_long_as_asked_for(
    client: TestClient, job: JobState, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def sleep(seconds: float) -> None:
        asked.append(seconds)

    monkeypatch.setattr("routilux.api.routes.diagnosis.sleep", sleep)
    ask(client, job, "?window=1.5")
    ask(client, job)
    assert asked == [1.5, 0.25]
    job.cancel()
    ask(client, job)
    assert asked == [1.5, 0.25]


@pytest.mark.parametrize("window", ["-1", "11", "nan", "soon"])
def test_a_window_that_is_no_good(client: TestClient, job: JobState, window: str) -> None:
    answer = client.get(f"/api/jobs/{job.job_id}/diagnosis?window={window}")
    problem(answer, 422, "query.window")


def test_a_finished_job(client: TestClient, job: JobState) -> None:
    job.cancel("enough")
    told = ask(client, job)
    assert (told["status"], told["summary"]) == ("cancelled", "The job is cancelled: enough.")
    assert {row["state"] for row in told["routines"]} == {"done"}


def test_a_job_that_there_is_not(client: TestClient) -> None:
    problem(client.get("/api/jobs/nope/diagnosis"), 404, "'nope' not found")


class Lacking:
    """A policy that says what it lacks, in words of its own."""

    def __call__(self, slots: Any, job_state: JobState) -> Any:
        return False, {}, None

    def lacks(self, slots: Any, job_state: JobState) -> str:
        return f"an answer to {SECRET}"


def test_without_the_right_no_words_of_a_policy(
    client: TestClient,
    blind: TestClient,
    meanwhile: list[Callable[[], object]],
    runtime: StepRuntime,
) -> None:
    flow = make_flow("lacking", count=25)
    flow.routines["sink"].set_activation_policy(Lacking())
    runtime.flows.register(flow)
    made = runtime.jobs.get(create(client, flow_id="lacking", keep_open=True)["job_id"])
    assert made is not None
    runtime.run_until_idle()
    assert SECRET in ask(client, made)["summary"]
    told = ask(blind, made)
    assert SECRET not in str(told)
    assert told["summary"].startswith("The bottleneck is sink: waiting for its policy")
    assert "hidden" in told["routines"][1]["detail"]


def test_without_the_right_no_words_of_failed_logic(
    client: TestClient, blind: TestClient, runtime: StepRuntime
) -> None:
    def fail(items: list[Any]) -> None:
        raise ValueError(SECRET)

    flow = make_flow("failing", count=1)
    flow.routines["sink"].set_logic(fail)
    runtime.flows.register(flow)
    made = runtime.jobs.get(create(client, flow_id="failing")["job_id"])
    assert made is not None
    runtime.run_until_idle()
    assert SECRET in ask(client, made)["summary"]
    assert ask(blind, made)["summary"] == "The job is failed."
    for path in ("", "/status"):
        told = good(blind.get(f"/api/jobs/{made.job_id}{path}"))
        assert (SECRET in str(told), "hidden" in told["error"]) == (False, True)
    listed = good(blind.get("/api/jobs"))
    assert (SECRET in str(listed), listed["total"]) == (False, 1)
