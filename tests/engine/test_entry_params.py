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
