"""What is built: which version of which program, and how."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from tools.backends.go import find_go, run
from tools.backends.places import COLLECTOR, built

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BUILDER = COLLECTOR / "builder.yaml"
STRIPPED = "-s -w"  # no symbols: two thirds of the size
# Prometheus' modules count from 0: 0.316 is 3.16.
PROMETHEUS_VERSION, PROMETHEUS_MODULE = "3.16.0", "v0.316.0"
# The last Jaeger that is built as a Go module.
JAEGER_VERSION = "1.62.0"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one back end is made.

    Attributes:
        name: of the back end.
        version: of it.
        programs: names of the files that come of it.
        build: makes them in a folder that is empty but for a folder `bin`.
        source: a file that decides with the version what comes out.
    """

    name: str
    version: str
    programs: tuple[str, ...]
    build: Callable[[Path], None]
    source: Path | None = None

    @property
    def folder(self) -> Path:
        """Where the programs are. A change of version or source is another folder."""
        text = f"{self.name} {self.version} {' '.join(self.programs)}\n".encode()
        if self.source is not None:
            text += self.source.read_bytes()
        return built() / f"{self.name}-{self.version}-{hashlib.sha256(text).hexdigest()[:12]}"

    @property
    def is_built(self) -> bool:
        """Whether all programs are there."""
        return all(self.program(name).is_file() for name in self.programs)

    def program(self, name: str) -> Path:
        """The path of one of the programs."""
        return self.folder / "bin" / name


def _collector_version() -> str:
    return str(yaml.safe_load(BUILDER.read_text(encoding="utf-8"))["dist"]["version"])


def _build_collector(folder: Path) -> None:
    module = f"go.opentelemetry.io/collector/cmd/builder@v{COLLECTOR_VERSION}"
    run(folder, find_go(), "install", module, GOBIN=str(folder))
    run(
        folder,
        str(folder / "builder"),
        f"--config={BUILDER}",
        "--skip-strict-versioning=false",
    )
    (folder / "distribution" / "otelcol").rename(folder / "bin" / "otelcol")


def _build_prometheus(folder: Path) -> None:
    module = "github.com/prometheus/prometheus"
    version = "github.com/prometheus/common/version.Version"
    _build_in_module(
        folder,
        [f"{module}/cmd/prometheus", f"{module}/cmd/promtool"],
        PROMETHEUS_MODULE,
        f"-X {version}={PROMETHEUS_VERSION}",
    )


def _build_jaeger(folder: Path) -> None:
    module = "github.com/jaegertracing/jaeger"
    version = f"{module}/pkg/version.latestVersion"
    _build_in_module(
        folder,
        [f"{module}/cmd/all-in-one"],
        f"v{JAEGER_VERSION}",
        f"-X {version}=v{JAEGER_VERSION}",
    )


def _build_in_module(folder: Path, packages: list[str], version: str, flags: str) -> None:
    """Build programs as tools of a module of our own: `go install` refuses `replace` lines."""
    go = find_go()
    run(folder, go, "mod", "init", "routilux.invalid/backend")
    run(folder, go, "get", "-tool", *(f"{package}@{version}" for package in packages))
    for package in packages:
        run(
            folder,
            go,
            "build",
            "-trimpath",
            "-ldflags",
            f"{STRIPPED} {flags}",
            "-o",
            "bin/",
            package,
            CGO_ENABLED="0",
        )


COLLECTOR_VERSION = _collector_version()
OTELCOL = Recipe("collector", COLLECTOR_VERSION, ("otelcol",), _build_collector, BUILDER)
PROMETHEUS = Recipe("prometheus", PROMETHEUS_VERSION, ("prometheus", "promtool"), _build_prometheus)
JAEGER = Recipe("jaeger", JAEGER_VERSION, ("all-in-one",), _build_jaeger)
RECIPES = (OTELCOL, PROMETHEUS, JAEGER)
