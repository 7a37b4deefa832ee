"""On and off again: nothing is left behind, also after a hundred times, and in a forked child."""

from __future__ import annotations

import gc
import logging
import os
import subprocess
import sys
import threading
import weakref
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from opentelemetry import trace

from routilux import Runtime
from routilux.hooks import PROCESS_HOOKS
from routilux_otel import RoutiluxInstrumentor
from routilux_otel.log_handler import ExportingHandler
from tests.engine.parts import LONG_S, line, made, never, source
from tests.otel.parts import Memory

if TYPE_CHECKING:
    from routilux.testing import StepRuntime


def run_one(rt: StepRuntime) -> None:
    assert rt.exec(line(source([1]), made(lambda items: None))).wait()


def test_it_is_an_entry_point_of_opentelemetry() -> None:
    (found,) = [
        each for each in entry_points(group="opentelemetry_instrumentor") if each.name == "routilux"
    ]
    assert found.load() is RoutiluxInstrumentor


def test_off_is_off_and_on_again_is_on(rt: StepRuntime) -> None:
    memory, instrumentor = Memory(), RoutiluxInstrumentor()
    for number in range(1, 4):
        instrumentor.instrument(hooks=rt.hooks, **memory.providers)
        run_one(rt)
        assert len(memory.spans("job")) == number
        assert [name for name in memory.metrics() if name.startswith("routilux.worker")]
        instrumentor.uninstrument()
        run_one(rt)
        assert len(memory.spans("job")) == number
        assert not [name for name in memory.metrics() if name.startswith("routilux.worker")]
    memory.close()


def test_a_hundred_times_leave_nothing_behind(rt: StepRuntime) -> None:
    memory, instrumentor = Memory(), RoutiluxInstrumentor()
    seen: list[weakref.ref[Any]] = []
    threads = set(threading.enumerate())
    before = PROCESS_HOOKS._hooks
    for _ in range(100):
        instrumentor.instrument(**memory.providers)
        seen.extend(weakref.ref(hook) for hook in PROCESS_HOOKS._hooks if hook not in before)
        instrumentor.uninstrument()
    gc.collect()
    alive = {hook for ref in seen if (hook := ref()) is not None}
    assert PROCESS_HOOKS._hooks == before
    assert len(alive) == 1  # the histograms of the provider, which keeps them itself
    assert set(threading.enumerate()) <= threads
    assert len(memory.tracers._active_span_processor._span_processors) == 2
    memory.close()


def test_two_runtimes_of_a_process_are_both_heard() -> None:
    memory, instrumentor = Memory(), RoutiluxInstrumentor()
    instrumentor.instrument(**memory.providers)
    with Runtime(1) as one, Runtime(1) as two:
        for runtime in (one, two):
            assert runtime.exec(line(source([1]), made(lambda items: None))).wait(LONG_S)
    instrumentor.uninstrument()
    assert len(memory.spans("job line")) == 2
    memory.close()


# -- log records -----------------------------------------------------------------------------------


def test_log_records_in_logic_have_its_trace_and_the_jobs_id(
    rt: StepRuntime, memory: Memory
) -> None:
    logger = logging.getLogger("tests.theirs")
    handler = ExportingHandler(memory.loggers)
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:

        def logic(items: list[int]) -> None:
            logger.debug("too little")
            logger.info("seen %d", len(items))

        job = rt.exec(line(source([1]), made(logic)))
        assert job.wait()
    finally:
        logger.removeHandler(handler)
    (found,) = [each.log_record for each in memory.log_exporter.get_finished_logs()]
    context = memory.span("process r1").context
    assert context is not None
    assert found.body == "seen 1"
    assert (found.trace_id, found.span_id) == (context.trace_id, context.span_id)
    assert found.attributes is not None
    assert found.attributes["routilux.job.id"] == job.job_id


def test_a_line_that_another_thread_tells_has_the_jobs_id(memory: Memory, rt: StepRuntime) -> None:
    handler = ExportingHandler(memory.loggers)
    logger = logging.getLogger("routilux")
    logger.addHandler(handler)
    try:
        job = rt.exec(line(made(policy=never, max_queue_length=1)), keep_open=True)
        job.post("r0", "in", 1)
        job.pause()
        job.resume()  # warns of the full slot, here
        job.cancel()
    finally:
        logger.removeHandler(handler)
    records = [each.log_record for each in memory.log_exporter.get_finished_logs()]
    assert [(each.attributes or {}).get("routilux.job.id") for each in records] == [job.job_id]
    assert f"{records[0].trace_id:032x}" == (job.traceparent or "").split("-")[1]


def test_the_engines_own_lines_have_the_jobs_id_and_no_text_of_an_error(
    rt: StepRuntime, memory: Memory
) -> None:
    handler = ExportingHandler(memory.loggers)
    logger = logging.getLogger("routilux")
    logger.addHandler(handler)
    try:

        def fail(items: list[int]) -> None:
            raise ValueError("secret payload")

        job = rt.exec(line(source([1]), made(fail)))
        assert job.wait()
    finally:
        logger.removeHandler(handler)
    records = [each.log_record for each in memory.log_exporter.get_finished_logs()]
    assert records
    assert {(each.attributes or {}).get("routilux.job.id") for each in records} == {job.job_id}
    assert "secret" not in str([(each.body, dict(each.attributes or {})) for each in records])
    assert any("[text omitted]" in str(each.body) for each in records)
    assert any((each.attributes or {}).get("exception.type") == "ValueError" for each in records)


# -- a forked child --------------------------------------------------------------------------------

FORK = """
import os, sys
from routilux import Runtime
from routilux_otel import RoutiluxInstrumentor
from tests.engine.parts import line, made, source
from tests.otel.parts import Memory
memory = Memory()
RoutiluxInstrumentor().instrument(**memory.providers)
flow = line(source([1]), made(lambda items: None))
with Runtime(1) as runtime:
    open_job = runtime.exec(line(made(lambda items: None)), keep_open=True)
    parents = memory.tracers.resource.attributes["service.instance.id"]
    child = os.fork()
    if child == 0:
        memory.exporter.clear()
        with Runtime(1) as other:
            assert other.exec(flow).wait(20)
        names = sorted(span.name for span in memory.spans())
        assert names == ["job line", "process r0", "process r1"], names
        own = memory.tracers.resource.attributes["service.instance.id"]
        assert own != parents
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    open_job.close()
    assert open_job.wait(20)
assert [span.name for span in memory.spans()] == ["job line"]
"""


def test_a_forked_child_has_a_telemetry_of_its_own() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORK], capture_output=True, text=True, timeout=50, check=False,
        env={**os.environ, "OTEL_SERVICE_NAME": "forks"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_nothing_of_it_stays_current() -> None:
    assert not trace.get_current_span().get_span_context().is_valid
