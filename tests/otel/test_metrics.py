"""One reading for each collection, and the table as observables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from routilux.engine.ledger import Ledger
from routilux.monitoring.instruments import INSTRUMENTS
from routilux_otel.metrics import Collection, observe
from tests.monitoring.samples import make_flow, make_runtime

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def reader() -> InMemoryMetricReader:
    return InMemoryMetricReader()


@pytest.fixture
def provider(reader: InMemoryMetricReader) -> Iterator[MeterProvider]:
    made = MeterProvider([reader], shutdown_on_exit=False)
    yield made
    made.shutdown()


def collect(reader: InMemoryMetricReader) -> dict[str, dict[str, Any]]:
    """The values by instrument and flow, summed over all else."""
    data = reader.get_metrics_data()
    if data is None:
        return {}
    found: dict[str, dict[str, Any]] = {}
    for resource in data.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                values = found.setdefault(metric.name, {})
                for point in metric.data.data_points:
                    flow_id = str((point.attributes or {}).get("routilux.flow.id"))
                    values[flow_id] = values.get(flow_id, 0) + point.value
    return found


def test_a_collection_takes_one_reading(
    provider: MeterProvider, reader: InMemoryMetricReader
) -> None:
    ledger = Ledger()
    runtime = make_runtime(ledger)
    collection = observe(provider, ledger).collection
    runtime.exec(make_flow())
    for number in range(1, 4):
        collect(reader)
        assert collection.readings == number


def test_all_points_of_a_collection_are_of_one_moment() -> None:
    ledger = Ledger()
    runtime = make_runtime(ledger)
    job = runtime.exec(make_flow(count=0), keep_open=True)
    job.live.flow.routines["sink"].set_activation_policy(lambda slots, job_state: (False, {}, None))
    collection = Collection(ledger)
    seen = []
    for row in INSTRUMENTS:
        seen.append(collection.reading_for(row.name))
        runtime.exec(make_flow())
        runtime.run_until_idle()
    assert all(reading is seen[0] for reading in seen)
    assert collection.reading_for(INSTRUMENTS[0].name) is not seen[0]


def test_an_instrument_that_asks_again_begins_a_collection() -> None:
    collection = Collection(Ledger())
    first = collection.reading_for("a")
    assert collection.reading_for("b") is first
    assert collection.reading_for("b") is not first
    assert collection.readings == 2


def test_observing_twice_is_observing_once(
    provider: MeterProvider, reader: InMemoryMetricReader
) -> None:
    ledger = Ledger()
    runtime = make_runtime(ledger)
    assert observe(provider, ledger) is observe(provider, ledger)
    runtime.exec(make_flow())
    runtime.run_until_idle()
    assert collect(reader)["routilux.slot.items.consumed"] == {"flow": 25}


def test_gauges_end_with_their_job_and_counters_stay(
    provider: MeterProvider, reader: InMemoryMetricReader
) -> None:
    ledger = Ledger()
    runtime = make_runtime(ledger)
    observe(provider, ledger)
    job = runtime.exec(make_flow(), start_paused=True)
    assert collect(reader)["routilux.slot.queue.limit"] == {"flow": 10}
    assert collect(reader)["routilux.job.count"] == {"flow": 1}
    job.resume()
    runtime.run_until_idle()
    runtime.shutdown()
    after = collect(reader)
    assert after["routilux.slot.items.offered"] == {"flow": 25}
    assert not [name for name in after if ".queue." in name or ".job.count" in name]


def test_a_churn_of_jobs_leaves_the_figures_of_the_flow_exact(
    provider: MeterProvider, reader: InMemoryMetricReader
) -> None:
    ledger = Ledger()
    runtime = make_runtime(ledger)
    observe(provider, ledger)
    flow = make_flow(count=2)
    for _ in range(50):
        for _ in range(10):
            runtime.exec(flow)
        runtime.run_until_idle()
        collect(reader)
    assert collect(reader)["routilux.slot.items.consumed"] == {"flow": 1_000}


def test_a_flow_that_is_registered_again_goes_on_counting(
    provider: MeterProvider, reader: InMemoryMetricReader
) -> None:
    ledger = Ledger()
    runtime = make_runtime(ledger)
    observe(provider, ledger)
    for _ in range(3):
        flow = make_flow()
        runtime.flows.unregister(flow.flow_id)
        runtime.flows.register(flow)
        runtime.exec(flow)
        runtime.run_until_idle()
        collect(reader)
    assert collect(reader)["routilux.slot.items.consumed"] == {"flow": 75}


def test_a_job_that_begins_and_ends_between_two_collections_is_counted_once(
    provider: MeterProvider, reader: InMemoryMetricReader
) -> None:
    ledger = Ledger()
    runtime = make_runtime(ledger)
    observe(provider, ledger)
    seen = [collect(reader).get("routilux.slot.items.consumed")]
    for _ in range(3):
        runtime.exec(make_flow())
        runtime.run_until_idle()
        found = collect(reader)
        seen.append(found["routilux.slot.items.consumed"])
        assert not [name for name in found if ".queue." in name]
    assert seen == [None, {"flow": 25}, {"flow": 50}, {"flow": 75}]


def test_two_runtimes_of_one_ledger_are_added_up(
    provider: MeterProvider, reader: InMemoryMetricReader
) -> None:
    ledger = Ledger()
    one, two = make_runtime(ledger), make_runtime(ledger, seed=1)
    observe(provider, ledger)
    jobs = [each.exec(make_flow(), start_paused=True) for each in (one, two)]
    assert collect(reader)["routilux.slot.queue.limit"] == {"flow": 20}
    for job, each in zip(jobs, (one, two), strict=True):
        job.resume()
        each.run_until_idle()
    assert collect(reader)["routilux.slot.items.consumed"] == {"flow": 50}
