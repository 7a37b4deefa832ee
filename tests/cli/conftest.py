"""No process outlives the test that has started it, whatever comes; servers to talk to."""

from __future__ import annotations

import pytest

from routilux import Runtime
from routilux.flow_registry import FlowRegistry
from routilux.stores import JobStore
from tests.cli.programs import STARTED
from tests.cli.served import SETTINGS, serving
from tests.monitoring.samples import make_runtime


@pytest.fixture(autouse=True)
def no_process_is_left():
    yield
    while STARTED:
        process = STARTED.pop()
        process.kill()
        process.communicate()


@pytest.fixture
def bare(monkeypatch):
    """No setting of the commands that talk to a server."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def served(bare, monkeypatch):
    """A server, named in the environment, over a runtime that runs when it is told to."""
    with serving(make_runtime()) as found:
        monkeypatch.setenv("ROUTILUX_URL", found.url)
        yield found


@pytest.fixture
def running(bare, monkeypatch):
    """A server, named in the environment, over a runtime with threads."""
    with serving(Runtime(flows=FlowRegistry(), jobs=JobStore())) as found:
        monkeypatch.setenv("ROUTILUX_URL", found.url)
        yield found
