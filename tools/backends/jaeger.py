"""Jaeger as a process: all of it in one, with its traces in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.backends.ports import HOST
from tools.backends.recipes import JAEGER
from tools.backends.server import Server

if TYPE_CHECKING:
    from pathlib import Path

    from tools.backends.ports import Ports

MAX_TRACES = 10_000  # it keeps everything in memory; without a limit it grows for ever


def make_jaeger(folder: Path, ports: Ports) -> Server:
    """A Jaeger that is not yet started.

    Args:
        folder: of its log; made if it is not there.
        ports: where it listens.
    """
    folder.mkdir(parents=True, exist_ok=True)
    listens = {
        "query.http-server.host-port": ports.jaeger_query,
        "query.grpc-server.host-port": ports.jaeger_query_grpc,
        "collector.otlp.grpc.host-port": ports.jaeger_otlp,
        "collector.otlp.http.host-port": ports.jaeger_otlp_http,
        "collector.grpc-server.host-port": ports.jaeger_grpc,
        "collector.http-server.host-port": ports.jaeger_http,
        "admin.http.host-port": ports.jaeger_admin,
        "http-server.host-port": ports.jaeger_agent_http,
        "processor.jaeger-compact.server-host-port": ports.jaeger_agent_compact,
        "processor.jaeger-binary.server-host-port": ports.jaeger_agent_binary,
        "processor.zipkin-compact.server-host-port": ports.jaeger_agent_zipkin,
    }
    return Server(
        name="jaeger",
        command=[
            str(JAEGER.program("all-in-one")),
            f"--memory.max-traces={MAX_TRACES}",
            "--collector.otlp.enabled=true",
            *(f"--{name}={HOST}:{port}" for name, port in listens.items()),
        ],
        # The page is not in this build: the list of services is what the query part answers.
        health=f"http://{HOST}:{ports.jaeger_query}/api/services",
        log=folder / "jaeger.log",
        folder=folder,
        # Its own traces would go to port 4317, which is our collector; and when it ends it would
        # wait for them for ten seconds.
        environment={"SPAN_STORAGE_TYPE": "memory", "OTEL_TRACES_SAMPLER": "always_off"},
    )
