"""When logic is called, and with which items.

An activation policy is asked with the routine's slots and the job, whenever items have come. It
answers ``(activate, {slot name: items}, message)``; what it consumed belongs to the activation, and
goes back to the head of its slots when it declines. A policy that agrees and takes no item of any
slot has declined. Without a policy all new items go as soon as there is one.

Any function of that shape is a policy. One may also have, as attributes, ``minimum`` (items that
one slot must be able to hold), ``ask_again_in(slots, job_state)`` (after a decline: in how many
seconds of job time to ask again, or None), ``lacks(slots, job_state)`` (one line: what it waits
for) and ``describe()``.
"""

# ruff: noqa: ARG002 - all policies take the same arguments
from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, TypeAlias

from routilux.settings import is_count, is_number

if TYPE_CHECKING:
    from collections.abc import Callable

    from routilux.job_state import JobState
    from routilux.slot import Slot

Policy: TypeAlias = "Callable[[dict[str, Slot], JobState], Answer]"
Answer: TypeAlias = tuple[bool, dict[str, list[Any]], Any]
Check: TypeAlias = "Callable[[dict[str, Slot], JobState], bool]"

DECLINED: Answer = (False, {}, None)


class _Policy(ABC):
    """The shape that the built-in policies share."""

    type = ""

    @abstractmethod
    def __call__(self, slots: dict[str, Slot], job_state: JobState) -> Answer:
        """Whether to activate, with which items of each slot, and a message for logic."""

    def lacks(self, slots: dict[str, Slot], job_state: JobState) -> str:
        """What it still waits for."""
        return "an item in any slot"

    def config(self) -> dict[str, Any]:
        """What makes this policy again."""
        return {}

    def describe(self) -> dict[str, Any]:
        """Type, config and a sentence."""
        return {"type": self.type, "config": self.config(), "description": str(self)}

    def __repr__(self) -> str:
        return f"<{self.type} policy: {self}>"


class Immediate(_Policy):
    """Everything new, as soon as there is one item."""

    type = "immediate"

    def __call__(self, slots: dict[str, Slot], job_state: JobState) -> Answer:
        return _all_new(slots, self.type) if _any_new(slots) else DECLINED

    def __str__(self) -> str:
        return "all new items, as soon as there is one"


class BatchSize(_Policy):
    """The same number of items from every slot, once every slot has them."""

    type = "batch_size"

    def __init__(self, size: int) -> None:
        if not is_count(size) or size < 1:
            raise ValueError(f"A batch must be a whole number above 0, not {size!r}")
        self.minimum = size

    def __call__(self, slots: dict[str, Slot], job_state: JobState) -> Answer:
        size = self.minimum
        short = any(slot.get_unconsumed_count() < size for slot in slots.values())
        if not _any_new(slots) or (short and not job_state.draining):
            return DECLINED
        items = {name: slot.consume_n_new(size) for name, slot in slots.items()}
        return True, items, {"policy": self.type, "size": size, "short": short}

    def lacks(self, slots: dict[str, Slot], job_state: JobState) -> str:
        size = self.minimum
        short = [
            f"{size - have} more in '{name}'"
            for name, slot in slots.items()
            if (have := slot.get_unconsumed_count()) < size
        ]
        return ", ".join(short) or "nothing"

    def config(self) -> dict[str, Any]:
        return {"size": self.minimum}

    def __str__(self) -> str:
        return f"{self.minimum} of each slot, once every slot has {self.minimum}"


class TimeInterval(_Policy):
    """Everything new, at the first item and then at most once each interval of job time."""

    type = "time_interval"

    def __init__(self, seconds: float) -> None:
        if not is_number(seconds) or not 0 < seconds < math.inf:
            raise ValueError(f"An interval must be a number of seconds above 0, not {seconds!r}")
        self.seconds = float(seconds)

    def __call__(self, slots: dict[str, Slot], job_state: JobState) -> Answer:
        if not _any_new(slots):
            return DECLINED
        if not job_state.draining and self._left(slots, job_state) > 0:
            return DECLINED
        self._memory(slots, job_state)["fired_at"] = job_state.run_seconds()
        return _all_new(slots, self.type)

    def ask_again_in(self, slots: dict[str, Slot], job_state: JobState) -> float | None:
        """Seconds of job time until the interval is over; None while nothing waits."""
        return max(0.0, self._left(slots, job_state)) if _any_new(slots) else None

    def lacks(self, slots: dict[str, Slot], job_state: JobState) -> str:
        if not _any_new(slots):
            return "an item in any slot"
        return f"{max(0.0, self._left(slots, job_state)):.3f} s of its interval"

    def config(self) -> dict[str, Any]:
        return {"seconds": self.seconds}

    def __str__(self) -> str:
        return f"all new items, at most once each {self.seconds:g} s"

    def _left(self, slots: dict[str, Slot], job_state: JobState) -> float:
        fired_at: float | None = self._memory(slots, job_state).get("fired_at")
        if fired_at is None:
            return 0.0
        return fired_at + self.seconds - job_state.run_seconds()

    def _memory(self, slots: dict[str, Slot], job_state: JobState) -> dict[str, Any]:
        routine_id = next(iter(slots.values())).routine_id
        return job_state.policy_memory(routine_id or "")


class AllSlotsReady(_Policy):
    """One item of each slot, once every slot has one: a join."""

    type = "all_slots_ready"

    def __call__(self, slots: dict[str, Slot], job_state: JobState) -> Answer:
        if _empty(slots) or not slots:
            return DECLINED
        items = {name: slot.consume_n_new(1) for name, slot in slots.items()}
        return True, items, {"policy": self.type}

    def lacks(self, slots: dict[str, Slot], job_state: JobState) -> str:
        return ", ".join(f"an item in '{name}'" for name in _empty(slots)) or "nothing"

    def __str__(self) -> str:
        return "one item of each slot, once every slot has one"


class Custom(_Policy):
    """Everything new, when a function of the author's says so."""

    type = "custom"

    def __init__(self, check: Check) -> None:
        if not callable(check):
            raise ValueError(f"A check must be a function of (slots, job_state), not {check!r}")
        self.check = check

    def __call__(self, slots: dict[str, Slot], job_state: JobState) -> Answer:
        # Nothing new is never an activation: a check that always agrees would run for ever.
        if _any_new(slots) and self.check(slots, job_state):
            return _all_new(slots, self.type)
        return DECLINED

    def lacks(self, slots: dict[str, Slot], job_state: JobState) -> str:
        return f"{_name(self.check)}() to agree" if _any_new(slots) else "an item in any slot"

    def config(self) -> dict[str, Any]:
        return {"check": _name(self.check)}

    def __str__(self) -> str:
        return f"all new items, when {_name(self.check)}() agrees"


def immediate_policy() -> Immediate:
    """All new items of all slots, as soon as there is one."""
    return Immediate()


def batch_size_policy(n: int) -> BatchSize:
    """`n` items of each slot, once every slot has `n`.

    When nothing else comes any more, a short batch goes: up to `n` of each slot.

    Raises:
        ValueError: `n` is not a whole number above 0.
    """
    return BatchSize(n)


def time_interval_policy(seconds: float) -> TimeInterval:
    """All new items at the first item, and then at most once each `seconds`.

    The job's clock counts, which stands still while the job is paused. When nothing else comes any
    more, what waits goes at once.

    Raises:
        ValueError: `seconds` is not a number above 0.
    """
    return TimeInterval(seconds)


def all_slots_ready_policy() -> AllSlotsReady:
    """One item of each slot, once every slot has one."""
    return AllSlotsReady()


def custom_policy(check: Check) -> Custom:
    """All new items, when ``check(slots, job_state)`` is true; it is asked when items have come.

    `check` should look (``get_unconsumed_count``, ``peek_...``) and not consume.

    Raises:
        ValueError: `check` cannot be called.
    """
    return Custom(check)


def describe_policy(policy: Policy | None) -> dict[str, Any]:
    """A policy as ``{"type", "config", "description"}``; type ``none`` when there is none."""
    if policy is None:
        text = "no policy: all new items, as soon as there is one"
        return {"type": "none", "config": {}, "description": text}
    describe = getattr(policy, "describe", None)
    if describe is not None:
        return dict(describe())
    return {"type": "custom", "config": {}, "description": f"{_name(policy)}() decides"}


def _any_new(slots: dict[str, Slot]) -> bool:
    return any(slot.get_unconsumed_count() for slot in slots.values())


def _empty(slots: dict[str, Slot]) -> list[str]:
    return [name for name, slot in slots.items() if not slot.get_unconsumed_count()]


def _all_new(slots: dict[str, Slot], kind: str) -> Answer:
    return True, {name: slot.consume_all_new() for name, slot in slots.items()}, {"policy": kind}


def _name(function: object) -> str:
    return getattr(function, "__name__", None) or type(function).__name__
