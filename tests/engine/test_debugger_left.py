"""What is left of a hit when a part of it is gone: an item was dropped, or a breakpoint removed."""

from __future__ import annotations

from routilux import Flow
from routilux.status import ExecutionStatus
from routilux.testing import CollectingSink
from tests.engine.parts import source
from tests.engine.test_promise_5_breakpoints import check_books, edge, event, paused_before


def fork(items, first=None, second=None):
    """A source ``s`` that feeds the sinks ``x`` and ``y``, with these mappings."""
    flow = Flow("fork")
    sinks = CollectingSink(), CollectingSink()
    flow.add_routine(source(items), "s")
    for name, sink, mapping in zip("xy", sinks, (first, second), strict=True):
        flow.add_routine(sink, name)
        flow.connect("s", "out", name, "items", mapping)
    return flow, *sinks


def test_an_edit_of_an_event_maps_for_the_slots_whose_items_are_left(rt):
    flow, x, y = fork([{"a": 1}], {"a": "b"}, {"a": "c"})
    job, *_ = paused_before(rt, flow, event("s", "out"), edge("s", "out", "x", "items"))
    rt.run_until_idle()
    at_event, at_edge = job.debug.hits
    job.debug.drop(at_edge.id)
    job.debug.edit({"a": 2}, at_event.id)
    job.debug.resume()
    rt.run_until_idle()
    assert (x.received, y.received) == ([], [{"c": 2}])
    assert job.status is ExecutionStatus.COMPLETED
    check_books(job)
