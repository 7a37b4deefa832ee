"""Traces as Jaeger has them, in the words of the SDK: one parent, links, attributes, events."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    TraceFlags,
    set_span_in_context,
)

from tests.stack.asking import ask, spans
from tests.stack.sending import tracing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tools.backends.stack import Stack

MOST_TRACES = "100"  # that a search gives


@dataclass(frozen=True)
class Seen:
    """A span that Jaeger has.

    Attributes:
        name, trace, id: its name and ids.
        before: the ids of the spans that it names, of its own trace and of others: its parent
            first, then those that it is linked to. Jaeger keeps one reference to a span, so a
            parent that is linked, too, comes once, as a link.
        parent: the id of the parent that is nothing else; empty without one.
        tags: its attributes, those of several values as lists.
        events: name and attributes of each.
    """

    name: str
    trace: str
    id: str
    before: tuple[str, ...]
    parent: str
    tags: Mapping[str, Any]
    events: tuple[tuple[str, Mapping[str, Any]], ...]

    @property
    def links(self) -> tuple[str, ...]:
        """What it names, but for the parent that is nothing else."""
        return tuple(each for each in self.before if each != self.parent)

    def heard(self, name: str) -> list[Mapping[str, Any]]:
        """The attributes of its events of a name."""
        return [facts for known, facts in self.events if known == name]


def seen(raw: Mapping[str, Any]) -> Seen:
    """A span of Jaeger's JSON."""
    references = raw["references"]
    parents = [each["spanID"] for each in references if each["refType"] == "CHILD_OF"]
    events = [_values(entry["fields"]) for entry in raw["logs"]]
    return Seen(
        name=raw["operationName"],
        trace=raw["traceID"],
        id=raw["spanID"],
        before=tuple(each["spanID"] for each in references),
        parent="".join(parents),
        tags=_values(raw["tags"]),
        events=tuple((facts.pop("event"), facts) for facts in events),
    )


def _values(pairs: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {each["key"]: _value(each["value"]) for each in pairs}


def _value(value: Any) -> Any:
    """A value; several are text in Jaeger, as JSON."""
    return json.loads(value) if isinstance(value, str) and value.startswith("[") else value


def trace_of(stack: Stack, trace_id: str) -> list[Seen]:
    """The spans of a trace, in the order of their begin; none when Jaeger has no such trace."""
    return _in_order(spans(stack, trace_id))


def find(stack: Stack, service: str, **tags: str) -> list[list[Seen]]:
    """The traces with a span that has these tags, as Jaeger's search finds them.

    Args:
        stack: whose Jaeger.
        service: who sent them.
        tags: underscores stand for dots.
    """
    wanted = {name.replace("_", "."): value for name, value in tags.items()}
    answer = ask(
        f"{stack.jaeger_url}/api/traces",
        service=service,
        tags=json.dumps(wanted),
        limit=MOST_TRACES,
    )
    return [_in_order(trace["spans"]) for trace in answer["data"]] if answer else []


def _in_order(found: Iterable[Mapping[str, Any]]) -> list[Seen]:
    return [seen(raw) for raw in sorted(found, key=lambda raw: raw["startTime"])]


def operations(stack: Stack, service: str) -> set[str]:
    """The names of all spans that a service has sent."""
    answer = ask(f"{stack.jaeger_url}/api/services/{service}/operations")
    return set(answer["data"])


def named(trace: Iterable[Seen], prefix: str) -> list[Seen]:
    """The spans whose name begins so."""
    return [span for span in trace if span.name.startswith(f"{prefix} ")]


@contextmanager
def client(stack: Stack, name: str, within: Seen | None = None) -> Iterator[dict[str, str]]:
    """A client with a trace of its own, or within one that there is.

    Yields:
        The headers with which its requests belong to that trace.
    """
    around = None
    if within is not None:
        there = SpanContext(int(within.trace, 16), int(within.id, 16), True, TraceFlags(1))
        around = set_span_in_context(NonRecordingSpan(there))
    with (
        tracing(stack, "client") as tracer,
        tracer.start_as_current_span(name, context=around) as span,
    ):
        here = span.get_span_context()
        yield {"traceparent": f"00-{here.trace_id:032x}-{here.span_id:016x}-01"}
