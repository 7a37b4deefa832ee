"""What happens when logic raises: stop, continue, skip or retry."""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import StrEnum
from typing import Literal, NamedTuple, cast

from routilux.settings import is_count, is_number

Action = Literal["stop", "continue", "skip", "retry"]

# No job waits longer between two runs, and the power below stays within what a float can hold.
LONGEST_DELAY_S = 365 * 86_400.0


class ErrorStrategy(StrEnum):
    """What to do with an activation that raised.

    STOP fails the job; CONTINUE records the error and goes on; SKIP marks the routine as skipped
    for that activation and goes on; RETRY runs the same items again.
    """

    STOP = "stop"
    CONTINUE = "continue"
    SKIP = "skip"
    RETRY = "retry"


class Decision(NamedTuple):
    """What to do about one error.

    Attributes:
        action: ``stop``, ``continue``, ``skip`` or ``retry``.
        delay: seconds until the items run again; 0.0 unless the action is ``retry``.
    """

    action: Action
    delay: float = 0.0


class ErrorHandler:
    """Decides what an error in logic leads to. A routine's handler goes before its flow's.

    Args:
        strategy: an `ErrorStrategy` or its value.
        max_retries: how often RETRY runs the items again, 0 or more.
        retry_delay: seconds before the first of these runs.
        retry_backoff: each further delay is this many times as long, at least 1.
        retryable_exceptions: exception classes worth a retry; None means every ``Exception``.
        is_critical: whether the job fails when RETRY has not helped, instead of going on.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: an unknown strategy, a negative number, or a back-off below 1.
    """

    def __init__(
        self,
        strategy: str | ErrorStrategy = ErrorStrategy.STOP,
        max_retries: int = 3,
        retry_delay: float = 1.0,
        retry_backoff: float = 2.0,
        retryable_exceptions: Iterable[type[Exception]] | None = None,
        is_critical: bool = False,
    ) -> None:
        self.strategy = _strategy(strategy)
        self.max_retries = _count("max_retries", max_retries)
        self.retry_delay = _number("retry_delay", retry_delay, least=0)
        self.retry_backoff = _number("retry_backoff", retry_backoff, least=1)
        self.retryable_exceptions = _exceptions(retryable_exceptions)
        if not isinstance(is_critical, bool):
            raise TypeError(f"is_critical must be True or False, not {is_critical!r}")
        self.is_critical = is_critical

    def decide(self, error: BaseException, attempt: int) -> Decision:
        """What to do about `error`.

        Args:
            error: what logic raised.
            attempt: how often these items have run, 1 when the first run failed.
        """
        if self.strategy is not ErrorStrategy.RETRY:
            return Decision(cast("Action", self.strategy.value))
        if attempt <= self.max_retries and isinstance(error, self.retryable_exceptions):
            return Decision("retry", self._delay(attempt))
        return Decision("stop" if self.is_critical else "continue")

    def _delay(self, attempt: int) -> float:
        try:
            delay = self.retry_delay * self.retry_backoff ** (attempt - 1)
        except OverflowError:
            return LONGEST_DELAY_S if self.retry_delay else 0.0
        return min(delay, LONGEST_DELAY_S)

    def __repr__(self) -> str:
        return f"<ErrorHandler {self.strategy.value}>"


def _strategy(value: object) -> ErrorStrategy:
    if not isinstance(value, str):
        raise TypeError(f"strategy must be a string or an ErrorStrategy, not {value!r}")
    try:
        return ErrorStrategy(value.lower())
    except ValueError:
        known = ", ".join(strategy.value for strategy in ErrorStrategy)
        raise ValueError(f"strategy must be one of {known}, not {value!r}") from None


def _count(name: str, value: int) -> int:
    if not is_count(value):
        raise TypeError(f"{name} must be a whole number, not {value!r}")
    if value < 0:
        raise ValueError(f"{name} must be 0 or more, not {value!r}")
    return value


def _number(name: str, value: float, *, least: int) -> float:
    if not is_number(value):
        raise TypeError(f"{name} must be a number, not {value!r}")
    if not least <= value < math.inf:
        raise ValueError(f"{name} must be {least} or more, not {value!r}")
    return float(value)


def _exceptions(classes: object) -> tuple[type[Exception], ...]:
    if classes is None:
        return (Exception,)
    if isinstance(classes, type):
        classes = (classes,)
    if not isinstance(classes, Iterable):
        raise TypeError(f"retryable_exceptions must be exception classes, not {classes!r}")
    found = tuple(classes)
    for kind in found:
        if not isinstance(kind, type) or not issubclass(kind, Exception):
            raise TypeError(f"retryable_exceptions must be exception classes, not {kind!r}")
    return found


STOP_HANDLER = ErrorHandler()
"""What applies where neither the routine nor the flow has a handler."""
