from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING

import pytest

from routilux.activation_policies import batch_size_policy
from routilux.error_handler import ErrorHandler
from routilux.flow import Flow, Step
from routilux.flow.steps import STEP_OPTIONS
from routilux.function_routine import one_at_a_time
from tests.definitions.samples import Counter, Reader

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def flow() -> Flow:
    return Flow("steps")


def wiring(flow: Flow) -> list[str]:
    return [
        f"{c.source_event.routine.routine_id}.{c.source_event.name} -> "
        f"{c.target_slot.routine.routine_id}.{c.target_slot.name}"
        for c in flow.connections
    ]


def test_a_small_flow_reads_like_a_script(flow):
    @flow.source
    def numbers() -> Iterator[int]:
        yield from range(3)

    @flow.step(after=numbers, max_queue_length=5, overflow="block", concurrency=2)
    def double(x: int) -> int:
        """Twice as much."""
        return 2 * x

    @flow.step(after=[numbers, double], each=False)
    def total(xs: list[int]) -> None:
        assert xs

    assert list(flow.routines) == ["numbers", "double", "total"]
    assert wiring(flow) == [
        "numbers.out -> double.items",
        "numbers.out -> total.items",
        "double.out -> total.items",
    ]
    assert flow.validate() == []
    assert double.routine.concurrency == 2
    assert double.routine.slots["items"].explicit == {"max_queue_length": 5, "overflow": "block"}
    assert total.routine.each is False


def test_the_name_stays_a_function(flow):
    @flow.step
    def double(x: int) -> int:
        """Twice as much."""
        return 2 * x

    assert isinstance(double, Step)
    assert double(4) == 8
    assert double(x=5) == 10
    assert (double.__name__, double.__doc__) == ("double", "Twice as much.")
    assert double.routine_id == "double"
    assert flow.routines["double"] is double.routine
    assert repr(double) == "<Step 'double'>"


def test_names_and_errors_can_be_given(flow):
    @flow.source(name="first", errors="retry")
    def numbers() -> list[int]:
        return [1]

    @flow.step(after="first", name="second", errors=ErrorHandler("retry", max_retries=1))
    def double(x: int) -> int:
        return 2 * x

    assert list(flow.routines) == ["first", "second"]
    assert numbers.routine.error_handler.strategy == "retry"
    assert double.routine.error_handler.max_retries == 1
    assert double.routine.activation_policy is one_at_a_time


def test_a_step_without_predecessor_is_an_entry(flow):
    @flow.step
    def first(x: int) -> int:
        return x

    @flow.step(name="other")
    def second(x: int) -> int:
        return x

    assert flow.entry_slots == {("first", "items"), ("other", "items")}
    assert flow.validate() == []


def test_a_policy_can_be_given(flow):
    policy = batch_size_policy(3)

    @flow.step(each=False, policy=policy)
    def total(xs: list[int]) -> int:
        return sum(xs)

    assert total.routine.activation_policy is policy


def test_after_takes_functions_routines_ids_and_steps(flow):
    def plain() -> list[int]:
        return [1]

    step = flow.source(plain)
    reader = Reader()
    flow.add_routine(reader, "reader")
    seen = [
        flow.step(after=after, name=f"s{n}")(str)
        for n, after in enumerate([plain, step, step.routine, "plain", reader, [plain, step]])
    ]
    assert [one.routine_id for one in seen] == [f"s{n}" for n in range(6)]
    assert wiring(flow) == [
        *(f"plain.out -> s{n}.items" for n in range(4)),
        "reader.file -> s4.items",
        "plain.out -> s5.items",
    ]


def test_after_takes_the_event_that_is_named(flow):
    flow.add_routine(Counter(), "counter")
    flow.step(after="counter", event="skipped")(print)
    assert wiring(flow) == ["counter.skipped -> print.items"]


def test_after_wants_to_know_which_event(flow):
    flow.add_routine(Counter(), "counter")
    with pytest.raises(
        ValueError, match="'counter' has the events counted, skipped: say with event= which one"
    ):
        flow.step(after="counter")(print)
    with pytest.raises(ValueError, match="counted, skipped, and no event 'x'"):
        flow.step(after="counter", event="x")(print)
    assert list(flow.routines) == ["counter"]


def test_after_wants_what_is_there(flow):
    flow.source(name="first")(list)
    with pytest.raises(ValueError, match="after='later' is no routine of this flow, which has fir"):
        flow.step(after="later")(print)
    with pytest.raises(ValueError, match="after='len' is no routine"):
        flow.step(after=len)(print)
    with pytest.raises(ValueError, match="after='5' is no routine"):
        flow.step(after=[5])(print)  # type: ignore[list-item]
    with pytest.raises(ValueError, match="which has none: define it first"):
        Flow().step(after="x")(print)
    assert list(flow.routines) == ["first"]


@pytest.mark.parametrize("concurrency", [0, -1, 1.5, True, "2"])
def test_concurrency_is_a_number_of_lanes(flow, concurrency):
    with pytest.raises(ValueError, match="concurrency must be a whole number above 0, not"):
        flow.step(concurrency=concurrency)(print)
    assert flow.routines == {}


def test_settings_are_checked(flow):
    with pytest.raises(ValueError, match="watermark must be a number from 0 to 1, not 2"):
        flow.step(watermark=2)(print)
    with pytest.raises(ValueError, match="strategy must be one of"):
        flow.step(errors="ignore")(print)
    with pytest.raises(TypeError, match="must be an ErrorHandler, not 5"):
        flow.step(errors=5)(print)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="Step 'print' has no option 'overfow': there are after, "):
        flow.step(overfow="block")(print)  # type: ignore[call-overload]
    with pytest.raises(
        TypeError, match=r"Step 'two' has no option 'length': .* max_queue_length, "
    ):
        flow.step(length=2, name="two")(print)  # type: ignore[call-overload]
    assert flow.routines == {}


def test_the_options_that_an_error_lists_are_those_there_are():
    parameters = [name for name in signature(Flow.step).parameters if name not in ("self", "slot")]
    assert parameters == ["function", *STEP_OPTIONS]


def test_a_name_is_there_once(flow):
    flow.source(list)
    with pytest.raises(ValueError, match="Routine id 'list' already exists"):
        flow.source(list)
