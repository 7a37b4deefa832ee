"""What our instruments are called in Prometheus, with which labels; and the ways to traces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from opentelemetry.metrics import CallbackOptions, Observation

from tests.stack.asking import exemplars, names, series, spans, until
from tests.stack.sending import metering, trace_id, tracing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opentelemetry.metrics import Meter

    from tools.backends.stack import Stack

SLOT = {
    "routilux.flow.id": "flow",
    "routilux.routine.id": "parser",
    "routilux.slot.name": "input",
}
LABELS = {
    "job": "stack-test",
    "routilux_flow_id": "flow",
    "routilux_routine_id": "parser",
    "routilux_slot_name": "input",
}
# Name, kind, unit; what Prometheus calls it; its value.
ROWS = [
    ("routilux.slot.queue.size", "gauge", "{item}", "routilux_slot_queue_size", 7),
    ("routilux.slot.queue.utilization", "gauge", "1", "routilux_slot_queue_utilization_ratio", 0.5),
    (
        "routilux.slot.oldest_item.age",
        "gauge",
        "s",
        "routilux_slot_oldest_item_age_seconds",
        1.5,
    ),
    (
        "routilux.slot.items.consumed",
        "counter",
        "{item}",
        "routilux_slot_items_consumed_total",
        12_345,
    ),
    (
        "routilux.slot.enqueue.retries",
        "counter",
        "{retry}",
        "routilux_slot_enqueue_retries_total",
        3,
    ),
    ("routilux.routine.busy.time", "counter", "s", "routilux_routine_busy_time_seconds_total", 2.5),
    ("routilux.job.count", "gauge", "{job}", "routilux_job_count", 4),
    ("routilux.worker.usage", "gauge", "{worker}", "routilux_worker_usage", 2),
    ("routilux.breakpoint.hits", "counter", "{hit}", "routilux_breakpoint_hits_total", 1),
    ("routilux.telemetry.dropped", "counter", "{record}", "routilux_telemetry_dropped_total", 9),
]
HISTOGRAM = "routilux_activation_duration_seconds"


def observe(meter: Meter, name: str, kind: str, unit: str, value: float) -> None:
    """Register an observable instrument that always shows `value`."""

    def callback(_options: CallbackOptions) -> Iterable[Observation]:
        return [Observation(value, SLOT)]

    create = meter.create_observable_counter if kind == "counter" else meter.create_observable_gauge
    create(name, [callback], unit, "In a test.")


@pytest.fixture(scope="module")
def sent(stack: Stack) -> str:
    """One of each is sent; returns the id of the trace that the histogram points to."""
    with tracing(stack, "names") as tracer, metering(stack, "names") as meter:
        for name, kind, unit, _, value in ROWS:
            observe(meter, name, kind, unit, value)
        histogram = meter.create_histogram("routilux.activation.duration", "s", "In a test.")
        # A pause keeps the trace, see test_sampling.
        with tracer.start_as_current_span("pause flow") as span:
            histogram.record(0.3, SLOT)
            histogram.record(0.7, SLOT)
    return trace_id(span)


@pytest.mark.parametrize(("name", "value"), [row[3:] for row in ROWS])
def test_an_instrument_has_its_name_labels_and_value(stack, sent, name, value):
    (found,) = until(lambda: series(stack, f'{name}{{instance="names"}}'))
    assert found == ({"__name__": name, "instance": "names", **LABELS}, value)


def test_a_histogram_has_its_name_and_seconds(stack, sent):
    (total,) = until(lambda: series(stack, f'{HISTOGRAM}_sum{{instance="names"}}'))
    (count,) = series(stack, f'{HISTOGRAM}_count{{instance="names"}}')
    assert (total[1], count[1]) == (pytest.approx(1.0), 2)
    assert series(stack, f'{HISTOGRAM}_bucket{{instance="names",le="+Inf"}}')[0][1] == 2


def test_there_are_no_other_names(stack, sent):
    until(lambda: series(stack, f'{HISTOGRAM}_sum{{instance="names"}}'))
    ours = {labels["__name__"] for labels, _ in series(stack, '{instance="names"}')}
    expected = {row[3] for row in ROWS}
    expected |= {f"{HISTOGRAM}_{end}" for end in ("bucket", "sum", "count")}
    assert {name for name in ours if name.startswith("routilux")} == expected
    assert names(stack, "routilux_slot_queue_size") == {"routilux_slot_queue_size"}


def test_the_rest_of_the_resource_is_on_target_info(stack, sent):
    (info,) = until(lambda: series(stack, 'target_info{instance="names"}'))
    assert info[0]["service_version"] == "1.2.3"
    assert info[0]["job"] == "stack-test"


def test_an_exemplar_points_to_a_trace_that_jaeger_has(stack, sent):
    found = until(lambda: exemplars(stack, f'{HISTOGRAM}_bucket{{instance="names"}}'))
    assert {each["labels"]["trace_id"] for each in found} == {sent}
    assert {float(each["value"]) for each in found} <= {0.3, 0.7}
    (span,) = until(lambda: spans(stack, sent))
    assert {each["labels"]["span_id"] for each in found} == {span["spanID"]}


def test_span_metrics_know_flow_and_routine(stack):
    with (
        tracing(stack, "figures") as tracer,
        tracer.start_as_current_span(
            "process parser",
            attributes={"routilux.flow.id": "flow", "routilux.routine.id": "parser"},
        ) as span,
    ):
        pass
    # A counter begins with a point of 0, so that its first span counts in a rate.
    query = 'traces_span_metrics_calls_total{instance="figures"} > 0'
    ((labels, value),) = until(lambda: series(stack, query))
    assert value == 1
    assert {
        "job": "stack-test",
        "span_name": "process parser",
        "routilux_flow_id": "flow",
        "routilux_routine_id": "parser",
        "status_code": "STATUS_CODE_UNSET",
    }.items() <= labels.items()
    query = 'traces_span_metrics_duration_seconds_bucket{instance="figures"}'
    assert {each["labels"]["trace_id"] for each in until(lambda: exemplars(stack, query))} == {
        trace_id(span)
    }
