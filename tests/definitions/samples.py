"""Routines and doubles that several test modules share; flow documents name them by import path."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from routilux.activation import current_activation
from routilux.activation_policies import all_slots_ready_policy, batch_size_policy
from routilux.clock import SYSTEM_CLOCK
from routilux.error_handler import ErrorHandler
from routilux.job_state import JobState
from routilux.routine import Routine
from routilux.slot import Slot

if TYPE_CHECKING:
    from routilux.clock import Clock

HERE = __name__


class Reader(Routine):
    """A source with one event."""

    def __init__(self) -> None:
        super().__init__()
        self.define_event("file", ["path"])

    def logic(self) -> None:
        self.emit("file", path="a.py")


class Counter(Routine):
    """One slot, two events."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("files", 50)
        self.define_event("counted")
        self.define_event("skipped")


class Sink(Routine):
    """Writes what it got into the job's shared data."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("items")

    def logic(self, items: list[Any], job_state: Any) -> None:
        job_state.update_shared_data("seen", items)


class Join(Routine):
    """Two slots, with a policy and a handler of the class's own."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("left")
        self.define_slot("right")
        self.set_activation_policy(all_slots_ready_policy())
        self.set_error_handler(ErrorHandler("skip"))


class Picky(Routine):
    """Cannot be made without an argument."""

    def __init__(self, need: int) -> None:
        super().__init__()


class Broken(Routine):
    """Its constructor raises."""

    def __init__(self) -> None:
        raise OSError("no disk")


class Own(Routine):
    """Has a policy that only Python can express."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("in")
        self.set_activation_policy(decide)


class Dotted(Routine):
    """A slot and an event with dots in their names."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("in.put")
        self.define_event("out.put")


def decide(slots: Any, job_state: Any) -> Any:
    """A policy of one's own."""
    return False, {}, None


def make_counter() -> Counter:
    """A factory."""
    return Counter()


def make_nothing() -> object:
    """A factory of something else."""
    return "nothing"


not_callable = 3
batch = batch_size_policy(2)


class FakeJob:
    """The part of a job that policies use, with hands to turn."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.draining = False
        self.memory: dict[str, dict[str, Any]] = defaultdict(dict)

    def run_seconds(self) -> float:
        return self.seconds

    def policy_memory(self, routine_id: str) -> dict[str, Any]:
        return self.memory[routine_id]


class FakeOutlet:
    """Collects what is emitted, and counts how often its limit was reached."""

    def __init__(self, limit: int = 1_000_000) -> None:
        self.limit = limit
        self.data: list[Any] = []
        self.stamps: list[int] = []
        self.handed_over: list[object] = []

    def now(self) -> int:
        return 0

    def hand_over(self, emitted: object) -> None:
        self.handed_over.append(emitted)


class FakeActivation:
    """Calls a routine's logic as the engine does, and keeps what came of it."""

    def __init__(
        self, routine: Routine, limit: int = 1_000_000, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self.routine = routine
        self.clock = clock
        self.outlets: dict[str, FakeOutlet] = {name: FakeOutlet(limit) for name in routine.events}
        self.failed: list[tuple[Any, BaseException]] = []
        self.checkpoints = 0
        self.state = JobState("fake")
        self.done: list[int] = []

    def fail(self, item: object, error: BaseException) -> None:
        self.failed.append((item, error))

    def processed(self, count: int) -> None:
        self.done.append(count)

    def checkpoint(self) -> None:
        self.checkpoints += 1

    def run(self, *lists: list[Any]) -> list[Any]:
        """Call the logic; returns what was emitted on ``out``."""
        logic = self.routine.get_logic()
        assert logic is not None
        token = current_activation.set(self)  # type: ignore[arg-type]
        try:
            logic(*lists)
        finally:
            current_activation.reset(token)
        return self.outlets["out"].data


def heard(routine: Routine) -> Routine:
    """The routine, with a slot connected to each of its events."""
    for event in routine.events.values():
        event.connect(Slot("listener"))
    return routine


def filled(name: str, *items: Any, routine: Routine | None = None) -> Slot:
    """A slot with items in it."""
    slot = Slot(name, routine)
    for item in items:
        slot.enqueue(item, "test", datetime.now(UTC))
    return slot
