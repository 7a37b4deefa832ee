"""The ports of all servers."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from dataclasses import dataclass, fields

HOST = "127.0.0.1"
UDP = frozenset({"jaeger_agent_compact", "jaeger_agent_binary", "jaeger_agent_zipkin"})


@dataclass(frozen=True, slots=True)
class Ports:
    """One port for each thing that listens. The defaults are those people know."""

    collector_grpc: int = 4317
    collector_http: int = 4318
    collector_health: int = 13133
    collector_metrics: int = 8888
    prometheus: int = 9090
    jaeger_query: int = 16686
    jaeger_otlp: int = 14317
    jaeger_admin: int = 14269
    # Nobody asks these, but Jaeger opens them, and they must not be open to the world.
    jaeger_otlp_http: int = 14318
    jaeger_query_grpc: int = 16685
    jaeger_grpc: int = 14250
    jaeger_http: int = 14268
    jaeger_agent_http: int = 5778
    jaeger_agent_compact: int = 6831
    jaeger_agent_binary: int = 6832
    jaeger_agent_zipkin: int = 5775


def taken(ports: Ports) -> dict[str, list[int]]:
    """The ports on which something listens already, by the server that wants them."""
    found: dict[str, list[int]] = {}
    for each in fields(Ports):
        port = getattr(ports, each.name)
        kind = socket.SOCK_DGRAM if each.name in UDP else socket.SOCK_STREAM
        if not _is_free(port, kind):
            found.setdefault(each.name.split("_")[0], []).append(port)
    return found


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as tried:
        if kind == socket.SOCK_STREAM:
            # As the servers do: connections that have just ended do not keep a port.
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((HOST, port))
        except OSError:
            return False
    return True


def free_ports() -> Ports:
    """Ports that nothing uses at the moment, for TCP and UDP."""
    with ExitStack() as kept:
        return Ports(*(_free_port(kept) for _ in fields(Ports)))


def _free_port(kept: ExitStack) -> int:
    """A port that is free; it stays taken until all are found, so that none comes twice."""
    while True:
        tcp = kept.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        udp = kept.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        tcp.bind((HOST, 0))
        port: int = tcp.getsockname()[1]
        try:
            udp.bind((HOST, port))
        except OSError:
            continue
        return port
