"""The demo, the collector, Prometheus and Jaeger: all of them tell the same story."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from routilux_otel.registry import (
    ERROR_TYPE,
    EVENT,
    EVENTS_OMITTED,
    HELD,
    HIT,
    OMITTED,
    REFUSED,
    RETRY,
    SNAPSHOT_SLOTS,
    STATUS,
)
from tests.dashboards.documents import DOCUMENTS
from tests.stack.asking import ask, series, until
from tests.stack.census import FAILING, FILES, SERVICE, running, write_folder
from tests.stack.conftest import QUICK
from tests.stack.jaeger import Seen, named, operations
from tests.stack.story import (
    COUNTERS,
    LEVELS,
    Cancelled,
    Ended,
    Paused,
    items_of,
    until_cancelled,
    until_ended,
    until_paused,
)
from tools.backends.ports import free_ports
from tools.backends.stack import SHARE, Stack
from tools.dashboards.queries import Asked, alert_queries, panel_queries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stack.census import Demo

# The fixtures are made for the first test that wants them, and so is the whole story.
pytestmark = pytest.mark.timeout(150)

CHOSEN = {"flow": "census", "routine": ".*", "slot": ".*"}
# From which routine each gets its items.
BEFORE = {"read": "walk", "parse": "read", "measure": "parse", "report": "measure"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The three servers; all traces are kept."""
    folder = tmp_path_factory.mktemp("end_to_end")
    with Stack(folder, free_ports(), {**QUICK, SHARE: "100"}) as started:
        yield started


@pytest.fixture(scope="module")
def demo(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running(stack, write_folder(tmp_path_factory.mktemp("slow"))) as started:
        yield started


@pytest.fixture(scope="module")
def paused(stack: Stack, demo: Demo) -> Paused:
    return until_paused(stack, demo)


@pytest.fixture(scope="module")
def ended(stack: Stack, demo: Demo, paused: Paused) -> Ended:
    return until_ended(stack, demo, paused)


@pytest.fixture(scope="module")
def cancelled(stack: Stack, demo: Demo, ended: Ended) -> Cancelled:
    return until_cancelled(stack, demo)


# -- paused by a breakpoint: the same figures everywhere -------------------------------------------


def by_place(status: Any, field: str) -> dict[str, int]:
    """A figure of REST's queue status, by ``routine.slot``."""
    return {f"{slot['routine_id']}.{slot['slot_name']}": slot[field] for slot in status["slots"]}


@pytest.mark.parametrize("name", LEVELS)
def test_each_slot_is_the_same_in_prometheus_rest_and_jaeger(name: str, paused: Paused) -> None:
    field, attribute = LEVELS[name]
    last = named(paused.trace, "pause")[-1].tags
    expected = by_place(paused.of_job, field)
    assert len(expected) == 5
    assert by_place(paused.of_flow, field) == expected
    assert paused.gauges[name] == expected
    assert dict(zip(last[SNAPSHOT_SLOTS], last[attribute], strict=True)) == expected


def test_slots_are_full_and_items_are_held(paused: Paused) -> None:
    """So that the figures above are not all zero."""
    waiting = by_place(paused.of_job, "unconsumed_count")
    assert waiting["read.items"] == 64
    assert waiting["parse.items"] > 0
    assert sum(paused.held.values()) == paused.job["counts"]["held"] > 0
    assert paused.held["read.items"] > 0


def test_a_paused_job_counts_as_paused_only(paused: Paused) -> None:
    assert paused.statuses == {"pending": 0, "running": 0, "paused": 1}


def test_all_figures_are_those_of_rests_own_page(paused: Paused) -> None:
    assert len(paused.page) > 40
    assert paused.brought == paused.page


# -- the trace -------------------------------------------------------------------------------------


def test_what_has_ended_of_a_paused_job_is_in_jaeger(paused: Paused) -> None:
    jobs = named(paused.trace, "job")
    assert [job.tags[STATUS] for job in jobs] == ["paused", "paused"]
    assert not named(paused.trace, "process walk"), "it stands in the middle of its work"
    assert {span.trace for span in paused.trace} == {paused.job["trace_id"]}


def test_the_spans_of_the_job_follow_one_another(ended: Ended) -> None:
    first, second, third = named(ended.trace, "job")
    assert [job.tags[STATUS] for job in (first, second, third)] == ["paused", "paused", "completed"]
    assert first.before == ()
    assert second.before == (first.id,)
    assert (third.parent, third.links) == (first.id, (second.id,))


def test_a_pause_is_below_the_job_and_a_resume_is_linked_to_it(ended: Ended) -> None:
    first, second, _ = named(ended.trace, "job")
    pauses, resumes = named(ended.trace, "pause"), named(ended.trace, "resume")
    assert [pause.before for pause in pauses] == [(first.id,), (second.id,)]
    assert [pause.tags["routilux.reason"] for pause in pauses] == ["start_paused", "routine parse"]
    assert [resume.parent for resume in resumes] == [first.id, first.id]
    assert [resume.links for resume in resumes] == [(pause.id,) for pause in pauses]
    warnings = resumes[1].tags["routilux.resume.warnings"]
    assert any("Slot read.items is full (64/64 waiting" in warning for warning in warnings)


def test_activations_are_below_the_job_and_linked_to_those_before(ended: Ended) -> None:
    jobs = {job.id for job in named(ended.trace, "job")}
    activations = {span.id: span for span in named(ended.trace, "process")}
    assert {span.parent for span in activations.values()} == jobs - {
        named(ended.trace, "job")[0].id
    }
    for span in activations.values():
        routine = span.tags["routilux.routine.id"]
        found = {activations[each].tags["routilux.routine.id"] for each in span.links}
        assert found == ({BEFORE[routine]} if routine in BEFORE else set())
        assert span.tags["span.kind"] == "consumer"


def test_every_item_is_in_an_activation(ended: Ended) -> None:
    assert items_of(ended.trace) == {
        "walk": 1,
        "read": FILES,
        "parse": FILES,
        "measure": FILES - 1,
        "report": FILES - 1,
    }


def the_only(trace: list[Seen], name: str) -> Seen:
    (found,) = [span for span in trace if span.name == name]
    return found


def test_who_waited_for_room_says_so(ended: Ended) -> None:
    walk = the_only(ended.trace, "process walk")
    waits = walk.heard(RETRY)
    assert waits
    for wait in waits:
        assert (wait["routilux.routine.id"], wait["routilux.slot.name"]) == ("read", "items")
        assert wait["routilux.slot.queue.unconsumed"] == wait["routilux.slot.queue.limit"] == 64


def test_every_wait_for_room_is_an_event_of_whoever_waited(ended: Ended) -> None:
    told = by_place(ended.report, "retries")
    for routine, before in BEFORE.items():
        own = [span for span in ended.trace if span.name == f"process {before}"]
        assert sum(map(waits_of, own)) == told[f"{routine}.items"]
    assert told["read.items"] > 0
    assert told["parse.items"] > 0


def waits_of(span: Seen) -> int:
    """How often it waited for room; beyond some times that is only counted."""
    omitted = [each for each in span.heard(EVENTS_OMITTED) if each[EVENT] == RETRY]
    return len(span.heard(RETRY)) + sum(each[OMITTED] for each in omitted)


def test_what_was_held_at_the_pause_is_an_event_of_the_walk(ended: Ended) -> None:
    held = the_only(ended.trace, "process walk").heard(HELD)
    assert [each["routilux.hold.reason"] for each in held] == ["paused"] * len(held)
    assert held


def test_the_breakpoint_is_an_event_of_the_job(paused: Paused, ended: Ended) -> None:
    (hit,) = [hit for span in ended.trace for hit in span.heard(HIT)]
    assert hit["routilux.breakpoint.id"] == paused.breakpoint_id
    assert hit["routilux.breakpoint.action"] == "pause_job"
    assert named(ended.trace, "job")[1].heard(HIT) == [hit]


# -- requests --------------------------------------------------------------------------------------

POST_ITEM = "POST /api/jobs/{job_id}/slots/{routine_id:path}/{slot_name}/items"


def test_a_refused_item_is_an_event_of_the_request_in_the_jobs_trace(
    paused: Paused, ended: Ended
) -> None:
    assert paused.statuses_of_refused == [423, 423]
    request = the_only(ended.trace, POST_ITEM)
    feeding = the_only(ended.trace, "feed the readers")
    assert (request.parent, feeding.parent) == (feeding.id, named(ended.trace, "job")[0].id)
    assert [each[ERROR_TYPE] for each in request.heard(REFUSED)] == ["paused"]
    setting = the_only(ended.trace, "POST /api/jobs/{job_id}/breakpoints")
    assert setting.parent == feeding.id


def test_a_job_is_below_the_request_that_started_it_and_that_below_its_client(
    cancelled: Cancelled,
) -> None:
    asking, request, job = (
        the_only(cancelled.trace, name)
        for name in ("take a census", "POST /api/jobs", "job census")
    )
    assert (asking.before, request.before, job.before) == ((), (asking.id,), (request.id,))
    assert job.tags["routilux.job.id"] == cancelled.job["job_id"]


def test_what_is_asked_again_and_again_is_no_span(
    stack: Stack, demo: Demo, cancelled: Cancelled
) -> None:
    for path in ("/health/live", "/health/ready"):
        demo.call("GET", path)
    demo.call("GET", "/flows?limit=1")  # comes to Jaeger after they would
    found = until(
        lambda: "GET /api/flows" in operations(stack, SERVICE) and operations(stack, SERVICE)
    )
    assert {name.split()[0] for name in found} == {
        "job", "process", "pause", "resume", "GET", "POST", "DELETE",
    }  # fmt: skip
    assert not [name for name in found if "health" in name or "metrics" in name]
    assert not [name for name in found if name.endswith((" send", " receive"))]


def test_items_that_a_cancel_refuses_are_events_of_the_walk(cancelled: Cancelled) -> None:
    assert cancelled.job["status"] == "cancelled"
    refused = the_only(cancelled.trace, "process walk").heard(REFUSED)
    assert {each[ERROR_TYPE] for each in refused} == {"cancelled"}


# -- exemplars -------------------------------------------------------------------------------------


@pytest.mark.parametrize("routine", BEFORE)
def test_a_dot_of_the_wait_leads_to_an_activation_in_jaeger(routine: str, ended: Ended) -> None:
    activations = {(span.trace, span.id): span for span in named(ended.trace, "process")}
    assert ended.dots[routine]
    for dot in ended.dots[routine]:
        assert activations[dot["trace_id"], dot["span_id"]].name == f"process {routine}"


# -- dashboards and alerts -------------------------------------------------------------------------

PANELS = [query for document in DOCUMENTS.values() for query in panel_queries(document)]
FIGURES = [query for query in alert_queries() if query.where.endswith(": figures")]
# What has no figures while all is well, and why.
ONLY_IN_TROUBLE = {
    "Routilux: Telemetry: Sent D": "spans that could not be delivered",
    "Routilux: Telemetry: Sent E": "metric points that could not be delivered",
    "Routilux: Telemetry: Sent F": "log records that could not be delivered",
    "Routilux: Telemetry: Sent G": "spans that did not go into a queue",
    "Routilux: Telemetry: Sent H": "metric points that did not go into a queue",
    "Routilux: Telemetry: Sent I": "log records that did not go into a queue",
    "RoutiluxTelemetryLost: figures": "the same, and what a process lost itself",
    "RoutiluxSeriesOverflow: figures": "no SDK has folded series",
}


@pytest.mark.parametrize("query", [*PANELS, *FIGURES], ids=lambda query: query.where)
def test_a_panel_or_alert_has_figures(query: Asked, stack: Stack, cancelled: Cancelled) -> None:
    if query.where in ONLY_IN_TROUBLE:
        assert not series(stack, query.filled(CHOSEN)), "it need not be excused"
    else:
        assert until(lambda: series(stack, query.filled(CHOSEN)))


def test_nothing_is_excused_that_there_is_not() -> None:
    assert set(ONLY_IN_TROUBLE) <= {query.where for query in (*PANELS, *FIGURES)}


def test_the_refused_items_raise_their_alert_and_nothing_else_is_wrong(
    stack: Stack, cancelled: Cancelled
) -> None:
    firing = until(lambda: series(stack, 'ALERTS{alertstate="firing"}'))
    assert {labels["alertname"] for labels, _ in firing} == {"RoutiluxItemsRefused"}
    [group] = ask(f"{stack.prometheus_url}/api/v1/rules")["data"]["groups"]
    assert {rule["health"] for rule in group["rules"]} == {"ok"}


# -- after the end ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COUNTERS)
def test_the_counters_are_those_of_the_demos_own_report(name: str, ended: Ended) -> None:
    told = by_place(ended.report, COUNTERS[name])
    found = dict.fromkeys(told, 0) | ended.counters[name]
    assert found == told
    assert sum(told.values()) > 0


def test_the_report_has_every_file(ended: Ended) -> None:
    report = ended.report
    assert report["accounted_for"]
    failed = [(os.path.basename(each["path"]), each["error"]) for each in report["dead_letters"]]
    assert failed == [(FAILING, f"invalid syntax ({FAILING}, line 1)")]
    assert (report["files"], report["parsed"], report["failed"]) == (FILES, FILES - 1, 1)


def of_job(figures: dict[Any, float], job_id: str) -> float:
    """The sum of what is told of a job by its id."""
    return sum(each for labels, each in figures.items() if ("routilux_job_id", job_id) in labels)


def test_the_counters_of_the_job_are_those_of_the_report(paused: Paused, ended: Ended) -> None:
    told = sum(slot["retries"] + slot["refused"] for slot in ended.report["slots"])
    assert of_job(ended.brought, paused.job["job_id"]) == told
    assert ended.brought == ended.page


def test_the_counters_of_both_jobs_are_those_of_rests_page(
    paused: Paused, ended: Ended, cancelled: Cancelled
) -> None:
    assert cancelled.brought == cancelled.page
    first = paused.job["job_id"]
    assert of_job(cancelled.brought, first) == of_job(ended.brought, first)
    assert of_job(cancelled.brought, cancelled.job["job_id"]) > 0
