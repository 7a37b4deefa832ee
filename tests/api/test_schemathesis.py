"""Every operation of the application, with good and bad requests that its own document describes.

Schemathesis walks the document: values at the limits, random ones, and chains of requests that
follow the links. Each answer must be documented, of the documented shape, and no error of ours.
"""

from __future__ import annotations

import zlib
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from routilux import ErrorHandler, Flow, JobState, Runtime
from routilux.api.main import create_app
from routilux.api.paging import make_cursor
from routilux.api.payloads import Payloads, payloads_of
from routilux.debugger.registry import MonitoringRegistry
from routilux.engine.ledger import Ledger
from routilux.errors import SlotQueueFullError
from routilux.flow_registry import FlowRegistry
from routilux.stores import JobStore
from routilux.testing import CollectingSink
from tests.engine.parts import made, never

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

SEED = 4
EXAMPLES = 16  # of each operation, and chains of requests
LEAST_CASES = 1_000  # of each of the two tests; what Schemathesis makes depends on its version
KINDS = ("open", "paused", "done", "held")  # of jobs there are
OF_A_KIND = 16
MARKS, ITEMS = 12, 3  # breakpoints of a held job, and items that go there
ENDING = ("/cancel", "/close")
FINISHED_LIMIT = 100
ACCEPTED = ["2xx", "401", "403", "404", "409", "410", "423", "429", "503"]
# Good by its shape, and still no snapshot, condition or place: that is for the engine to say.
BY_CONTENT = (
    "restoreJob", "createBreakpoint", "createBreakpoints", "updateBreakpoint", "setVariable",
    "evaluateExpression",
)  # fmt: skip


def make_flow() -> Flow:
    """A step that fails, and slots that fill."""
    flow = Flow("flow")
    failing = made(slots=("trigger",), errors=ErrorHandler("continue"), max_queue_length=4)

    def logic(items: list[Any]) -> None:
        for item in items:
            failing.emit_item("out", item)
        raise ValueError("no good")

    flow.add_routine(failing.set_logic(logic), "step")
    full = made(slots=("in",), policy=never, max_queue_length=2, overflow="reject")
    flow.add_routine(full, "full")
    flow.add_routine(CollectingSink(), "sink")
    flow.connect("step", "out", "full", "in")
    flow.connect("step", "out", "sink", "items")
    return flow


def fill(job: JobState) -> None:
    """Fill the slot that nothing is taken from; the step may be faster."""
    with suppress(SlotQueueFullError):
        while True:
            job.post("full", "in", 1)


@pytest.fixture
def runtime() -> Iterator[Runtime]:
    """A runtime with jobs in every state, and one that was let go."""
    jobs = JobStore(finished_limit=FINISHED_LIMIT)
    own = MonitoringRegistry()
    with Runtime(2, flows=FlowRegistry(), jobs=jobs, ledger=Ledger(), monitoring=own) as runtime:
        flow = make_flow()
        runtime.flows.register(flow)
        for number in range(FINISHED_LIMIT):
            job = runtime.exec(flow, JobState("flow", f"ended-{number}"), start_paused=True)
            job.cancel()
        for number in range(OF_A_KIND):
            for kind in KINDS:
                job = JobState("flow", f"{kind}-{number}")
                runtime.exec(flow, job, keep_open=True, entry_params={"password": "x"})
                if kind == "open":
                    fill(job)
                elif kind == "paused":
                    job.pause(wait=True)
                elif kind == "held":
                    hold(job)
                else:
                    assert job.close()
                    assert job.wait(30)
        yield runtime
        runtime.shutdown(timeout=5)


def hold(job: JobState) -> None:
    """Let items stand at breakpoints, and more of them whenever somebody lets them go."""
    for number in range(MARKS):
        action = ("hold_item", "pause_job", "log")[number % 3]
        job.breakpoints.add(
            "slot",
            "sink",
            slot_name="items",
            action=action,
            enabled=number < 2,
            breakpoint_id=f"mark-{number}",
        )
    for number in range(ITEMS):
        with suppress(SlotQueueFullError):  # a hit pauses the job, and then it takes none
            job.post("step", "trigger", {"n": number}, timeout=0)


SLOTS = (("step", "trigger"), ("full", "in"), ("sink", "items"))


def number_of(*parts: Any) -> int:
    """A number that looks random, and is the same for the same parts."""
    return zlib.crc32(repr(parts).encode("utf-8", "surrogatepass"))


CONDITIONS = (None, "data.n == 1", {"path": "data.n", "op": "gt", "value": 0}, "true")
PLACES: tuple[dict[str, Any], ...] = (
    {"type": "slot", "routine_id": "sink", "slot_name": "items"},
    {"type": "event", "routine_id": "step", "event_name": "out"},
    {"type": "routine", "routine_id": "sink"},
    {
        "type": "connection",
        "source_routine_id": "step",
        "source_event_name": "out",
        "target_routine_id": "sink",
        "target_slot_name": "items",
    },
)
NAMES = ("item", "item.n", "state.n", "shared.n")


def fit_debugger(case: Any, given: dict[str, Any], chosen: int, jobs: JobStore) -> None:
    """Let most requests be about breakpoints and items that there are."""
    job_id = f"held-{chosen // 4 % OF_A_KIND}"
    job = jobs.get(job_id)
    in_hand = [item.id for item in job.debug.items] if job is not None else []
    item_id = in_hand[0] if in_hand else "sink.items#0"
    fits = {
        "job_id": job_id,
        "item_id": quote(item_id, safe=""),
        "name": NAMES[chosen // 8 % len(NAMES)],
    }
    about = "/debug/" in case.path or "/breakpoints" in case.path
    if not about or not isinstance(given.get("job_id"), str) or chosen % 5 == 0:
        return
    if "breakpoint_id" in given and given["job_id"].partition("-")[0] in KINDS:
        given["breakpoint_id"] = f"mark-{chosen // 8 % MARKS}"
    given.update({name: value for name, value in fits.items() if isinstance(given.get(name), str)})
    if isinstance(case.query.get("item_id"), str):
        case.query["item_id"] = item_id
    if isinstance(case.body, dict):
        fit_body(case.path, case.body, item_id, chosen)


def fit_body(path: str, body: dict[str, Any], item_id: str, chosen: int) -> None:
    """Put what there is in place of what was made up, and leave the shape as it is."""
    if isinstance(body.get("item_id"), str) and 1 <= len(body["item_id"]) <= 1_000:
        body["item_id"] = item_id
    if isinstance(body.get("ids"), list) and body["ids"] and len(body["ids"]) <= 100:
        body["ids"][0] = f"mark-{chosen // 8 % MARKS}"
    if path.endswith("/breakpoints") and body.get("type") in [each["type"] for each in PLACES]:
        place = next(each for each in PLACES if each["type"] == body["type"])
        body.update({name: value for name, value in place.items() if name in body or chosen % 2})
        if isinstance(body.get("condition"), (str, dict)):
            body["condition"] = CONDITIONS[chosen // 16 % len(CONDITIONS)]
    if path.endswith("/batch") and isinstance(body.get("breakpoints"), list):
        body["breakpoints"][:1] = PLACES[: chosen // 16 % 3 + 1]
    if path.endswith("/evaluate") and isinstance(body.get("expression"), str) and chosen % 2:
        body["expression"] = "[data, meta, state, shared]"


@pytest.fixture
def fitting(runtime: Runtime) -> Iterator[None]:
    """Let most requests be about something that there is."""

    def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
        chosen = number_of(case.path, case.path_parameters, case.query, case.body)
        given = case.path_parameters or {}
        # Most ends are for other jobs, so that these stay as they are for the rest.
        is_rare = case.path.endswith(ENDING) and chosen % 16
        if isinstance(given.get("job_id"), str) and chosen % 4 and not is_rare:
            number = chosen // 4 % OF_A_KIND
            given["job_id"] = f"{KINDS[chosen // 64 % len(KINDS)]}-{number}"
        if isinstance(given.get("slot_name"), str) and chosen % 8:
            given["routine_id"], given["slot_name"] = SLOTS[chosen // 16 % len(SLOTS)]
        fit_debugger(case, given, chosen, runtime.jobs)
        if isinstance(given.get("job_id"), str) and chosen % 37 == 0:
            given["job_id"] = "ended-0"  # which was let go
        if isinstance(case.query.get("cursor"), str):
            case.query["cursor"] = make_cursor((str(chosen % 4), "1"))
        key = case.headers.get("Idempotency-Key")
        if isinstance(key, str) and 1 <= len(key) <= 200:
            case.headers["Idempotency-Key"] = str(number_of(key, chosen, given))

    schemathesis.hook(before_call)
    yield
    schemathesis.hooks.unregister(before_call)


class Run:
    """One run over all operations.

    Attributes:
        cases: how many requests were made.
        seen: how often each operation answered each status.
        failures: what was wrong, with a request that shows it.
    """

    def __init__(self, app: FastAPI) -> None:
        config = SchemathesisConfig.from_dict(
            {
                "seed": SEED,
                "generation": {
                    "deterministic": True, "max-examples": EXAMPLES, "database": "none"
                },
                "phases": {"stateful": {"generation": {"max-examples": EXAMPLES}}},
                "checks": {"positive_data_acceptance": {"expected-statuses": ACCEPTED}},
                "operations": [
                    {
                        "include-operation-id": name,
                        "checks": {
                            "positive_data_acceptance": {"expected-statuses": [*ACCEPTED, "422"]}
                        },
                    }
                    for name in BY_CONTENT
                ],
            }
        )  # fmt: skip
        self.cases = 0
        self.seen: Counter[tuple[str, int]] = Counter()
        self.failures: list[str] = []
        schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=config)
        # A stream has no end, and this client waits for the end of each answer.
        schema = schema.exclude(operation_id=sorted(streams(app)))
        for event in from_schema(schema).execute():
            if isinstance(event, events.ScenarioFinished):
                self._read(event.recorder)
            elif isinstance(event, events.NonFatalError):
                self.failures.append(f"{event.label}: {event.value!r}")
            elif isinstance(event, events.FatalError):
                raise event.exception

    def _read(self, recorder: Any) -> None:
        self.cases += len(recorder.cases)
        for case_id, done in recorder.interactions.items():
            operation = recorder.cases[case_id].value.operation
            if done.response is not None:
                name = operation.definition.raw["operationId"]
                self.seen[name, done.response.status_code] += 1
        for checks in recorder.checks.values():
            for check in checks:
                if check.failure_info is not None:
                    told = check.failure_info
                    self.failures.append(f"{check.name}: {told.failure}\n{told.code_sample}")


def operations(app: FastAPI) -> Iterator[dict[str, Any]]:
    """Every operation, as documented."""
    for methods in app.openapi()["paths"].values():
        yield from methods.values()


def streams(app: FastAPI) -> set[str]:
    """Operations that answer with an event stream."""
    return {
        operation["operationId"]
        for operation in operations(app)
        if "text/event-stream" in operation["responses"].get("200", {}).get("content", {})
    }


def successes(app: FastAPI) -> set[tuple[str, int]]:
    """What each operation answers when all is well."""
    return {
        (operation["operationId"], int(status))
        for operation in operations(app)
        for status in operation["responses"]
        if status < "300" and operation["operationId"] not in streams(app)
    }


@pytest.mark.timeout(180)
@pytest.mark.parametrize("visible", [True, False], ids=["payloads", "no-payloads"])
def test_all_operations(
    runtime: Runtime,
    fitting: None,
    visible: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def at_once(seconds: float) -> None:
        assert 0 <= seconds <= 10

    monkeypatch.setattr("routilux.api.routes.diagnosis.sleep", at_once)
    app = create_app(runtime)
    app.dependency_overrides[payloads_of] = lambda: Payloads(visible)
    run = Run(app)
    assert not run.failures, "\n\n".join(run.failures)
    assert run.cases >= LEAST_CASES
    wanted = successes(app) - {("restoreJob", 201)}
    if not visible:
        for name in ("snapshotJob", "evaluateExpression"):
            wanted.remove((name, 200))
            assert run.seen[name, 403]
    assert wanted - set(run.seen) == set()
    assert {404, 405, 409, 410, 415, 422} <= {status for _, status in run.seen}
