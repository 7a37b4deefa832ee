"""Code as users write it. `mypy --strict` reads it, and a test runs it.

Each `assert_type` says what a type checker must know at that place, without help from the user.
"""

from __future__ import annotations

from datetime import UTC, datetime
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
)
from routilux.activation_policies import batch_size_policy, immediate_policy
from routilux.error_handler import ErrorHandler as ErrorHandlerByModule
from routilux.slot import SlotQueueFullError

if TYPE_CHECKING:
    from collections.abc import Iterator

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
