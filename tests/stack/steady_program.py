"""A program that works when it is told to, with telemetry all the while.

Each line of its input is a number of jobs; when they have ended it answers with a line of JSON: how
many items were consumed, and which spans have ended, since its start. At the end of its input it
ends its telemetry, and the last line says what was lost, too.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.trace import get_tracer_provider

import routilux_otel
from routilux import Flow, Runtime
from routilux_otel.losses import PROCESS_LOSSES

if TYPE_CHECKING:
    from collections.abc import Iterator

ITEMS = 10  # of a job
FLOW = "steady"
LIMIT_S = 30.0


class Ended(SpanProcessor):
    """The ids of spans that have ended, by trace."""

    def __init__(self) -> None:
        self.traces: dict[str, list[str]] = {}

    def on_end(self, span: ReadableSpan) -> None:
        context = span.context
        assert context is not None
        self.traces.setdefault(f"{context.trace_id:032x}", []).append(f"{context.span_id:016x}")


def make_flow() -> Flow:
    """numbers -> add."""
    flow = Flow(FLOW)

    @flow.source
    def numbers() -> Iterator[int]:
        yield from range(ITEMS)

    @flow.step(after=numbers)
    def add(number: int) -> None:
        """Take it."""

    return flow


def say(facts: dict[str, Any]) -> None:
    """One line of JSON."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Work until the input ends."""
    logging.basicConfig(format="%(name)s: %(message)s")
    telemetry = routilux_otel.configure("steady-program")
    assert telemetry is not None
    ended, tracers = Ended(), get_tracer_provider()
    assert isinstance(tracers, TracerProvider)
    tracers.add_span_processor(ended)
    flow, jobs = make_flow(), 0
    with Runtime(2) as runtime:
        for line in sys.stdin:
            for _ in range(int(line)):
                assert runtime.exec(flow).wait(LIMIT_S)
                jobs += 1
            say({"consumed": jobs * ITEMS, "traces": ended.traces})
    began = time.monotonic()
    in_time = telemetry.shutdown()
    lost = {"/".join(key): count for key, count in PROCESS_LOSSES.read().items()}
    say({"consumed": jobs * ITEMS, "traces": ended.traces, "lost": lost, "in_time": in_time,
         "seconds": time.monotonic() - began})  # fmt: skip


if __name__ == "__main__":
    main()
