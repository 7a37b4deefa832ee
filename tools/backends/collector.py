"""The collector as a process, with the repository's configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.backends.places import COLLECTOR
from tools.backends.ports import HOST
from tools.backends.recipes import OTELCOL
from tools.backends.server import Server

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tools.backends.ports import Ports

CONFIG = COLLECTOR / "config.yaml"
DEV_CONFIG = COLLECTOR / "config.dev.yaml"


def make_collector(
    folder: Path,
    ports: Ports,
    config: Path = CONFIG,
    environment: Mapping[str, str] | None = None,
) -> Server:
    """A collector that is not yet started.

    Args:
        folder: of its log and data; made if it is not there.
        ports: where it listens, and where the other servers do.
        config: its configuration file.
        environment: more variables of the configuration, see `collector/config.yaml`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return Server(
        name="collector",
        command=[str(OTELCOL.program("otelcol")), f"--config={config}"],
        health=f"http://{HOST}:{ports.collector_health}/",
        log=folder / "collector.log",
        folder=folder,
        environment={**_addresses(folder, ports), **(environment or {})},
    )


def _addresses(folder: Path, ports: Ports) -> dict[str, str]:
    """The variables that say where everything is."""
    return {
        "ROUTILUX_COLLECTOR_HOST": HOST,
        "ROUTILUX_COLLECTOR_GRPC_PORT": str(ports.collector_grpc),
        "ROUTILUX_COLLECTOR_HTTP_PORT": str(ports.collector_http),
        "ROUTILUX_COLLECTOR_HEALTH_PORT": str(ports.collector_health),
        "ROUTILUX_COLLECTOR_METRICS_PORT": str(ports.collector_metrics),
        "ROUTILUX_COLLECTOR_DATA": str(folder / "data"),
        "ROUTILUX_JAEGER_OTLP": f"{HOST}:{ports.jaeger_otlp}",
        "ROUTILUX_PROMETHEUS_URL": f"http://{HOST}:{ports.prometheus}",
    }
