"""An application over a runtime that runs when the test says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from routilux.api.caller import Caller, caller_of
from routilux.api.main import create_app
from tests.monitoring.samples import make_flow, make_runtime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routilux.testing import StepRuntime


@pytest.fixture
def runtime() -> Iterator[StepRuntime]:
    """A runtime that knows the flow ``flow``: source -> sink, a slot of length 10."""
    made = make_runtime()
    made.flows.register(make_flow())
    yield made
    made.shutdown(wait=False)


@pytest.fixture
def client(runtime: StepRuntime) -> TestClient:
    """A client of its application."""
    return TestClient(create_app(runtime), raise_server_exceptions=False)


@pytest.fixture
def blind(runtime: StepRuntime) -> TestClient:
    """A client whose key may not see payloads."""
    app = create_app(runtime)
    app.dependency_overrides[caller_of] = lambda: Caller("blind", sees_payloads=False)
    return TestClient(app, raise_server_exceptions=False)
