from __future__ import annotations

import functools
import itertools
from typing import TYPE_CHECKING, Any

import pytest

import routilux.function_routine as module
from routilux.activation_policies import batch_size_policy, immediate_policy
from routilux.clock import SystemClock
from routilux.error_handler import ErrorHandler
from routilux.errors import JobCancelled
from routilux.function_routine import FunctionRoutine, one_at_a_time
from routilux.slot import Slot
from routilux.status import ExecutionStatus
from tests.definitions.samples import FakeActivation, FakeJob, filled, heard

if TYPE_CHECKING:
    from collections.abc import Iterator


def run(routine: FunctionRoutine, *lists: list[Any]) -> tuple[list[Any], list[Any]]:
    """What a run emitted, and the items that failed with their errors as text."""
    activation = FakeActivation(heard(routine))
    emitted = activation.run(*lists)
    return emitted, [(item, str(error)) for item, error in activation.failed]


def double(x: int) -> int:
    return 2 * x


def repeat(n: int) -> Any:
    yield from range(n)
    if n == 3:
        raise ValueError("three")


def test_a_step_has_one_slot_and_one_event():
    routine = FunctionRoutine(double, slot={"max_queue_length": 3, "overflow": "block"})
    assert list(routine.slots) == ["items"]
    assert list(routine.events) == ["out"]
    assert routine.slots["items"].explicit == {"max_queue_length": 3, "overflow": "block"}


def test_a_source_has_no_slot():
    routine = FunctionRoutine(list, source=True)
    assert routine.slots == {}
    assert list(routine.events) == ["out"]


def test_a_step_emits_what_the_function_returns():
    assert run(FunctionRoutine(double), [1, 2, 3]) == ([2, 4, 6], [])


def test_none_is_no_item():
    assert run(FunctionRoutine(lambda x: x or None), [0, 1, 0, 2]) == ([1, 2], [])


def test_a_generator_gives_an_item_for_each_value_but_none():
    assert run(FunctionRoutine(lambda x: (y for y in (x, None, x + 1))), [1]) == ([1, 2], [])


def test_a_wrapped_generator_function_is_one_too():
    @functools.wraps(repeat)
    def wrapped(n: int) -> Any:
        return repeat(n)

    assert run(FunctionRoutine(wrapped), [2]) == ([0, 1], [])


def test_one_bad_item_is_a_dead_letter_and_the_others_go_on():
    assert run(FunctionRoutine(lambda x: 6 // x), [1, 0, 2]) == (
        [6, 3],
        [(0, "integer division or modulo by zero")],
    )


def test_a_generator_that_fails_keeps_what_it_has_yielded():
    assert run(FunctionRoutine(repeat), [1, 3, 2]) == ([0, 0, 1, 2, 0, 1], [(3, "three")])


@pytest.mark.parametrize("error", [SystemExit(3), GeneratorExit(), JobCancelled("mine")])
def test_what_is_no_exception_is_about_that_item_too(error):
    def step(item: int) -> int:
        if item == 2:
            raise error
        return item

    assert run(FunctionRoutine(step), [1, 2, 3]) == ([1, 3], [(2, str(error))])


@pytest.mark.parametrize("kind", ["step", "generator"])
def test_the_end_of_the_job_goes_through_and_says_what_is_done(kind):
    activation: FakeActivation

    def step(item: int) -> int:
        if item == 3:
            activation.state.status = ExecutionStatus.CANCELLED
            raise JobCancelled("over")
        return item

    def generator(item: int) -> Iterator[int]:
        yield step(item)

    routine = FunctionRoutine(step if kind == "step" else generator)
    activation = FakeActivation(heard(routine))
    with pytest.raises(JobCancelled):
        activation.run([1, 2, 3, 4])
    assert (activation.outlets["out"].data, activation.done) == ([1, 2], [2])
    assert activation.failed == []


def test_an_item_whose_result_is_on_its_way_is_done():
    activation = FakeActivation(heard(FunctionRoutine(lambda item: item)), limit=2)

    def hand_over(emitted: object) -> None:
        raise JobCancelled("over")

    activation.outlets["out"].hand_over = hand_over  # type: ignore[method-assign]
    with pytest.raises(JobCancelled):
        activation.run([1, 2, 3])
    assert activation.done == [2]


def test_a_list_step_gets_everything_at_once():
    assert run(FunctionRoutine(sum, each=False), [1, 2, 3]) == ([6], [])
    assert run(FunctionRoutine(lambda xs: (x for x in xs), each=False), [1, 2]) == ([1, 2], [])


def test_a_list_step_leaves_its_errors_to_the_handler():
    with pytest.raises(ZeroDivisionError):
        run(FunctionRoutine(lambda xs: 1 // 0, each=False), [1])


@pytest.mark.parametrize(
    ("value", "items"),
    [
        (None, []),
        ([1, None, 2], [1, 2]),
        ((x for x in (1, 2)), [1, 2]),
        (range(3), [0, 1, 2]),
        ({"a": 1}, [{"a": 1}]),
        ("text", ["text"]),
        (b"raw", [b"raw"]),
        (7, [7]),
    ],
)
def test_a_source_emits_each_element_or_the_one_value(value, items):
    assert run(FunctionRoutine(lambda: value, source=True)) == (items, [])


def test_an_error_of_a_source_is_the_handlers():
    with pytest.raises(ZeroDivisionError):
        run(FunctionRoutine(lambda: 1 // 0, source=True))


@pytest.mark.parametrize("strategy", ["stop", "retry"])
def test_with_retry_or_stop_items_are_taken_one_by_one_and_errors_go_to_the_handler(strategy):
    routine = FunctionRoutine(lambda x: 6 // x).set_error_handler(ErrorHandler(strategy))
    assert routine.activation_policy is one_at_a_time
    assert run(routine, [3]) == ([2], [])
    with pytest.raises(ZeroDivisionError):
        run(routine, [0])


def test_critical_is_retry():
    assert FunctionRoutine(double).set_as_critical().activation_policy is one_at_a_time


def test_with_continue_or_skip_a_bad_item_is_a_dead_letter_as_without():
    for strategy in ("continue", "skip"):
        routine = FunctionRoutine(lambda x: 6 // x).set_error_handler(ErrorHandler(strategy))
        assert routine.activation_policy is None
        assert run(routine, [0, 3])[0] == [2]


def test_the_handler_can_be_taken_away_again():
    routine = FunctionRoutine(lambda x: 6 // x).set_error_handler(ErrorHandler("retry"))
    routine.set_error_handler(None)
    assert routine.activation_policy is None
    assert run(routine, [0, 3])[0] == [2]


def test_a_handler_of_a_list_step_or_a_source_changes_nothing():
    for routine in (FunctionRoutine(sum, each=False), FunctionRoutine(list, source=True)):
        routine.set_error_handler(ErrorHandler("retry"))
        assert routine.activation_policy is None


def test_one_by_one_and_a_policy_exclude_each_other():
    routine = FunctionRoutine(double).set_activation_policy(batch_size_policy(2))
    with pytest.raises(ValueError, match="strategy 'retry' takes its items one by one: leave its"):
        routine.set_error_handler(ErrorHandler("retry"))
    assert routine.error_handler is None
    assert run(routine, [1, 2]) == ([2, 4], [])
    routine.set_activation_policy(None).set_error_handler(ErrorHandler("stop"))
    with pytest.raises(ValueError, match="strategy 'stop' takes its items one by one"):
        routine.set_activation_policy(immediate_policy())
    assert routine.activation_policy is one_at_a_time


def test_one_at_a_time_takes_the_oldest_alone():
    slots: dict[str, Slot] = {"items": filled("items", 1, 2)}
    job: Any = FakeJob()
    assert one_at_a_time(slots, job) == (True, {"items": [1]}, None)
    assert one_at_a_time(slots, job) == (True, {"items": [2]}, None)
    assert one_at_a_time(slots, job)[0] is False


class HalfSteps(SystemClock):
    """Each look takes half of the time after which a checkpoint is due."""

    def __init__(self) -> None:
        looks = itertools.count()
        self.monotonic_ns = lambda: next(looks) * module.CHECKPOINT_EVERY_NS // 2


def quiet(_: int) -> None:
    return None


def fruitless(_: int) -> Any:
    yield from ()


def failing(_: int) -> None:
    raise ValueError("no")


@pytest.mark.parametrize("function", [quiet, fruitless, failing])
def test_a_run_that_emits_nothing_comes_by_checkpoints(function):
    activation = FakeActivation(heard(FunctionRoutine(function)), clock=HalfSteps())
    assert activation.run([1, 2, 3, 4, 5, 6, 7]) == []
    # Due at the 2nd look; then a look sets the next time, and two looks later it is due again.
    # The looks are between two items: behind the last the activation ends anyway.
    assert activation.checkpoints == 3


@pytest.mark.parametrize("function", [double, lambda x: (y for y in (x,))])
def test_a_run_that_nobody_hears_comes_by_checkpoints(function):
    activation = FakeActivation(FunctionRoutine(function), clock=HalfSteps())
    assert activation.run([1, 2, 3, 4, 5, 6, 7]) == []
    assert activation.checkpoints >= 3


@pytest.mark.parametrize("values", [[None] * 6, (None for _ in range(6))])
def test_a_source_that_only_polls_comes_by_checkpoints(values):
    activation = FakeActivation(
        heard(FunctionRoutine(lambda: values, source=True)), clock=HalfSteps()
    )
    assert activation.run() == []
    assert activation.checkpoints == 3


def test_a_run_whose_items_are_handed_over_one_by_one_comes_by_checkpoints():
    step = FakeActivation(heard(FunctionRoutine(double)), limit=1, clock=HalfSteps())
    assert step.run([1, 2, 3, 4, 5, 6, 7]) == [2, 4, 6, 8, 10, 12, 14]
    assert step.outlets["out"].handed_over == [2, 4, 6, 8, 10, 12, 14]
    assert step.checkpoints == 3
    source = FakeActivation(
        heard(FunctionRoutine(lambda: range(6), source=True)), limit=1, clock=HalfSteps()
    )
    assert source.run() == [0, 1, 2, 3, 4, 5]
    assert source.outlets["out"].handed_over == [0, 1, 2, 3, 4, 5]
    assert source.checkpoints == 3


def test_a_run_whose_items_are_buffered_does_not_look_at_the_clock():
    activation = FakeActivation(heard(FunctionRoutine(double)), clock=HalfSteps())
    assert activation.run([1, 2, 3, 4, 5, 6]) == [2, 4, 6, 8, 10, 12]
    assert (activation.checkpoints, activation.outlets["out"].handed_over) == (0, [])
    assert len(activation.outlets["out"].stamps) == 6


def test_a_routine_emits_only_if_somebody_listens():
    routine = FunctionRoutine(double)
    assert routine.emits is False
    routine.events["out"].connect(Slot("in"))
    assert routine.emits is True


async def asynchronous(x: int) -> int:
    return x


async def asynchronous_generator(x: int) -> Any:
    yield x


@pytest.mark.parametrize("function", [asynchronous, asynchronous_generator])
def test_async_functions_are_refused(function):
    with pytest.raises(TypeError, match=r"\(\) is async: logic runs on threads"):
        FunctionRoutine(function)


def test_a_function_that_cannot_be_called_so_is_refused():
    with pytest.raises(TypeError, match="cannot be called with one item or list: too many"):
        FunctionRoutine(lambda: 1)
    with pytest.raises(TypeError, match=r"double\(x: 'int'\) -> 'int' cannot be called without"):
        FunctionRoutine(double, source=True)
    with pytest.raises(TypeError, match="A step must be a function, not 5"):
        FunctionRoutine(5)  # type: ignore[arg-type]


def test_a_function_without_a_signature_is_believed():
    assert run(FunctionRoutine(dict.fromkeys), [["a"]]) == ([{"a": None}], [])
    assert run(FunctionRoutine(int), ["4"]) == ([4], [])
