"""The bottleneck of a job in which nothing waits yet."""

from __future__ import annotations

from routilux import Flow
from routilux.testing import CollectingSink, StepRuntime


def test_empty_slots_behind_a_source_are_no_bottleneck():
    flow = Flow("numbers")

    @flow.source
    def numbers():
        return range(4)

    flow.add_routine(CollectingSink(), "sink")
    flow.connect("numbers", "out", "sink", "items")
    with StepRuntime() as runtime:
        job = runtime.exec(flow, start_paused=True)
        diagnosis = job.diagnose()
        assert (diagnosis.bottleneck, diagnosis.chain, diagnosis.status) == (None, (), "paused")
        job.resume()
    assert job.diagnose().bottleneck is None
