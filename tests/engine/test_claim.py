"""What logic is given when its activation runs again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from routilux import ErrorHandler, Flow, Routine
from routilux.testing import StepRuntime

if TYPE_CHECKING:
    from collections.abc import Callable


def newest_first(
    slots: dict[str, Any], job_state: object
) -> tuple[bool, dict[str, list[Any]], Any]:
    items = slots["items"].consume_all_new()
    return bool(items), {"items": items[::-1]}, None


@pytest.mark.parametrize(
    ("policy", "first", "second"),
    [(None, ["a", "b", "c"], ["a", "c"]), (newest_first, ["c", "b", "a"], ["c", "a"])],
)
def test_a_retry_is_not_given_what_is_a_dead_letter_already(
    policy: Callable[..., Any] | None, first: list[str], second: list[str]
) -> None:
    given: list[list[str]] = []
    routine = Routine()
    routine.define_slot("items")

    def logic(items: list[str]) -> None:
        given.append(items)
        if len(given) == 1:
            routine.fail(items[1], ValueError("b is bad"))
            raise OSError("try again")

    routine.set_logic(logic).set_activation_policy(policy)
    routine.set_error_handler(ErrorHandler("retry", retry_delay=1.0))
    flow = Flow("f")
    flow.add_routine(routine, "r")
    with StepRuntime() as runtime:
        job = runtime.exec(flow, keep_open=True)
        for item in "abc":
            job.post("r", "items", item)
        job.close()
        assert job.wait()
    assert given == [first, second]
    assert [letter.data for letter in job.dead_letters] == ["b"]
