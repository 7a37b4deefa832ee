"""Runtimes for tests that save a job in one and go on with it in another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from routilux.testing import StepRuntime

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def old() -> Iterator[StepRuntime]:
    with StepRuntime(seed=1) as runtime:
        yield runtime


@pytest.fixture
def new() -> Iterator[StepRuntime]:
    with StepRuntime(seed=2) as runtime:
        yield runtime
