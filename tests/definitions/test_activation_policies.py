from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routilux.activation_policies import (
    all_slots_ready_policy,
    batch_size_policy,
    custom_policy,
    describe_policy,
    immediate_policy,
    time_interval_policy,
)
from routilux.routine import Routine
from tests.definitions.samples import FakeJob, decide, filled

if TYPE_CHECKING:
    from routilux.slot import Slot

DECLINED = (False, {}, None)


def two(left: list[Any], right: list[Any]) -> dict[str, Slot]:
    routine = Routine()
    routine._id = "join"
    return {
        "left": filled("left", *left, routine=routine),
        "right": filled("right", *right, routine=routine),
    }


def ask(policy: Any, slots: dict[str, Slot], job: Any = None) -> Any:
    return policy(slots, job or FakeJob())


def test_immediate_takes_everything_as_soon_as_there_is_one():
    slots = two([1, 2], [])
    activate, items, message = ask(immediate_policy(), slots)
    assert activate is True
    assert items == {"left": [1, 2], "right": []}
    assert message == {"policy": "immediate"}
    assert ask(immediate_policy(), slots) == DECLINED
    assert immediate_policy().lacks(slots, FakeJob()) == "an item in any slot"


def test_a_batch_takes_n_of_each_once_every_slot_has_n():
    policy = batch_size_policy(2)
    slots = two([1, 2, 3], [4])
    assert ask(policy, slots) == DECLINED
    assert policy.lacks(slots, FakeJob()) == "1 more in 'right'"
    slots = two([1, 2, 3], [4, 5])
    assert policy.lacks(slots, FakeJob()) == "nothing"
    activate, items, message = ask(policy, slots)
    assert activate is True
    assert items == {"left": [1, 2], "right": [4, 5]}
    assert message == {"policy": "batch_size", "size": 2, "short": False}
    assert slots["left"].peek_all_new() == [3]
    assert policy.minimum == 2


def test_a_short_batch_goes_when_nothing_else_comes():
    policy, job = batch_size_policy(2), FakeJob()
    job.draining = True
    slots = two([1, 2, 3], [])
    assert ask(policy, slots, job)[:2] == (True, {"left": [1, 2], "right": []})
    activate, items, message = ask(policy, slots, job)
    assert (activate, items) == (True, {"left": [3], "right": []})
    assert message["short"] is True
    assert ask(policy, slots, job) == DECLINED


def test_all_slots_ready_takes_one_of_each_and_never_less():
    policy, job = all_slots_ready_policy(), FakeJob()
    slots = two([1, 2], [3])
    assert ask(policy, slots)[:2] == (True, {"left": [1], "right": [3]})
    job.draining = True
    assert ask(policy, slots, job) == DECLINED
    assert policy.lacks(slots, job) == "an item in 'right'"
    assert policy.lacks(two([1], [2]), job) == "nothing"
    assert slots["left"].peek_all_new() == [2]


def test_an_interval_fires_at_the_first_item_and_then_at_most_once_each_interval():
    policy, job = time_interval_policy(10), FakeJob()
    assert ask(policy, two([], []), job) == DECLINED
    job.seconds = 3.0
    assert ask(policy, two([1], []), job)[:2] == (True, {"left": [1], "right": []})
    job.seconds = 12.5
    waiting = two([2], [3])
    assert ask(policy, waiting, job) == DECLINED
    assert policy.ask_again_in(waiting, job) == pytest.approx(0.5)
    assert policy.lacks(waiting, job) == "0.500 s of its interval"
    job.seconds = 13.0
    assert policy.ask_again_in(waiting, job) == 0.0
    assert ask(policy, waiting, job)[:2] == (True, {"left": [2], "right": [3]})
    assert job.memory == {"join": {"fired_at": 13.0}}


def test_an_interval_without_items_waits_for_nothing_but_items():
    policy, job = time_interval_policy(10), FakeJob()
    assert policy.ask_again_in(two([], []), job) is None
    assert policy.lacks(two([], []), job) == "an item in any slot"


def test_an_interval_is_over_when_nothing_else_comes():
    policy, job = time_interval_policy(10), FakeJob()
    ask(policy, two([1], []), job)
    job.draining = True
    assert ask(policy, two([2], []), job)[0] is True


def test_the_memory_of_an_interval_belongs_to_the_job():
    policy = time_interval_policy(10)
    assert ask(policy, two([1], []), FakeJob())[0] is True
    assert ask(policy, two([1], []), FakeJob())[0] is True


def test_custom_asks_the_check_and_takes_everything():
    seen: list[Any] = []

    def enough(slots, job_state):
        seen.append(job_state)
        return slots["left"].get_unconsumed_count() > 1

    policy, job = custom_policy(enough), FakeJob()
    assert ask(policy, two([1], []), job) == DECLINED
    assert ask(policy, two([1, 2], [3]), job)[:2] == (True, {"left": [1, 2], "right": [3]})
    assert seen == [job, job]
    assert policy.lacks(two([1], []), job) == "enough() to agree"


def test_custom_does_not_ask_when_nothing_waits():
    policy = custom_policy(lambda slots, job_state: True)
    assert ask(policy, two([], [])) == DECLINED
    assert policy.lacks(two([], []), FakeJob()) == "an item in any slot"


@pytest.mark.parametrize("make", [immediate_policy, all_slots_ready_policy])
def test_a_policy_without_slots_declines(make):
    assert ask(make(), {}) == DECLINED


def test_a_batch_without_slots_declines_even_at_the_end():
    job = FakeJob()
    job.draining = True
    assert ask(batch_size_policy(1), {}, job) == DECLINED


@given(
    st.integers(1, 5), st.lists(st.integers(), max_size=20), st.lists(st.integers(), max_size=20)
)
def test_batches_deliver_every_item_once_and_in_order(size, left, right):
    policy, job, slots = batch_size_policy(size), FakeJob(), two(left, right)
    got: dict[str, list[int]] = {"left": [], "right": []}
    while True:
        activate, items, _ = ask(policy, slots, job)
        if activate:
            assert all(len(share) <= size for share in items.values())
            assert any(items.values())
            for name, share in items.items():
                got[name] += share
        elif job.draining:
            break
        job.draining = job.draining or not activate
    assert got == {"left": left, "right": right}


@pytest.mark.parametrize("size", [0, -1, 1.5, "3", True, None])
def test_a_bad_batch_size_is_refused(size):
    with pytest.raises(ValueError, match="whole number above 0, not"):
        batch_size_policy(size)


@pytest.mark.parametrize("seconds", [0, -1, math.inf, math.nan, "1", True, None])
def test_a_bad_interval_is_refused(seconds):
    with pytest.raises(ValueError, match="number of seconds above 0, not"):
        time_interval_policy(seconds)


def test_a_check_must_be_callable():
    with pytest.raises(ValueError, match=r"function of \(slots, job_state\), not 5"):
        custom_policy(5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (None, {"type": "none", "config": {}}),
        (immediate_policy(), {"type": "immediate", "config": {}}),
        (batch_size_policy(3), {"type": "batch_size", "config": {"size": 3}}),
        (time_interval_policy(2), {"type": "time_interval", "config": {"seconds": 2.0}}),
        (all_slots_ready_policy(), {"type": "all_slots_ready", "config": {}}),
        (custom_policy(decide), {"type": "custom", "config": {"check": "decide"}}),
        (decide, {"type": "custom", "config": {}}),
    ],
)
def test_every_policy_can_be_described(policy, expected):
    described = describe_policy(policy)
    assert set(described) == {"type", "config", "description"}
    assert {key: described[key] for key in expected} == expected


def test_descriptions_are_sentences():
    assert describe_policy(batch_size_policy(3))["description"] == (
        "3 of each slot, once every slot has 3"
    )
    assert describe_policy(time_interval_policy(2))["description"] == (
        "all new items, at most once each 2 s"
    )
    assert describe_policy(decide)["description"] == "decide() decides"
    assert describe_policy(partial(decide))["description"] == "partial() decides"
    assert repr(all_slots_ready_policy()) == (
        "<all_slots_ready policy: one item of each slot, once every slot has one>"
    )


def test_a_routine_tells_its_policy():
    routine = Routine()
    assert routine.get_activation_policy_info()["type"] == "none"
    routine.set_activation_policy(custom_policy(decide))
    assert routine.get_activation_policy_info()["description"] == (
        "all new items, when decide() agrees"
    )
