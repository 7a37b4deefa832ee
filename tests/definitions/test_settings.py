"""Settings of a slot: what is valid, and what goes before what (ruling 18)."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any, ClassVar

import pytest

from routilux import Flow, Routine
from routilux.settings import OVERFLOWS, SlotSettings, explicit, is_count, is_number, resolve
from routilux.testing import StepRuntime

BUILT_IN = {
    "max_queue_length": 1000,
    "watermark": 0.8,
    "overflow": "retry",
    "max_enqueue_retries": 3,
    "enqueue_retry_delay": 0.1,
    "pause_enqueue_timeout": 5.0,
}
OTHER = {
    "max_queue_length": 7,
    "watermark": 0.5,
    "overflow": "block",
    "max_enqueue_retries": 1,
    "enqueue_retry_delay": 0.2,
    "pause_enqueue_timeout": 1.0,
}
LENGTH = "max_queue_length must be a whole number above 0, not "
WATERMARK = "watermark must be a number from 0 to 1, not "
RETRIES = "max_enqueue_retries must be 0 or more, not "
DELAY = "enqueue_retry_delay must be a number of seconds, 0 or more, not "
TIMEOUT = "pause_enqueue_timeout must be a number of seconds, 0 or more, not "


def read(settings: SlotSettings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in BUILT_IN}


def test_the_built_in_settings_are_those_of_the_contract():
    assert read(SlotSettings()) == read(resolve()) == BUILT_IN


def test_settings_do_not_change():
    with pytest.raises(FrozenInstanceError):
        SlotSettings().watermark = 0.5  # type: ignore[misc]


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("max_queue_length", 0, LENGTH + "0"),
        ("max_queue_length", -1, LENGTH + "-1"),
        ("max_queue_length", 2.0, LENGTH + "2.0"),
        ("max_queue_length", True, LENGTH + "True"),
        ("watermark", -0.01, WATERMARK + "-0.01"),
        ("watermark", 1.01, WATERMARK + "1.01"),
        ("watermark", float("nan"), WATERMARK + "nan"),
        ("watermark", "0.8", WATERMARK + "'0.8'"),
        ("watermark", False, WATERMARK + "False"),
        ("overflow", "spill", "overflow must be one of retry, block, reject, drop_oldest, not 's"),
        ("max_enqueue_retries", -1, RETRIES + "-1"),
        ("max_enqueue_retries", 1.5, RETRIES + "1.5"),
        ("max_enqueue_retries", True, RETRIES + "True"),
        ("enqueue_retry_delay", -0.1, DELAY + "-0.1"),
        ("enqueue_retry_delay", float("inf"), DELAY + "inf"),
        ("enqueue_retry_delay", "1", DELAY + "'1'"),
        ("pause_enqueue_timeout", -1, TIMEOUT + "-1"),
        ("pause_enqueue_timeout", float("nan"), TIMEOUT + "nan"),
        ("pause_enqueue_timeout", True, TIMEOUT + "True"),
    ],
)
def test_a_setting_out_of_range_is_refused_by_name_and_value(setting, value, message):
    with pytest.raises(ValueError, match=message):
        resolve({setting: value})


@pytest.mark.parametrize(
    ("setting", "values"),
    [
        ("max_queue_length", (1, 10**9)),
        ("watermark", (0, 0.0, 1, 1.0)),
        ("overflow", OVERFLOWS),
        ("max_enqueue_retries", (0, 100)),
        ("enqueue_retry_delay", (0, 0.0, 60)),
        ("pause_enqueue_timeout", (0, 3600.0)),
    ],
)
def test_the_ends_of_each_range_are_valid(setting, values):
    assert [getattr(resolve({setting: value}), setting) for value in values] == list(values)


@pytest.mark.parametrize(
    ("length", "watermark", "threshold"),
    [(1000, 0.8, 800), (3, 0.5, 1), (1, 0.8, 0), (5, 0, 0), (5, 1, 5)],
)
def test_the_threshold_is_the_watermarks_share_of_the_length(length, watermark, threshold):
    assert SlotSettings(length, watermark).watermark_threshold == threshold


def test_only_retry_and_block_hold_a_producer_back():
    holding = [each for each in OVERFLOWS if SlotSettings(overflow=each).holds_back]
    assert holding == ["retry", "block"]


def test_what_was_not_given_is_left_out():
    assert explicit() == explicit(watermark=None, overflow=None) == {}
    assert explicit(watermark=0.0, max_enqueue_retries=0) == {
        "watermark": 0.0,
        "max_enqueue_retries": 0,
    }


def test_an_unknown_setting_is_refused_and_the_known_ones_are_listed():
    with pytest.raises(ValueError, match="Unknown slot setting 'lenght'; there are enqueue_retry_"):
        explicit(watermark=0.5, lenght=5)
    with pytest.raises(ValueError, match="Unknown slot setting 'a'"):
        resolve({}, {"b": 1, "a": None})


def test_the_nearest_layer_that_gives_a_setting_wins():
    slot = {"max_queue_length": 1, "watermark": None}
    routine = {"max_queue_length": 2, "watermark": 0.2, "overflow": None}
    flow = {"max_queue_length": 3, "watermark": 0.3, "overflow": "reject"}
    merged = resolve(slot, routine, flow)
    assert (merged.max_queue_length, merged.watermark, merged.overflow) == (1, 0.2, "reject")
    assert merged.max_enqueue_retries == 3


def test_a_setting_that_is_overruled_need_not_be_valid():
    assert resolve({"watermark": 0.5}, {"watermark": 9}).watermark == 0.5


def test_true_and_false_are_no_numbers():
    assert [is_count(each) for each in (0, 5, True, 1.0, "1", None)] == [True] * 2 + [False] * 4
    assert [is_number(each) for each in (0, 1.5, False, "1", None)] == [True] * 2 + [False] * 3


# -- the layers of a flow --------------------------------------------------------------------------


class Short(Routine):
    """A class whose slots are short."""

    slot_defaults: ClassVar = {"max_queue_length": 8, "overflow": "drop_oldest"}


def resolved(routine: Routine, **flow_defaults: Any) -> dict[str, Any]:
    """The settings that slot ``in`` of a job gets."""
    flow = Flow("f", **{f"default_slot_{name}": value for name, value in flow_defaults.items()})
    flow.add_routine(routine, "r")
    with StepRuntime() as rt:
        job = rt.exec(flow, keep_open=True)
        found = read(job.slot("r", "in").settings)
        job.close()
    return found


@pytest.mark.parametrize("setting", list(BUILT_IN))
def test_each_setting_comes_from_the_slot_the_routine_the_flow_or_is_built_in(setting):
    class Own(Routine):
        slot_defaults: ClassVar = {setting: OTHER[setting]}

    def found(kind: type[Routine], given: Any = None, **flow: Any) -> Any:
        routine = kind()
        routine.define_slot("in", **{setting: given})
        return resolved(routine, **flow)[setting]

    built_in, other = BUILT_IN[setting], OTHER[setting]
    assert found(Routine) == built_in
    assert found(Routine, **{setting: other}) == other
    assert found(Own) == other
    assert found(Own, **{setting: built_in}) == other
    assert found(Own, built_in, **{setting: other}) == built_in


def test_the_three_layers_together_give_every_setting():
    routine = Short()
    routine.define_slot("in", watermark=0.25)
    found = resolved(routine, max_queue_length=9, overflow="reject", max_enqueue_retries=2)
    assert found == {
        **BUILT_IN,
        "watermark": 0.25,
        "max_queue_length": 8,
        "overflow": "drop_oldest",
        "max_enqueue_retries": 2,
    }


def test_a_value_given_as_the_built_in_one_is_given_all_the_same():
    routine = Short()
    routine.define_slot("in", max_queue_length=1000, overflow="retry")
    assert resolved(routine, max_queue_length=9) == BUILT_IN


def test_defaults_are_resolved_when_a_job_is_bound():
    routine = Routine()
    slot = routine.define_slot("in")
    flow = Flow("f", default_slot_max_queue_length=5)
    flow.add_routine(routine, "r")
    with StepRuntime() as rt:
        lengths = []
        for change in (
            lambda: None,
            lambda: setattr(flow, "default_slot_max_queue_length", 6),
            lambda: slot.configure(max_queue_length=7),
        ):
            change()
            job = rt.exec(flow, keep_open=True)
            lengths.append(job.slot("r", "in").max_queue_length)
            job.close()
        assert lengths == [5, 6, 7]
        assert [each.slot("r", "in").max_queue_length for each in rt.jobs.list_all()] == lengths
    assert slot.settings.max_queue_length == 7


def test_bad_class_defaults_are_refused_before_a_job_starts():
    class Bad(Routine):
        slot_defaults: ClassVar = {"lenght": 5}

    bad, flow = Bad(), Flow("f")
    bad.define_slot("in")
    flow.add_routine(bad, "r")
    with StepRuntime() as rt:
        with pytest.raises(ValueError, match="Unknown slot setting 'lenght'"):
            rt.exec(flow, keep_open=True)
        assert rt.list_jobs() == []
