"""A collector in a process of its own, well or in trouble: its work must not be the program's.

``python -m benchmarks.flows.collectors KIND`` prints its port, and ends when its input does. It
takes no notice of what it gets: ``healthy`` takes everything, ``503`` nothing, ``silent`` accepts
connections and never answers, and behind the port of ``absent`` nobody listens.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "127.0.0.1"
KINDS = ("healthy", "absent", "silent", "503")
STATUS = {"healthy": 200, "503": 503}


@contextmanager
def collector(kind: str) -> Iterator[str]:
    """Run one; yields its address."""
    command = [sys.executable, "-m", "benchmarks.flows.collectors", kind]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield f"http://{HOST}:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()


def _until_the_input_ends(port: int) -> None:
    print(port, flush=True)
    sys.stdin.read()


def _answer(status: int) -> None:
    """Answer every request with this status and no body."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # the connection stays open

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer((HOST, 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        _until_the_input_ends(server.server_port)
        server.shutdown()


def main(kind: str) -> None:
    """Be a collector of this kind."""
    if kind in STATUS:
        _answer(STATUS[kind])
        return
    with socket.socket() as kept:
        kept.bind((HOST, 0))
        if kind == "silent":
            kept.listen()
        _until_the_input_ends(kept.getsockname()[1])


if __name__ == "__main__":
    main(sys.argv[1])
