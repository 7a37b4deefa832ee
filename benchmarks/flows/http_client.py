"""Ask one address again and again from a process of its own, and time each answer.

``python -m benchmarks.flows.http_client HOST PORT PATH COUNT SLOTS [READERS]`` prints a JSON list
of nanoseconds.  Every answer has to be a 200 that lists ``SLOTS`` slots.  So many readers ask at
once, each on a connection of its own; together they ask ``COUNT`` times.
"""

from __future__ import annotations

import http.client
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

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


def read(host: str, port: int, path: str, count: int, slots: int) -> list[int]:
    """Ask ``count`` times after the warm-up; return how long each answer took."""
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    samples = []
    for _ in range(count + WARM_UP):
        samples.append(ask(connection, path, slots))
        time.sleep(BETWEEN_S)
    return samples[WARM_UP:]


def main(host: str, port: str, path: str, count: str, slots: str, readers: str = "1") -> None:
    """Let so many readers ask, and print how long each answer took."""
    each = -(-int(count) // int(readers))
    with ThreadPoolExecutor(int(readers)) as threads:
        futures = [
            threads.submit(read, host, int(port), path, each, int(slots))
            for _ in range(int(readers))
        ]
        samples = [sample for future in futures for sample in future.result()]
    print(json.dumps(samples[: int(count)]))


if __name__ == "__main__":
    main(*sys.argv[1:])
