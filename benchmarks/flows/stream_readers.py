"""Read event streams of one path from a process of its own, and throw away what comes.

``python -m benchmarks.flows.stream_readers PORT PATH COUNT`` prints ``reading`` when all streams
have begun, and at their end how many of them ended with ``bye``.
"""

from __future__ import annotations

import asyncio
import sys

HOST = "127.0.0.1"
CHUNK = 1 << 16


Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def open_stream(port: int, path: str) -> Stream:
    """Return a stream whose head was read."""
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head.splitlines()[0]:
        raise SystemExit(f"GET {path}: {head!r}")
    return reader, writer


async def read(stream: Stream) -> bool:
    """Read a stream to its end; return whether it said ``bye``."""
    reader, writer = stream
    last = b""
    while data := await reader.read(CHUNK):
        last = (last + data)[-CHUNK:]
        if data.endswith(b"0\r\n\r\n"):
            break
    writer.close()
    return b"event: bye" in last


async def main(port: int, path: str, count: int) -> None:
    """Read the streams."""
    streams = [await open_stream(port, path) for _ in range(count)]
    print("reading", flush=True)
    print(sum(await asyncio.gather(*map(read, streams))))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
