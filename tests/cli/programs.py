"""Running the command line: in this process, as a process of its own, and on a terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from routilux.cli.main import main

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "routilux.cli.main"]
STARTED: list[subprocess.Popen[Any]] = []
LONG = 40  # seconds after which a test is given up


@dataclass(frozen=True)
class Done:
    """What a command has left."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """What it printed, as one JSON document and nothing else."""
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """Its error, which is one line."""
        (line,) = self.err.splitlines()
        assert line.startswith("routilux: error: ")
        return line.removeprefix("routilux: error: ")


def call(capsys: pytest.CaptureFixture[str], *words: object) -> Done:
    """Run a command in this process."""
    capsys.readouterr()
    code = main([str(word) for word in words])
    captured = capsys.readouterr()
    return Done(code, captured.out, captured.err)


def environment(**settings: str) -> dict[str, str]:
    """The environment of a command: nobody's telemetry, colours and keys but `settings`."""
    kept = os.environ.items()
    foreign = ("OTEL_", "NO_COLOR", "ROUTILUX_")
    bare = {name: value for name, value in kept if not name.startswith(foreign)}
    return {**bare, "PYTHONPATH": str(ROOT), **settings}


def start(*words: object, **settings: str) -> subprocess.Popen[str]:
    """Start a command as a process of its own."""
    process = subprocess.Popen(
        [*COMMAND, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**settings),
    )
    STARTED.append(process)
    return process


def finish(process: subprocess.Popen[str]) -> Done:
    """Wait for its end."""
    out, err = process.communicate(timeout=LONG)
    return Done(process.returncode, out, err)


def interrupt(process: subprocess.Popen[str], number: int = signal.SIGINT) -> tuple[Done, float]:
    """Send a signal and wait for the end; also returns how many seconds that took."""
    began = time.monotonic()
    process.send_signal(number)
    done = finish(process)
    return done, time.monotonic() - began


# Takes the terminal that it was started on for its own, so that Ctrl-C is what it is for people.
ON_TERMINAL = """
import fcntl, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from routilux.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


@dataclass
class Terminal:
    """A command on a terminal of its own."""

    process: subprocess.Popen[bytes]
    master: int
    seen: bytes = field(default=b"")

    def read_until(self, wanted: bytes | None) -> bytes:
        """Read until something was seen, or (None) to the end."""
        deadline = time.monotonic() + LONG
        while wanted is None or wanted not in self.seen:
            assert time.monotonic() < deadline, self.seen
            if not select.select([self.master], [], [], 1)[0]:
                continue
            try:
                read = os.read(self.master, 1 << 16)
            except OSError:  # so Linux says that nobody writes any more
                read = b""
            if not read:
                break
            self.seen += read
        return self.seen

    def press(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self.master, keys)

    def end(self) -> int:
        """Read the rest, and return the exit code."""
        self.read_until(None)
        os.close(self.master)
        return self.process.wait(LONG)


def on_terminal(*words: object, **settings: str) -> Terminal:
    """Start a command on a terminal."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", ON_TERMINAL, *map(str, words)],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment(**{"COLUMNS": "110", "TERM": "xterm-256color", **settings}),
        start_new_session=True,
    )
    os.close(slave)
    STARTED.append(process)
    return Terminal(process, master)
