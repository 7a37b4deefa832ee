"""The benchmarks' flows at tiny sizes: each delivers what it should, and measures something."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.child import Options, WrongResultError
from benchmarks.figures import FIGURES
from benchmarks.flows import (
    debugging,
    event_streams,
    exporting,
    gate,
    live_jobs,
    newcomer,
    pausing,
    queue_status,
    relay,
    short_slots,
    telemetry,
    throughput,
    waiter,
)
from benchmarks.flows.collectors import KINDS
from benchmarks.flows.endless import grid
from benchmarks.flows.running import finish, stop
from benchmarks.model import Spec
from benchmarks.process import measure
from routilux import ExecutionStatus, Flow, Routine, Runtime

if TYPE_CHECKING:
    from types import ModuleType

POOLS = [1, 4, 0]
MODULES: dict[str, ModuleType] = {
    f"flows.{module.__name__.rpartition('.')[2]}": module
    for module in (
        debugging,
        event_streams,
        exporting,
        gate,
        live_jobs,
        newcomer,
        pausing,
        queue_status,
        relay,
        short_slots,
        telemetry,
        throughput,
        waiter,
    )
}


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("form", ["emit", "many", "step"])
def test_a_delivers_every_item(form: str, pool: int) -> None:
    # More than two slots hold, so that producers wait.
    reading = throughput.WORKLOADS[f"A-{form}"](Options(2_500, pool=pool))
    assert reading["items"] == 2_500


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("form", ["emit", "many"])
def test_b_delivers_every_item_ten_times(form: str, pool: int) -> None:
    reading = throughput.WORKLOADS[f"B-{form}"](Options(150, pool=pool))
    assert reading["items"] == 1_500


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("form", ["emit", "many"])
def test_d_delivers_the_items_of_every_job(form: str, pool: int) -> None:
    reading = throughput.WORKLOADS[f"D-{form}"](Options(20, jobs=9, pool=pool))
    assert reading["items"] == 180


def test_c_notes_the_age_of_every_item() -> None:
    reading = relay.WORKLOADS["C"](Options(5, pool=4))
    assert reading["samples"] == 5
    assert 0 < reading["p50_us"] <= reading["p99_us"]


def test_slots_of_length_one_on_one_worker_deliver_every_item() -> None:
    assert short_slots.WORKLOADS["length_one"](Options(50, pool=1))["items"] == 50


def test_live_jobs_get_their_items_in_turn() -> None:
    assert live_jobs.WORKLOADS["in_turn"](Options(40, jobs=20, pool=4))["items"] == 40


def test_the_gate_is_measured_in_nanoseconds() -> None:
    reading = gate.WORKLOADS["gate"](Options(50, pool=4))
    assert set(reading) == {"test_ns", "enqueue_ns"}


def test_a_producer_that_waits_is_timed() -> None:
    reading = waiter.WORKLOADS["sleeping"](Options(10, pool=4))
    assert reading["samples"] >= 5


def test_only_an_emit_that_waited_counts() -> None:
    # The emits of items 1 to 3; room came before, during and after them.
    emits = [(0, 1), (10, 20), (30, 40), (50, 60)]
    assert waiter.waits_ns(emits, started_ns=[5, 33, 70]) == [7]


@pytest.mark.parametrize("kind", ["short", "endless"])
def test_a_busy_job_is_paused_and_stands_still(kind: str) -> None:
    assert pausing.WORKLOADS[kind](Options(3, pool=4))["samples"] == 3


def test_the_state_of_queues_is_asked_over_http() -> None:
    assert queue_status.WORKLOADS["waiting"](Options(3, pool=4))["samples"] == 3


@pytest.mark.parametrize("count", [0, 3])
def test_a_job_is_watched_to_its_end(count: int) -> None:
    assert event_streams.watched(Options(2_500, pool=4), count)["items"] == 2_500


def test_many_ask_at_once_about_a_paused_job() -> None:
    assert queue_status.WORKLOADS["fifty"](Options(60, pool=4))["samples"] == 60


@pytest.mark.parametrize("name", ["resume", "hit", "condition"])
def test_the_debugger_is_measured(name: str) -> None:
    assert debugging.WORKLOADS[name](Options(5, pool=4))["samples"] >= 5


@pytest.mark.parametrize("name", ["far", "near"])
def test_breakpoints_elsewhere_lose_nothing(name: str) -> None:
    assert debugging.WORKLOADS[name](Options(500, pool=4))["items"] == 500


@pytest.mark.parametrize("kind", KINDS)
def test_a_collector_in_trouble_costs_no_item(kind: str) -> None:
    """In a process of its own, as in the benchmark: telemetry can be set up only once."""
    assert measure(Spec("flows.exporting", f"A-{kind}", 2_500, pool=4))["items"] == 2_500


def test_newcomers_are_served_beside_endless_sources() -> None:
    assert newcomer.WORKLOADS["newcomer"](Options(3, pool=4))["samples"] == 3


def test_a_grid_has_as_many_slots_as_it_says() -> None:
    flow = grid(chains=3, length=4)
    slots = [slot for routine in flow.routines.values() for slot in routine.slots.values()]
    assert len(slots) == 12


def test_an_endless_job_can_be_stopped() -> None:
    with Runtime(thread_pool_size=2) as runtime:
        job = runtime.exec(grid(1, 2))
        stop(job)
    assert job.status is ExecutionStatus.CANCELLED


def test_a_job_that_fails_is_no_figure() -> None:
    def fail() -> None:
        raise RuntimeError("broken on purpose")

    flow = Flow("failing")
    flow.add_routine(Routine().set_logic(fail), "source")
    with (
        Runtime(thread_pool_size=1) as runtime,
        pytest.raises(WrongResultError, match="broken on purpose"),
    ):
        finish(runtime.exec(flow))


def test_every_figure_of_the_engine_names_a_workload_that_exists() -> None:
    specs = [figure.experiment.subject for figure in FIGURES if not figure.extra]
    named = {(spec.module, spec.workload) for spec in specs if spec.module in MODULES}
    assert {module for module, _ in named} == set(MODULES)
    for module, workload in named:
        assert workload in MODULES[module].WORKLOADS
