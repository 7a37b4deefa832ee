"""64 clients at one busy job: no item is lost or doubled, and the audit log explains the end."""

from __future__ import annotations

import json
import logging
import random
import re
import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from routilux import Flow, JobState, Runtime
from routilux.api.main import create_app
from routilux.api.server import Server
from routilux.api.settings import ApiSettings
from routilux.engine.ledger import Ledger
from routilux.flow_registry import FlowRegistry
from routilux.monitoring.registry import MonitoringRegistry
from routilux.stores import JobStore
from routilux.testing import CollectingSink
from tests.api.hands import Hand
from tests.api.wire import LONG_S
from tests.engine.parts import figures, made, passer
from tools.openapi import PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CLIENTS = 64
SECONDS = 30.0
ROUNDING_S = 0.001  # of the times in audit lines
LINE = re.compile(
    r"[A-Z]+ (?P<operation>\w+) .*identity=\"(?P<identity>[^\"]*)\" status=(?P<status>\d+)"
    r" ms=(?P<ms>[0-9.]+) .* replayed=(?P<replayed>\w+)"
)
MUST_SUCCEED = {
    "pauseJob", "resumeJob", "resumeDebugger", "createBreakpoint", "deleteBreakpoint",
    "updateBreakpoint", "stepOver", "stepInto", "stepOut", "setVariable", "dropItem", "postItem",
    "evaluateExpression", "getDebugSession",
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """An audit line, with when its request began and ended, in seconds."""

    operation: str
    identity: str
    status: int
    replayed: bool
    began: float
    ended: float


class Lines(logging.Handler):
    """Keeps audit lines."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Line] = []

    def emit(self, record: logging.LogRecord) -> None:
        found = LINE.match(record.getMessage())
        assert found is not None, record.getMessage()
        seconds = float(found["ms"]) / 1_000 + ROUNDING_S
        self.lines.append(
            Line(
                found["operation"],
                found["identity"],
                int(found["status"]),
                found["replayed"] == "true",
                record.created - seconds,
                record.created,
            )
        )


@pytest.fixture
def audit() -> Iterator[Lines]:
    """What is logged for auditors."""
    handler, logger = Lines(), logging.getLogger("routilux.audit")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler
    logger.setLevel(before)
    logger.removeHandler(handler)


class Busy:
    """A job that has work until it is told to end."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.sink = CollectingSink(max_queue_length=16, overflow="block")
        self.over = threading.Event()
        self.emitted = 0
        feed = made(slots=("trigger",))

        def logic(_: list[Any]) -> None:
            while not self.over.is_set():
                number = self.emitted
                feed.emit_item("out", {"n": number})
                self.emitted = number + 1

        flow = Flow("busy")
        flow.add_routine(feed.set_logic(logic), "feed")
        flow.add_routine(passer(max_queue_length=16, overflow="block"), "mid")
        flow.add_routine(self.sink, "sink")
        flow.connect("feed", "out", "mid", "in")
        flow.connect("mid", "out", "sink", "items")
        self.job: JobState = runtime.exec(flow, keep_open=True)

    def finish(self) -> None:
        """Let everything go, and the job complete."""
        job = self.job
        self.over.set()
        for each in list(job.breakpoints):
            job.breakpoints.remove(each.id)
        job.close()
        for item in job.debug.items:
            job.debug.resume(item.id)
        job.debug.resume()
        job.resume()
        assert job.wait(LONG_S), job.diagnose().summary


@pytest.fixture
def busy() -> Iterator[Busy]:
    """The job, on four workers."""
    with Runtime(
        4,
        flows=FlowRegistry(),
        jobs=JobStore(),
        ledger=Ledger(),
        monitoring=MonitoringRegistry(),
    ) as runtime:
        yield Busy(runtime)
        runtime.shutdown(timeout=5)


@pytest.fixture
def served(busy: Busy, tmp_path: Path) -> Iterator[tuple[Server, Callable[[int], list[Hand]]]]:
    """A server, and what makes its clients, each with a key of its own."""
    names = {f"client-{number}": f"{number:03d}-" + "k" * 20 for number in range(CLIENTS)}
    path = tmp_path / "keys"
    path.write_text("".join(f"{name} control {key}\n" for name, key in names.items()))
    path.chmod(0o600)
    settings = ApiSettings(api_keys_file=path, keep_alive_timeout=60)
    with Server(create_app(busy.runtime, settings=settings), port=0) as server:
        yield (
            server,
            lambda seed: [
                Hand(name, key, server.port, busy.job.job_id, seed + number)
                for number, (name, key) in enumerate(names.items())
            ],
        )


def let_work(hands: list[Hand], seconds: float) -> None:
    """Let all of them work at once, for so long."""
    over = threading.Event()
    errors: list[BaseException] = []

    def run(hand: Hand) -> None:
        try:
            hand.work(over)
        except BaseException as error:  # noqa: BLE001 - the test looks at it on its own thread
            errors.append(error)
            over.set()

    threads = [threading.Thread(target=run, args=(hand,), name=hand.name) for hand in hands]
    for thread in threads:
        thread.start()
    over.wait(seconds)
    over.set()
    for thread in threads:
        thread.join(LONG_S)
        assert not thread.is_alive(), thread.name
    if errors:
        raise errors[0]


def check_statuses(hands: list[Hand]) -> None:
    """Only what is documented was answered, and each operation was carried out."""
    documented = {
        operation["operationId"]: {int(status) for status in operation["responses"]}
        for methods in json.loads(PATH.read_text("utf-8"))["paths"].values()
        for operation in methods.values()
    }
    seen = Counter((told.operation, told.status) for hand in hands for told in hand.told)
    assert not {pair for pair in seen if pair[1] >= 500 or pair[1] not in documented[pair[0]]}
    assert MUST_SUCCEED - {name for name, status in seen if status < 300} == set(), seen


def check_items(busy: Busy, hands: list[Hand]) -> None:
    """Each item came to the sink once, or is a dead letter that somebody has dropped."""
    job = busy.job
    letters = list(job.dead_letters)
    assert {letter.reason for letter in letters} <= {"dropped_in_debugger"}
    assert job.dead_letters.let_go == 0
    arrived = Counter(item["n"] for item in busy.sink.received)
    arrived.update(letter.data["n"] for letter in letters)
    posted = [name for hand in hands for name in hand.items]
    assert arrived == Counter([*range(busy.emitted), *posted])
    for routine, slot in (("mid", "in"), ("sink", "items")):
        found = figures(job, routine, slot)
        assert (found.unconsumed, found.held) == (0, 0)
        # What a paused or full slot did not take was told to whoever posted it: no letter.
        told = found.refused_by.get("dropped_in_debugger", 0)
        assert told == sum(letter.routine_id == routine for letter in letters)


def check_audit(busy: Busy, hands: list[Hand], lines: list[Line]) -> None:
    """Every change that was answered is in the log, under the name of its key."""
    commands = Counter(
        (told.operation, hand.name, told.status, told.repeated)
        for hand in hands
        for told in hand.told
        if not told.operation.startswith(("get", "list"))
    )
    assert commands == Counter(
        (each.operation, each.identity, each.status, each.replayed) for each in lines
    )
    done = Counter(each.operation for each in lines if each.status < 300)
    assert done["dropItem"] == len(busy.job.dead_letters)


def check_end(holds: list[str], breakpoints: int, hands: list[Hand], lines: list[Line]) -> None:
    """The last commands explain whether the job is held, and which breakpoints there are."""
    carried_out = [each for each in lines if not each.replayed]
    gates = [each for each in carried_out if each.operation in ("pauseJob", "resumeJob")]
    assert all(each.status == 200 for each in gates)
    # Those that no other one came after; of two at one time either may have been the last.
    last_began = max(each.began for each in gates)
    last = {each.operation for each in gates if each.ended >= last_began}
    assert ("pauseJob" if "operator" in holds else "resumeJob") in last
    done = Counter(each.operation for each in carried_out if each.status < 300)
    assert breakpoints == done["createBreakpoint"] - done["deleteBreakpoint"]
    assert breakpoints == sum(len(hand.breakpoints) for hand in hands)


@pytest.mark.timeout(180)
def test_many_clients_at_one_busy_job(
    busy: Busy,
    served: tuple[Server, Callable[[int], list[Hand]]],
    audit: Lines,
    record_property: Callable[[str, object], None],
) -> None:
    server, make_hands = served
    seed = random.SystemRandom().randrange(10**9)
    print(f"seed {seed}")  # noqa: T201 - shown when it fails
    clients = make_hands(seed)
    let_work(clients, SECONDS)
    server.stop()  # the last audit lines are written when it has ended
    holds = list(busy.job.debug.state().holds)
    breakpoints = len(list(busy.job.breakpoints))
    busy.finish()
    record_property("requests", sum(len(hand.told) for hand in clients))
    record_property("items", len(busy.sink.received))
    record_property("dropped", len(busy.job.dead_letters))
    check_statuses(clients)
    check_items(busy, clients)
    check_audit(busy, clients, audit.lines)
    check_end(holds, breakpoints, clients, audit.lines)
    assert len(busy.sink.received) > CLIENTS
