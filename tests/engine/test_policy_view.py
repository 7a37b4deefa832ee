"""What an activation policy sees of its slots, and what becomes of what it takes (ruling 5)."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

import pytest

from routilux import ErrorHandler, ExecutionStatus, Flow
from routilux.activation_policies import time_interval_policy
from routilux.slot import SlotQueueFullError
from routilux.testing import ManualRuntime
from tests.engine.parts import AGES_S, LONG_S, figures, letters, line, made, never

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from routilux import JobState
    from routilux.slot import Slot
    from routilux.testing import StepRuntime

    Slots = dict[str, Slot]
    Answer = tuple[bool, dict[str, list[Any]], Any]

DECLINED: Answer = (False, {}, None)


class Asked:
    """Routine ``r`` of an open job: items wait in its slots, and its policy is asked about them.

    Args:
        policy: asked at first; `again` asks another.
        items: what waits in slot ``in``.
        more: what waits in other slots.
        logic: what is called; None keeps its lists in `got`.
        errors: the error strategy.
        slot_settings: settings of all slots.

    Attributes:
        got: the lists of each activation, one for each slot.
    """

    def __init__(
        self,
        rt: StepRuntime,
        policy: Callable[[Slots, JobState], Answer],
        items: Sequence[Any] = (),
        more: dict[str, Sequence[Any]] | None = None,
        *,
        logic: Callable[..., None] | None = None,
        errors: str = "stop",
        **slot_settings: Any,
    ) -> None:
        self.rt, self.policy = rt, policy
        self.got: list[list[list[Any]]] = []
        waiting = {"in": items, **(more or {})}
        routine = made(
            logic or (lambda *lists: self.got.append(list(lists))),
            slots=waiting,
            policy=lambda slots, job: self.policy(slots, job),
            errors=ErrorHandler(errors),
            **slot_settings,
        )
        flow = Flow("asked")
        flow.add_routine(routine, "r")
        self.job = rt.exec(flow, keep_open=True)
        for name, own in waiting.items():
            for item in own:
                self.job.post("r", name, item)
        rt.run_until_idle()

    def again(self, policy: Callable[[Slots, JobState], Answer], item: Any) -> None:
        """Ask another policy when another item has come to ``in``."""
        self.policy = policy
        self.job.post("r", "in", item)
        self.rt.run_until_idle()

    def waiting(self, name: str = "in") -> list[Any]:
        figures(self.job, "r", name)
        return self.job.slot("r", name).peek_all_new()

    def consumed(self, name: str = "in") -> int:
        return figures(self.job, "r", name).consumed

    def finish(self) -> JobState:
        self.job.close()
        assert self.job.wait()
        return self.job


def everything(slots: Slots, job: JobState) -> Answer:
    """Takes all new items of all slots."""
    return True, {name: slot.consume_all_new() for name, slot in slots.items()}, None


# Each takes some of the items 1, 2, 3 and gives what it should have got for it.
WAYS: dict[str, tuple[Callable[[Slot], Any], Any, list[int]]] = {
    "one": (lambda slot: slot.consume_one_new(), 1, [1]),
    "two": (lambda slot: slot.consume_n_new(2), [1, 2], [1, 2]),
    "one by one": (lambda slot: [slot.consume_one_new() for _ in "ab"], [1, 2], [1, 2]),
    "all new": (lambda slot: slot.consume_all_new(), [1, 2, 3], [1, 2, 3]),
    "all": (lambda slot: slot.consume_all(), [1, 2, 3], [1, 2, 3]),
    "latest": (lambda slot: slot.consume_latest_and_mark_all_consumed(), 3, [1, 2, 3]),
    "nothing": (lambda slot: slot.consume_n_new(0), [], []),
}
each_way = pytest.mark.parametrize(("take", "given", "taken"), WAYS.values(), ids=WAYS)


# -- no: everything goes back ----------------------------------------------------------------------


@each_way
def test_what_a_policy_took_goes_back_to_the_head_when_it_declines(rt, take, given, taken):
    found = []

    def decline(slots: Slots, job: JobState) -> Answer:
        found.append((take(slots["in"]), slots["in"].peek_all_new()))
        return DECLINED

    asked = Asked(rt, decline, [1, 2, 3])
    assert found == [(given, [1, 2, 3][len(taken) :])]
    assert (asked.waiting(), asked.consumed(), asked.got) == ([1, 2, 3], 0, [])
    asked.again(everything, 4)
    assert (asked.got, asked.waiting(), asked.consumed()) == ([[[1, 2, 3, 4]]], [], 4)
    assert asked.finish().status == ExecutionStatus.COMPLETED


@each_way
def test_what_a_policy_took_goes_back_to_the_head_when_it_raises(rt, take, given, taken):
    found = []

    def fail(slots: Slots, job: JobState) -> Answer:
        found.append(take(slots["in"]))
        raise KeyError("policy")

    asked = Asked(rt, fail, [1, 2, 3], errors="continue")
    assert found == [given]
    assert (asked.waiting(), asked.consumed(), asked.got) == ([1, 2, 3], 0, [])
    asked.again(everything, 4)
    assert (asked.got, asked.waiting()) == ([[[1, 2, 3, 4]]], [])
    assert letters(asked.finish()) == []


def test_every_slot_gets_its_own_items_back(rt):
    def decline(slots: Slots, job: JobState) -> Answer:
        slots["in"].consume_all_new()
        slots["side"].consume_one_new()
        return DECLINED

    asked = Asked(rt, decline, [1, 2], {"side": ["a", "b"], "idle": ["x"]})
    assert [asked.waiting(name) for name in ("in", "side", "idle")] == [[1, 2], ["a", "b"], ["x"]]
    asked.again(everything, 3)
    assert asked.got == [[[1, 2, 3], ["a", "b"], ["x"]]]


def test_a_policy_that_raises_ends_the_job_and_the_items_stay(rt, caplog):
    def fail(slots: Slots, job: JobState) -> Answer:
        slots["in"].consume_one_new()
        raise KeyError("policy")

    with caplog.at_level(logging.CRITICAL, "routilux"):
        asked = Asked(rt, fail, [1, 2])
    job = asked.finish()
    assert job.status == ExecutionStatus.FAILED
    assert job.error == "Activation policy error in routine 'r': KeyError: 'policy'"
    assert (asked.waiting(), letters(job)) == ([1, 2], [])


WRONG: dict[str, tuple[Any, str]] = {
    "yes alone": (lambda slots: True, "returned True:"),
    "two": (lambda slots: (True, {}), "returned a tuple of 2:"),
    "a list": (lambda slots: [True, {}, None], "returned a value of type list:"),
    "nothing": (lambda slots: None, "returned None:"),
    "a count": (lambda slots: (1, {}, None), "type int for 'activate', which is True or False:"),
    "items alone": (
        lambda slots: (True, slots["in"].consume_all_new(), None),
        "returned a value of type list for the items:",
    ),
    "an item": (
        lambda slots: (True, {"in": slots["in"].consume_one_new()}, None),
        "returned a value of type int for slot 'in', which is no list:",
    ),
    "an item of another slot": (
        lambda slots: (True, {"side": slots["side"].consume_one_new(), "in": []}, None),
        "returned a value of type str for slot 'side', which is no list:",
    ),
    "another's slot": (
        lambda slots: (True, {"in": slots["in"].consume_all_new(), "inn": []}, None),
        "returned items for 'inn', which is none of its slots ('in', 'side'):",
    ),
}


@pytest.mark.parametrize(("answer", "said"), WRONG.values(), ids=WRONG)
def test_an_answer_of_the_wrong_shape_is_an_error_and_everything_goes_back(rt, answer, said):
    def wrong(slots: Slots, job: JobState) -> Any:
        return answer(slots)

    asked = Asked(rt, wrong, [1, 2], {"side": ["a", "b"]}, errors="continue")
    (record,) = asked.job.execution_history[-1:]
    assert "policy of routine 'r' returned " in record.data["error"]
    assert said in record.data["error"]
    assert record.data["error"].endswith(": return (activate, {slot: [items]}, message)")
    assert (asked.waiting(), asked.waiting("side"), asked.got) == ([1, 2], ["a", "b"], [])
    asked.again(everything, 3)
    assert asked.got == [[[1, 2, 3], ["a", "b"]]]
    assert letters(asked.finish()) == []


def test_an_answer_without_items_is_an_answer(rt):
    def took(slots: Slots, job: JobState) -> Any:
        return bool(slots["in"].consume_all_new()), None, None

    assert Asked(rt, took, [1, 2]).got == [[[1, 2]]]


def test_items_keep_their_ids_when_they_come_back(rt):
    asked = Asked(rt, never, "abc")
    before = asked.job.slot("r", "in").points()

    def decline(slots: Slots, job: JobState) -> Answer:
        slots["in"].consume_n_new(2)
        return DECLINED

    asked.again(decline, "d")
    assert asked.job.slot("r", "in").points()[:3] == before
    assert [point.data for point in before] == ["a", "b", "c"]


@pytest.mark.parametrize(("overflow", "left"), [("reject", [1, 2]), ("drop_oldest", [1, 3])])
def test_what_a_policy_has_in_hand_takes_room_and_is_not_evicted(rt, overflow, left):
    in_hand, refused, to_come = [], [], [3]

    def decline(slots: Slots, job: JobState) -> Answer:
        in_hand.append(slots["in"].consume_one_new())
        try:
            while to_come:
                job.post("r", "in", to_come.pop())
        except SlotQueueFullError as error:
            refused.append(error.unconsumed_count)
        return DECLINED

    asked = Asked(rt, never, [1], max_queue_length=2, overflow=overflow)
    asked.again(decline, 2)
    assert (set(in_hand), asked.waiting()) == ({1}, left)
    assert refused == ([2] if overflow == "reject" else [])
    assert letters(asked.job) == ([(2, "evicted")] if overflow == "drop_oldest" else [])


# -- yes: what it took are the activation's items --------------------------------------------------


@pytest.mark.parametrize(
    ("take", "given", "taken"), [way for name, way in WAYS.items() if name != "nothing"]
)
def test_what_a_policy_took_are_the_activations_items(rt, take, given, taken):
    def some(slots: Slots, job: JobState) -> Answer:
        if found:
            return DECLINED
        found.append(take(slots["in"]))
        return True, {}, None

    found: list[Any] = []
    asked = Asked(rt, some, [1, 2, 3])
    assert found == [given]
    assert asked.got == [[taken]]
    assert (asked.consumed(), asked.waiting()) == (len(taken), [1, 2, 3][len(taken) :])


def test_items_are_consumed_when_the_policy_has_said_yes_and_not_before(rt):
    counts = []

    def yes(slots: Slots, job: JobState) -> Answer:
        taken = slots["in"].consume_all_new()
        read = figures(job, "r", "in")
        counts.append((read.consumed, read.unconsumed))
        return True, {"in": taken}, None

    asked = Asked(rt, yes, [1, 2])
    assert counts == [(0, 2)]
    assert (asked.consumed(), asked.waiting()) == (2, [])


def test_logic_sees_what_the_policy_returned_instead(rt):
    def squared(slots: Slots, job: JobState) -> Answer:
        items = slots["in"].consume_all_new()
        return bool(items), {"in": [item * item for item in items]}, None

    asked = Asked(rt, squared, [2, 3])
    assert asked.got == [[[4, 9]]]
    assert asked.consumed() == 2
    points = asked.job.slot("r", "in").points()
    assert [(point.data, point.consumed) for point in points] == [(2, True), (3, True)]


def test_logic_may_be_shown_fewer_or_more_than_were_taken(rt):
    def last(slots: Slots, job: JobState) -> Answer:
        items = slots["in"].consume_all_new()
        return bool(items), {"in": items[-1:], "side": ["extra"]}, None

    asked = Asked(rt, last, [1, 2, 3], {"side": []})
    assert asked.got == [[[3], ["extra"]]]
    assert (asked.consumed(), asked.consumed("side")) == (3, 0)


def test_a_dead_letter_is_what_was_taken_and_not_what_logic_was_shown(rt, caplog):
    got: list[list[str]] = []

    def shown(slots: Slots, job: JobState) -> Answer:
        items = slots["in"].consume_all_new()
        return bool(items), {"in": [item.upper() for item in items]}, None

    def fail(items: list[str]) -> None:
        got.append(items)
        raise ValueError("bad")

    with caplog.at_level(logging.CRITICAL, "routilux"):
        asked = Asked(rt, shown, ["a", "b"], logic=fail, errors="continue")
    assert got == [["A", "B"]]
    assert letters(asked.job) == [("a", "logic_error"), ("b", "logic_error")]


def test_a_slot_that_only_was_looked_at_gives_as_many_as_were_returned(rt):
    def peeked(slots: Slots, job: JobState) -> Answer:
        items = slots["in"].peek_all_new()[:2]
        return len(items) == 2, {"in": items}, None

    asked = Asked(rt, peeked, [1, 2, 3, 4, 5])
    assert asked.got == [[[1, 2]], [[3, 4]]]
    assert (asked.waiting(), asked.consumed()) == ([5], 4)


def test_data_of_its_own_for_a_slot_takes_as_many_from_the_head(rt):
    def own(slots: Slots, job: JobState) -> Answer:
        return slots["in"].get_unconsumed_count() > 1, {"in": ["x", "y"]}, None

    asked = Asked(rt, own, [1, 2, 3])
    assert asked.got == [[["x", "y"]]]
    assert (asked.waiting(), asked.consumed()) == ([3], 2)


def test_more_data_than_there_are_items_takes_all_of_them(rt):
    def own(slots: Slots, job: JobState) -> Answer:
        return bool(slots["in"].get_unconsumed_count()), {"in": ["x", "y", "z"]}, None

    asked = Asked(rt, own, [1])
    assert asked.got == [[["x", "y", "z"]]]
    assert (asked.waiting(), asked.consumed()) == ([], 1)


@pytest.mark.parametrize("shown", [{}, None, {"in": []}, {"side": ["own"]}])
def test_a_yes_that_takes_nothing_is_a_no(rt, shown):
    calls = []

    def idle(slots: Slots, job: JobState) -> Any:
        calls.append(job.draining)
        assert len(calls) < 9, "asked for ever"
        slots["in"].consume_n_new(0)
        return True, shown, None

    asked = Asked(rt, idle, [1, 2], {"side": []})
    assert (asked.waiting(), asked.got) == ([1, 2], [])
    job = asked.finish()
    assert (job.status, letters(job)) == (
        ExecutionStatus.COMPLETED,
        [(1, "unmatched"), (2, "unmatched")],
    )
    assert calls[-1] is True


def test_a_slot_of_which_nothing_was_returned_or_taken_is_left_alone(rt):
    def left_only(slots: Slots, job: JobState) -> Answer:
        items = slots["in"].consume_all_new()
        return bool(items), {"in": items}, None

    asked = Asked(rt, left_only, [1], {"side": ["a"]})
    assert asked.got == [[[1], []]]
    assert (asked.waiting("side"), asked.consumed("side")) == (["a"], 0)


def test_the_message_of_the_policy_reaches_logic(rt):
    told: list[Any] = []

    def spoken(slots: Slots, job: JobState) -> Answer:
        items = slots["in"].consume_all_new()
        return bool(items), {"in": items}, {"why": "because"}

    def logic(items: list[Any], policy_message: Any) -> None:
        told.append((items, policy_message))

    Asked(rt, spoken, [1], logic=logic)
    assert told == [([1], {"why": "because"})]


# -- looking ---------------------------------------------------------------------------------------


def test_a_view_shows_the_slot_without_what_the_policy_has_taken(rt):
    seen: list[dict[str, Any]] = []

    def look(slots: Slots, job: JobState) -> Answer:
        slot = slots["in"]
        for _ in "ab":
            seen.append(
                {
                    "new": slot.peek_all_new(),
                    "one": slot.peek_one_new(),
                    "latest": slot.peek_latest(),
                    "counts": (slot.get_unconsumed_count(), slot.get_total_count()),
                }
            )
            slot.consume_one_new()
        return DECLINED

    asked = Asked(rt, everything, [0])
    asked.again(never, 1)
    asked.again(look, 2)
    assert seen == [
        {"new": [1, 2], "one": 1, "latest": 2, "counts": (2, 3)},
        {"new": [2], "one": 2, "latest": 2, "counts": (1, 2)},
    ]
    assert asked.waiting() == [1, 2]


def test_a_view_shows_a_consumed_item_as_the_latest_until_another_comes(rt):
    seen: list[Any] = []

    def look(slots: Slots, job: JobState) -> Answer:
        side = slots["side"]
        seen.append((side.peek_latest(), side.peek_one_new(), side.consume_all()))
        return DECLINED

    asked = Asked(rt, everything, [], {"side": ["a", "b"]})
    asked.again(look, 1)
    assert seen == [("b", None, ["a", "b"])]
    assert asked.consumed("side") == 2


def test_a_view_knows_the_slots_names_settings_and_figures(rt):
    seen: list[Any] = []

    def look(slots: Slots, job: JobState) -> Answer:
        slot, own = slots["in"], job.slot("r", "in")
        seen.append((slot.name, slot.routine_id, slot.max_queue_length))
        seen.append((slot.watermark, slot.watermark_threshold))
        seen.append(slot.get_queue_metrics() == own.get_queue_metrics())
        seen.append(slot.get_queue_status() == own.get_queue_status())
        seen.append(slot.get_queue_metrics()["unconsumed_count"])
        return DECLINED

    Asked(rt, look, [1, 2], max_queue_length=10, watermark=0.55)
    assert seen == [("in", "r", 10), (0.55, 5), True, True, 2]


def test_a_policy_gets_its_own_routines_slots_and_its_job(rt):
    seen: list[Any] = []

    def look(slots: Slots, job: JobState) -> Answer:
        seen.append((list(slots), job))
        return DECLINED

    asked = Asked(rt, look, [1], {"side": []})
    assert seen == [(["in", "side"], asked.job)]


def test_an_empty_slot_gives_a_policy_nothing(rt):
    seen: list[Any] = []

    def look(slots: Slots, job: JobState) -> Answer:
        side = slots["side"]
        seen.append([side.consume_one_new(), side.consume_latest_and_mark_all_consumed()])
        seen.append([side.consume_all_new(), side.consume_all(), side.peek_all_new()])
        seen.append([side.peek_one_new(), side.peek_latest(), side.get_total_count()])
        return DECLINED

    Asked(rt, look, [1], {"side": []})
    assert seen == [[None, None], [[], [], []], [None, None, 0]]


# -- beside the rest of the job --------------------------------------------------------------------


def test_a_pause_while_a_policy_is_asked_is_not_still_before_it_has_answered(rt):
    """A policy call counts as a running activation for the gate."""
    points = []

    def pausing(slots: Slots, job: JobState) -> Answer:
        if not points:
            slots["in"].consume_one_new()
            points.append(dict(job.pause("look")))
        return DECLINED

    asked = Asked(rt, pausing, [1, 2])
    assert [point["still"] for point in points] == [False]
    assert asked.job.pause(wait=True)["still"] is True
    assert (asked.job.status, asked.waiting()) == (ExecutionStatus.PAUSED, [1, 2])


def test_a_policy_is_asked_again_after_the_time_that_it_names(rt):
    """`ask_again_in` is asked after each decline; None means: when something comes."""
    asked: list[float] = []
    delays = [2.0, 3.0, None]

    def later(slots: Slots, job: JobState) -> Answer:
        asked.append(rt.clock.seconds())
        slots["in"].consume_one_new()
        return DECLINED

    later.ask_again_in = lambda slots, job: delays.pop(0)  # type: ignore[attr-defined]
    job = rt.exec(line(made(lambda items: None, policy=later)), keep_open=True)
    job.post("r0", "in", 1)
    rt.advance(100)
    assert asked == pytest.approx([0.0, 2.0, 5.0])
    assert (delays, job.slot("r0", "in").peek_all_new()) == ([], [1])


def test_what_is_declined_to_the_end_is_unmatched_however_much_was_taken(rt):
    def greedy(slots: Slots, job: JobState) -> Answer:
        slots["in"].consume_all_new()
        return DECLINED

    job = Asked(rt, greedy, [1, 2]).finish()
    assert job.status == ExecutionStatus.COMPLETED
    assert letters(job) == [(1, "unmatched"), (2, "unmatched")]


@pytest.mark.parametrize("recovers", [False, True])
def test_a_warning_names_the_error_of_a_policy_that_left_items_unmatched(rt, recovers):
    def fail(slots: Slots, job: JobState) -> Answer:
        if recovers and job.draining:
            return DECLINED
        raise KeyError("policy")

    job = Asked(rt, fail, [1, 2], errors="continue").finish()
    assert letters(job) == [(1, "unmatched"), (2, "unmatched")]
    told = "2 item(s) of routine 'r' are unmatched, for its activation policy raised "
    expected = [] if recovers else [f"{told}KeyError: 'policy'"]
    assert list(job.warnings) == [*expected, "2 item(s) became dead letters"]


def test_the_room_that_a_policy_makes_lets_a_waiting_caller_in(rt):
    got: list[list[int]] = []
    timed = made(got.append, policy=time_interval_policy(1.0), max_queue_length=1, overflow="block")
    job = rt.exec(line(timed), keep_open=True)
    for item, seconds in ((1, 0.0), (2, 0.0), (3, 1.0)):
        job.post("r0", "in", item)
        assert rt.clock.seconds() == pytest.approx(seconds)
        rt.run_until_idle()
    assert got == [[1], [2]]
    job.close()
    assert job.wait()
    assert got == [[1], [2], [3]]


def test_a_caller_that_could_not_evict_what_a_policy_had_in_hand_evicts_it_afterwards():
    asked, answer = threading.Event(), threading.Event()

    def slow(slots: Slots, job: JobState) -> Answer:
        slots["in"].consume_all_new()
        asked.set()
        assert answer.wait(LONG_S)
        return DECLINED

    flow = line(made(print, policy=slow, max_queue_length=1, overflow="drop_oldest"))
    with ManualRuntime() as runtime:
        job = runtime.exec(flow, keep_open=True)
        job.post("r0", "in", 1)
        assert asked.wait(LONG_S)
        caller = threading.Thread(target=job.post, args=("r0", "in", 2, AGES_S))
        caller.start()
        runtime.clock.await_waits(1)
        answer.set()
        caller.join(LONG_S)
        assert not caller.is_alive()
        job.close()
        assert job.wait(LONG_S)
    assert letters(job) == [(1, "evicted"), (2, "unmatched")]
