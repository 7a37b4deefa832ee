"""Prometheus as a process, with the repository's configuration."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tools.backends.places import COLLECTOR, RULES
from tools.backends.ports import HOST
from tools.backends.recipes import PROMETHEUS
from tools.backends.server import Server

if TYPE_CHECKING:
    from pathlib import Path

    from tools.backends.ports import Ports

CONFIG = COLLECTOR / "prometheus.yaml"


def make_prometheus(folder: Path, ports: Ports) -> Server:
    """A Prometheus that is not yet started.

    Args:
        folder: of its log, its data and the places of its targets; made if it is not there.
        ports: where it listens, and where the other servers do.
    """
    config = lay_out(folder, ports)
    address = f"{HOST}:{ports.prometheus}"
    return Server(
        name="prometheus",
        command=[
            str(PROMETHEUS.program("prometheus")),
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={address}",
            "--web.enable-otlp-receiver",
            "--enable-feature=exemplar-storage",
        ],
        health=f"http://{address}/-/ready",
        log=folder / "prometheus.log",
        folder=folder,
    )


def lay_out(folder: Path, ports: Ports) -> Path:
    """Put beside each other what the configuration names by relative paths.

    The configuration and the rules are links into the repository; only the addresses of the
    targets are of this run.

    Returns:
        The path of the configuration.
    """
    targets = folder / "targets"
    targets.mkdir(parents=True, exist_ok=True)
    for name, port in {
        "collector": ports.collector_metrics,
        "prometheus": ports.prometheus,
        "jaeger": ports.jaeger_admin,
    }.items():
        # Prometheus reads YAML, of which JSON is a part.
        text = json.dumps([{"targets": [f"{HOST}:{port}"]}])
        (targets / f"{name}.yaml").write_text(text, encoding="utf-8")
    _link(folder / "rules", RULES)
    return _link(folder / CONFIG.name, CONFIG)


def _link(path: Path, target: Path) -> Path:
    path.unlink(missing_ok=True)
    path.symlink_to(target)
    return path
