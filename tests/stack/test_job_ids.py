"""Job ids are on the two counters of jobs in trouble, and on no other metric."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stack.asking import series, until
from tests.stack.sending import metering

if TYPE_CHECKING:
    from tools.backends.stack import Stack

JOB, FLOW = "routilux.job.id", "routilux.flow.id"
KEPT = {"routilux.job.enqueue.retries": "{retry}", "routilux.job.items.refused": "{item}"}


@pytest.fixture(scope="module")
def sent(stack: Stack) -> str:
    """Two jobs on every kind of instrument; returns the instance."""
    with metering(stack, "job-ids") as meter:
        counters = [meter.create_counter(name, unit) for name, unit in KEPT.items()]
        counters.append(meter.create_counter("user.orders", "{order}"))
        gauge = meter.create_up_down_counter("user.open", "{order}")
        histogram = meter.create_histogram("user.latency", "s")
        for job, amount in (("a", 1), ("b", 2)):
            attributes = {JOB: job, FLOW: "flow"}
            for counter in (*counters, gauge):
                counter.add(amount, attributes)
            histogram.record(amount, attributes)
    return "job-ids"


@pytest.mark.parametrize(
    "name", ["routilux_job_enqueue_retries_total", "routilux_job_items_refused_total"]
)
def test_a_job_counter_names_its_jobs(stack, sent, name):
    found = until(lambda: series(stack, f'{name}{{instance="{sent}"}}'))
    assert {labels["routilux_job_id"]: value for labels, value in found} == {"a": 1, "b": 2}


@pytest.mark.parametrize("name", ["user_orders_total", "user_open", "user_latency_seconds_sum"])
def test_points_without_their_job_ids_are_added_up(stack, sent, name):
    ((labels, value),) = until(lambda: series(stack, f'{name}{{instance="{sent}"}}'))
    assert value == 3
    assert "routilux_job_id" not in labels
    assert labels["routilux_flow_id"] == "flow"


def test_no_other_series_has_a_job_id(stack, sent):
    until(lambda: series(stack, f'user_latency_seconds_sum{{instance="{sent}"}}'))
    named = {labels["__name__"] for labels, _ in series(stack, '{routilux_job_id!="",job!=""}')}
    assert named == {"routilux_job_enqueue_retries_total", "routilux_job_items_refused_total"}
