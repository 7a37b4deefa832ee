"""Runtimes that take steps: one, and two for tests that save in one and go on in the other."""

from __future__ import annotations

import _thread
import os
from typing import TYPE_CHECKING

import pytest

from routilux.testing import StepRuntime

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def rt() -> Iterator[StepRuntime]:
    """A runtime that does one thing at a time, on a manual clock, and leaves no thread behind."""
    before = _thread._count()
    with StepRuntime() as runtime:
        yield runtime
    while _thread._count() > before:  # a thread that was let go needs a moment to be gone
        os.sched_yield()


@pytest.fixture
def old() -> Iterator[StepRuntime]:
    with StepRuntime(seed=1) as runtime:
        yield runtime


@pytest.fixture
def new() -> Iterator[StepRuntime]:
    with StepRuntime(seed=2) as runtime:
        yield runtime
