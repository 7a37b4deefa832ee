"""With a collector named in the environment, the demo's figures arrive there over OTLP."""

from __future__ import annotations

import json
import urllib.request

import pytest

from routilux.cli.errors import DONE, INTERRUPTED
from tests.cli.programs import finish, interrupt, start
from tests.demo.folders import make_folder
from tests.otel.receivers import RECEIVERS, Points, points

receivers = pytest.mark.parametrize("kind", RECEIVERS, ids=lambda kind: kind.protocol)


def settings(receiver) -> dict[str, str]:
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint,
        "OTEL_EXPORTER_OTLP_PROTOCOL": receiver.protocol,
        "OTEL_METRIC_EXPORT_INTERVAL": "200",
    }


def ours(request) -> Points:
    """The points of Routilux: the SDK sends figures of its own, too."""
    for sent in request.resource_metrics:
        own = [scope for scope in sent.scope_metrics if scope.scope.name == "routilux"]
        del sent.scope_metrics[:]
        sent.scope_metrics.extend(own)
    return points(request)


def sums(sent: Points, name: str) -> dict[str, float]:
    """The points of an instrument by ``routine.slot``, added up over all other attributes."""
    found: dict[str, float] = {}
    for (instrument, attributes), value in sent.items():
        if instrument == f"routilux.slot.{name}":
            of = dict(attributes)
            place = f"{of['routilux.routine.id']}.{of['routilux.slot.name']}"
            found[place] = found.get(place, 0) + value
    return found


@receivers
def test_the_last_export_has_the_counters_of_the_report(kind, tmp_path):
    with kind() as receiver:
        done = finish(start("demo", make_folder(tmp_path / "root"), "--json", **settings(receiver)))
        sent = ours(receiver.last())
    assert (done.code, done.err) == (DONE, "")
    slots = {f"{slot['routine_id']}.{slot['slot_name']}": slot for slot in done.document["slots"]}
    for name in ("offered", "consumed"):
        assert sums(sent, f"items.{name}") == {key: slot[name] for key, slot in slots.items()}
    assert sums(sent, "enqueue.retries") == {key: slot["retries"] for key, slot in slots.items()}


def call(url: str, method: str = "GET", body: object = None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


@receivers
def test_a_paused_census_is_the_same_there_and_over_http(kind):
    with kind() as receiver:
        process = start("demo", "--json", "--serve", "--port", 0, **settings(receiver))
        assert process.stderr is not None
        url = process.stderr.readline().split()[-1]
        jobs = []
        while not jobs:
            jobs = call(f"{url}/api/jobs")["jobs"]
        ready = call(f"{url}/api/health/ready")
        assert ready["telemetry"] == {"state": "on", "owned": True, "lost": {}}
        job = f"{url}/api/jobs/{jobs[0]['job_id']}"
        while not sums(ours(receiver.next()), "items.consumed").get("report.items"):
            pass
        assert call(f"{job}/pause", "POST", {"wait": 20})["still"]
        answered = {
            f"{slot['routine_id']}.{slot['slot_name']}": slot
            for slot in call(f"{job}/queues/status")["slots"]
        }
        receiver.last()  # this one, or one on its way, may be from before
        receiver.next()
        sent = ours(receiver.next())
        done, _ = interrupt(process)
    for name, field in (
        ("queue.size", "queue_size"),
        ("queue.unconsumed", "unconsumed_count"),
        ("queue.limit", "max_length"),
    ):
        assert sums(sent, name) == {place: slot[field] for place, slot in answered.items()}
    assert done.code == INTERRUPTED
    assert done.document["status"] == "cancelled"
    assert sums(sent, "items.consumed") == {
        f"{slot['routine_id']}.{slot['slot_name']}": slot["consumed"]
        for slot in done.document["slots"]
    }
