"""A server as a process: started, waited for, stopped by its own process id."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

START_S = 60.0  # a cold start on a busy machine; the servers need about one second
STOP_S = 15.0  # how long a server may take to hand over what it has
ASK_EVERY_S = 0.05
ASK_S = 2.0
SHOWN_LINES = 20
FOLLOW = Path(__file__).with_name("follow.py")


class ServerError(Exception):
    """A server did not start. The text has the end of its log."""


@dataclass
class Server:
    """One server. As a context manager: started and healthy inside, stopped after.

    Attributes:
        name: to speak of it.
        command: the program and its arguments.
        health: an address that answers 200 when it can be used.
        log: the file that gets what it prints; kept, and appended to at each start.
        environment: variables beside those of this process.
        folder: where it runs.
        process: the running process, or the last one.
    """

    name: str
    command: list[str]
    health: str
    log: Path
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    _log_before: int = 0  # the bytes of earlier starts

    def __enter__(self) -> Server:
        try:
            self.start()
            self.wait_until_healthy()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def is_running(self) -> bool:
        """Whether its process lives."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start the process; does not wait until it can be used.

        On Linux it ends when the thread that calls this ends, also by a SIGKILL.

        Raises:
            ServerError: something else answers where it would.
        """
        assert not self.is_running, f"{self.name} runs already"
        if _answers(self.health):
            raise ServerError(f"{self.name} is not started: something answers at {self.health}")
        with self.log.open("ab") as log:
            self._log_before = log.tell()
            self.process = subprocess.Popen(
                [*_following(), *self.command],
                cwd=self.folder,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,  # Ctrl-C is ours: the servers are stopped in their order
            )

    def wait_until_healthy(self, timeout: float = START_S) -> None:
        """Wait until its health check answers.

        Args:
            timeout: seconds.

        Raises:
            ServerError: it ended, or did not answer in time.
        """
        assert self.process is not None
        end = time.monotonic() + timeout
        while True:
            healthy = _answers(self.health)
            # It may be another one that has answered, and ours ends because the port is taken.
            if self.ends_within(0 if healthy else ASK_EVERY_S):
                raise ServerError(f"{self.name} ended with {self.process.returncode}{self._tail()}")
            if healthy:
                return
            if time.monotonic() > end:
                raise ServerError(f"{self.name} is not healthy after {timeout:g} s{self._tail()}")

    def stop(self, timeout: float = STOP_S) -> int | None:
        """End it: SIGTERM, and SIGKILL when it has not ended in time.

        Args:
            timeout: seconds between the two.

        Returns:
            Its exit code; None when it was never started.
        """
        if self.process is None:
            return None
        if self.is_running:
            self.process.terminate()
            if not self.ends_within(timeout):
                self.process.kill()
        return self.process.wait()

    def kill(self) -> None:
        """End it with SIGKILL: it can save nothing."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def ends_within(self, seconds: float) -> bool:
        """Whether its process ends within some seconds; waits for it."""
        assert self.process is not None, f"{self.name} was never started"
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _tail(self) -> str:
        """The end of what it has printed since this start."""
        printed = self.log.read_bytes()[self._log_before :]
        lines = printed.decode(encoding="utf-8", errors="replace").splitlines()
        return "\n".join([f"; the end of {self.log}:", *lines[-SHOWN_LINES:]])


def _following() -> list[str]:
    """What stands before a command so that its process ends with this one, where that can be."""
    if sys.platform != "linux":
        return []
    return [sys.executable, "-I", "-S", str(FOLLOW), str(os.getpid())]


def _answers(address: str) -> bool:
    """Whether a GET is answered with 200."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=ASK_S)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
