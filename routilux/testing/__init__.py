"""Helpers for tests of flows: time by hand, steps in a seeded order, and ears.

`StepRuntime` runs a flow one activation at a time on a clock that the test moves, so that a test
has neither sleeps nor luck in it. `ManualRuntime` has real workers and the same kind of clock. They
are what Routilux's own tests use.
"""

from __future__ import annotations

from routilux.testing.clock import ManualClock, ManualTimer
from routilux.testing.manual import ManualRuntime
from routilux.testing.recording import RecordingHook
from routilux.testing.sequencer import Sequencer
from routilux.testing.sink import CollectingSink
from routilux.testing.stepping import StepRuntime

__all__ = [
    "CollectingSink",
    "ManualClock",
    "ManualRuntime",
    "ManualTimer",
    "RecordingHook",
    "Sequencer",
    "StepRuntime",
]
