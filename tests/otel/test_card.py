"""The card of the product, point by point, against what an OTLP receiver got."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider

from routilux.api.main import create_app
from routilux.engine.ledger import Ledger
from routilux.flow_registry import FlowRegistry
from routilux.stores import JobStore
from routilux.testing import StepRuntime
from routilux_otel import RoutiluxInstrumentor
from routilux_otel.losses import Losses
from routilux_otel.metrics import observe
from routilux_otel.queues import SpanQueue
from routilux_otel.settings import QueueLimits
from tests.otel.paused_program import make_flow
from tests.otel.receivers import HttpReceiver, Points, points

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routilux import JobState

FOREVER_MS = 1e9


class Watched:
    """A census that is paused half way, with its HTTP face, and all that it sends."""

    def __init__(self, receiver: HttpReceiver) -> None:
        self.receiver = receiver
        ledger = Ledger()
        exporter = OTLPMetricExporter(f"{receiver.endpoint}/v1/metrics")
        self.meters = MeterProvider(
            [PeriodicExportingMetricReader(exporter, FOREVER_MS)], shutdown_on_exit=False
        )
        self.tracers = TracerProvider(shutdown_on_exit=False)
        spans = OTLPSpanExporter(f"{receiver.endpoint}/v1/traces")
        self.tracers.add_span_processor(SpanQueue(spans, Losses(), QueueLimits()))
        observe(self.meters, ledger)
        flow, walk = make_flow()
        flows = FlowRegistry()
        flows.register(flow)
        self.runtime = StepRuntime(seed=1, ledger=ledger, flows=flows, jobs=JobStore())
        self.instrumentor = RoutiluxInstrumentor()
        self.instrumentor.instrument(
            hooks=self.runtime.hooks, meter_provider=self.meters, tracer_provider=self.tracers
        )
        self.client = TestClient(create_app(self.runtime), base_url="http://127.0.0.1")
        self.job: JobState = self.runtime.exec(flow)
        walk.pause_job = lambda: self.job.pause("half way") and None  # type: ignore[method-assign]
        self.runtime.run_until_idle()
        self.runtime.clock.advance(1)

    def get(self, path: str) -> Any:
        answer = self.client.get(path)
        assert answer.status_code == 200
        return answer.json()

    def points(self) -> Points:
        """What is exported now."""
        assert self.meters.force_flush()
        return points(self.receiver.last())

    def spans(self, prefix: str) -> list[Any]:
        """Ended spans whose name begins so."""
        assert self.tracers.force_flush()
        return [span for span in self.receiver.spans() if span.name.startswith(prefix)]

    def close(self) -> None:
        self.runtime.shutdown(wait=False)
        self.instrumentor.uninstrument()
        self.meters.shutdown()
        self.tracers.shutdown()


@pytest.fixture
def watched(caplog: pytest.LogCaptureFixture) -> Iterator[Watched]:
    caplog.set_level(logging.CRITICAL)
    with HttpReceiver() as receiver:
        found = Watched(receiver)
        yield found
        found.close()


def plain(attributes: Any) -> dict[str, Any]:
    """Attributes of OTLP as values."""
    return {each.key: _value(each.value) for each in attributes}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(each) for each in value.array_value.values]
    return getattr(value, kind)


def of_slots(sent: Points, name: str) -> dict[tuple[str, str], float]:
    """The points of an instrument by routine and slot."""
    found = {}
    for (instrument, attributes), value in sent.items():
        if instrument == name:
            of = dict(attributes)
            found[of["routilux.routine.id"], of["routilux.slot.name"]] = value
    return found


def test_size_usage_and_unconsumed_are_gauges_and_equal_rest_metrics_and_the_pause(
    watched: Watched,
) -> None:
    sent = watched.points()
    status = watched.get(f"/api/jobs/{watched.job.job_id}/queues/status")["slots"]
    (pause,) = watched.spans("pause census")
    facts = plain(pause.attributes)
    told = dict(
        zip(
            facts["routilux.snapshot.slots"],
            zip(
                facts["routilux.snapshot.sizes"],
                facts["routilux.snapshot.unconsumed"],
                facts["routilux.snapshot.limits"],
                facts["routilux.snapshot.held"],
                strict=True,
            ),
            strict=True,
        )
    )
    assert len(status) == len(told) == 2
    exposed = watched.client.get("/metrics").text
    point = watched.job.pause_points[-1]["slot_queue_states"]
    for slot in status:
        place = slot["routine_id"], slot["slot_name"]
        size, unconsumed, limit, held = told[".".join(place)]
        gauges = [
            of_slots(sent, f"routilux.slot.queue.{name}")[place]
            for name in ("size", "unconsumed", "limit", "utilization")
        ]
        assert gauges == [size, unconsumed, limit, unconsumed / limit]
        assert (slot["queue_size"], slot["unconsumed_count"], slot["max_length"]) == (
            size, unconsumed, limit,
        )  # fmt: skip
        assert round(size / limit * 100, 2) == slot["usage_percent"]
        state = point[place[0]][place[1]]
        assert (state["queue_size"], state["unconsumed_count"]) == (size, unconsumed)
        assert of_slots(sent, "routilux.slot.queue.held")[place] >= held
        line = (
            f'routilux_slot_queue_unconsumed{{routilux_flow_id="census",'
            f'routilux_routine_id="{place[0]}",routilux_slot_name="{place[1]}"}} {unconsumed}'
        )
        assert line in exposed


def test_each_retry_and_each_refused_item_is_an_event_and_is_counted_for_the_job(
    watched: Watched,
) -> None:
    watched.job.resume()
    watched.runtime.run_until_idle()
    sent = watched.points()
    assert watched.job.status == "completed"
    events: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for span in watched.spans("process "):
        for event in span.events:
            events.setdefault(event.name, []).append((span.name, plain(event.attributes)))
    by_job = {
        (name, dict(attributes)["routilux.job.id"], dict(attributes).get("error.type")): value
        for (name, attributes), value in sent.items()
        if name.startswith("routilux.job.") and "routilux.job.id" in dict(attributes)
    }
    retries = events["routilux.slot.enqueue.retry"]
    assert {name for name, _ in retries} == {"process walk"}
    assert by_job["routilux.job.enqueue.retries", watched.job.job_id, None] == len(retries)
    refusals = [
        (name, facts)
        for name, facts in events["routilux.slot.item.refused"]
        if facts["error.type"] == "rejected"
    ]
    assert {name for name, _ in refusals} == {"process read"}
    refused = sum(facts["routilux.item.count"] for _, facts in refusals)
    counted = by_job["routilux.job.items.refused", watched.job.job_id, "rejected"]
    assert counted == refused > 0


def test_a_resume_carries_the_warnings_and_a_link_to_its_pause(watched: Watched) -> None:
    answer = watched.client.post(f"/api/jobs/{watched.job.job_id}/resume").json()
    (pause,), (resume,) = watched.spans("pause census"), watched.spans("resume census")
    facts = plain(resume.attributes)
    assert facts["routilux.resume.warnings"] == answer["warnings"] != []
    assert [link.span_id for link in resume.links] == [pause.span_id]
    assert resume.trace_id == pause.trace_id
    assert facts["routilux.snapshot.slots"] == plain(pause.attributes)["routilux.snapshot.slots"]


def test_a_paused_job_can_be_seen_already(watched: Watched) -> None:
    (first,) = watched.spans("job census")
    assert plain(first.attributes)["routilux.job.id"] == watched.job.job_id
    assert plain(first.attributes)["routilux.job.status"] == "paused"
