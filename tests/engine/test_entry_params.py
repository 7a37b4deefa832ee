"""`entry_params` go into a slot, or are refused with a reason: never dropped in silence."""

from __future__ import annotations

import pytest

from routilux import Flow
from routilux.testing import CollectingSink, StepRuntime


@pytest.fixture
def runtime():
    with StepRuntime() as made:
        yield made


@pytest.fixture
def flow():
    made = Flow("sources only")

    @made.source
    def one():
        return [1]

    made.add_routine(CollectingSink("first"), "sink")
    return made


def test_a_flow_without_trigger_refuses_them(runtime, flow):
    with pytest.raises(ValueError, match="no slot named 'trigger' to put entry_params into"):
        runtime.exec(flow, entry_params={"x": 1})
    assert runtime.list_jobs() == []


def test_a_source_refuses_them(runtime, flow):
    with pytest.raises(ValueError, match="'one' is a source and takes no entry_params"):
        runtime.exec(flow, entry_routine_id="one", entry_params={"x": 1})


def test_the_only_slot_of_the_named_routine_gets_them(runtime, flow):
    job = runtime.exec(flow, entry_routine_id="sink", entry_params={"x": 1})
    assert job.wait()
    assert flow.routines["sink"].received == [{"x": 1}]


def test_empty_ones_are_none(runtime, flow):
    assert runtime.exec(flow, entry_params={}).wait()


@pytest.mark.parametrize("params", [[1], "x", 5, [], ("a", 1)])
def test_what_is_no_dict_is_refused(runtime, flow, params):
    with pytest.raises(TypeError, match=r"entry_params must be a dict, the first item, not .*post"):
        runtime.exec(flow, entry_params=params)
    assert runtime.list_jobs() == []


@pytest.mark.parametrize("seconds", ["5", float("nan"), float("inf"), -1, 0, True, 1e300, [5]])
def test_a_time_limit_is_a_number_of_seconds(runtime, flow, seconds):
    with pytest.raises(ValueError, match=r"timeout must be a number of seconds above 0.*, not "):
        runtime.exec(flow, timeout=seconds)
    assert runtime.list_jobs() == []


@pytest.mark.parametrize("wrong", [5, None, ["sources only"]])
def test_a_flow_is_a_flow_or_a_text(runtime, wrong):
    with pytest.raises(TypeError, match="flow must be a Flow, or the id or name"):
        runtime.exec(wrong)


def test_a_flow_that_nobody_registered_is_refused_with_what_to_do(runtime):
    with pytest.raises(ValueError, match="'nope' not found in registry: give the Flow itself, or"):
        runtime.exec("nope")
