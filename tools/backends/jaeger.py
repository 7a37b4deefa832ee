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
        "query.http-server": ports.jaeger_query,
        "query.grpc-server": ports.jaeger_query_grpc,
        "collector.otlp.grpc": ports.jaeger_otlp,
        "collector.otlp.http": ports.jaeger_otlp_http,
        "collector.grpc-server": ports.jaeger_grpc,
        "collector.http-server": ports.jaeger_http,
        "admin.http": ports.jaeger_admin,
        "http-server": ports.jaeger_agent_http,
    }
    return Server(
        name="jaeger",
        command=[
            str(JAEGER.program("all-in-one")),
            f"--memory.max-traces={MAX_TRACES}",
            "--collector.otlp.enabled=true",
            *(f"--{name}.host-port={HOST}:{port}" for name, port in listens.items()),
        ],
        # The page is not in this build: the list of services is what the query part answers.
        health=f"http://{HOST}:{ports.jaeger_query}/api/services",
        log=folder / "jaeger.log",
        folder=folder,
        environment={"SPAN_STORAGE_TYPE": "memory"},
    )
