"""Asking the real servers, and waiting for an answer."""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.backends.stack import Stack

Found = TypeVar("Found")
LIMIT_S = 40.0
PAUSE_S = 0.1  # between two questions: what is waited for has no other way to be heard of
Series = dict[str, str]
OWN = re.compile(r"^(otelcol_\w+)\{(.*)\} (\S+)$", re.MULTILINE)


def ask_text(address: str, **query: str) -> str:
    """GET an address; what it answers, or nothing when the answer is not 200."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        connection.request("GET", f"{parts.path}?{urlencode(query)}" if query else parts.path)
        answer = connection.getresponse()
        body = answer.read().decode()
        return body if answer.status == http.client.OK else ""
    finally:
        connection.close()


def ask(address: str, **query: str) -> Any:
    """GET an address; its JSON, or None when the answer is not 200."""
    text = ask_text(address, **query)
    return json.loads(text) if text else None


def until(what: Callable[[], Found | None], limit: float = LIMIT_S) -> Found:
    """Ask again until there is an answer that is true, and return it."""
    end = time.monotonic() + limit
    pause = threading.Event()
    while not (found := what()):
        assert time.monotonic() < end, f"still {found!r} after {limit:g} s"
        pause.wait(PAUSE_S)
    return found


def series(stack: Stack, query: str) -> list[tuple[Series, float]]:
    """What Prometheus answers to an instant query: labels and value of each series."""
    answer = ask(f"{stack.prometheus_url}/api/v1/query", query=query)
    assert answer is not None, query
    return [(each["metric"], float(each["value"][1])) for each in answer["data"]["result"]]


def exemplars(stack: Stack, query: str) -> list[dict[str, Any]]:
    """The exemplars that Prometheus has of a metric, of the last minutes."""
    now = time.time()
    answer = ask(
        f"{stack.prometheus_url}/api/v1/query_exemplars",
        query=query,
        start=str(now - 300),
        end=str(now + 300),
    )
    assert answer is not None, query
    return [exemplar for each in answer["data"] for exemplar in each["exemplars"]]


def names(stack: Stack, prefix: str) -> set[str]:
    """The names of metrics that Prometheus has, by their beginning."""
    answer = ask(f"{stack.prometheus_url}/api/v1/label/__name__/values")
    return {name for name in answer["data"] if name.startswith(prefix)}


def spans(stack: Stack, trace_id: str) -> list[dict[str, Any]]:
    """The spans that Jaeger has of a trace; none when it has no such trace."""
    answer = ask(f"{stack.jaeger_url}/api/traces/{trace_id}")
    return answer["data"][0]["spans"] if answer and answer["data"] else []


def own(stack: Stack, name: str, label: str = "") -> float:
    """The sum of a metric of the collector, asked itself, of the series with a label in text."""
    text = ask_text(f"http://127.0.0.1:{stack.ports.collector_metrics}/metrics")
    return sum(
        float(value)
        for found, labels, value in OWN.findall(text)
        if found == name and label in labels
    )


def queued(stack: Stack, exporter: str) -> float:
    """How many bytes wait for an exporter, as the collector says."""
    return own(stack, "otelcol_exporter_queue_size", f'exporter="{exporter}"')
