from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from routilux.job.pause_points import make_pause_point, queue_status, queue_warnings
from tests.job.fakes import COUNTS, metrics

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_pause_point_has_the_fields_that_programs_know():
    point = make_pause_point(NOW, "lunch", {"row": 3}, COUNTS, [metrics(10), metrics(0, name="b")])
    assert point["timestamp"] == "2026-01-02T03:04:05+00:00"
    assert (point["reason"], point["checkpoint"]) == ("lunch", {"row": 3})
    assert point["pending_tasks_count"] == 3
    assert point["active_tasks_count"] == 7
    assert point["queue_size"] == 10
    assert point["slot_queue_states"] == {
        "r": {
            "in": {
                "queue_size": 10,
                "unconsumed_count": 10,
                "is_full": True,
                "is_near_full": True,
                "held_count": 0,
            },
            "b": {
                "queue_size": 0,
                "unconsumed_count": 0,
                "is_full": False,
                "is_near_full": False,
                "held_count": 0,
            },
        }
    }
    assert json.loads(json.dumps(point)) == point


def test_a_pause_point_says_who_paused_and_what_still_runs():
    point = make_pause_point(
        NOW,
        "",
        None,
        COUNTS,
        (reading for reading in [metrics(1, held=2), metrics(0, held=3, name="b")]),
        running=["map"],
        standing=["walk"],
        identity="ann",
        request_id="q1",
    )
    assert point["checkpoint"] == {}
    assert not point["still"]
    assert (point["running"], point["standing"]) == (["map"], ["walk"])
    assert (point["identity"], point["request_id"]) == ("ann", "q1")
    assert point["held_count"] == 5
    assert point["slot_queue_states"]["r"]["in"]["held_count"] == 2
    assert make_pause_point(NOW, "", None, COUNTS, ())["still"]


def test_slots_are_counted_by_how_full_they_are():
    readings = [metrics(0), metrics(7), metrics(8), metrics(10)]
    assert queue_status(iter(readings)) == {
        "total_slots": 4,
        "full_slots": 1,
        "near_full_slots": 2,
    }


@pytest.mark.parametrize(
    ("reading", "words"),
    [
        (metrics(10), ["Slot r.in is full (10/10 waiting)", "until r has taken some"]),
        (
            metrics(10, held=2),
            ["Slot r.in is full (10/10 waiting, 2 held)", "held items go in first"],
        ),
        (metrics(3, held=7), ["is full once its held items are in (3/10 waiting, 7 held)"]),
        (metrics(8), ["Slot r.in is near full (8/10 waiting, 80.0%)", "room for 2 more"]),
        (metrics(8, held=1), ["near full (8/10 waiting, 1 held, 80.0%)", "room for 1 more"]),
    ],
)
def test_a_warning_names_the_slot_its_figures_and_what_will_happen(reading, words):
    (warning,) = queue_warnings([reading, metrics(7)])
    for part in words:
        assert part in warning


def test_slots_with_room_are_not_warned_of():
    assert queue_warnings([metrics(0), metrics(7), metrics(0, held=9)]) == []
