"""Code as users write it. `mypy --strict` reads it, and a test runs it.

Each `assert_type` says what a type checker must know at that place, without help from the user.
"""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Thread
from typing import TYPE_CHECKING, Any, assert_type

from routilux import (
    ErrorHandler,
    ErrorStrategy,
    ExecutionStatus,
    Flow,
    FlowBuilder,
    JobState,
    Routine,
    Runtime,
    Slot,
    bind,
    checkpoint,
)
from routilux.activation_policies import batch_size_policy, custom_policy, immediate_policy
from routilux.error_handler import ErrorHandler as ErrorHandlerByModule
from routilux.hooks import ActivationRecord, Hook, JobRecord, SlotRecord
from routilux.slot import SlotPausedError, SlotQueueFullError
from routilux.testing import CollectingSink, StepRuntime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# --- the class form ------------------------------------------------------------------------------


class Numbers(Routine):
    """Emits whole numbers below a limit."""

    def __init__(self) -> None:
        super().__init__()
        self.trigger = self.define_slot("trigger")
        self.define_event("out", ["number"])
        self.set_config(limit=10)
        self.set_logic(self.run)

    def run(self, trigger: list[dict[str, Any]]) -> None:
        for number in range(self.get_config("limit", 0)):
            self.emit("out", number=number)


class Sum(Routine):
    """Adds up what comes in, job by job."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = self.define_slot("numbers", max_queue_length=4, overflow="block")
        self.set_logic(self.run).set_activation_policy(batch_size_policy(3))
        self.set_error_handler(ErrorHandler(ErrorStrategy.RETRY, max_retries=2, retry_delay=0.1))

    def run(self, numbers: list[dict[str, int]], job_state: JobState) -> None:
        self.state["sum"] = self.state.get("sum", 0) + sum(item["number"] for item in numbers)


def make_class_flow() -> Flow:
    """Connect the two with the builder."""
    builder = FlowBuilder("sum").add_routine(Numbers(), "numbers").add_routine(Sum(), "sum")
    flow = builder.connect("numbers", "out", "sum", "numbers").build()
    assert_type(flow, Flow)
    assert_type(flow.get_routine("sum"), Routine)
    assert_type(flow.validate(), list[str])
    return flow


def run_class_flow(runtime: Runtime) -> Any:
    """Run it, and return what its job kept for the routine."""
    job = runtime.exec(make_class_flow())
    assert_type(job, JobState)
    assert_type(job.wait(timeout=30), bool)
    assert_type(job.status, ExecutionStatus)
    return job.get_routine_state("sum")


# --- the decorator form --------------------------------------------------------------------------


def run_decorated_flow(runtime: Runtime) -> list[int]:
    """Squares, with one number that fails."""
    flow = Flow("squares")
    seen: list[int] = []

    @flow.source
    def numbers() -> Iterator[int]:
        yield from range(5)

    @flow.step(after=numbers, overflow="block", max_queue_length=2, policy=immediate_policy())
    def square(number: int) -> int:
        if number == 3:
            raise ValueError("not three")
        return number * number

    @flow.step(after=square, each=False)
    def collect(squares: list[int]) -> None:
        seen.extend(squares)

    assert_type(square(2), int)  # a step stays a function with its own types
    job = runtime.exec(flow)
    job.wait(timeout=30)
    for letter in job.dead_letters.list():
        assert_type(letter.data, Any)
        assert_type(letter.reason, str)
    return sorted(seen)


# --- policies of one's own ------------------------------------------------------------------------


def newest_only(
    slots: dict[str, Slot], job_state: JobState
) -> tuple[bool, dict[str, list[Any]], str]:
    """Take the newest item of each slot, and pass over the others."""
    if job_state.draining or all(slot.get_unconsumed_count() for slot in slots.values()):
        newest = {name: slot.consume_latest_and_mark_all_consumed() for name, slot in slots.items()}
        return True, {name: [item] for name, item in newest.items() if item is not None}, "newest"
    return False, {}, ""


def has_two(slots: dict[str, Slot], job_state: JobState) -> bool:
    """Whether two items wait somewhere, or no more can come."""
    return job_state.draining or any(slot.get_unconsumed_count() >= 2 for slot in slots.values())


def run_with_policies() -> tuple[list[int], list[list[int]]]:
    """What each of the two policies gave of the numbers 0 to 4, all in the slot at once."""
    flow = Flow("policies", default_slot_overflow="block")
    pairs = CollectingSink()
    seen: list[int] = []

    @flow.source
    def numbers() -> range:
        return range(5)

    @flow.step(after=numbers, each=False, policy=newest_only)
    def newest(batch: list[int]) -> None:
        seen.extend(batch)

    flow.add_routine(pairs.set_activation_policy(custom_policy(has_two)), "pairs")
    flow.connect("numbers", "out", "pairs", "items", copy=True)
    with StepRuntime(seed=1) as runtime:
        job = runtime.exec(flow)
        assert_type(runtime.run_until_idle(), int)
        assert job.status is ExecutionStatus.COMPLETED
    return seen, pairs.batches


# --- hooks ---------------------------------------------------------------------------------------


class Journal(Hook):
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def job_ended(self, record: JobRecord) -> None:
        self.lines.append(f"{record.flow_id} {record.status}")

    def activation_ended(self, record: ActivationRecord) -> None:
        self.lines.append(f"{record.routine_id} {record.outcome}, {record.items} item(s)")

    def items_refused(self, record: SlotRecord) -> None:
        self.lines.append(f"{record.slot_name} {record.reason} {record.count}")


def listen() -> list[str]:
    """What a hook hears of a small job."""
    journal = Journal()
    with StepRuntime() as runtime:
        runtime.hooks.add(journal)
        runtime.exec(make_class_flow())
    return journal.lines


# --- threads and pauses --------------------------------------------------------------------------


class Crawler(Routine):
    """Emits from a thread of its own, and stands still there while its job is paused."""

    def __init__(self) -> None:
        super().__init__()
        self.define_event("page")
        self.set_logic(self.run)

    def run(self) -> None:
        carried: Callable[[str], None] = bind(self.fetch)
        thread = Thread(target=carried, args=("/index",))
        thread.start()
        thread.join()
        checkpoint()

    def fetch(self, path: str) -> None:
        self.emit_item("page", path)
        self.emit_many("page", [f"{path}/1", f"{path}/2"])


def crawl(runtime: Runtime) -> list[Any]:
    """Start paused, look, be refused, resume."""
    flow, sink = Flow("crawl"), CollectingSink("pages")
    flow.add_routine(Crawler(), "crawler")
    flow.add_routine(sink, "sink")
    flow.connect("crawler", "page", "sink", "pages")
    job = runtime.exec(flow, start_paused=True)
    point = job.pause("look", {"page": 0}, identity="me", request_id="1", wait=True)
    assert_type(point["still"], bool)
    assert_type(point["running"], list[str])
    try:
        job.post("sink", "pages", "/early", timeout=0.0)
    except SlotPausedError as error:
        assert_type(error.slot_name, str)
    result = job.resume()
    assert_type(result.warnings, tuple[str, ...])
    assert_type(sink.wait_for(3), list[Any])
    job.wait(timeout=30)
    assert_type(job.slot("sink", "pages").read_metrics().consumed, int)
    return sink.received_by(job)


# --- a slot by itself, and its error -------------------------------------------------------------


def fill(slot: Slot) -> str:
    """Put in one item too many, and say what the error knows."""
    try:
        for number in range(slot.max_queue_length + 1):
            slot.enqueue({"number": number}, "here", datetime.now(UTC))
    except SlotQueueFullError as error:
        assert_type(error.slot_name, str)
        assert_type(error.max_length, int)
        return f"{error.slot_name} is full at {error.max_length}"
    return "there was room"


assert ErrorHandlerByModule is ErrorHandler
