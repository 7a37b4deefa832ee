from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routilux.error_handler import (
    LONGEST_DELAY_S,
    STOP_HANDLER,
    Decision,
    ErrorHandler,
    ErrorStrategy,
)


def test_the_defaults():
    handler = ErrorHandler()
    assert handler.strategy is ErrorStrategy.STOP
    assert (handler.max_retries, handler.retry_delay, handler.retry_backoff) == (3, 1.0, 2.0)
    assert handler.retryable_exceptions == (Exception,)
    assert handler.is_critical is False
    assert STOP_HANDLER.decide(ValueError(), 1) == Decision("stop", 0.0)


def test_strategies_are_strings():
    assert ErrorStrategy.RETRY == "retry"
    assert ErrorHandler("retry").strategy is ErrorStrategy.RETRY
    assert ErrorHandler("CONTINUE").strategy is ErrorStrategy.CONTINUE
    assert ErrorHandler(ErrorStrategy.SKIP).strategy is ErrorStrategy.SKIP


@pytest.mark.parametrize("strategy", ["stop", "continue", "skip"])
@pytest.mark.parametrize("critical", [True, False])
def test_strategies_without_retry_always_say_the_same(strategy, critical):
    handler = ErrorHandler(strategy, is_critical=critical)
    assert [handler.decide(ValueError(), n) for n in (1, 2, 9)] == [Decision(strategy)] * 3


def test_retry_waits_longer_each_time_and_then_goes_on():
    handler = ErrorHandler("retry", max_retries=3, retry_delay=0.5, retry_backoff=3)
    decisions = [handler.decide(ValueError(), attempt) for attempt in (1, 2, 3, 4)]
    assert decisions == [
        Decision("retry", 0.5),
        Decision("retry", 1.5),
        Decision("retry", 4.5),
        Decision("continue"),
    ]


def test_a_critical_retry_stops_in_the_end():
    handler = ErrorHandler("retry", max_retries=1, is_critical=True)
    assert handler.decide(ValueError(), 1).action == "retry"
    assert handler.decide(ValueError(), 2) == Decision("stop")


def test_no_retries_means_none():
    assert ErrorHandler("retry", max_retries=0).decide(ValueError(), 1) == Decision("continue")


def test_only_the_listed_exceptions_are_retried():
    handler = ErrorHandler("retry", retryable_exceptions=[OSError, KeyError], is_critical=True)
    assert handler.decide(FileNotFoundError(), 1).action == "retry"
    assert handler.decide(KeyError(), 1).action == "retry"
    assert handler.decide(ValueError(), 1) == Decision("stop")
    assert ErrorHandler(retryable_exceptions=OSError).retryable_exceptions == (OSError,)  # type: ignore[arg-type]


def test_what_is_no_exception_is_not_retried():
    assert ErrorHandler("retry").decide(KeyboardInterrupt(), 1) == Decision("continue")


def test_a_delay_stays_finite():
    handler = ErrorHandler("retry", max_retries=10_000, retry_delay=1, retry_backoff=10)
    assert handler.decide(ValueError(), 50).delay == LONGEST_DELAY_S
    assert handler.decide(ValueError(), 5_000).delay == LONGEST_DELAY_S
    never = ErrorHandler("retry", max_retries=10_000, retry_delay=0, retry_backoff=10)
    assert never.decide(ValueError(), 5_000).delay == 0.0


@given(
    st.integers(0, 50),
    st.floats(0, 1e6),
    st.floats(1, 1e6),
    st.integers(1, 60),
)
def test_a_retry_is_within_its_count_and_its_delay_is_a_number(retries, delay, backoff, attempt):
    decision = ErrorHandler("retry", retries, delay, backoff).decide(ValueError(), attempt)
    assert (decision.action == "retry") == (attempt <= retries)
    assert 0 <= decision.delay <= LONGEST_DELAY_S


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"strategy": 3}, "strategy must be a string or an ErrorStrategy, not 3"),
        ({"strategy": None}, "strategy must be a string"),
        ({"max_retries": "3"}, "max_retries must be a whole number, not '3'"),
        ({"max_retries": True}, "max_retries must be a whole number"),
        ({"max_retries": 1.5}, "max_retries must be a whole number"),
        ({"retry_delay": "1"}, "retry_delay must be a number, not '1'"),
        ({"retry_backoff": False}, "retry_backoff must be a number"),
        ({"retryable_exceptions": 5}, "must be exception classes, not 5"),
        ({"retryable_exceptions": ["OSError"]}, "must be exception classes, not 'OSError'"),
        ({"retryable_exceptions": [KeyboardInterrupt]}, "must be exception classes"),
        ({"is_critical": 1}, "is_critical must be True or False, not 1"),
    ],
)
def test_wrong_types_are_type_errors(arguments, message):
    with pytest.raises(TypeError, match=message):
        ErrorHandler(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"strategy": "ignore"}, "one of stop, continue, skip, retry, not 'ignore'"),
        ({"max_retries": -1}, "max_retries must be 0 or more, not -1"),
        ({"retry_delay": -0.1}, "retry_delay must be 0 or more, not -0.1"),
        ({"retry_delay": math.inf}, "retry_delay must be 0 or more, not inf"),
        ({"retry_delay": math.nan}, "retry_delay must be 0 or more, not nan"),
        ({"retry_backoff": 0.9}, "retry_backoff must be 1 or more, not 0.9"),
    ],
)
def test_bad_values_are_value_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        ErrorHandler(**arguments)


def test_repr_names_the_strategy():
    assert repr(ErrorHandler("skip")) == "<ErrorHandler skip>"
