"""How a slot behaves: its length, its watermark, and what happens when it is full.

A setting that is None is inherited: slot > the routine's ``slot_defaults`` > flow > built in.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

Overflow = Literal["retry", "block", "reject", "drop_oldest"]
OVERFLOWS: tuple[str, ...] = get_args(Overflow)


@dataclass(frozen=True, slots=True)
class SlotSettings:
    """The settings of one slot, resolved.

    Attributes:
        max_queue_length: items that may wait in the slot, at least 1.
        watermark: share of the length (0 to 1) from which consumed items are let go and the slot
            counts as nearly full.
        overflow: what a full slot does. ``retry``: the producer waits `max_enqueue_retries` times,
            then the item is refused; ``block``: it waits as long as the job lives; ``reject``: the
            item is refused at once; ``drop_oldest``: the oldest waiting item is evicted.
        max_enqueue_retries: waits before ``retry`` gives up.
        enqueue_retry_delay: seconds of the first wait; the n-th lasts n times as long.
        pause_enqueue_timeout: seconds that a caller from outside waits at a paused job.
    """

    max_queue_length: int = 1000
    watermark: float = 0.8
    overflow: Overflow = "retry"
    max_enqueue_retries: int = 3
    enqueue_retry_delay: float = 0.1
    pause_enqueue_timeout: float = 5.0

    def __post_init__(self) -> None:
        if not is_count(self.max_queue_length) or self.max_queue_length <= 0:
            raise _bad("max_queue_length", self.max_queue_length, "a whole number above 0")
        if not is_number(self.watermark) or not 0.0 <= self.watermark <= 1.0:
            raise _bad("watermark", self.watermark, "a number from 0 to 1")
        if self.overflow not in OVERFLOWS:
            raise _bad("overflow", self.overflow, "one of " + ", ".join(OVERFLOWS))
        if not is_count(self.max_enqueue_retries) or self.max_enqueue_retries < 0:
            raise _bad("max_enqueue_retries", self.max_enqueue_retries, "0 or more")
        for name in ("enqueue_retry_delay", "pause_enqueue_timeout"):
            value = getattr(self, name)
            if not is_number(value) or not 0 <= value < float("inf"):
                raise _bad(name, value, "a number of seconds, 0 or more")

    @property
    def watermark_threshold(self) -> int:
        """Items from which consumed ones are let go."""
        return int(self.max_queue_length * self.watermark)

    @property
    def holds_back(self) -> bool:
        """Whether a full slot makes its producer wait."""
        return self.overflow in ("retry", "block")


NAMES = frozenset(field.name for field in fields(SlotSettings))


def explicit(**settings: Any) -> dict[str, Any]:
    """What an author gave: `settings` without those that are None, each name known."""
    unknown = settings.keys() - NAMES
    if unknown:
        raise ValueError(
            f"Unknown slot setting {sorted(unknown)[0]!r}; there are {', '.join(sorted(NAMES))}"
        )
    return {name: value for name, value in settings.items() if value is not None}


def resolve(*layers: Mapping[str, Any]) -> SlotSettings:
    """Merge `layers`, the nearest to the slot first, over the built-in defaults.

    Raises:
        ValueError: a setting is unknown or out of range; names the setting and its value.
    """
    merged: dict[str, Any] = {}
    for layer in reversed(layers):
        merged.update(explicit(**layer))
    return SlotSettings(**merged)


def is_count(value: object) -> bool:
    """Whether `value` is a whole number; True and False are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> bool:
    """Whether `value` is a number; True and False are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


LONGEST_S = 1e9
"""32 years; who waits longer means no limit, and clocks count in whole nanoseconds."""


def check_time_limit(name: str, seconds: object) -> float:
    """The time limit of a job, as a float.

    Raises:
        ValueError: it is not a number of seconds above 0, and of at most `LONGEST_S`.
    """
    wanted = "a number of seconds above 0"
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or seconds <= 0:
        raise _bad(name, seconds, wanted)
    if not seconds <= LONGEST_S:
        raise _bad(name, seconds, f"{wanted} and of at most {LONGEST_S:g} (None: no limit)")
    return float(seconds)


def _bad(name: str, value: object, wanted: str) -> ValueError:
    return ValueError(f"{name} must be {wanted}, not {value!r}")
