"""The real collector, Prometheus and Jaeger, once for all tests that only send and ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools.backends.build import missing
from tools.backends.ports import free_ports
from tools.backends.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# No share of ordinary traces, so that what is kept was kept for its reason; and short waits.
QUICK = {
    "ROUTILUX_COLLECTOR_TRACE_SHARE": "0",
    "ROUTILUX_COLLECTOR_TRACE_WAIT": "2s",
    "ROUTILUX_COLLECTOR_SPAN_INTERVAL": "1s",
}


@pytest.fixture(scope="session", autouse=True)
def _backends() -> None:
    """Nothing is skipped: what is missing is a failure."""
    absent = missing()
    if absent:
        pytest.exit(f"not built: {', '.join(absent)}. Run `make backends` first.", returncode=1)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The three, for tests that do not stop one of them."""
    with Stack(tmp_path_factory.mktemp("stack"), free_ports(), QUICK) as started:
        yield started


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[Callable[..., Stack]]:
    """Makes stacks that are not yet started, for a test alone; stops what runs at the end."""
    made: list[Stack] = []

    def make(**environment: str) -> Stack:
        stack = Stack(tmp_path / str(len(made)), free_ports(), {**QUICK, **environment})
        made.append(stack)
        return stack

    yield make
    for stack in made:
        for server in reversed(stack.servers):
            server.stop()
