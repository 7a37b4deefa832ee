from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routilux.activation_policies import batch_size_policy
from routilux.flow import Flow, FlowBuilder
from routilux.flow.validation import find_cycles
from routilux.routine import Routine
from tests.definitions.samples import Counter, Reader


class Relay(Routine):
    def __init__(self, overflow=None) -> None:
        super().__init__()
        self.define_slot("in", overflow=overflow)
        self.define_event("out")

    def logic(self, items) -> None:
        self.emit_many("out", items)


def ring(*overflows: str | None) -> Flow:
    flow = Flow()
    for number, overflow in enumerate(overflows):
        flow.add_routine(Relay(overflow), f"r{number}")
    for number in range(len(overflows)):
        flow.connect(f"r{number}", "out", f"r{(number + 1) % len(overflows)}", "in")
    flow.mark_entry("r0", "in")
    return flow


def test_a_flow_that_nothing_starts():
    flow = Flow()
    assert flow.validate() == ["The flow has no routines: there is nothing to run"]
    flow.add_routine(Relay(), "relay")
    flow.connect("relay", "out", "relay", "in")
    problem = flow.validate()[-1]
    assert problem.startswith("Nothing starts the flow: give a routine a slot named 'trigger'")
    flow.mark_entry("relay", "in")
    assert problem not in flow.validate()


def test_a_source_starts_a_flow():
    flow = Flow()
    flow.add_routine(Reader(), "reader")
    flow.add_routine(Routine(), "idle")
    assert not any("starts" in problem for problem in flow.validate())


def test_a_connection_that_was_made_twice():
    flow = ring("reject")
    assert flow.validate() == []
    for _ in range(2):
        flow.connect("r0", "out", "r0", "in")
    (problem,) = flow.validate()
    assert problem.startswith("'r0.out' is connected to 'r0.in' more than once: ")


def test_a_slot_nobody_fills():
    flow = Flow()
    flow.add_routine(Counter(), "counter")
    assert flow.validate()[0] == (
        "Nobody fills slot 'counter.files': connect an event to it, or call "
        "flow.mark_entry('counter', 'files') if items are posted to it"
    )
    flow.mark_entry("counter", "files")
    assert all("fills" not in problem for problem in flow.validate())


def test_a_trigger_is_filled_by_the_runtime():
    flow, routine = Flow(), Routine()
    routine.define_slot("trigger")
    flow.add_routine(routine.set_logic(print))
    assert flow.validate() == []


def test_slots_without_logic():
    flow, routine = Flow(), Routine()
    routine.define_slot("trigger")
    routine.define_slot("in")
    flow.add_routine(routine, "idle")
    flow.mark_entry("idle", "in")
    text = (
        "Nothing takes items from slot 'idle.{}': 'idle' has no logic; give its class a method "
        "logic, or call set_logic()"
    )
    assert flow.validate() == [text.format("trigger"), text.format("in")]
    routine.set_logic(print)
    assert flow.validate() == []


def test_a_routine_with_neither_slots_nor_logic_is_fine():
    flow = Flow()
    flow.source(print)
    flow.add_routine(Routine())
    assert all("Routine" not in problem for problem in flow.validate())


def test_an_event_that_leads_nowhere():
    flow = Flow()
    flow.add_routine(Reader(), "reader")
    assert flow.validate() == [
        "Event 'reader.file' leads nowhere: connect it to a slot, or do not define it"
    ]


def test_a_step_may_lead_nowhere_and_a_source_may_not():
    flow = Flow()
    flow.step(print)
    flow.source(list)
    assert flow.validate() == [
        "Event 'list.out' leads nowhere: connect it to a slot, or do not define it"
    ]


def test_a_batch_larger_than_its_slot():
    flow = Flow(default_slot_max_queue_length=3)
    relay = Relay()
    relay.set_activation_policy(batch_size_policy(4))
    flow.add_routine(relay, "relay")
    assert flow.validate()[1] == (
        "The policy of 'relay' wants 4 items of slot 'relay.in', which holds 3: make the slot "
        "longer or the batch smaller"
    )
    flow.default_slot_max_queue_length = 4
    assert all("policy" not in problem for problem in flow.validate())


@pytest.mark.parametrize("overflows", [(None,), ("block",), ("retry", "block", None)])
def test_a_loop_in_which_every_slot_can_fill_up(overflows):
    (problem,) = ring(*overflows).validate()
    assert problem.startswith("Every slot of the loop ")
    assert " can fill up and hold its producer back" in problem
    for number in range(len(overflows)):
        assert f"r{number}.in" in problem


def test_the_loop_is_told_as_a_walk():
    (problem,) = ring(None, None).validate()
    assert "r1.in -> r0.in -> r1.in" in problem


@pytest.mark.parametrize("overflow", ["reject", "drop_oldest"])
def test_a_loop_with_a_slot_that_never_holds_back_is_fine(overflow):
    assert ring("block", overflow, "retry").validate() == []


def test_a_long_chain_is_no_loop():
    flow = Flow()
    for number in range(2000):
        flow.add_routine(Relay(), f"r{number}")
    for number in range(1999):
        flow.connect(f"r{number}", "out", f"r{number + 1}", "in")
    flow.mark_entry("r0", "in")
    assert flow.validate() == [
        "Event 'r1999.out' leads nowhere: connect it to a slot, or do not define it"
    ]


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20))
def test_a_cycle_is_found_exactly_when_there_is_one(pairs):
    edges: dict[str, list[tuple[str, str]]] = {str(n): [] for n in range(8)}
    for source, target in pairs:
        edges[str(source)].append((str(target), f"{source}>{target}"))
    cycles = list(find_cycles(edges))
    left = {source: {target for target, _ in out} for source, out in edges.items()}
    while ends := [name for name, out in left.items() if not out & left.keys()]:
        for name in ends:
            del left[name]
    assert bool(cycles) == bool(left)
    for cycle in cycles:
        walk = [tuple(name.split(">")) for name in cycle]
        for (_, target), (source, _) in zip(walk, [*walk[1:], walk[0]], strict=True):
            assert target == source


def test_the_builder_chains():
    builder = FlowBuilder("census", on_stall="wait")
    flow = (
        builder.add_routine(Reader(), "reader")
        .add_routine(Counter(), "counter")
        .add_routine(Relay(), "relay")
        .connect("reader", "file", "counter", "files", {"path": "name"}, copy=True)
        .mark_entry("relay", "in")
        .set_error_handler(None)
        .validate()
        .build()
    )
    assert isinstance(flow, Flow)
    assert (flow.flow_id, flow.on_stall) == ("census", "wait")
    assert flow.connections[0].param_mapping == {"path": "name"}
    assert [warning.split(":")[0] for warning in builder.warnings] == [
        "Nothing takes items from slot 'counter.files'",
        "Event 'counter.counted' leads nowhere",
        "Event 'counter.skipped' leads nowhere",
        "Event 'relay.out' leads nowhere",
    ]


def test_the_builder_refuses_what_cannot_work():
    builder = FlowBuilder("census").add_routine(Counter(), "counter").add_routine(Relay(), "relay")
    with pytest.raises(
        ValueError, match=r"Flow 'census' cannot work: .*'counter\.files'.*; .*'relay\.in'"
    ):
        builder.validate()
