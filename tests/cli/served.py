"""A server on a thread, for the commands that talk to one."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from routilux import Flow
from routilux.api.main import create_app
from routilux.api.server import Server
from routilux.api.settings import read_settings
from routilux.stores import JobStore
from tests.cli.steps import Numbers, Picky
from tests.monitoring.samples import make_flow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routilux import JobState, Runtime

SETTINGS = ("ROUTILUX_URL", "ROUTILUX_API_KEY", "ROUTILUX_KEY_FILE", "ROUTILUX_PLAIN_HTTP")
KEY, READ = "planted-control-" + "k" * 20, "planted-read-" + "k" * 20


@dataclass(frozen=True)
class Served:
    """A runtime and the server over it."""

    runtime: Runtime
    server: Server

    @property
    def url(self) -> str:
        """Where it answers."""
        return self.server.url

    def start(self, flow_id: str = "flow", **wish: Any) -> JobState:
        """Start a job."""
        flow = self.runtime.flows.get(flow_id)
        assert flow is not None
        return self.runtime.exec(flow, **wish)


def picky_flow(count: int = 7) -> Flow:
    """Numbers, of which each third one becomes a dead letter."""
    flow = Flow("picky")
    flow.add_routine(Numbers(), "numbers")
    flow.add_routine(Picky(), "picky")
    flow.connect("numbers", "number", "picky", "numbers")
    flow.routines["numbers"].set_config(count=count)
    return flow


@contextmanager
def serving(runtime: Runtime, **settings: Any) -> Iterator[Served]:
    """Serve the flows ``flow`` (see `make_flow`) and ``picky`` while it is entered."""
    for flow in (make_flow(), picky_flow()):
        runtime.flows.register(flow)
    app = create_app(runtime, settings=read_settings(port=0, **settings))
    with Server(app) as server:
        yield Served(runtime, server)
    runtime.shutdown(wait=False)


def small_store() -> JobStore:
    """A store that keeps no finished job."""
    return JobStore(0)
