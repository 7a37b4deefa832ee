"""Collector, Prometheus and Jaeger together: ``python -m tools.backends.stack`` runs them."""

from __future__ import annotations

import os
import signal
import sys
from argparse import ArgumentParser
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

from tools.backends.build import missing
from tools.backends.collector import make_collector
from tools.backends.jaeger import make_jaeger
from tools.backends.lock import FolderInUseError, hold
from tools.backends.places import built
from tools.backends.ports import HOST, Ports, free_ports, taken
from tools.backends.prometheus import make_prometheus
from tools.backends.server import ServerError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import FrameType

    from tools.backends.server import Server

LOOK_EVERY_S = 0.5  # whether one has died
SHARE = "ROUTILUX_COLLECTOR_TRACE_SHARE"
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # SIGHUP: its terminal was closed
BESIDE = f"{sys.executable} -m tools.backends.stack --free-ports --folder DIR"


class Stack:
    """The three servers. As a context manager: all healthy inside, all stopped after.

    Attributes:
        ports: where they listen.
        collector, prometheus, jaeger: each of them.
    """

    def __init__(
        self, folder: Path, ports: Ports, environment: Mapping[str, str] | None = None
    ) -> None:
        """Lay out folders for three servers.

        Args:
            folder: of their logs and data, a folder for each.
            ports: where they listen.
            environment: more variables of the collector's configuration.
        """
        self.ports = ports
        self.prometheus = make_prometheus(folder / "prometheus", ports)
        self.jaeger = make_jaeger(folder / "jaeger", ports)
        self.collector = make_collector(folder / "collector", ports, environment=environment)
        self._started = ExitStack()

    @property
    def servers(self) -> tuple[Server, ...]:
        """All, in the order of their start; they are stopped the other way round."""
        return self.prometheus, self.jaeger, self.collector

    @property
    def otlp_http(self) -> str:
        """What ``OTEL_EXPORTER_OTLP_ENDPOINT`` wants for HTTP."""
        return f"http://{HOST}:{self.ports.collector_http}"

    @property
    def otlp_grpc(self) -> str:
        """What ``OTEL_EXPORTER_OTLP_ENDPOINT`` wants for gRPC."""
        return f"http://{HOST}:{self.ports.collector_grpc}"

    @property
    def prometheus_url(self) -> str:
        """Its API is below."""
        return f"http://{HOST}:{self.ports.prometheus}"

    @property
    def jaeger_url(self) -> str:
        """Its query API is below."""
        return f"http://{HOST}:{self.ports.jaeger_query}"

    def __enter__(self) -> Stack:
        with ExitStack() as started:
            for server in self.servers:
                started.enter_context(server)
            self._started = started.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._started.close()


def addresses(stack: Stack) -> str:
    """What to do with a running stack, as text."""
    return f"""\
   OTLP        {stack.otlp_http} (HTTP), {stack.otlp_grpc} (gRPC)
   Prometheus  {stack.prometheus_url}
   Jaeger      {stack.jaeger_url}
   For a program: export OTEL_EXPORTER_OTLP_ENDPOINT={stack.otlp_http}
   Ctrl-C stops all three."""


def run_until_stopped(folder: Path, ports: Ports) -> int:
    """Run the three until Ctrl-C, SIGTERM or SIGHUP.

    Returns:
        1 when they could not be started, or one of them has ended by itself.
    """
    try:
        with hold(folder):
            wanted = taken(ports)
            if not wanted:
                return _run(folder, ports)
            each = "; ".join(f"{name} {', '.join(map(str, its))}" for name, its in wanted.items())
            trouble = f"these ports are taken: {each}"
    except FolderInUseError as error:
        trouble = str(error)
    print(f"Not started: {trouble}. Stop what is there, or run `{BESIDE}`.", file=sys.stderr)
    return 1


def _run(folder: Path, ports: Ports) -> int:
    """Run the three, for which there is room."""
    # Who starts the stack wants to see what he just did; in service a tenth is the default.
    environment = {SHARE: os.environ.get(SHARE, "100")}
    _listen_to_endings()
    try:
        with Stack(folder, ports, environment) as stack:
            print(f"== stack: all healthy, logs in {folder}\n{addresses(stack)}", flush=True)
            ended = _first_to_end(stack)
    except ServerError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\n== stack: stopped before it was healthy")
        return 0
    finally:
        # At its end Python gives functions up, and the default would kill it; this stays.
        for number in ENDINGS:
            signal.signal(number, signal.SIG_IGN)
    if ended is None:
        print("\n== stack: stopped")
        return 0
    print(
        f"{ended.name} has ended by itself: see {ended.log}\n"
        "The others were stopped as well. The traces are gone: Jaeger keeps them in memory.",
        file=sys.stderr,
    )
    return 1


def _listen_to_endings() -> None:
    """Let the first signal that wants an end be a KeyboardInterrupt."""
    for number in ENDINGS:
        # `nohup` ignores SIGHUP for us, and that is somebody's wish.
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def _end(_number: int, _frame: FrameType | None) -> None:
    _ignore_endings()
    raise KeyboardInterrupt


def _ignore_endings() -> None:
    """Another Ctrl-C must not leave one of them behind; nor the SIGHUP that `make` passes on."""
    for number in ENDINGS:
        # Not SIG_IGN yet: Python complains of a signal that has come before that was set.
        signal.signal(number, lambda *_: None)


def _first_to_end(stack: Stack) -> Server | None:
    """Wait until a server ends, and return it; None: somebody wants them all to end."""
    try:
        for server in cycle(stack.servers):
            if server.ends_within(LOOK_EVERY_S):
                return server
    except KeyboardInterrupt:
        pass
    finally:
        _ignore_endings()
    return None


def main(arguments: Sequence[str]) -> int:
    """Run the stack as the arguments say."""
    parser = ArgumentParser(prog="python -m tools.backends.stack", description=__doc__)
    parser.add_argument("--free-ports", action="store_true", help="not the ports that people know")
    parser.add_argument("--folder", type=Path, default=built() / "stack", help="of logs and data")
    chosen = parser.parse_args(arguments)
    absent = missing()
    if absent:
        print(f"Not built: {', '.join(absent)}. Run `make backends` first.", file=sys.stderr)
        return 1
    # The servers run in folders of their own, where a relative path would lead elsewhere.
    folder = chosen.folder.resolve()
    return run_until_stopped(folder, free_ports() if chosen.free_ports else Ports())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
