"""Many short jobs: the figures of the flow are exact, and the series stay few."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from routilux import Flow, Runtime
from routilux.engine.job_sets import JOB_SET_LIMIT
from routilux.engine.ledger import Ledger
from routilux.flow_registry import FlowRegistry
from routilux.stores import JobStore
from routilux_otel import RoutiluxInstrumentor
from routilux_otel.histograms import MetricsHook
from routilux_otel.metrics import observe
from routilux_otel.tracing import TraceHook
from tests.engine.parts import LONG_S, made, source
from tests.otel.parts import Memory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routilux.hooks import HookSet

ITEMS = 3  # of a job; one of them has no room
AT_ONCE = 500
IN_TURN = 10_000


def short_flow() -> Flow:
    """A job of it refuses one item, and takes two."""
    flow = Flow("short")
    flow.add_routine(source(range(ITEMS)), "source")
    sink = made(lambda items: None, max_queue_length=2, overflow="reject")
    sink.set_activation_policy(
        lambda slots, job: (job.draining, {"in": slots["in"].consume_all_new()}, None)
    )
    flow.add_routine(sink, "sink")
    flow.connect("source", "out", "sink", "in")
    return flow


@pytest.fixture
def watched(caplog: pytest.LogCaptureFixture) -> Iterator[tuple[Runtime, Memory]]:
    """A runtime with a ledger of its own, and its telemetry; few of its jobs are kept."""
    caplog.set_level(logging.CRITICAL, "routilux")
    ledger, memory, instrumentor = Ledger(), Memory(), RoutiluxInstrumentor()
    observe(memory.meters, ledger)  # before the instrumentor would, for the process
    with Runtime(4, flows=FlowRegistry(), jobs=JobStore(10), ledger=ledger) as runtime:
        instrumentor.instrument(hooks=runtime.hooks, level="jobs", **memory.providers)
        yield runtime, memory
        instrumentor.uninstrument()
    memory.close()


def check(memory: Memory, hooks: HookSet, jobs: int) -> None:
    """Everything is exact, and bounded."""
    metrics = memory.metrics()

    def sums(name: str) -> list[tuple[dict[str, Any], float]]:
        return [(dict(each.attributes), each.value) for each in metrics[name].data.data_points]

    of_sink = {
        "routilux.flow.id": "short",
        "routilux.routine.id": "sink",
        "routilux.slot.name": "in",
    }
    assert sums("routilux.slot.items.offered") == [(of_sink, ITEMS * jobs)]
    assert sums("routilux.slot.items.consumed") == [(of_sink, 2 * jobs)]
    assert sums("routilux.slot.items.refused") == [({**of_sink, "error.type": "rejected"}, jobs)]
    by_job = sums("routilux.job.items.refused")
    assert sum(value for _, value in by_job) == jobs
    assert len(by_job) == min(jobs, JOB_SET_LIMIT + 1)
    others = [value for facts, value in by_job if facts["routilux.job.id"] == "_other"]
    assert others == ([jobs - JOB_SET_LIMIT] if jobs > JOB_SET_LIMIT else [])
    assert not [name for name in metrics if name == "routilux.job.count"]
    for metric in metrics.values():
        assert len(metric.data.data_points) <= JOB_SET_LIMIT + 1
        for point in metric.data.data_points:
            assert "otel.metric.overflow" not in point.attributes
    for hook in hooks._hooks:
        if isinstance(hook, TraceHook):
            assert not hook._traces
        if isinstance(hook, MetricsHook):
            assert set(hook._rates) <= {("short",), ("short", "source"), ("short", "sink")}
            assert len(hook._rates) < 10


def test_ten_thousand_jobs_one_after_another(watched: tuple[Runtime, Memory]) -> None:
    runtime, memory = watched
    flow = short_flow()
    for number in range(IN_TURN):
        assert runtime.exec(flow).wait(LONG_S)
        if not number % 1_000:
            memory.metrics()
            memory.exporter.clear()
    check(memory, runtime.hooks, IN_TURN)


def test_five_hundred_jobs_at_once(watched: tuple[Runtime, Memory]) -> None:
    runtime, memory = watched
    flow = short_flow()
    jobs = [runtime.exec(flow) for _ in range(AT_ONCE)]
    assert all(job.wait(LONG_S) for job in jobs)
    check(memory, runtime.hooks, AT_ONCE)
    assert len(memory.spans("job short")) == AT_ONCE
