"""Ask one address again and again from a process of its own, and time each answer.

``python -m benchmarks.flows.http_client HOST PORT PATH COUNT SLOTS`` prints a JSON list of
nanoseconds.  Every answer has to be a 200 that lists ``SLOTS`` slots.
"""

from __future__ import annotations

import http.client
import json
import sys
import time

BETWEEN_S = 0.01
TIMEOUT_S = 30.0
WARM_UP = 5


def ask(connection: http.client.HTTPConnection, path: str, slots: int) -> int:
    """Return the nanoseconds from the request to the last byte of its answer."""
    start = time.perf_counter_ns()
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read()
    taken = time.perf_counter_ns() - start
    if response.status != 200:
        raise SystemExit(f"GET {path}: {response.status} {body[:200]!r}")
    listed = len(json.loads(body)["slots"])
    if listed != slots:
        raise SystemExit(f"GET {path}: {listed} slots, expected {slots}")
    return taken


def main(host: str, port: str, path: str, count: str, slots: str) -> None:
    """Ask ``count`` times after the warm-up and print how long each answer took."""
    connection = http.client.HTTPConnection(host, int(port), timeout=TIMEOUT_S)
    samples = []
    for _ in range(int(count) + WARM_UP):
        samples.append(ask(connection, path, int(slots)))
        time.sleep(BETWEEN_S)
    print(json.dumps(samples[WARM_UP:]))


if __name__ == "__main__":
    main(*sys.argv[1:])
