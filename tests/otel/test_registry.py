"""What is emitted against the registry, in both directions: names, kinds, units, attributes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.sdk.metrics.export import Gauge, Histogram, Sum

from routilux import ErrorHandler
from routilux.monitoring.instruments import INSTRUMENTS
from routilux.slot import SlotQueueFullError
from routilux.testing import StepRuntime
from routilux_otel import RoutiluxInstrumentor, registry
from routilux_otel.losses import PROCESS_LOSSES
from tests.engine.parts import line, made, never, source
from tests.otel.parts import Memory
from tools.telemetry_page import PATH, page

if TYPE_CHECKING:
    from collections.abc import Iterator

TYPES = {
    "string": str,
    "int": int,
    "double": float,
    "boolean": bool,
    "string[]": str,
    "int[]": int,
}


@pytest.fixture
def eventful(caplog: pytest.LogCaptureFixture) -> Iterator[Memory]:
    """The telemetry of jobs in which everything happens that can."""
    caplog.set_level(logging.CRITICAL, "routilux")
    rt, memory, instrumentor = StepRuntime(), Memory(), RoutiluxInstrumentor()
    instrumentor.instrument(hooks=rt.hooks, capture_payloads=True, **memory.providers)
    PROCESS_LOSSES.add("traces", "queue_full")

    def flaky(items: list[int]) -> None:
        rt.clock.advance(1)
        raise ValueError("no")

    handler = ErrorHandler("retry", max_retries=1)
    job = rt.exec(
        line(source(range(9)), made(flaky, errors=handler, max_queue_length=1, overflow="block")),
        start_paused=True,
    )
    job.breakpoints.add("slot", "r1", slot_name="in", log_message="v={data}")
    job.breakpoints.add("slot", "r1", slot_name="in", one_shot=True)
    job.resume("go", identity="ann")
    rt.run_until_idle()
    job.pause("look", identity="ann")
    job.debug.resume()
    job.resume()
    assert job.wait()
    stopped = rt.exec(line(source([1]), made(flaky, errors=ErrorHandler("stop"))))
    assert stopped.wait()
    full = rt.exec(
        line(source(range(40)), made(policy=never, max_queue_length=1, overflow="reject")),
        keep_open=True,
    )
    rt.run_until_idle()
    with pytest.raises(SlotQueueFullError):
        full.post("r1", "in", 1)
    yield memory
    full.cancel()
    instrumentor.uninstrument()
    memory.close()


def check(facts: dict[str, Any], must: tuple[str, ...], may: tuple[str, ...]) -> None:
    """Attributes are those of a row, each of its type."""
    assert set(must) <= set(facts) <= {*must, *may}
    known = {each.name: each for each in registry.ATTRIBUTES}
    for name, value in facts.items():
        kind = known[name].type
        values = value if kind.endswith("[]") else [value]
        assert all(type(each) is TYPES[kind] for each in values), (name, value)


def test_spans_are_those_of_the_registry(eventful: Memory) -> None:
    rows = {row.prefix: row for row in registry.SPANS}
    emitted = set()
    for span in eventful.spans():
        row = rows[span.name.split()[0]]
        emitted.add(row.prefix)
        assert span.kind.name == row.kind
        check(dict(span.attributes or {}), row.attributes, row.may)
    assert emitted == set(rows)


def test_span_events_are_those_of_the_registry(eventful: Memory) -> None:
    rows = {row.name: row for row in registry.EVENTS}
    emitted = set()
    for span in eventful.spans():
        for event in span.events:
            row = rows[event.name]
            emitted.add(row.name)
            check(dict(event.attributes or {}), row.attributes, row.may)
    assert emitted == set(rows)


def test_metrics_are_those_of_the_registry(eventful: Memory) -> None:
    observed: dict[str, tuple[str, str, tuple[str, ...]]] = {
        row.name: (row.kind, row.unit, row.attributes) for row in INSTRUMENTS
    }
    observed.update(
        {row.name: ("histogram", row.unit, row.attributes) for row in registry.HISTOGRAMS}
    )
    observed[registry.DROPPED] = (
        "counter", registry.DROPPED_UNIT, (registry.SIGNAL, registry.LOSS_REASON),
    )  # fmt: skip
    emitted = eventful.metrics()
    for name, metric in emitted.items():
        kind, unit, attributes = observed[name]
        data = {"gauge": Gauge, "counter": Sum, "histogram": Histogram}[kind]
        assert (type(metric.data), metric.unit) == (data, unit)
        for point in metric.data.data_points:
            assert set(point.attributes) == set(attributes), name
            assert all(isinstance(value, str) for value in point.attributes.values())
    assert set(emitted) == set(observed)


def test_every_attribute_is_used_by_a_row_and_every_row_knows_its_attributes() -> None:
    used = {
        name for row in (*registry.SPANS, *registry.EVENTS) for name in (*row.attributes, *row.may)
    }
    listed = [each.name for each in registry.ATTRIBUTES]
    of_metrics = {name for row in registry.HISTOGRAMS for name in row.attributes}
    assert len(listed) == len(set(listed))
    assert used <= set(listed) <= used | of_metrics


@pytest.mark.parametrize(
    "row", [*registry.SPANS, *registry.EVENTS, *registry.HISTOGRAMS, *registry.ATTRIBUTES]
)
def test_every_row_says_what_it_means(row: Any) -> None:
    assert row.meaning.endswith(".")
    assert row.meaning[0].isupper()


def test_the_reference_page_is_made_from_the_registry() -> None:
    assert PATH.read_text("utf-8") == page(), "run `make telemetry`"


def test_the_reference_page_names_everything() -> None:
    told = page()
    rows = (*INSTRUMENTS, *registry.HISTOGRAMS, *registry.EVENTS, *registry.ATTRIBUTES)
    for row in rows:
        assert f"`{row.name}`" in told
