"""The file of typical user code, which the type checker reads, also does what it says."""

from __future__ import annotations

import pytest

from routilux import Runtime, Slot
from tests.typing import user_code


@pytest.fixture
def runtime():
    with Runtime(thread_pool_size=2) as made:
        yield made


def test_the_class_form_adds_up(runtime):
    assert user_code.run_class_flow(runtime) == {"sum": 45, "status": "completed"}


def test_the_decorator_form_goes_on_after_an_item_that_fails(runtime):
    assert user_code.run_decorated_flow(runtime) == [0, 1, 4, 16]


def test_policies_of_ones_own_choose_the_items():
    assert user_code.run_with_policies() == ([4], [[0, 1, 2, 3, 4]])


def test_a_hook_hears_of_activations_and_of_the_end():
    lines = user_code.listen()
    assert lines[-1] == "sum completed"
    assert sorted(lines[:-1]) == [
        "numbers completed, 1 item(s)",
        "sum completed, 1 item(s)",
        "sum completed, 3 item(s)",
        "sum completed, 3 item(s)",
        "sum completed, 3 item(s)",
    ]


def test_a_thread_emits_for_its_activation(runtime):
    assert user_code.crawl(runtime) == ["/index", "/index/1", "/index/2"]


def test_a_full_slot_tells_its_facts():
    assert user_code.fill(Slot("in", max_queue_length=2, overflow="reject")) == "in is full at 2"
