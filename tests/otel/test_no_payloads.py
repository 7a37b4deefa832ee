"""No payload leaves the process in telemetry unless somebody asks for it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from routilux import ErrorHandler
from routilux.slot import SlotQueueFullError
from routilux.testing import StepRuntime
from routilux_otel import RoutiluxInstrumentor
from routilux_otel.log_handler import ExportingHandler
from tests.engine.parts import line, made, never, source
from tests.otel.parts import Memory

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "planted-secret"


@pytest.fixture(params=[False, True], ids=["as usual", "captured"])
def told(request: pytest.FixtureRequest) -> Iterator[tuple[bool, str]]:
    """All that was exported of jobs whose items, errors and state are secret, as one text."""
    rt, memory, instrumentor = StepRuntime(), Memory(), RoutiluxInstrumentor()
    captured: bool = request.param
    instrumentor.instrument(hooks=rt.hooks, capture_payloads=captured, **memory.providers)
    handler = ExportingHandler(memory.loggers, payloads=captured)
    logger = logging.getLogger("routilux")
    logger.addHandler(handler)
    try:
        _run(rt)
    finally:
        logger.removeHandler(handler)
    metrics = [metric.to_json() for metric in memory.metrics().values()]
    spans = [span.to_json() for span in memory.spans()]
    records = [each.log_record for each in memory.log_exporter.get_finished_logs()]
    assert all((metrics, spans, records))
    logs = [(each.body, dict(each.attributes or {})) for each in records]
    yield captured, str((metrics, spans, logs))
    instrumentor.uninstrument()
    memory.close()


def _run(rt: StepRuntime) -> None:
    def fail(items: list[Any]) -> None:
        raise ValueError(SECRET, items)

    for strategy in ("stop", "continue", "retry"):
        flow = line(source([{"v": SECRET}]), made(fail, errors=ErrorHandler(strategy)))
        job = rt.exec(flow, start_paused=True)
        job.shared_data["state"] = SECRET
        job.breakpoints.add("slot", "r1", slot_name="in", log_message="it is {data}")
        job.breakpoints.add("slot", "r1", slot_name="in", condition=_equals(), one_shot=True)
        job.resume()
        rt.run_until_idle()
        job.debug.resume()
        assert job.wait()
    full = rt.exec(line(made(policy=never, max_queue_length=1, overflow="reject")), keep_open=True)
    full.post("r0", "in", SECRET)
    with pytest.raises(SlotQueueFullError):
        full.post("r0", "in", SECRET)
    full.pause()
    full.cancel()


def _equals() -> dict[str, Any]:
    return {"path": "data.v", "op": "eq", "value": SECRET}


def test_payloads_are_recorded_only_where_somebody_asks(told: tuple[bool, str]) -> None:
    captured, text = told
    assert (SECRET in text) == captured
