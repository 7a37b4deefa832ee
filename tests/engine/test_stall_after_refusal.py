"""A stall that only shows after a refusal: one leg of a fan-out gives up, the other never can."""

from __future__ import annotations

from routilux import Flow, Routine
from routilux.activation_policies import batch_size_policy
from routilux.status import ExecutionStatus
from routilux.testing import StepRuntime


class Pair(Routine):
    def logic(self) -> None:
        for number in range(2):
            self.emit("out", number=number)


def taker(overflow: str) -> Routine:
    routine = Routine().set_logic(lambda items: None).set_activation_policy(batch_size_policy(2))
    routine.define_slot("items", 1, overflow=overflow)
    return routine


def test_a_job_is_stalled_once_the_retry_slot_has_refused_and_the_block_slot_never_will() -> None:
    flow = Flow("stalls-late")
    source = Pair()
    source.define_event("out")
    flow.add_routine(source, "source")
    for overflow in ("block", "retry"):
        flow.add_routine(taker(overflow), overflow)
        flow.connect("source", "out", overflow, "items")
    with StepRuntime() as runtime:
        job = runtime.exec(flow)
        assert job.wait(10)
    assert job.status is ExecutionStatus.FAILED
    assert job.error_type == "StalledError"
    assert [letter.routine_id for letter in job.dead_letters.list("queue_full")] == ["retry"]
    blocked = job.slot("block", "items").metrics()
    assert (blocked.unconsumed, blocked.refused_by) == (1, {"cancelled": 1})
