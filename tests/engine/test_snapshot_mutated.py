"""A snapshot that was changed somewhere: refused with the place, or no item is missed."""

from __future__ import annotations

import copy
import logging
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from routilux import ErrorHandler, Flow, Routine
from routilux.activation_policies import time_interval_policy
from routilux.errors import CodecError
from routilux.testing import CollectingSink, StepRuntime
from tests.engine.snapshots import Snapshot, take

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routilux import JobState

Place = tuple[Any, ...]
NAMED = re.compile(r"(snapshot: |saved job: |slot '|activation |dead letter |Flow '\w+' cannot go)")
GONE = object()
VALUES: list[Any] = [
    GONE, None, True, False, -1, 0, 1, 7, 10**30, 1.5, 1e308, float("nan"), float("inf"), "", "x",
    "items", "first", "paused", [], [None], [1, 2], {}, {"a": 1}, {"$codec": 1}, {"$plain": 1},
]  # fmt: skip


class First(Routine):
    """Emits each item; each call fails the first time."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("items", max_queue_length=20)
        self.define_event("out")
        self.set_logic(self._pass_on)
        self.set_error_handler(ErrorHandler("retry", max_retries=1, retry_delay=5.0))
        self.calls = 0
        self.passed: list[Any] = []

    def _pass_on(self, items: list[Any]) -> None:
        self.calls += 1
        if self.calls == 1:
            raise OSError("not now")
        for item in items:
            self.passed.append(item)
            self.emit_item("out", item)


class Made:
    """``first -> timed`` and ``first -> short``, whose slot turns some items away."""

    def __init__(self) -> None:
        self.first, self.timed = First(), CollectingSink()
        self.timed.set_activation_policy(time_interval_policy(3.0))
        self.short = CollectingSink(max_queue_length=1, overflow="reject")
        self.flow = Flow("mutated")
        for name in ("first", "timed", "short"):
            self.flow.add_routine(getattr(self, name), name)
        for name in ("timed", "short"):
            self.flow.connect("first", "out", name, "items")

    def seen(self, name: str) -> int:
        routine = getattr(self, name)
        return len(routine.passed if name == "first" else routine.received)


def saved() -> Snapshot:
    """A job with one of everything: waiting items, a back-off, an alarm, letters, logs, a limit."""
    made = Made()
    with StepRuntime(seed=3) as runtime:
        job = runtime.exec(made.flow, keep_open=True, timeout=1e6)
        job.shared_data["mine"] = {"a": [1]}
        made.first.calls = 1
        for item in (1, 2):
            job.post("first", "items", item)
        runtime.run_until_idle()
        made.first.calls = 0
        job.post("first", "items", 3)
        job.post("timed", "items", 4)
        runtime.run_until_idle()
        for item in (5, 6):
            job.post("first", "items", item)
        snapshot = take(job)
    for name in ("activations", "policy_alarms", "time_limit"):
        assert snapshot[name], name
    assert snapshot["job"]["dead_letters"]["letters"]
    return snapshot


SAVED = saved()


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    if place:
        yield place
    if isinstance(value, dict | list):
        keys = value if isinstance(value, dict) else range(len(value))
        for key in keys:
            yield from places(value[key], (*place, key))


# What a policy showed logic instead of the items is the policy's choice: nothing is right or wrong.
PLACES = [place for place in places(SAVED) if place[-1] != "shown"]


def changed(place: Place, value: Any) -> Snapshot:
    """The snapshot with another value in one place, or without it."""
    whole = copy.deepcopy(SAVED)
    holder: Any = whole
    for key in place[:-1]:
        holder = holder[key]
    if value is GONE:
        del holder[place[-1]]
    else:
        holder[place[-1]] = copy.deepcopy(value)
    return whole


def items(snapshot: Snapshot, name: str) -> int:
    """Items of a routine that were still to be processed."""
    runs = [
        run
        for slot in snapshot["slots"]
        if slot["routine_id"] == name
        for run in [*slot["waiting_items"], *slot["held_items"]]
    ]
    for activation in snapshot["activations"]:
        if activation["routine_id"] == name:
            runs += [run for given in activation["inputs"] for run in given["items"]]
    return sum(len(run["data"]) for run in runs)


def letters(snapshot: Snapshot, name: str) -> int:
    kept = snapshot["job"]["dead_letters"]["letters"]
    return sum(letter["routine_id"] == name for letter in kept)


def check_accounts(made: Made, job: JobState, snapshot: Snapshot) -> None:
    """Each item that was to be processed, or came since, is in one place."""
    for name in ("first", "timed", "short"):
        read = job.slot(name, "items").metrics()
        assert read.offered == read.consumed + read.unconsumed + read.held + read.refused, name
        (before,) = [each for each in snapshot["slots"] if each["routine_id"] == name]
        came = read.offered - before["offered"]
        gone = len(job.dead_letters.list(routine_id=name)) - letters(snapshot, name)
        left = read.unconsumed + read.held
        assert items(snapshot, name) + came == made.seen(name) + gone + left, name


def restore(snapshot: Snapshot) -> str:
    """Restore it and let it run; gives why it was refused, or ""."""
    made = Made()
    made.first.calls = 1
    with StepRuntime(seed=4) as runtime:
        try:
            job = runtime.restore(snapshot, made.flow)
        except (ValueError, CodecError) as error:
            assert runtime.list_jobs() == []
            return str(error)
        job.close()
        assert job.wait()
        check_accounts(made, job, snapshot)
    return ""


@pytest.fixture(autouse=True, scope="module")
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_the_snapshot_itself_is_restored() -> None:
    assert restore(SAVED) == ""


def other_values() -> st.SearchStrategy[Any]:
    return st.sampled_from(VALUES) | st.sampled_from(PLACES).map(
        lambda place: value_at(place, SAVED)
    )


def value_at(place: Place, value: Any) -> Any:
    for key in place:
        value = value[key]
    return value


@given(st.sampled_from(PLACES), other_values())
@example(("slots", 0), GONE)
@example(("activations", 0, "inputs"), [])
@example(("routines", 0, "activations"), [])
@example(("routines", 0, "busy_ns"), {})
@example(("slots", 0, "routine_id"), "x")
@example(("slots", 0, "waiting_items", 0, "data"), "x")
@example(("job", "dead_letters", "letters"), [])
def test_a_change_is_refused_with_its_place_or_loses_nothing(place: Place, value: Any) -> None:
    refusal = restore(changed(place, value))
    assert not refusal or NAMED.match(refusal) or place == ("schema",), refusal


@pytest.mark.parametrize("whole", [None, [], {}, "x", 5, {"routine_states": 1, "snapshot": 5}])
def test_what_is_no_snapshot_at_all_is_refused(whole: Any) -> None:
    assert "snapshot" in restore(whole).lower()
