"""The timer's thread."""

from __future__ import annotations

import threading

from routilux.clock import SYSTEM_CLOCK
from routilux.engine.timer import ThreadTimer
from tests.engine.parts import LONG_S


def test_an_alarm_in_the_far_future_does_not_end_the_thread() -> None:
    """No lock waits so long; the alarms behind it would never ring."""
    timer, rung = ThreadTimer(SYSTEM_CLOCK), threading.Event()
    timer.schedule(10**30, lambda: None)
    timer.schedule(10**29, rung.set)
    timer.schedule(SYSTEM_CLOCK.monotonic_ns() + 50_000_000, rung.set)
    assert rung.wait(LONG_S)
    timer.close()
