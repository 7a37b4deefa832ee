"""Telemetry of one runtime, in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from routilux.testing import StepRuntime
from routilux_otel import RoutiluxInstrumentor
from tests.otel.parts import Memory

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def rt() -> StepRuntime:
    """A runtime that takes one step at a time."""
    return StepRuntime()


@pytest.fixture
def memory(rt: StepRuntime) -> Iterator[Memory]:
    """All telemetry of `rt`."""
    found = Memory()
    instrumentor = RoutiluxInstrumentor()
    instrumentor.instrument(hooks=rt.hooks, **found.providers)
    yield found
    instrumentor.uninstrument()
    found.close()
