"""RoutiluxInstrumentor: turns the telemetry of Routilux on for the providers that there are.

It is an entry point of OpenTelemetry, so ``opentelemetry-instrument`` finds it. `configure` calls
it, too, after it has made the providers.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from opentelemetry._logs import get_logger_provider
from opentelemetry.instrumentation.instrumentor import BaseInstrumentor  # type: ignore[attr-defined]
from opentelemetry.metrics import get_meter_provider
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import get_tracer_provider

from routilux.hooks import PROCESS_HOOKS, Hook, HookSet
from routilux_otel.http import prefer_stable_names
from routilux_otel.job_ids import JobIdOnLogs, JobIdOnSpans
from routilux_otel.losses import JOB_LIMIT, PROCESS_LOSSES
from routilux_otel.metrics import METER, observe
from routilux_otel.settings import captures_payloads, level
from routilux_otel.tracing import TraceHook

if TYPE_CHECKING:
    from collections.abc import Collection

    from opentelemetry.metrics import MeterProvider

# A provider keeps its processors for ever, so each gets one, which is turned on and off.
_on_spans: weakref.WeakKeyDictionary[TracerProvider, JobIdOnSpans] = weakref.WeakKeyDictionary()
_on_logs: weakref.WeakKeyDictionary[LoggerProvider, JobIdOnLogs] = weakref.WeakKeyDictionary()


class RoutiluxInstrumentor(BaseInstrumentor):  # type: ignore[misc] # it has no types
    """Instruments every runtime of the process.

    ``instrument()`` takes ``tracer_provider``, ``meter_provider`` and ``logger_provider`` (the
    global ones by default), ``level``, ``capture_payloads`` (the variables' by default) and
    ``hooks`` (those of the process by default). ``uninstrument()`` undoes all of it.
    """

    def instrumentation_dependencies(self) -> Collection[str]:
        """Nothing beside ourselves."""
        return ()

    def instrument(self, **options: Any) -> None:
        """Turn it on. See the class."""
        prefer_stable_names()
        super().instrument(**options)

    def _instrument(self, **options: Any) -> None:
        level_ = options.get("level") or level()
        self._hooks: HookSet = options.get("hooks") or PROCESS_HOOKS
        self._active: list[Any] = []
        self._added: list[Hook] = []
        if level_ == "off":
            return
        meters: MeterProvider = options.get("meter_provider") or get_meter_provider()
        observed = observe(meters)
        self._active.append(observed.collection)
        self._add(observed.hook)
        tracers = options.get("tracer_provider") or get_tracer_provider()
        if level_ != "metrics":
            payloads = options.get("capture_payloads")
            self._add(
                TraceHook(
                    tracers.get_tracer(METER),
                    activations=level_ == "activations",
                    payloads=captures_payloads() if payloads is None else payloads,
                    lose=lambda count: PROCESS_LOSSES.add("traces", JOB_LIMIT, count),
                )
            )
        if isinstance(tracers, TracerProvider):
            self._turn_on(_on_spans, tracers, JobIdOnSpans, tracers.add_span_processor)
        loggers = options.get("logger_provider") or get_logger_provider()
        if isinstance(loggers, LoggerProvider):
            self._turn_on(_on_logs, loggers, JobIdOnLogs, loggers.add_log_record_processor)

    def _add(self, hook: Hook) -> None:
        self._hooks.add(hook)
        self._added.append(hook)

    def _turn_on(self, known: Any, provider: Any, make: Any, add: Any) -> None:
        """Let the provider's processor work; the first time it is made."""
        processor = known.get(provider)
        if processor is None:
            processor = known[provider] = make()
            add(processor)
        processor.active = True
        self._active.append(processor)

    def _uninstrument(self, **_options: Any) -> None:
        for hook in self._added:
            self._hooks.remove(hook)
            if isinstance(hook, TraceHook):
                hook.finish()
        for each in self._active:
            each.active = False
        self._added, self._active = [], []
